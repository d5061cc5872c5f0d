"""The names under which a frame's file may have been uploaded (files-and-avatars.md 8.5).

Clients name a file by its location: a page's URL, ``app:///`` for apps, a path on a server. Uploads name
it ``~/path``, where the tilde means any origin.
"""

import base64
import binascii
import posixpath
import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote, unquote, unquote_to_bytes, urljoin

from shipmark.artifacts.manifests import source_map_header

URL_MAX = 4096
#: The most names of a file; only those with odd letters, a drive and a query have as many.
NAMES_MAX = 48
_ORIGIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*|[A-Za-z][A-Za-z0-9+.-]+:(?=/)")
#: What SDKs of hybrid apps leave of the page's origin behind their own: ``app:///https://localhost/``, ``app:///:8080/``.
_NESTED_ORIGIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://[^/]*|:\d+)(?=/)")
#: A segment of dots, or an empty one.
_ODD_SEGMENT = re.compile(r"\./|//")
_ASYNC = re.compile(r"^(?:async\s+)+")
#: Editors and Electron encode the colon in addresses of files: ``file:///c%3A/…``.
_DRIVE = re.compile(r"^[A-Za-z](?::|%3[Aa])(?=/)")
#: Windows writes it before paths that may be longer than 260 characters, with a word more before those of shares.
_LONG_PATH = re.compile(r"^\\\\\?\\(UNC(?=\\))?")
#: A share of Windows, as some programs write its address instead of ``file://server/…``.
_SHARE = re.compile(r"^file:/{2,3}(?=//[^/])")
_DATA_URL = re.compile(r"data:([^,]*),(.*)", re.DOTALL | re.IGNORECASE)
#: A comment of its own line; ``@`` is the older spelling.
_COMMENT = re.compile(rb"(?://|/\*)[#@][ \t]*sourceMappingURL=([^\r\n'\"*]+)")
_COMMENT_WORD = b"sourceMappingURL="
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
#: Parameters of a part of a path, such as ``;jsessionid=1F``, which servers of Java add.
_PARAMETERS = re.compile(r";[^/]*")
#: What scripts leave as it is when they encode a part of a path, and what separates the parts.
_UNENCODED = "/:~!*'()?&="
#: What all tools leave as it is.
_SEPARATORS = "/:~?&="
#: A name that is spelled in one way only.
_PLAIN = re.compile(r"[A-Za-z0-9_.~/:?&=-]*")
#: The replacement of an origin that Python can't join to.
_STAND_IN = "http://origin"


def normalize_url(abs_path: str) -> str:
    """Return the URL of a file without the prefixes of clients."""
    url = _ASYNC.sub("", abs_path.strip())[:URL_MAX]
    if url.startswith("\\\\?\\"):
        return _LONG_PATH.sub(lambda prefix: "\\" if prefix[1] else "", url)
    return _SHARE.sub("", url)


def candidates(abs_path: str) -> tuple[str, ...]:
    """Return the names to look a file up by, the best first: 8.5, also for paths without an origin."""
    url = normalize_url(abs_path).split("#", 1)[0]
    if not url or url.startswith("data:"):
        return ()
    without_query = url.split("?", 1)[0]
    names = [url, without_query]
    if not url.startswith("~"):
        names += [name for text in (url, without_query) for name in _with_tilde(text)]
    odd = (name for name in tuple(names) if name.startswith("~/") and _ODD_SEGMENT.search(name))
    names += map(_normalized, odd)
    of_clients = [name for name in names if "\\" not in name]
    spellings = [spelling for name in of_clients for spelling in _spellings(name)]
    # The least certain: files may be called so. Some tools write encoded letters in lower case.
    bare = [_PARAMETERS.sub("", name) for name in names if ";" in name and "?" not in name]
    lower = [_ENCODED.sub(lambda letter: letter[0].lower(), name) for name in (*names, *spellings)]
    return tuple(dict.fromkeys([*names, *spellings, *bare, *lower]))[:NAMES_MAX]


def _normalized(name: str) -> str:
    """Return a name without segments of dots and repeated slashes.

    Frames of node, of ``RewriteFrames``, and of pages whose base path ends in a slash have them, uploads do not.
    """
    path, question_mark, query = name.partition("?")
    return f"~{posixpath.normpath(path[1:])}{question_mark}{query}"


def _spellings(name: str) -> tuple[str, ...]:
    """Return a name without percent-encoding, and with it: browsers and bundlers differ in what they encode.

    What some proxies encode again is decoded twice.
    """
    if _PLAIN.fullmatch(name):
        return ()
    decoded = unquote(name)
    if "\ufffd" in decoded:  # the bytes are no UTF-8, so it was not encoded
        return ()
    # Older systems of Apple decompose letters in names of files.
    forms = {decoded: None} if decoded.isascii() else dict.fromkeys(_forms(decoded))
    twice = unquote(decoded)
    if "\ufffd" not in twice:
        forms[twice] = None
    return tuple(
        spelling
        for form in forms
        for spelling in (form, quote(form, safe=_UNENCODED), quote(form, safe=_SEPARATORS))
    )


def _forms(text: str) -> tuple[str, ...]:
    """Return a text with its letters as they are, composed, and decomposed."""
    return text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)


def _with_tilde(url: str) -> tuple[str, ...]:
    """Return the URL with the origin replaced by the tilde; of a path with a drive both without and with the drive."""
    path = url.replace("\\", "/")
    origin = None if _DRIVE.match(path) else _ORIGIN.match(path)
    rest = (path[origin.end() :] if origin else path).lstrip("/")
    if nested := _NESTED_ORIGIN.match(rest):
        return f"~/{rest[nested.end() :].lstrip('/')}", f"~/{rest}"
    # Electron names one file C:\\…, file:///C:/… and app:///C:/…
    drive = _DRIVE.match(rest)
    return (f"~/{rest[drive.end() :].lstrip('/')}", f"~/{rest}") if drive else (f"~/{rest}",)


def basename(url: str) -> str:
    """Return the last part of a name."""
    return re.split(r"[?#]", url, maxsplit=1)[0].replace("\\", "/").rstrip("/").rpartition("/")[2]


def resolve_url(url: str, reference: str) -> str:
    """Return the URL of a file's ``reference``: with a tilde, as in uploads, in full, or relative, as the file's is."""
    if reference.startswith("data:"):
        return reference
    of_url = _ORIGIN.match(url)
    origin = "~" if url.startswith("~") else of_url[0] if of_url else ""
    path, target = url.removeprefix(origin).replace("\\", "/"), reference.replace("\\", "/")
    try:
        joined = urljoin(f"{_STAND_IN}/{path.lstrip('/')}", target.removeprefix("~"))
    except ValueError:
        return reference
    if not joined.startswith(f"{_STAND_IN}/"):
        return joined
    is_relative = not origin and not path.startswith("/") and not target.startswith(("/", "~"))
    return (origin + joined.removeprefix(f"{_STAND_IN}/" if is_relative else _STAND_IN))[:URL_MAX]


def source_map_reference(headers: Mapping[str, str], minified: bytes) -> str | None:
    """Return the reference to a file's source map in a header of the upload, else in its last comment, or None."""
    if reference := source_map_header(headers):
        return reference
    start = minified.rfind(_COMMENT_WORD)
    comment = _COMMENT.search(minified, max(0, start - 8)) if start >= 0 else None
    return (comment[1].decode("utf-8", "replace").strip() or None) if comment else None


def is_data(reference: str) -> bool:
    """Return True if the reference is a data URL, which contains the map."""
    return reference[:5].lower() == "data:"


def data_of(reference: str) -> bytes | None:
    """Return the content of a data: URL, or None for other URLs."""
    parts = _DATA_URL.fullmatch(reference)
    if parts is None:
        return None
    plain = unquote_to_bytes(parts[2])
    if ";base64" not in parts[1].lower():
        return plain
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return None
