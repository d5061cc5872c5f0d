"""What became of each frame of minified JavaScript, and what was looked for."""

from shipmark.api.events.responses import EventErrorResponse
from shipmark.api.responses import Wire
from shipmark.artifacts import urls
from shipmark.artifacts.artifact_lookup import Artifact
from shipmark.artifacts.database_artifacts import bundle_of
from shipmark.events.payload import Json, exceptions_of, main_frames, object_of, text_of
from shipmark.symbolication import javascript_stacks
from shipmark.symbolication.javascript import Symbolicated


class UsedFileResponse(Wire):
    """An uploaded file that was found. ``bundle`` is the id of its artifact bundle, null for a single file."""

    name: str | None
    debug_id: str | None
    bundle: str | None
    resolved_with: str


class DebuggedFrameResponse(Wire):
    """A frame, by its place in the event; ``exception_idx`` is null for a stack without an exception.

    ``names`` are those that the file was looked up by, the best first.
    """

    exception_idx: int | None
    frame_idx: int
    abs_path: str
    line_no: int
    col_no: int
    debug_id: str | None
    names: list[str]
    file: UsedFileResponse | None
    source_map: UsedFileResponse | None
    source_map_url: str | None
    is_resolved: bool


class SourceMapDebugResponse(Wire):
    """Why a stack is not the original one, with what is uploaded now. Without errors all is well."""

    errors: list[EventErrorResponse]
    frames: list[DebuggedFrameResponse]
    release: str | None
    dist: str | None


def debugged_frames(payload: Json, symbolicated: Symbolicated) -> list[DebuggedFrameResponse]:
    """Return the frames whose files may have been uploaded."""
    platform = text_of(payload, "platform")
    files = {known.file.url: known for known in symbolicated.files}
    resolved = dict(_stacks(symbolicated.payload))
    frames = []
    for index, stack in _stacks(javascript_stacks.raw(payload)):
        for number, frame in enumerate(stack):
            position = javascript_stacks.position_of(frame, platform)
            known = files.get(position.url) if position else None
            if position is None or known is None:
                continue
            data = object_of(resolved[index][number], "data")
            frames.append(
                DebuggedFrameResponse(
                    exception_idx=index,
                    frame_idx=number,
                    abs_path=position.url,
                    line_no=position.line,
                    col_no=position.column,
                    debug_id=known.file.debug_id,
                    names=list(urls.candidates(position.url)),
                    file=_used_file(known.minified),
                    source_map=_used_file(known.map),
                    source_map_url=known.map_url or None,
                    is_resolved=data.get("symbolicated") is True,
                )
            )
    return frames


def _stacks(payload: Json) -> list[tuple[int | None, tuple[Json, ...]]]:
    stacks: list[tuple[int | None, tuple[Json, ...]]] = [
        (index, raised.frames) for index, raised in enumerate(exceptions_of(payload))
    ]
    if not any(frames for _, frames in stacks):
        stacks.append((None, main_frames(payload)))
    return stacks


def _used_file(artifact: Artifact | None) -> UsedFileResponse | None:
    if artifact is None:
        return None
    return UsedFileResponse(
        name=artifact.url,
        debug_id=artifact.debug_id,
        bundle=bundle_of(artifact),
        resolved_with=artifact.resolved_with,
    )
