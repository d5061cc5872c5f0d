"""Texts that clients send or upload in other encodings than UTF-8."""

import json
import re

#: A valid escape of JSON, or the backslash of another one.
_ESCAPE = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})|\\')


def with_valid_escapes(text: str) -> str:
    r"""Return JSON with a second backslash for each that begins no escape, as in ``"C:\Users"``."""
    return _ESCAPE.sub(lambda escape: escape[0] if escape[1] else "\\\\", text)


def in_utf8(content: bytes) -> bytes:
    """Return a text in UTF-8, without a byte order mark.

    UTF-16 and UTF-32 are recognised by their mark, and by the zeros among the first letters, as JSON is everywhere.
    """
    encoding = json.detect_encoding(content[:4])
    if encoding == "utf-8":
        return content
    return content.decode(encoding, "replace").encode("utf-8", "replace")
