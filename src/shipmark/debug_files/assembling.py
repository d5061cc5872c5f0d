"""From chunks to debug files, within the request (files-and-avatars.md 5.5).

What a project has needs no state: it is told of as soon as it is there. Only what went wrong is remembered, and who
is at it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.artifacts.assembling import MISSING
from shipmark.artifacts.model import AssembleKey, AssembleState, Assembly
from shipmark.artifacts.store import assemblies
from shipmark.debug_files import inspection
from shipmark.debug_files.inspection import InspectionInput
from shipmark.debug_files.model import DebugFile, DebugObject
from shipmark.debug_files.store import debug_files
from shipmark.files import actions as files
from shipmark.files import assembling, piece_reader
from shipmark.files.assembling import ChunksMissing, NotAssembled
from shipmark.files.model import FILE_MAX, FileKind, NewFile, StagedBlob, StagedFile
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.telemetry import span

_ONE = "Object contains {} architectures (1 expected)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugFileRequest:
    """A debug file that a client wants to be assembled; ``debug_id`` counts for formats that have none in them."""

    key: AssembleKey
    organization_id: int
    project_id: int
    name: str
    chunks: Sequence[str]
    debug_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDebugFile:
    """A content that was stashed, and the objects in it."""

    content: StagedFile
    objects: Sequence[DebugObject]


def assemble(
    database: Database, blobs: Blobs, asked: DebugFileRequest, at: datetime, *, most: int = FILE_MAX
) -> None:
    """Assemble a debug file and keep it, unless somebody else is at it; what is wrong with it is remembered."""
    with database.transaction() as connection:
        if not assemblies.begin(connection, asked.key, at):
            return
    problem: str | None = MISSING
    try:
        with span("artifacts.assemble", **{"chunks.count": len(asked.chunks)}) as told:
            problem = _store(database, blobs, asked, at, most)
            told["assemble.reason"] = problem
    finally:
        # Nobody needs to wait who was interrupted, or only has to send what is missing.
        with database.transaction() as connection:
            if problem is None or problem == MISSING:
                assemblies.delete_one(connection, asked.key)
            else:
                outcome = Assembly(state=AssembleState.ERROR, detail=problem)
                assemblies.record(connection, asked.key, outcome, at)


def _store(
    database: Database, blobs: Blobs, asked: DebugFileRequest, at: datetime, most: int
) -> str | None:
    """Why the file can't be kept; null where it is."""
    try:
        whole = assembling.assemble(
            database,
            blobs,
            asked.organization_id,
            asked.chunks,
            sha1=asked.key.sha1,
            at=at,
            most=most,
        )
    except ChunksMissing:
        return MISSING
    except NotAssembled as problem:
        return problem.detail
    with inspection.temporary_copy(piece_reader.read_range(blobs, whole.pieces)) as path:
        given = InspectionInput(path=path, name=asked.name, debug_id=asked.debug_id)
        [found] = inspection.inspect_files([given])
    if found.problem is not None:
        return found.problem
    if len(found.objects) != 1:
        return _ONE.format(len(found.objects))
    new = NewDebugFile(content=whole.content, objects=found.objects)
    save(database, asked.project_id, [new], at)
    return None


def save(
    database: Database, project_id: int, new: Sequence[NewDebugFile], at: datetime
) -> list[DebugFile]:
    """Give a project debug files, all or none; those that it has already are told of as they are."""
    kept: dict[int, DebugFile] = {}
    with database.transaction() as connection:
        known = debug_files.by_sha1s(connection, project_id, {it.content.sha1 for it in new})
        there = {(it.file.sha1, it.object.debug_id): it for each in known.values() for it in each}
        for it in new:
            content = it.content
            for found in it.objects:
                key = (content.sha1, found.debug_id)
                if key not in there:
                    there[key] = _added(connection, project_id, found, content, at)
                    content = _again(content)
                kept[there[key].id] = there[key]
    return list(kept.values())


def _added(
    connection: Connection,
    project_id: int,
    found: DebugObject,
    content: StagedFile,
    at: datetime,
) -> DebugFile:
    named = NewFile(name=found.object_name, kind=FileKind.DEBUG_FILE)
    file = files.create(connection, named, content, at)
    made = debug_files.add(connection, project_id, found, file)
    if made is not None:
        return made
    # Somebody else was faster: theirs is what we would have made.
    files.remove(connection, [file.id], at)
    theirs = debug_files.by_sha1s(connection, project_id, [content.sha1])[content.sha1]
    return next(each for each in theirs if each.object.debug_id == found.debug_id)


def _again(content: StagedFile) -> StagedFile:
    """The same content once it is kept: its pieces are blobs, which further files share."""
    pieces = tuple(StagedBlob(sha1=it.sha1, size=it.size, key=None) for it in content.pieces)
    return StagedFile(pieces=pieces, size=content.size, sha1=content.sha1)
