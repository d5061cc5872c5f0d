"""The debug file object, and how far debug files are (files-and-avatars.md 5.5, 9)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from shipmark.api.responses import Wire
from shipmark.artifacts.debug_ids import UUID_LENGTH
from shipmark.artifacts.model import AssembleState
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
    missing_chunks: Sequence[str] = ()
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
    """Return a debug file as the API shows it."""
    described, content = debug_file.object, debug_file.file
    return DebugFileResponse(
        id=str(debug_file.id),
        uuid=described.debug_id[:UUID_LENGTH],
        debug_id=described.debug_id,
        code_id=described.code_id,
        cpu_name=described.cpu_name,
        object_name=described.object_name,
        symbol_type=described.symbol_type,
        headers=content.headers,
        size=content.size,
        sha1=content.sha1,
        date_created=content.created_at,
        data=DebugFileDataResponse(type=described.kind, features=sorted(described.features)),
    )
