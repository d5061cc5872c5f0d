"""Assembling of debug files from chunks, within the request (files-and-avatars.md 5.5).

A project's debug files need no state: they are reported once they exist. Only errors and running requests are
stored.

Older clients send them in a zip (files-and-avatars.md 9). It is on disk, and so is each of its members while it is
inspected: one process inspects all of them. Other files are skipped, as bundles of Apple's tools contain descriptions
too.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection

from shipmark.artifacts import bundles
from shipmark.artifacts.assembling import MISSING
from shipmark.artifacts.manifests import BundleProblem
from shipmark.artifacts.model import AssembleKey, AssembleState, Assembly
from shipmark.artifacts.store import assemblies
from shipmark.debug_files import inspection
from shipmark.debug_files.inspection import InspectionInput, InspectionResult
from shipmark.debug_files.model import DebugFile, DebugObject
from shipmark.debug_files.store import debug_files
from shipmark.files import actions as files
from shipmark.files import assembling, piece_reader
from shipmark.files.assembling import ChunksMissing, NotAssembled
from shipmark.files.model import FILE_MAX, FileKind, NewFile, StagedFile
from shipmark.files.staging import stage_file
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.telemetry import span

MEMBERS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugFileRequest:
    """A debug file to assemble; ``debug_id`` counts for formats without one inside."""

    key: AssembleKey
    organization_id: int
    project_id: int
    name: str
    chunks: Sequence[str]
    debug_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDebugFile:
    """A staged content with its objects."""

    content: StagedFile
    objects: Sequence[DebugObject]


def assemble(
    database: Database,
    blobs: Blobs,
    request: DebugFileRequest,
    at: datetime,
    *,
    most: int = FILE_MAX,
) -> None:
    """Assemble and store a debug file, unless another request does; its error is stored."""
    with database.transaction() as connection:
        if not assemblies.begin(connection, request.key, at):
            return
    problem: str | None = MISSING
    try:
        with span("artifacts.assemble", **{"chunks.count": len(request.chunks)}) as fields:
            problem = _store(database, blobs, request, at, most)
            fields["assemble.reason"] = problem
    finally:
        # The client may retry at once after an interruption, or send the missing chunks.
        with database.transaction() as connection:
            if problem is None or problem == MISSING:
                assemblies.delete_one(connection, request.key)
            else:
                outcome = Assembly(state=AssembleState.ERROR, detail=problem)
                assemblies.record(connection, request.key, outcome, at)


def _store(
    database: Database, blobs: Blobs, request: DebugFileRequest, at: datetime, most: int
) -> str | None:
    """Store the file. Return the problem if it can't be stored, else None."""
    try:
        assembled = assembling.assemble(
            database,
            blobs,
            request.organization_id,
            request.chunks,
            sha1=request.key.sha1,
            at=at,
            most=most,
        )
    except ChunksMissing:
        return MISSING
    except NotAssembled as error:
        return error.detail
    with inspection.temporary_copy(piece_reader.read_range(blobs, assembled.pieces)) as path:
        inspected = InspectionInput(path=path, name=request.name, debug_id=request.debug_id)
        [result] = inspection.inspect_files([inspected])
    if (problem := problem_of(result)) is not None:
        return problem
    new = NewDebugFile(content=assembled.content, objects=result.objects)
    save(database, request.project_id, [new], at)
    return None


def problem_of(result: InspectionResult) -> str | None:
    """Return why an inspected file, which must have exactly one object, can't be stored, or None."""
    if result.problem is None and len(result.objects) != 1:
        return f"Object contains {len(result.objects)} architectures (1 expected)"
    return result.problem


def save(
    database: Database, project_id: int, new: Sequence[NewDebugFile], at: datetime
) -> list[DebugFile]:
    """Insert debug files of a project, all or none. Return them with those that exist already."""
    stored: dict[int, DebugFile] = {}
    with database.transaction() as connection:
        existing = debug_files.by_sha1s(connection, project_id, {file.content.sha1 for file in new})
        there = {
            (sha1, debug_file.object.debug_id): debug_file
            for sha1, debug_files_ in existing.items()
            for debug_file in debug_files_
        }
        for new_file in new:
            content = new_file.content
            for debug_object in new_file.objects:
                key = (content.sha1, debug_object.debug_id)
                if key not in there:
                    there[key] = _added(connection, project_id, debug_object, content, at)
                    # Its pieces are blobs now, which further files share.
                    pieces = tuple(replace(piece, key=None) for piece in content.pieces)
                    content = replace(content, pieces=pieces)
                stored[there[key].id] = there[key]
    return list(stored.values())


def _added(
    connection: Connection, project_id: int, new: DebugObject, content: StagedFile, at: datetime
) -> DebugFile:
    new_file = NewFile(name=new.object_name, kind=FileKind.DEBUG_FILE)
    file = files.create(connection, new_file, content, at)
    debug_file = debug_files.add(connection, project_id, new, file)
    if debug_file is not None:
        return debug_file
    # A concurrent transaction has inserted the same debug file.
    files.remove(connection, [file.id], at)
    theirs = debug_files.by_sha1s(connection, project_id, [content.sha1])[content.sha1]
    return next(file for file in theirs if file.object.debug_id == new.debug_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackedArchive:
    """The staged debug files of a zip; ``problems`` are by the names of unreadable files."""

    new: Sequence[NewDebugFile]
    problems: Sequence[tuple[str, str]]


def unpack(database: Database, blobs: Blobs, file: BinaryIO, at: datetime) -> UnpackedArchive:
    """Return the debug files of a zip. Raise `BundleProblem` if it is invalid or exceeds the limits."""
    archive, members = bundles.unzipped(file)
    names = [name for name in members if not bundles.as_bundle_error(name)]
    if len(names) > MEMBERS_MAX:
        raise BundleProblem(f"it has more than {MEMBERS_MAX} files")
    if sum(members[name].file_size for name in names) > FILE_MAX:
        raise BundleProblem(f"its files have more than {FILE_MAX} bytes together")
    with tempfile.TemporaryDirectory(prefix="shipmark-") as folder:
        files = [
            InspectionInput(path=Path(folder) / str(number), name=name)
            for number, name in enumerate(names)
        ]
        for member in files:
            inspection.write(member.path, bundles.pieces(archive, member.name))
        inspected = list(zip(files, inspection.inspect_files(files), strict=True))
        new = []
        for member, result in inspected:
            if result.objects:
                with member.path.open("rb") as stream:
                    content = stage_file(database, blobs, stream.read, at)
                new.append(NewDebugFile(content=content, objects=result.objects))
        problems = [(member.name, result.problem) for member, result in inspected if result.problem]
    return UnpackedArchive(new=new, problems=problems)
