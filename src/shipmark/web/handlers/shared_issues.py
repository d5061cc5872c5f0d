"""``/share/issue/{share_id}/``: an issue that is public, to anyone who has its address."""

from dataclasses import replace

from litestar import get
from litestar.params import FromPath

from shipmark.events import store as events
from shipmark.events.project_rules import scrubbing_of_project
from shipmark.events.public_parts import public_parts
from shipmark.events.scrubbing import scrub
from shipmark.issues.actions import shared_issues
from shipmark.issues.short_ids import format_short_id
from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.view_models.source_links import NO_LINKS
from shipmark.web.view_models.stack import shown_event


@get("/share/issue/{share_id:str}/", scopes=None, sync_to_thread=True)
def show_shared_issue(web_request: InjectedWebRequest, share_id: FromPath[str]) -> Answer:
    """Show a public issue with its latest event: no more than the API does, without the frame of an organization."""
    with web_request.database.snapshot() as connection:
        shared = shared_issues.by_share_id(connection, share_id)
        issue = shared.issue
        event = events.newest_of(connection, issue.id)
        rules = scrubbing_of_project(connection, issue.organization_id, issue.project_id)
    if event is not None:
        payload = public_parts(scrub(event.payload, rules))
        event = replace(event, payload=payload)
    answer = page(
        web_request,
        "shared_issue.html",
        shared=shared,
        short_id=format_short_id(shared.project.slug, issue.number),
        event=shown_event(event, NO_LINKS) if event else None,
    )
    # Its address is a secret, which a search engine would publish.
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
