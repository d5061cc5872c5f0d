"""Issues that a list's parameters name, in place of a search (groups-api.md 2.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.api.issues.path_issue import find_issue
from shipmark.api.issues.queries import IssuePageQuery
from shipmark.api.issues.responses import IssueResponse
from shipmark.events import store as event_store
from shipmark.events.payload import searched_event_id
from shipmark.events.store import StoredEvent
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.errors import NotFound
from shipmark.issues import short_ids
from shipmark.issues.model import Issue
from shipmark.issues.store import issue_lists
from shipmark.projects.model import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectHit:
    """The issue that a query names, and the event with its environment, if it is named by one of its events."""

    issue: Issue
    event: StoredEvent | None = None

    def mark(self, response: IssueResponse) -> None:
        """Add the event to the response of the issue."""
        if self.event is not None:
            response.matching_event_id = self.event.event_id
            if isinstance(environment := self.event.payload.get("environment"), str):
                response.matching_event_environment = environment


def find_direct_hit(
    context: RequestContext,
    connection: Connection,
    projects: Sequence[Project],
    query: IssuePageQuery,
) -> DirectHit | None:
    """Return the issue that the query names by the id of an event of these projects, or by its short id, or None."""
    text = (query.query or "").strip()
    if event_id := searched_event_id(text):
        event = event_store.first_by_event_id(
            connection, [project.id for project in projects], event_id
        )
        if event is not None:
            [issue] = issue_lists.by_ids(connection, [event.issue_id])
            return DirectHit(issue=issue, event=event)
    if not query.is_short_id_lookup or short_ids.parse(text) is None:
        return None
    try:
        # It may be in any project that the caller can see.
        issue = find_issue(context, connection, str(context.organization_id), text)
    except NotFound:
        return None
    return DirectHit(issue=issue)
