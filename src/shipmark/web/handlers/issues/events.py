"""``…/issues/{issue}/events/``: the events of an issue, and one of them as JSON."""

import json

from litestar import Response, get
from litestar.params import FromPath

from shipmark.events.project_rules import scrubbing_of_project
from shipmark.events.scrubbing import scrub
from shipmark.http.scopes import ISSUE_READ
from shipmark.infrastructure.errors import NotFound
from shipmark.web.handlers.issues.subpages import issue_subpage
from shipmark.web.rendering import HEADERS, Answer
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.view_models.issue import event_of, require_issue
from shipmark.web.view_models.issue_event import current_event
from shipmark.web.view_models.issue_events import QUERY_MAX, SEARCH, issue_events

_EVENTS = "/organizations/{organization:str}/issues/{issue:str}/events/"


@get(_EVENTS, scopes=None, sync_to_thread=True)
def list_issue_events(web_request: InjectedWebRequest, issue: FromPath[str]) -> Answer:
    """Show the events of an issue, the newest first."""
    with web_request.view(scopes=ISSUE_READ) as (connection, workspace):
        listed_in = require_issue(connection, workspace, issue)
        shown = issue_events(
            connection,
            listed_in,
            query=web_request.parameter(SEARCH)[:QUERY_MAX],
            cursor=web_request.parameter("cursor"),
        )
    return issue_subpage(web_request, workspace, "issue_events.html", listed_in, shown=shown)


@get(_EVENTS + "{event:str}/json/", scopes=None, sync_to_thread=True)
def get_event_as_json(
    web_request: InjectedWebRequest, issue: FromPath[str], event: FromPath[str]
) -> Answer:
    """Return an event in the format that SDKs send, as the API does to programs."""
    with web_request.view(scopes=ISSUE_READ) as (connection, workspace):
        listed_in = require_issue(connection, workspace, issue)
        stored = event_of(connection, listed_in, event)
        if stored is None or stored.event_id != event:
            raise NotFound
        rules = scrubbing_of_project(connection, listed_in.organization_id, listed_in.project_id)
    current = current_event(web_request, listed_in, stored)
    payload = scrub(current.payload, rules)
    sent = payload | {"event_id": current.event_id, "project": current.project_id}
    content = json.dumps(sent, indent=2).encode()
    return Response(content, headers=HEADERS, media_type="application/json")
