"""What became of each frame of minified JavaScript, and what was looked for."""

from shipmark.api.events.responses import EventErrorResponse
from shipmark.api.responses import Wire


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
