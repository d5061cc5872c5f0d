"""Symbolication of events when they are ingested, and again when they are viewed after further uploads.

A process symbolicates one event at a time: a map may take a second and much memory. No event is lost by a failure:
it stays as sent, with a problem. No unit of work is open while files are read.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import filterfalse
from threading import Lock

from shipmark.artifacts.database_artifacts import DatabaseArtifacts
from shipmark.artifacts.model import EventScope
from shipmark.artifacts.source_map_cache import SourceMapCache
from shipmark.events import store
from shipmark.events.payload import Json, objects_of, text_of
from shipmark.events.store import StoredEvent
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Refusal
from shipmark.infrastructure.telemetry import count, log, report_exception, span
from shipmark.symbolication import javascript_stacks, problems
from shipmark.symbolication.javascript import Symbolicated, symbolicate
from shipmark.symbolication.problems import Problem

#: How long an event waits for others; after that it stays minified until it is viewed.
WAIT_SECONDS = 5.0
VIEW_WAIT_SECONDS = 2.0
#: The pause after a failure of the blob store, as each request to it may take long.
PAUSE_SECONDS = 30.0
#: The memory of a process for cached maps.
CACHE_BYTES_MAX = 64 * 2**20
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
    """The location of the uploaded files for a project's events."""

    database: Database
    blobs: Blobs
    organization_id: int
    project_id: int
    at: datetime


class _State:
    """The state shared by the events of a process: the lock, cached maps, and the pause of the store."""

    def __init__(self) -> None:
        self.turn = Lock()
        self.maps = SourceMapCache(CACHE_BYTES_MAX)
        self.paused_until = 0.0


_state = _State()


def needs_symbolication(payload: Json) -> bool:
    """Return True if there are frames that may be of built code."""
    return bool(javascript_stacks.files_of(payload))


def symbolicate_event(payload: Json, uploads: Uploads) -> Json:
    """Return the payload of a new event with its original stack or its problems. Never raises."""
    with span("event.symbolicate") as tags:
        symbolicated = _attempt(payload, uploads, WAIT_SECONDS)
        tags["problems.count"] = len(symbolicated.problems)
        count("stacks", _outcome(symbolicated))
    return _with_problems(symbolicated.payload, symbolicated.problems)


def explain_event(payload: Json, uploads: Uploads) -> Symbolicated:
    """Return the result of symbolicating the stack as sent, with the current uploads."""
    return _attempt(javascript_stacks.raw(payload), uploads, VIEW_WAIT_SECONDS)


def refresh_event(event: StoredEvent, uploads: Uploads) -> StoredEvent:
    """Return the event with the currently possible stack, stored if it is better than the existing one.

    Its issue stays: it was grouped when it was ingested.
    """
    payload = current_payload(event, uploads)
    if payload is None:
        return event
    if not is_better(payload, event.payload):
        return replace(event, payload=payload)
    _store(event, payload, uploads)
    return replace(event, payload=payload, symbolicated_at=event.symbolicated_at or uploads.at)


def is_better(payload: Json, before: Json) -> bool:
    """Return True if more of the stack is the original one, or fewer problems are left."""
    return _quality_of(payload) > _quality_of(before)


def current_payload(event: StoredEvent, uploads: Uploads) -> Json | None:
    """Return the payload with the currently possible stack; None if there is nothing to do, or it would be worse."""
    if not (needs_symbolication(event.payload) or problems_of(event.payload)):
        return None
    symbolicated = explain_event(event.payload, uploads)
    is_untried = any(problem.type == BUSY.type for problem in symbolicated.problems)
    payload = _with_problems(symbolicated.payload, symbolicated.problems)
    count_before = javascript_stacks.symbolicated_count(event.payload)
    is_worse = javascript_stacks.symbolicated_count(payload) < count_before
    return None if is_untried or is_worse else payload


def problems_of(payload: Json) -> list[Json]:
    """Return the event's problems of symbolication."""
    return list(filter(_is_ours, objects_of(payload, "errors")))


def other_problems_of(payload: Json) -> list[Json]:
    """Return the event's other problems: what was left out of it, or changed."""
    return list(filterfalse(_is_ours, objects_of(payload, "errors")))


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
    except Exception as error:  # noqa: BLE001  # no failure may lose the event
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
    others = other_problems_of(payload)
    ours = [{"type": item.type, "message": item.message, "data": item.data} for item in problems]
    if not (others or ours):
        return {key: value for key, value in payload.items() if key != "errors"}
    return {**payload, "errors": [*others, *ours]}


def _is_ours(error: Json) -> bool:
    return text_of(error, "type").startswith("js_")


def _problem_count(payload: Json) -> int:
    # A stack stored before symbolication existed has no problems, and is not better for that.
    return len(problems_of(payload)) or len(javascript_stacks.files_of(payload))


def _quality_of(payload: Json) -> tuple[int, int]:
    return javascript_stacks.symbolicated_count(payload), -_problem_count(payload)


def _outcome(result: Symbolicated) -> str:
    if not result.problems:
        return "whole"
    return "partial" if javascript_stacks.symbolicated_count(result.payload) else "minified"


def _store(event: StoredEvent, payload: Json, uploads: Uploads) -> None:
    try:
        with uploads.database.transaction() as connection:
            store.replace_symbolicated(connection, event.id, payload, uploads.at)
    except Refusal as refusal:
        # It is shown all the same, and stored the next time.
        log.warning("A better stack could not be kept", reason=refusal.reason)
