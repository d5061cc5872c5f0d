"""The debug file object, and how far debug files are (files-and-avatars.md 5.5, 9)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from shipmark.api.responses import Wire
from shipmark.artifacts.debug_ids import UUID_LENGTH
from shipmark.artifacts.model import AssembleState, Assembly
from shipmark.debug_files.model import DebugFile


class DebugFileDataResponse(Wire):
    """What a debug file can be used for, and what its compiler calls it."""

    type: str | None
    features: list[str]


class DebugFileResponse(Wire):
    """A debug file. ``uuid`` is its debug id without the appendix."""

    id: str
    uuid: str
    debug_id: str
    code_id: str | None
    cpu_name: str
    object_name: str
    symbol_type: str
    headers: Mapping[str, str]
    size: int
    sha1: str
    date_created: datetime
    data: DebugFileDataResponse


class DebugAssemblyResponse(Wire):
    """What has become of the chunks of a debug file; ``dif`` is the file, once it is there."""

    state: AssembleState
    missing_chunks: list[str]
    detail: str | msgspec.UnsetType | None = msgspec.UNSET
    dif: DebugFileResponse | msgspec.UnsetType = msgspec.UNSET


class UnknownFilesResponse(Wire):
    """Those of the checksums that no debug file has."""

    missing: list[str]


class AssociatedFilesResponse(Wire):
    """The debug files that were tied to a build: none ever are."""

    associated_dsym_files: list[DebugFileResponse]


class LinkedResponse(Wire):
    """There is nothing to say."""


class MappingVersionsResponse(Wire):
    """The versions that a mapping is tied to."""

    releases: list[str]


def debug_file_response(debug_file: DebugFile) -> DebugFileResponse:
    """A debug file."""
    found = debug_file.object
    return DebugFileResponse(
        id=str(debug_file.id),
        uuid=found.debug_id[:UUID_LENGTH],
        debug_id=found.debug_id,
        code_id=found.code_id,
        cpu_name=found.cpu_name,
        object_name=found.object_name,
        symbol_type=found.symbol_type,
        headers=debug_file.file.headers,
        size=debug_file.file.size,
        sha1=debug_file.file.sha1,
        date_created=debug_file.file.created_at,
        data=DebugFileDataResponse(type=found.kind, features=sorted(found.features)),
    )


def existing_response(debug_file: DebugFile) -> DebugAssemblyResponse:
    """The project has it."""
    return DebugAssemblyResponse(
        state=AssembleState.OK, missing_chunks=[], detail=None, dif=debug_file_response(debug_file)
    )


def assembly_response(assembly: Assembly) -> DebugAssemblyResponse:
    """What was said before, again."""
    return DebugAssemblyResponse(state=assembly.state, missing_chunks=[], detail=assembly.detail)


def missing_response(missing: Sequence[str]) -> DebugAssemblyResponse:
    """There is nothing to assemble yet; these chunks are to be sent first."""
    return DebugAssemblyResponse(state=AssembleState.NOT_FOUND, missing_chunks=list(missing))


def created_response() -> DebugAssemblyResponse:
    """The assembly has begun, or begins with the next request."""
    return DebugAssemblyResponse(state=AssembleState.CREATED, missing_chunks=[])
