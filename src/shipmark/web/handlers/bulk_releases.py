"""``/organizations/{organization}/bulk-releases/``: changes of the releases that are ticked in the list."""

from collections.abc import Sequence

from litestar import post
from litestar.params import RawBody
from sqlalchemy import Connection

from shipmark.deletion import release_deletion
from shipmark.http.scopes import RELEASE_DELETE, RELEASE_WRITE
from shipmark.infrastructure.errors import BadRequest, Forbidden
from shipmark.organizations.model import Role
from shipmark.publishing import auditing
from shipmark.publishing.model import BUSY, PublishContext
from shipmark.releases import actions as releases
from shipmark.releases.model import ReleaseStatus
from shipmark.web import urls
from shipmark.web.forms import form_of, ids_of
from shipmark.web.release_changes import STATUS_ACTIONS, publish_context
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace
from shipmark.web.view_models.selected_releases import (
    NO_RELEASES,
    SELECTED_MAX,
    Selection,
    select_releases,
    selection_to_delete,
    unforced,
)

_DELETE, _CONFIRM = "delete", "confirm-delete"


@post("/organizations/{organization:str}/bulk-releases/", scopes=None, sync_to_thread=True)
def change_releases(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Archive, restore or delete the ticked releases; show what a deletion would do before it is confirmed."""
    sent = form_of(body)
    action = sent.get("action", "")
    release_ids = ids_of(body, "release", most=SELECTED_MAX)
    workspace = web_request.authorized()
    next_address = urls.local_or(sent.get("next", ""), urls.releases(workspace.organization.slug))
    if action in STATUS_ACTIONS:
        workspace.require(RELEASE_WRITE)
        around = publish_context(web_request, workspace)
        with web_request.database.transaction(busy=BUSY) as connection:
            selection = select_releases(connection, workspace, release_ids)
            _set_status(connection, selection, STATUS_ACTIONS[action], around)
        return redirect(next_address)
    workspace.require(RELEASE_DELETE)
    if action == _DELETE:
        return _preview(web_request, workspace, release_ids, next_address)
    if action != _CONFIRM:
        raise BadRequest(
            f"The action must be one of {', '.join((*STATUS_ACTIONS, _DELETE, _CONFIRM))}."
        )
    is_forced = sent.get("force") == "1"
    if is_forced and workspace.access.role is not Role.OWNER:
        raise Forbidden
    return _delete(web_request, workspace, release_ids, next_address, is_forced=is_forced)


def _set_status(
    connection: Connection, selection: Selection, status: ReleaseStatus, context: PublishContext
) -> None:
    """Archive or restore the releases by the actions of the API's bulk endpoint."""
    changing = [release for release in selection.releases if release.status is not status]
    releases.set_status_of(connection, changing, status)
    auditing.record_status(connection, changing, status, context)


def _preview(
    web_request: WebRequest, workspace: Workspace, release_ids: Sequence[int], next_address: str
) -> Answer:
    with web_request.database.snapshot() as connection:
        selection = selection_to_delete(connection, workspace, release_ids)
    if selection == NO_RELEASES:
        return redirect(next_address)
    return page(
        web_request,
        "delete_releases.html",
        section="releases",
        workspace=workspace,
        selection=selection,
        next_address=next_address,
    )


def _delete(
    web_request: WebRequest,
    workspace: Workspace,
    release_ids: Sequence[int],
    next_address: str,
    *,
    is_forced: bool,
) -> Answer:
    """Delete the releases, and show which of them were deleted, and which were kept and why."""
    around = publish_context(web_request, workspace)
    with web_request.database.transaction(busy=BUSY) as connection:
        # An issue may have been seen in one of them since the preview.
        selection = selection_to_delete(connection, workspace, release_ids)
        if not is_forced:
            selection = unforced(selection)
        deleted = (*selection.releases, *selection.held_releases)
        release_deletion.delete_releases(
            connection, deleted, around, is_forced=bool(selection.referenced)
        )
    if selection == NO_RELEASES:
        return redirect(next_address)
    return page(
        web_request,
        "deleted_releases.html",
        section="releases",
        workspace=workspace,
        versions=sorted(release.version for release in deleted),
        kept=selection.kept,
        next_address=next_address,
    )
