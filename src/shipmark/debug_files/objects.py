"""Reading of the objects in a debug file (files-and-avatars.md 5.5).

A library reads the formats of compilers, from a file on disk so that none is ever in memory as a whole. It is not
written for malicious files, so it must run in a process of its own. Text formats, which have no id inside, are
recognised here.
"""

import hashlib
import json
import re
from pathlib import Path
from uuid import NAMESPACE_DNS, UUID, uuid5

from symbolic.debuginfo import Archive
from symbolic.exceptions import SymbolicError

from shipmark.artifacts import debug_ids
from shipmark.debug_files.model import DebugObject

#: The most objects in a file; fat files have a dozen architectures at most.
OBJECTS_MAX = 100
JSON_BYTES_MAX = 64 * 2**20
#: Build ids have twenty bytes, code ids of other formats fewer.
CODE_ID_MAX = 64
_HEAD_BYTES = 64 * 2**10
_PIECE_BYTES = 2**20
ANY_CPU = "any"
_PROGUARD_NAMESPACE = uuid5(NAMESPACE_DNS, "guardsquare.com")
_PROGUARD_NAME = re.compile(r"(?:^|/)proguard/(?:mapping-)?[0-9a-fA-F-]{32,36}\.txt$")
#: ``com.acme.Cart -> a.b:``, in one of the first lines.
_PROGUARD_CLASS = re.compile(rb"^[^\s#:]+ -> [^\s:]+:\s*$", re.MULTILINE)
_BITCODE = b"BCSymbolMap Version:"


class ObjectProblem(Exception):
    """A debug file can't be stored; the message is for the client."""


def objects_in(path: Path, name: str, debug_id: str | None = None) -> tuple[DebugObject, ...]:
    """Return all objects of a file. ``debug_id`` is the client's, for formats without one inside."""
    value = debug_ids.normalize(debug_id or "")
    text_type = _text_type(path, name)
    if text_type == "proguard":
        # Build tools write an id of their own into the app, and name the mapping by it.
        value = value or debug_ids.of_mapping_name(name)
        return (_plain(value or str(_proguard_id(path)), text_type, name),)
    if text_type:
        if value is None:
            raise ObjectProblem(f"A file of this type ({text_type}) needs a debug id")
        return (_plain(value, text_type, name),)
    return _compiled(path, name, value)


def _plain(debug_id: str, symbol_type: str, name: str) -> DebugObject:
    return DebugObject(
        debug_id=debug_id,
        code_id=None,
        cpu_name=ANY_CPU,
        symbol_type=symbol_type,
        object_name=_object_name(name),
        features=frozenset({"mapping"}),
    )


def _text_type(path: Path, name: str) -> str | None:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if b"\x00" not in head and (_PROGUARD_NAME.search(name) or _PROGUARD_CLASS.search(head)):
        return "proguard"
    if head.startswith(_BITCODE):
        return "bcsymbolmap"
    if head.lstrip().startswith(b"<?xml") and b"DBGOriginalUUID" in head:
        return "uuidmap"
    return _json_type(path) if head.lstrip()[:1] in {b"[", b"{"} else None


def _json_type(path: Path) -> str | None:
    """Return the type of a JSON map: of Dart, a list of pairs of names, or of IL2CPP, files with lines."""
    if path.stat().st_size > JSON_BYTES_MAX:
        raise ObjectProblem(f"A mapping may not be larger than {JSON_BYTES_MAX} bytes")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    match content:
        case list():
            is_pairs = len(content) % 2 == 0 and all(isinstance(name, str) for name in content)
            return "dartsymbolmap" if is_pairs else None
        case dict():
            return "il2cpp" if all(isinstance(value, dict) for value in content.values()) else None
    return None


def _proguard_id(path: Path) -> UUID:
    """Return the id that clients compute for a mapping without one: a version 5 UUID of its content."""
    digest = hashlib.sha1(_PROGUARD_NAMESPACE.bytes, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return UUID(bytes=digest.digest()[:16], version=5)


def _compiled(path: Path, name: str, sent_id: str | None) -> tuple[DebugObject, ...]:
    try:
        archive = Archive.open(str(path))
        if archive.object_count > OBJECTS_MAX:
            raise ObjectProblem(f"Object contains more than {OBJECTS_MAX} architectures")
        debug_objects = [
            DebugObject(
                debug_id=_id(compiled.debug_id, sent_id),
                code_id=compiled.code_id
                if 0 < len(compiled.code_id or "") <= CODE_ID_MAX
                else None,
                cpu_name=compiled.arch,
                symbol_type=compiled.file_format,
                object_name=_object_name(name),
                kind=compiled.kind,
                features=compiled.features,
            )
            for compiled in archive.iter_objects()
        ]
    except SymbolicError as error:
        raise ObjectProblem(error.message) from error
    return tuple(debug_objects)


def _id(file_id: str, sent_id: str | None) -> str:
    """Return the file's id, else the client's for a file without a build id, else the nil id or an empty text."""
    debug_id = debug_ids.normalize(file_id) or sent_id
    if debug_id is None:
        raise ObjectProblem("The file has no debug id")
    return debug_id


def _object_name(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2] or name
