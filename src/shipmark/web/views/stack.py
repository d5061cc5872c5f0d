"""What does a page show of an event? Where it went wrong, and never what was in the variables around."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from shipmark.issues.payloads import (
    Json,
    Raised,
    exceptions_of,
    filename_of,
    main_frames,
    text_of,
)
from shipmark.issues.store.events import StoredEvent

_TEXT_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A call; ``code`` is the line that was run, where the client sent it."""

    function: str
    file: str
    line: int | None
    code: str
    is_in_app: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRun:
    """Calls in a row that are all of the application, or all of libraries."""

    is_in_app: bool
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownException:
    """An exception; the last call comes first."""

    type: str
    value: str
    runs: tuple[FrameRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent:
    """An event; the exception that was raised last comes first."""

    event_id: str
    at: datetime
    environment: str
    version: str
    exceptions: tuple[ShownException, ...]


def shown_event(event: StoredEvent) -> ShownEvent:
    """The event without anything that may hold a secret: variables, headers, environment, extras."""
    payload = event.payload
    raised = exceptions_of(payload)
    shown = [_exception(each) for each in reversed(raised)]
    frames = main_frames(payload)
    if not any(each.frames for each in raised) and frames:
        shown.append(ShownException(type="", value="", runs=_runs(frames)))
    return ShownEvent(
        event_id=event.event_id,
        at=event.at,
        environment=text_of(payload, "environment")[:_TEXT_MAX],
        version=text_of(payload, "release")[:_TEXT_MAX],
        exceptions=tuple(shown),
    )


def _exception(raised: Raised) -> ShownException:
    return ShownException(type=raised.type, value=raised.value, runs=_runs(raised.frames))


def _runs(frames: Sequence[Json]) -> tuple[FrameRun, ...]:
    shown: Iterable[Frame] = [_frame(frame) for frame in reversed(frames)]
    return tuple(
        FrameRun(is_in_app=is_in_app, frames=tuple(run))
        for is_in_app, run in groupby(shown, key=lambda frame: frame.is_in_app)
    )


def _frame(frame: Json) -> Frame:
    line = frame.get("lineno")
    return Frame(
        function=text_of(frame, "function")[:_TEXT_MAX],
        file=(filename_of(frame) or text_of(frame, "module"))[:_TEXT_MAX],
        line=line if isinstance(line, int) and not isinstance(line, bool) else None,
        code=text_of(frame, "context_line")[:_TEXT_MAX],
        is_in_app=frame.get("in_app") is True,
    )
