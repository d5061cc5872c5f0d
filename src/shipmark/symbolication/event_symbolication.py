"""Events get their original stacks: when they come in, and when somebody looks at them and files came since.

One at a time in a process: a map may take a second and much memory. An event is never lost for it: what goes wrong
leaves it as it was sent, with a problem that says so. No unit of work is open while files are read.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from shipmark.artifacts.database_artifacts import DatabaseArtifacts
from shipmark.artifacts.model import EventScope
from shipmark.artifacts.source_map_cache import SourceMapCache
from shipmark.events import store
from shipmark.events.payload import Json, text_of
from shipmark.events.store import StoredEvent
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Refusal
from shipmark.infrastructure.telemetry import count, log, report_exception, span
from shipmark.symbolication import javascript_stacks, problems
from shipmark.symbolication.javascript import Symbolicated, symbolicate
from shipmark.symbolication.problems import Problem

#: How long an event waits for others; what comes faster than maps can be read stays minified until it is looked at.
WAIT_SECONDS = 5.0
VIEW_WAIT_SECONDS = 2.0
#: How long nobody asks a store of files that did not answer: each question may take long.
PAUSE_SECONDS = 30.0
#: What maps that are kept may take of the memory of a process.
KEPT_BYTES_MAX = 64 * 2**20

BUSY = problems.not_tried(
    "busy", "Too many events came at once. The stack is looked up when the event is shown."
)
AWAY = problems.not_tried(
    "store_away",
    "The store of files is out of order. The stack is looked up when the event is shown.",
)
BROKEN = problems.not_tried(
    "bug", "The server failed to look up the original stack. Its log says why."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """Where the files of a project's events are looked for."""

    database: Database
    blobs: Blobs
    organization_id: int
    project_id: int
    at: datetime


class _State:
    """What the events of a process share: the one turn, the maps that were read, and a pause of the store."""

    def __init__(self) -> None:
        self.turn = Lock()
        self.maps = SourceMapCache(KEPT_BYTES_MAX)
        self.paused_until = 0.0


_state = _State()


def needs_symbolication(payload: Json) -> bool:
    """Are there frames that may have been something else before they were built?"""
    return bool(javascript_stacks.files_of(payload))


def symbolicate_event(payload: Json, uploads: Uploads) -> Json:
    """The payload of a new event with its original stack, or with why it has none. It never raises."""
    with span("event.symbolicate") as tags:
        symbolicated = _attempt(payload, uploads, WAIT_SECONDS)
        tags["problems.count"] = len(symbolicated.problems)
        count("stacks", _outcome(symbolicated))
    return _with_problems(symbolicated.payload, symbolicated.problems)


def explain_event(payload: Json, uploads: Uploads) -> Symbolicated:
    """What becomes of the stack, as the client sent it, with what is uploaded now."""
    return _attempt(javascript_stacks.raw(payload), uploads, VIEW_WAIT_SECONDS)


def refresh_event(event: StoredEvent, uploads: Uploads) -> StoredEvent:
    """The event with the stack that is possible now, kept if it is better than what we have.

    Its issue stays: it was grouped by what was known when it came.
    """
    if not (needs_symbolication(event.payload) or problems_of(event.payload)):
        return event
    symbolicated = explain_event(event.payload, uploads)
    before, after = _quality(event.payload, _problem_count(event.payload)), symbolicated.payload
    now = _quality(after, len(symbolicated.problems))
    is_untried = any(problem.type == BUSY.type for problem in symbolicated.problems)
    if is_untried or now[0] < before[0]:
        return event
    payload = _with_problems(after, symbolicated.problems)
    if now > before:
        _keep(event, payload, uploads)
    return replace(event, payload=payload)


def problems_of(payload: Json) -> list[Json]:
    """What the event says of why its stack is not the original one."""
    errors = payload.get("errors")
    return [each for each in errors if _is_ours(each)] if isinstance(errors, list) else []


def _attempt(payload: Json, uploads: Uploads, wait_seconds: float) -> Symbolicated:
    if time.monotonic() < _state.paused_until:
        return Symbolicated(payload=payload, problems=(AWAY,))
    if not _state.turn.acquire(timeout=wait_seconds):
        return Symbolicated(payload=payload, problems=(BUSY,))
    try:
        sources = _sources(payload, uploads)
        symbolicated = symbolicate(payload, sources, _state.maps)
        if sources.is_away:
            _state.paused_until = time.monotonic() + PAUSE_SECONDS
    except Refusal as refusal:
        log.warning("A stack was not symbolicated", reason=refusal.reason)
        return Symbolicated(payload=payload, problems=(AWAY,))
    except Exception as error:  # noqa: BLE001  # whatever it is, the event is kept
        report_exception("A stack could not be symbolicated", error, project=uploads.project_id)
        return Symbolicated(payload=payload, problems=(BROKEN,))
    else:
        return symbolicated
    finally:
        _state.turn.release()


def _sources(payload: Json, uploads: Uploads) -> DatabaseArtifacts:
    scope = EventScope(
        organization_id=uploads.organization_id,
        project_id=uploads.project_id,
        version=text_of(payload, "release"),
        dist=text_of(payload, "dist"),
    )
    return DatabaseArtifacts(uploads.database, uploads.blobs, scope, uploads.at)


def _with_problems(payload: Json, problems: tuple[Problem, ...]) -> Json:
    errors = payload.get("errors")
    others = [error for error in errors if not _is_ours(error)] if isinstance(errors, list) else []
    ours = [
        {"type": problem.type, "message": problem.message, "data": problem.data}
        for problem in problems
    ]
    if not (others or ours):
        return {key: value for key, value in payload.items() if key != "errors"}
    return {**payload, "errors": [*others, *ours]}


def _is_ours(error: object) -> bool:
    return isinstance(error, dict) and text_of(error, "type").startswith("js_")


def _problem_count(payload: Json) -> int:
    # A stack that came before we looked for original ones has no problems, and is no better for it.
    return len(problems_of(payload)) or len(javascript_stacks.files_of(payload))


def _quality(payload: Json, problem_count: int) -> tuple[int, int]:
    return javascript_stacks.symbolicated_count(payload), -problem_count


def _outcome(found: Symbolicated) -> str:
    if not found.problems:
        return "whole"
    return "partial" if javascript_stacks.symbolicated_count(found.payload) else "minified"


def _keep(event: StoredEvent, payload: Json, uploads: Uploads) -> None:
    try:
        with uploads.database.transaction() as connection:
            store.replace(connection, event.id, payload)
    except Refusal as refusal:
        # It is shown all the same, and kept the next time.
        log.warning("A better stack could not be kept", reason=refusal.reason)
