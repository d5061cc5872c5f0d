"""What may be sent to the assembling routes? In the words of the validator that the reference uses (5.3, 5.4).

Checks of ``serving/fields.py`` report all bad fields at once; here the first problem is told, as the clients know it.
"""

import re
from collections.abc import Mapping

from shipmark.files.model import FILE_MAX
from shipmark.ground.errors import BadRequest, BadUpload
from shipmark.serving.bodies import json_of
from shipmark.serving.fields import Field, ListOf, Record, Text

CHECKSUM = r"^[0-9a-f]{40}$"
CHUNKS_MAX = FILE_MAX // 2**16
PROJECTS_MAX = 1000

_CHECKSUM = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"[^/]+")

_SHA1 = Text(max=40)
_CHUNKS: Field[object] = Field(ListOf(_SHA1, max=CHUNKS_MAX), is_required=True)
#: For the document of the API; what it says is checked below, in other words.
RELEASE_BUNDLE = Record({"checksum": Field(_SHA1, is_required=True), "chunks": _CHUNKS})
ARTIFACT_BUNDLE = Record(
    {
        "checksum": Field(_SHA1, is_required=True),
        "chunks": _CHUNKS,
        "projects": Field(ListOf(Text(max=50), max=PROJECTS_MAX), is_required=True),
        "version": Field(Text(max=250)),
        "dist": Field(Text(max=64, is_blank_ok=True)),
    }
)


def json_object(body: bytes) -> dict[str, object]:
    """The object that was sent; raises `BadUpload` for anything else."""
    try:
        found = json_of(body) if body.strip() else {}
    except BadRequest:
        raise BadUpload("Invalid json body") from None
    if not isinstance(found, dict):
        raise BadUpload(f"{found!r} is not of type 'object'"[:200])
    return found


def checked_release_bundle(body: bytes) -> dict[str, object]:
    """A release bundle's checksum and chunks."""
    given = json_object(body)
    _required(given, "checksum", "chunks")
    _checksums(given)
    _no_more(given, {"checksum", "chunks"})
    return given


def checked_artifact_bundle(body: bytes) -> dict[str, object]:
    """An artifact bundle's checksum and chunks, and what it is for."""
    given = json_object(body)
    _required(given, "checksum", "chunks", "projects")
    _checksums(given)
    projects = given["projects"]
    if not isinstance(projects, list):
        raise BadUpload(f"{_shown(projects)} is not of type 'array'")
    for slug in projects:
        _text(slug)
    if len(projects) > PROJECTS_MAX:
        raise BadUpload(f"No more than {PROJECTS_MAX} projects can be named.")
    for name in ("version", "dist"):
        if given.get(name) is not None:
            _text(given[name])
    version = given.get("version")
    if isinstance(version, str) and not _VERSION.fullmatch(version):
        raise BadUpload(f"{_shown(version)} does not match '^[^/]+$'")
    _no_more(given, {"checksum", "chunks", "projects", "version", "dist"})
    return given


def checksum(value: object) -> None:
    """Raise `BadUpload` unless it is a SHA-1 as clients write it."""
    _text(value)
    if not _CHECKSUM.fullmatch(str(value)):
        raise BadUpload(f"{_shown(value)} does not match '{CHECKSUM}'")


def chunks(value: object) -> None:
    """Raise `BadUpload` unless it is a list of such."""
    if not isinstance(value, list):
        raise BadUpload(f"{_shown(value)} is not of type 'array'")
    if len(value) > CHUNKS_MAX:
        raise BadUpload(f"A file has no more than {CHUNKS_MAX} chunks.")
    for each in value:
        checksum(each)


def _checksums(given: Mapping[str, object]) -> None:
    checksum(given["checksum"])
    chunks(given["chunks"])


def _required(given: Mapping[str, object], *names: str) -> None:
    for name in names:
        if name not in given:
            raise BadUpload(f"{name!r} is a required property")


def _no_more(given: Mapping[str, object], known: set[str]) -> None:
    if strange := [name for name in given if name not in known]:
        verb = "was" if len(strange) == 1 else "were"
        named = ", ".join(_shown(each) for each in sorted(strange)[:10])
        raise BadUpload(f"Additional properties are not allowed ({named} {verb} unexpected)")


def _text(value: object) -> None:
    if not isinstance(value, str):
        raise BadUpload(f"{_shown(value)} is not of type 'string'")
    if "\0" in value:
        raise BadUpload("Null characters are not allowed.")


def _shown(value: object) -> str:
    return repr(value)[:200]
