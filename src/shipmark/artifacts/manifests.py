"""Parsing of a bundle's ``manifest.json`` (files-and-avatars.md 6.2)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from shipmark.artifacts import debug_ids

MANIFEST_BYTES_MAX = 64 * 2**20
ENTRIES_MAX = 100_000
#: The most commas of the JSON, which limit the number of its values.
_COMMAS_MAX = 20 * ENTRIES_MAX
URL_MAX = 4096
NAME_MAX = 250
HEADERS_MAX = 50
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
#: Current clients still use the older name (clients.md 7.5).
_SOURCE_MAP_HEADERS = ("sourcemap", "x-sourcemap")


class BundleProblem(Exception):
    """A bundle can't be read: the message is the protocol's, ``reason`` the exact problem."""

    def __init__(self, reason: str) -> None:
        super().__init__("the bundle is invalid")
        self.reason = reason


class ArtifactType(IntEnum):
    """The type of a file in a bundle, with the protocol's numbers."""

    SOURCE = 1
    MINIFIED_SOURCE = 2
    SOURCE_MAP = 3
    INDEXED_RAM_BUNDLE = 4


_TYPES = {type_.name.lower(): type_ for type_ in ArtifactType}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """The manifest's entry of a member. ``headers`` have lower-case names; an unknown type is None.

    ``sent_headers`` have the client's spelling.
    """

    path: str
    type: ArtifactType | None
    url: str | None
    headers: Mapping[str, str]
    sent_headers: Mapping[str, str]

    @property
    def debug_id(self) -> str | None:
        """Return the normalised debug id, or None if it is missing or invalid."""
        return debug_ids.normalize(self.headers.get("debug-id", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A bundle's manifest. ``debug_id`` is that of the bundle, normalised and without an appendix."""

    organization: str | None
    project: str | None
    release: str | None
    dist: str | None
    debug_id: str | None
    files: tuple[ManifestEntry, ...]


def source_map_header(headers: Mapping[str, str]) -> str | None:
    """Return the reference to a source map in headers with lower-case names, or None."""
    for name in _SOURCE_MAP_HEADERS:
        if reference := headers.get(name, "").strip():
            return reference
    return None


def lower_case(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with lower-case names, as they are case-insensitive and clients differ."""
    return {name.lower(): value for name, value in headers.items()}


def read(text: bytes) -> Manifest:
    """Parse ``manifest.json``. Raise `BundleProblem` for wrong types; unknown keys are ignored."""
    content = _object(_parsed(text), "manifest.json")
    if type(content.get("dist")) is int:
        # A plugin of bundlers writes it as it is configured.
        content["dist"] = str(content["dist"])
    bundle_id = debug_ids.normalize(_text(content, "debug_id") or "")
    files = _object(content.get("files") or {}, "files")
    if len(files) > ENTRIES_MAX:
        raise BundleProblem(f"manifest.json names more than {ENTRIES_MAX} files")
    return Manifest(
        organization=_text(content, "org"),
        project=_text(content, "project"),
        release=_text(content, "release"),
        dist=_text(content, "dist"),
        debug_id=None if bundle_id is None else bundle_id[: debug_ids.UUID_LENGTH],
        files=tuple(_manifest_entry(path, file) for path, file in files.items()),
    )


def _parsed(text: bytes) -> object:
    if text.count(b",") > _COMMAS_MAX:
        raise BundleProblem("manifest.json holds too many values")
    try:
        parsed: object = json.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BundleProblem("manifest.json is not UTF-8") from error
    except RecursionError as error:
        raise BundleProblem("manifest.json is nested too deeply") from error
    except ValueError as error:
        raise BundleProblem("manifest.json is not JSON") from error
    return parsed


def _object(value: object, place: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise BundleProblem(f"{place} is not a JSON object")
    return value


def _text(content: dict[str, object], key: str) -> str | None:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise BundleProblem(f"{key} in manifest.json is not a string")
    if value and (len(value) > NAME_MAX or not _is_storable(value)):
        raise BundleProblem(f"{key} in manifest.json is too long, or cannot be stored")
    return value or None


def _manifest_entry(path: str, value: object) -> ManifestEntry:
    file = _object(value, f"{_quoted(path)} in manifest.json")
    url, type_ = file.get("url"), file.get("type")
    if url is not None and not isinstance(url, str):
        raise BundleProblem(f"the url of {_quoted(path)} in manifest.json is not a string")
    if url and (len(url) > URL_MAX or not _is_storable(url)):
        raise BundleProblem(
            f"the url of {_quoted(path)} in manifest.json is too long, or cannot be stored"
        )
    headers = _headers(path, file.get("headers"))
    return ManifestEntry(
        path=path,
        type=_TYPES.get(type_) if isinstance(type_, str) else None,
        url=url or None,
        headers=lower_case(headers),
        sent_headers=headers,
    )


def _headers(path: str, value: object) -> dict[str, str]:
    content = _object(value or {}, f"headers of {_quoted(path)} in manifest.json")
    headers = {name: text for name, text in content.items() if isinstance(text, str)}
    is_odd = any(
        len(text) > URL_MAX or not _is_storable(name + text) for name, text in headers.items()
    )
    if len(content) > HEADERS_MAX or is_odd:
        raise BundleProblem(f"manifest.json has odd headers for {_quoted(path)}")
    return headers


def _is_storable(text: str) -> bool:
    """Return True if databases can store the text: PostgreSQL has no NUL, and UTF-8 no lone surrogates."""
    return not _UNSTORABLE.search(text)


def _quoted(path: str) -> str:
    """Return a client's name quoted and shortened for a message."""
    text = ascii(path)
    return text if len(text) <= 100 else f"{text[:97]}..."
