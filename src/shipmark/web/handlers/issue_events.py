"""``…/issues/{issue}/events/``: the events of an issue, and one of them as JSON."""

import json

from litestar import Response, get
from litestar.params import FromPath

from shipmark.events.scrubbing import scrub
from shipmark.http.scopes import ISSUE_READ
from shipmark.infrastructure.errors import NotFound
from shipmark.issues.short_ids import format_short_id
from shipmark.web.rendering import HEADERS, Answer, page
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.view_models.issue import event_of, require_issue, scrubbing_of
from shipmark.web.view_models.issue_event import current_event
from shipmark.web.view_models.issue_events import issue_events
from shipmark.web.view_models.issue_view import issue_view

_EVENTS = "/organizations/{organization:str}/issues/{issue:str}/events/"


@get(_EVENTS, scopes=None, sync_to_thread=True)
def list_issue_events(web_request: InjectedWebRequest, issue: FromPath[str]) -> Answer:
    """Show the events of an issue, the newest first."""
    with web_request.view(scopes=ISSUE_READ) as (connection, workspace):
        listed_in = require_issue(connection, workspace, issue)
        shown = issue_events(connection, listed_in, web_request.parameter("cursor"))
    project = workspace.projects_by_id[listed_in.project_id]
    short_id = format_short_id(project.slug, listed_in.number)
    return page(
        web_request,
        "issue_events.html",
        section="issues",
        workspace=workspace,
        issue=listed_in,
        short_id=short_id,
        shown=shown,
        view=issue_view(web_request, workspace, short_id),
    )


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
        rules = scrubbing_of(connection, listed_in)
    current = current_event(web_request, listed_in, stored)
    payload = scrub(current.payload, rules)
    sent = payload | {"event_id": current.event_id, "project": current.project_id}
    content = json.dumps(sent, indent=2).encode()
    return Response(content, headers=HEADERS, media_type="application/json")
