"""Texts that clients send or upload in other encodings than UTF-8."""

import json


def in_utf8(content: bytes) -> bytes:
    """Return a text in UTF-8, without a byte order mark.

    UTF-16 and UTF-32 are recognised by their mark, and by the zeros among the first letters, as JSON is everywhere.
    """
    encoding = json.detect_encoding(content[:4])
    if encoding == "utf-8":
        return content
    return content.decode(encoding, "replace").encode("utf-8", "replace")
