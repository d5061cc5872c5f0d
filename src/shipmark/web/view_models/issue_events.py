"""The view model of the list of an issue's events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import ClassVar

from sqlalchemy import Connection

from shipmark.events import store as events
from shipmark.events.payload import object_of, text_of
from shipmark.events.project_rules import scrubbing_of_project
from shipmark.events.scrubbed_event import ScrubbedEvent, scrubbed_event
from shipmark.http.pagination.keyset import paginate_searched, parse_page_or_first
from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.event_search import EXAMINED_MAX, EventSearch, find_events, parse
from shipmark.issues.model import Issue

EVENTS_PER_PAGE = 50
#: The parameter of the search, as ``query`` is that of the list which the issue was opened from.
SEARCH = "search"
QUERY_MAX = 200
_TEXT_MAX = 200
#: What names a user, the first that is known.
_USER_KEYS = ("email", "username", "id", "ip_address")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """An event in the list; texts are empty where it doesn't say them."""

    event_id: str
    at: datetime
    title: str
    environment: str
    version: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueEvents:
    """A page of the events, the newest first; ``newer`` and ``older`` are the cursors of adjacent pages, or empty.

    ``problem`` is the error in the ``query``, in which case all events are listed. A page of a search may be empty and
    have an older one: no more than ``examined_max`` events are looked at for it.
    """

    examined_max: ClassVar[int] = EXAMINED_MAX
    query_max: ClassVar[int] = QUERY_MAX

    query: str
    problem: str
    lines: Sequence[EventLine]
    newer: str
    older: str


def issue_events(connection: Connection, issue: Issue, *, query: str, cursor: str) -> IssueEvents:
    """Return the page of the cursor of the events that a query finds, the first for a cursor that is invalid."""
    page = parse_page_or_first(EVENTS_PER_PAGE, cursor)
    search, problem = _parsed(query)
    rules = scrubbing_of_project(connection, issue.organization_id, issue.project_id)
    read = partial(events.of_issue, connection, issue.id)
    found, last_examined = find_events(read, search, rules, page.position, limit=page.limit)
    listed, links = paginate_searched(found, page, last_examined)
    return IssueEvents(
        query=query,
        problem=problem,
        lines=[_line(scrubbed_event(each.unpacked(), rules)) for each in listed],
        newer=str(links.previous) if links.has_previous else "",
        older=str(links.next) if links.has_next else "",
    )


def _parsed(query: str) -> tuple[EventSearch, str]:
    """Return the search; if it is invalid, one of all events and the error."""
    try:
        return parse(query), ""
    except BadRequest as refusal:
        return EventSearch(()), refusal.detail


def _line(event: ScrubbedEvent) -> EventLine:
    payload = event.payload
    user = object_of(payload, "user")
    return EventLine(
        event_id=event.stored.event_id,
        at=event.stored.at,
        title=event.read.title,
        environment=text_of(payload, "environment")[:_TEXT_MAX],
        version=text_of(payload, "release")[:_TEXT_MAX],
        user=next((text for key in _USER_KEYS if (text := text_of(user, key))), "")[:_TEXT_MAX],
    )
