"""How far an assembling is (files-and-avatars.md 5.1)."""

from collections.abc import Sequence

import msgspec

from shipmark.api.responses import Wire
from shipmark.artifacts.model import AssembleState, Assembly


class AssemblyResponse(Wire):
    """What has become of chunks. ``detail`` is there once it is over; ``reason`` says more than clients know of."""

    state: AssembleState
    missing_chunks: list[str]
    detail: str | msgspec.UnsetType | None = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET


def assembly_response(assembly: Assembly) -> AssemblyResponse:
    """What was said before, again."""
    return AssemblyResponse(
        state=assembly.state,
        missing_chunks=[],
        detail=assembly.detail,
        reason=assembly.reason or msgspec.UNSET,
    )


def missing_response(missing: Sequence[str]) -> AssemblyResponse:
    """There is nothing to assemble yet; these chunks are to be sent first."""
    return AssemblyResponse(state=AssembleState.NOT_FOUND, missing_chunks=list(missing))


def created_response() -> AssemblyResponse:
    """It was begun."""
    return AssemblyResponse(state=AssembleState.CREATED, missing_chunks=[])
