"""The stack of an event, with the variables of its frames.

Of variables whose name says that they are secret the value is filtered once more.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from shipmark.events import stack_lines, titles
from shipmark.events.payload import (
    Json,
    exceptions_of,
    filename_of,
    main_frames,
    object_of,
    text_of,
)
from shipmark.events.stack_lines import Line
from shipmark.events.store import StoredEvent
from shipmark.symbolication import event_symbolication, javascript_stacks
from shipmark.web.view_models.facts import TEXT_MAX, Fact, facts
from shipmark.web.view_models.redaction import FILTERED, is_sensitive, redacted
from shipmark.web.view_models.source_links import NO_LINKS, SourceLinks

_TEXT_MAX = 500
_PROBLEMS_MAX = 10
_FOUND_BY = {
    "debug-id": "by debug id",
    "release": "by release",
    "index": "by release",
    "release-old": "by release",
}
#: SDKs send up to ten by default.
_VARIABLES_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame; ``code`` is the line that was executed, ``lines`` the same with its context, if known.

    ``found_by`` is how its source map was found, "" for a frame that needed none. ``url`` is that of
    the line in its repository, where a code mapping tells.
    """

    function: str
    file: str
    line: int | None
    column: int | None
    code: str
    lines: tuple[Line, ...]
    is_in_app: bool
    found_by: str
    source_map: str
    variables: tuple[Fact, ...]
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRun:
    """Consecutive frames that are all of the application, or all of libraries."""

    is_in_app: bool
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownException:
    """An exception; the last call comes first. ``sent`` are the frames as the client sent them, if they differ.

    ``first`` is the most relevant frame.
    """

    type: str
    value: str
    runs: tuple[FrameRun, ...]
    sent: tuple[Frame, ...]
    first: Frame | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProblem:
    """A reason why the stack is not the original one. ``expected`` is the name that was searched for."""

    message: str
    reason: str
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent:
    """An event; the last raised exception comes first.

    ``message`` is "" if an exception says the same; ``left_out`` says what of the event was not kept as it was sent.
    """

    event_id: str
    at: datetime
    environment: str
    version: str
    dist: str
    message: str
    exceptions: tuple[ShownException, ...]
    problems: tuple[ShownProblem, ...]
    left_out: tuple[str, ...]
    is_partly_original: bool
    symbolicated_at: datetime | None = None


def shown_event(event: StoredEvent, links: SourceLinks) -> ShownEvent:
    """Return the event as far as it is about its stack, with links to the sources of its frames."""
    payload = event.payload
    return ShownEvent(
        event_id=event.event_id,
        at=event.at,
        environment=text_of(payload, "environment")[:_TEXT_MAX],
        version=text_of(payload, "release")[:_TEXT_MAX],
        dist=text_of(payload, "dist")[:_TEXT_MAX],
        message=_message(payload),
        exceptions=tuple(_exceptions(payload, links)),
        problems=tuple(_problems(payload)),
        left_out=tuple(_left_out(payload)),
        is_partly_original=javascript_stacks.symbolicated_count(payload) > 0,
        symbolicated_at=event.symbolicated_at,
    )


def _message(payload: Json) -> str:
    message = titles.message_of(payload)
    said = [(raised.value, f"{raised.type}: {raised.value}") for raised in exceptions_of(payload)]
    return "" if any(message in texts for texts in said) else titles.without_colors(message)


def _problems(payload: Json) -> list[ShownProblem]:
    errors = event_symbolication.problems_of(payload)[:_PROBLEMS_MAX]
    read = [(text_of(error, "message"), object_of(error, "data")) for error in errors]
    return [
        ShownProblem(
            message=message, reason=text_of(data, "reason"), expected=text_of(data, "expected")
        )
        for message, data in read
        if message
    ]


def _left_out(payload: Json) -> list[str]:
    errors = event_symbolication.other_problems_of(payload)[:_PROBLEMS_MAX]
    return [redacted(text)[:_TEXT_MAX] for error in errors if (text := text_of(error, "message"))]


def _exceptions(payload: Json, links: SourceLinks) -> list[ShownException]:
    raised, sent = exceptions_of(payload), exceptions_of(javascript_stacks.raw(payload))
    before = sent if len(sent) == len(raised) else raised
    shown = [
        _stack(new.type, new.value, new.frames, old.frames, links)
        for new, old in zip(raised, before, strict=True)
    ][::-1]
    frames = main_frames(payload)
    if frames and not any(exception.frames for exception in raised):
        shown.append(_stack("", "", frames, main_frames(javascript_stacks.raw(payload)), links))
    return shown


def _stack(
    type_: str, value: str, frames: Sequence[Json], sent: Sequence[Json], links: SourceLinks
) -> ShownException:
    shown = [_frame(frame, links) for frame in reversed(frames)]
    in_app = [frame for frame in shown if frame.is_in_app]
    return ShownException(
        type=type_,
        value=titles.without_colors(value),
        runs=tuple(
            FrameRun(is_in_app=is_in_app, frames=tuple(run))
            for is_in_app, run in groupby(shown, key=lambda frame: frame.is_in_app)
        ),
        sent=() if sent == frames else tuple(_frame(frame, NO_LINKS) for frame in reversed(sent)),
        first=next(iter(in_app or shown), None),
    )


def _frame(frame: Json, links: SourceLinks) -> Frame:
    data = object_of(frame, "data")
    is_original = data.get("symbolicated") is True
    line = stack_lines.number(frame, "lineno")
    return Frame(
        function=text_of(frame, "function")[:_TEXT_MAX],
        file=(filename_of(frame) or text_of(frame, "module"))[:_TEXT_MAX],
        line=line,
        column=stack_lines.number(frame, "colno"),
        code=text_of(frame, "context_line")[:_TEXT_MAX],
        lines=stack_lines.lines_of(frame),
        is_in_app=frame.get("in_app") is True,
        found_by=_FOUND_BY.get(text_of(data, "resolved_with"), "") if is_original else "",
        source_map=text_of(data, "sourcemap")[:_TEXT_MAX] if is_original else "",
        variables=variables_of(frame),
        url=links.of(frame, line),
    )


def variables_of(frame: Json) -> tuple[Fact, ...]:
    """Return the variables of a frame in the order of the SDK, each cut at `TEXT_MAX` characters."""
    sent = list(object_of(frame, "vars").items())[:_VARIABLES_MAX]
    return facts((name[:TEXT_MAX], _shown(name, value)) for name, value in sent)


def _shown(name: str, value: object) -> str:
    if is_sensitive(name):
        return FILTERED
    # Python's SDK sends most values as they are written in a program, other SDKs as JSON.
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return redacted(text[:TEXT_MAX])
