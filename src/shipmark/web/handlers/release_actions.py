"""``/organizations/{organization}/releases/{version}/``: change, mark, edit and delete a release."""

from collections.abc import Mapping

from litestar import get, post
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.deletion.release_deletion import delete_releases
from shipmark.http.request_context import require_all_visible
from shipmark.http.scopes import RELEASE_DELETE, RELEASE_WRITE
from shipmark.infrastructure.errors import BadRequest, Forbidden, NotFound
from shipmark.organizations.model import Role
from shipmark.projects import store as projects
from shipmark.publishing import actions as publishing
from shipmark.publishing.commit_fetch_requests import retry_fetches
from shipmark.publishing.model import BUSY, ReleaseUpdate
from shipmark.releases import actions as releases
from shipmark.releases.model import Release
from shipmark.releases.store import locks
from shipmark.verdicts import actions as verdicts
from shipmark.verdicts.judgement import VerdictStatus
from shipmark.web import urls
from shipmark.web.forms import form_of
from shipmark.web.release_changes import STATUS_ACTIONS, publish_context
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace, require_storable
from shipmark.web.view_models.release_deletion import DeletionPage, deletion_page
from shipmark.web.view_models.release_form import ReleaseForm, form_of_release, read_form

_RELEASE = "/organizations/{organization:str}/releases/{version:str}/"
_ACTIONS = ("finalize", "fetch", "mark", *STATUS_ACTIONS)
#: What a person may mark the verdict of a release as; none takes it back.
_MARKS = {
    "healthy": VerdictStatus.HEALTHY,
    "regressed": VerdictStatus.REGRESSED,
    "none": None,
}


@post(_RELEASE, scopes=None, sync_to_thread=True)
def change_release(
    web_request: InjectedWebRequest, version: FromPath[str], body: RawBody
) -> Answer:
    """Finalize, archive or restore the release, fetch its commits again or mark its verdict, and redirect to it."""
    sent = form_of(body)
    action = sent.get("action", "")
    with web_request.change(scopes=RELEASE_WRITE, busy=BUSY) as (connection, workspace):
        release = _editable(connection, workspace, version)
        if action not in _ACTIONS:
            raise BadRequest(f"The action must be one of {', '.join(_ACTIONS)}.")
        if action == "mark":
            _mark(connection, web_request, workspace, release, sent)
        else:
            _change(connection, web_request, workspace, release, action)
    return redirect(urls.release(workspace.organization.slug, release.version))


@get(f"{_RELEASE}edit/", scopes=None, sync_to_thread=True)
def show_release_form(web_request: InjectedWebRequest, version: FromPath[str]) -> Answer:
    """Show the form for the ref, URL and date of the release."""
    with web_request.view(scopes=RELEASE_WRITE) as (connection, workspace):
        release = _editable(connection, workspace, version)
    return _form_page(web_request, workspace, release, form_of_release(release))


@post(f"{_RELEASE}edit/", scopes=None, sync_to_thread=True)
def edit_release(web_request: InjectedWebRequest, version: FromPath[str], body: RawBody) -> Answer:
    """Change the ref, URL and date of the release, and redirect to it."""
    sent = form_of(body)
    with web_request.change(scopes=RELEASE_WRITE, busy=BUSY) as (connection, workspace):
        release = _editable(connection, workspace, version)
        form, update = read_form(sent, release)
        if not form.problems:
            publishing.update(connection, release, update, publish_context(web_request, workspace))
    if form.problems:
        status = 409 if form.is_stale else 400
        return _form_page(web_request, workspace, release, form, status=status)
    return redirect(urls.release(workspace.organization.slug, release.version))


@get(f"{_RELEASE}delete/", scopes=None, sync_to_thread=True)
def confirm_deletion(web_request: InjectedWebRequest, version: FromPath[str]) -> Answer:
    """Show what the deletion of the release removes, and ask for confirmation."""
    with web_request.view(scopes=RELEASE_DELETE) as (connection, workspace):
        release = _editable(connection, workspace, version)
        shown = deletion_page(connection, workspace, release)
    return _deletion_page(web_request, workspace, shown)


@post(f"{_RELEASE}delete/", scopes=None, sync_to_thread=True)
def delete_release(
    web_request: InjectedWebRequest, version: FromPath[str], body: RawBody
) -> Answer:
    """Delete the release, and redirect to the list. One in use is refused, unless an owner forces it."""
    is_forced = form_of(body).get("force") == "1"
    with web_request.change(scopes=RELEASE_DELETE, busy=BUSY) as (connection, workspace):
        if is_forced and workspace.access.role is not Role.OWNER:
            raise Forbidden
        release = _editable(connection, workspace, version)
        shown = deletion_page(connection, workspace, release)
        refusal = None if is_forced else shown.hold
        if refusal is None:
            context = publish_context(web_request, workspace)
            delete_releases(connection, [release], context, is_forced=is_forced)
    if refusal is not None:
        return _deletion_page(web_request, workspace, shown, status=400, problem=refusal)
    return redirect(urls.releases(workspace.organization.slug))


def _editable(connection: Connection, workspace: Workspace, version: str) -> Release:
    """Return the release, if the user sees all of its projects; raise `NotFound` otherwise."""
    require_storable(version)
    release, attached = releases.find_attached(
        connection, workspace.organization.id, version, workspace.project_ids
    )
    require_all_visible(workspace.project_ids, attached)
    return release


def _change(
    connection: Connection,
    web_request: WebRequest,
    workspace: Workspace,
    release: Release,
    action: str,
) -> None:
    context = publish_context(web_request, workspace)
    if action == "fetch":
        locked = locks.lock(connection, release.id)
        if locked is None:
            raise NotFound
        retry_fetches(connection, locked, context)
        return
    # A page may be older than the release: the date of a finalized one stays.
    finalized_at = context.now if action == "finalize" and release.released_at is None else None
    update = ReleaseUpdate(released_at=finalized_at, status=STATUS_ACTIONS.get(action))
    publishing.update(connection, release, update, context)


def _mark(
    connection: Connection,
    web_request: WebRequest,
    workspace: Workspace,
    release: Release,
    sent: Mapping[str, str],
) -> None:
    """Mark the verdict in an environment of a project, or of all; raise `NotFound` if there is none."""
    verdict = sent.get("verdict", "")
    if verdict not in _MARKS:
        raise BadRequest(f"The verdict must be one of {', '.join(_MARKS)}.")
    slug, environment = sent.get("project", ""), sent.get("environment", "")
    marked = [project for project in workspace.projects if slug in {"", project.slug}]
    named = projects.environments_named(connection, release.organization_id, {environment})
    context = web_request.action_context(workspace)
    project_ids = [project.id for project in marked]
    known = [
        each
        for row in named
        for each in verdicts.of_release(connection, release.id, project_ids, context.at, row.id)
    ]
    if not known:
        raise NotFound
    verdicts.mark(connection, context, known, marked, _MARKS[verdict])


def _form_page(
    web_request: WebRequest,
    workspace: Workspace,
    release: Release,
    form: ReleaseForm,
    *,
    status: int = 200,
) -> Answer:
    return page(
        web_request,
        "release_form.html",
        status=status,
        section="releases",
        workspace=workspace,
        release=release,
        form=form,
        stored=form_of_release(release).values,
    )


def _deletion_page(
    web_request: WebRequest,
    workspace: Workspace,
    shown: DeletionPage,
    *,
    status: int = 200,
    problem: str = "",
) -> Answer:
    return page(
        web_request,
        "release_deletion.html",
        status=status,
        section="releases",
        workspace=workspace,
        deletion_page=shown,
        problem=problem,
    )
