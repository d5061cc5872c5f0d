"""The view model of the list of an issue's events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.events import parsing
from shipmark.events import store as events
from shipmark.events.payload import object_of, text_of
from shipmark.events.scrubbing import ScrubbingRules, scrub
from shipmark.events.store import ListedEvent
from shipmark.http.pagination.keyset import paginate_by_keyset, parse_page_or_first
from shipmark.issues.model import Issue
from shipmark.web.view_models.issue import scrubbing_of

EVENTS_PER_PAGE = 50
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
    """A page of the events, the newest first; ``newer`` and ``older`` are the cursors of adjacent pages, or empty."""

    lines: Sequence[EventLine]
    newer: str
    older: str


def issue_events(connection: Connection, issue: Issue, cursor: str) -> IssueEvents:
    """Return the page of the cursor, the first for one that is invalid."""
    page = parse_page_or_first(EVENTS_PER_PAGE, cursor)
    listed, links = paginate_by_keyset(
        events.of_issue(connection, issue.id, page.position, limit=page.limit), page
    )
    rules = scrubbing_of(connection, issue)
    return IssueEvents(
        lines=[_line(each, rules) for each in listed],
        newer=str(links.previous) if links.has_previous else "",
        older=str(links.next) if links.has_next else "",
    )


def _line(listed: ListedEvent, rules: ScrubbingRules) -> EventLine:
    event = listed.unpacked()
    payload = scrub(event.payload, rules)
    read = parsing.read(payload, event_id=event.event_id, received_at=event.received_at)
    user = object_of(payload, "user")
    return EventLine(
        event_id=event.event_id,
        at=event.at,
        title=read.title,
        environment=text_of(payload, "environment")[:_TEXT_MAX],
        version=text_of(payload, "release")[:_TEXT_MAX],
        user=next((text for key in _USER_KEYS if (text := text_of(user, key))), "")[:_TEXT_MAX],
    )
