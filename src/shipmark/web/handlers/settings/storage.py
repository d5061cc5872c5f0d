"""The storage of the organization: measure it, and delete the unused artifacts of a project."""

from litestar import get, post
from litestar.params import RawBody

from shipmark.http.scopes import ORGANIZATION_CHANGE, ORGANIZATION_READ, RELEASE_DELETE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest
from shipmark.usage import actions
from shipmark.web.forms import form_of
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.storage import (
    DAYS_MAX,
    PruneForm,
    prune_preview,
    read_prune_form,
    storage_page,
)

_SLUG_MAX = 100


@get(PATH + "storage/", scopes=None, sync_to_thread=True)
def show_storage(web_request: InjectedWebRequest) -> Answer:
    """Show the storage as last measured, and what a requested deletion would remove."""
    days = web_request.parameter("days")
    slug = web_request.parameter("project")[:_SLUG_MAX]
    return _answer(web_request, slug, days, is_preview=bool(days or slug))


@post(PATH + "storage/", scopes=None, sync_to_thread=True)
def change_storage(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Have the storage measured, or the unused artifacts of a project deleted, by a job."""
    sent = form_of(body)
    match sent.get("action"):
        case "measure":
            with web_request.change(scopes=ORGANIZATION_CHANGE) as opened:
                connection, workspace = opened
                actions.request_measurement(connection, web_request.action_context(workspace))
            return redirect(web_request.settings_url("storage"))
        case "prune":
            slug, days = sent.get("project", ""), sent.get("days", "")
            return _prune(web_request, slug, days)
        case _:
            raise BadRequest("This action is unknown.")


def _prune(web_request: WebRequest, slug: str, days: str) -> Answer:
    workspace = web_request.authorized(scopes=RELEASE_DELETE)
    form = read_prune_form(workspace, slug, days)
    if form.project is None or form.problems:
        return _answer(web_request, slug, days, status=400, is_preview=True)
    with web_request.database.transaction() as connection:
        context = web_request.action_context(workspace)
        actions.request_pruning(connection, context, form.project, form.day_count)
    return redirect(f"{web_request.settings_url('storage')}?requested=1")


def _answer(
    web_request: WebRequest, slug: str, days: str, *, status: int = 200, is_preview: bool
) -> Answer:
    settings = web_request.settings
    with web_request.view(scopes=ORGANIZATION_READ) as (connection, workspace):
        storage = storage_page(connection, workspace, now())
        may_prune = workspace.may(RELEASE_DELETE)
        form = PruneForm(project=None, slug="", days=str(settings.artifact_days or 90), problems={})
        preview = None
        if may_prune and is_preview:
            form = read_prune_form(workspace, slug, days)
            preview = None if form.problems else prune_preview(connection, form, now())
    return page(
        web_request,
        "settings/storage.html",
        status=400 if form.problems else status,
        workspace=workspace,
        storage=storage,
        form=form,
        preview=preview,
        may_measure=workspace.may(ORGANIZATION_CHANGE),
        may_prune=may_prune,
        is_requested=web_request.parameter("requested") == "1",
        artifact_days=settings.artifact_days,
        event_days=settings.event_retention_days,
        events_per_issue=settings.events_per_issue_max,
        days_max=DAYS_MAX,
    )
