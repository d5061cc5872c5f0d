"""``organizations/{org}/releases/``: publish, change and delete (releases.md 2.3, 2.6)."""

from collections.abc import Sequence

from litestar import Response, delete, post, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.api.query_parameters import FORCE, PROJECTS
from shipmark.api.releases import loading, requests
from shipmark.api.releases.responses import ReleaseResponse, release_response
from shipmark.api.scopes import RELEASE_DELETE, RELEASE_WRITE
from shipmark.deletion.release_deletion import delete_releases
from shipmark.http.fields import Fields
from shipmark.http.request_context import InjectedRequest, RequestContext, require_all_visible
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.publishing import actions as publishing
from shipmark.publishing.model import BUSY, Published, ReleaseInput, ReleaseUpdate
from shipmark.releases import actions as releases
from shipmark.releases.model import (
    USER_AGENT_MAX,
    Release,
)
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store import releases as release_store


@post(
    "/",
    scopes=RELEASE_WRITE,
    takes=lambda settings: requests.new_release(settings.commits_max),
    answers={201: ReleaseResponse, 208: ReleaseResponse},
    sync_to_thread=True,
)
def publish_release(
    context: InjectedRequest, organization: FromPath[str], body: RawBody
) -> Response[ReleaseResponse]:
    """Publish a release: 201 when it is new or new to a project, 208 when all was there."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
    record = requests.new_release(context.settings.commits_max)
    fields = context.body(body, record, lists=("projects", "commits", "refs"))
    with context.database.transaction(busy=BUSY) as connection:
        publication = ReleaseInput(
            projects=_named_projects(connection, access, fields["projects"]),
            **publication_fields(context, connection, access, fields),
        )
        _check_whole(connection, access, publication.version)
        published = publishing.publish(connection, publication, context.publish_context(access))
        context.record_token_use(
            connection, access, [project.id for project in publication.projects]
        )
        shown = serialize_published(connection, published, publication.projects)
    return Response(shown, status_code=201 if published.created_or_attached else 208)


@put(
    "/{version:str}/",
    scopes=RELEASE_WRITE,
    asks=PROJECTS,
    takes=lambda settings: requests.amended_release(settings.commits_max),
    sync_to_thread=True,
)
def update_release(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str], body: RawBody
) -> ReleaseResponse:
    """Change a release: finalize it, archive or reopen it, set its commits or refs."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        get_visible_release(context, connection, access, version)
    fields = context.body(body, requests.amended_release(context.settings.commits_max))
    with context.database.transaction(busy=BUSY) as connection:
        release = get_editable_release(context, connection, access, version)
        amended = publishing.update(
            connection, release, amendment(fields), context.publish_context(access)
        )
        context.record_token_use(connection, access, ())
        return serialize_release(connection, amended)


@delete(
    "/{version:str}/",
    status_code=204,
    scopes=RELEASE_DELETE,
    asks=(FORCE, *PROJECTS),
    sync_to_thread=True,
)
def delete_release(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> None:
    """Delete a release, unless an issue was first seen in it; an owner may do so with ``force``."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        is_forced = context.require_force(access)
        release = get_editable_release(context, connection, access, version)
        delete_releases(connection, [release], context.publish_context(access), is_forced=is_forced)


def get_visible_release(
    context: RequestContext, connection: Connection, access: Access, version: str
) -> Release:
    """The release of the address, if it is in a project of the caller's."""
    ids = [project.id for project in context.selectable_projects(connection, access)]
    return releases.find(connection, access.organization.id, version, ids)


def get_editable_release(
    context: RequestContext, connection: Connection, access: Access, version: str
) -> Release:
    """The same, if all of its projects are the caller's."""
    release = get_visible_release(context, connection, access, version)
    visible = [project.id for project in projects.accessible(connection, access)]
    attached = releases.attached_projects(connection, release)
    require_all_visible(visible, [it.project_id for it in attached])
    return release


def serialize_release(connection: Connection, release: Release) -> ReleaseResponse:
    """One release as the API shows it."""
    nested = loading.prefetch_for_releases(connection, release.organization_id, [release])
    return release_response(release, nested)


def serialize_published(
    connection: Connection, published: Published, attached: Sequence[Project]
) -> ReleaseResponse:
    """What was published as the API shows it."""
    if not published.is_new:
        return serialize_release(connection, published.release)
    nested = loading.prefetch_for_new_release(connection, published.release, attached)
    return release_response(published.release, nested)


def publication_fields(
    context: RequestContext, connection: Connection, access: Access, fields: Fields
) -> Fields:
    """What a body says of a publication, but for its projects."""
    agent = context.request.headers.get("user-agent")
    return {
        "version": fields["version"],
        "code": requests.code(fields),
        "ref": fields.get("ref"),
        "url": fields.get("url"),
        "released_at": fields.get("dateReleased"),
        "status": fields.get("status"),
        "owner_id": _owner(connection, access, fields.get("owner")),
        "user_agent": agent[:USER_AGENT_MAX] if agent else None,
    }


def amendment(fields: Fields) -> ReleaseUpdate:
    """What a body changes."""
    return ReleaseUpdate(
        code=requests.code(fields),
        ref=fields.get("ref"),
        url=fields.get("url"),
        released_at=fields.get("dateReleased"),
        status=fields.get("status"),
    )


def _named_projects(
    connection: Connection, access: Access, names: list[str]
) -> tuple[Project, ...]:
    known = projects.accessible(connection, access)
    by_name = {str(it.id): it for it in known} | {it.slug: it for it in known}
    if any(name not in by_name for name in names):
        raise ValidationFailed({"projects": ["Invalid project slugs"]})
    return tuple(by_name[name] for name in names)


def _check_whole(connection: Connection, access: Access, version: str) -> None:
    """Refuse to extend a release that is also in projects the caller can't see (releases.md 2.3.2, newer)."""
    if access.reaches_all or access.organization.is_open:
        return
    release = release_store.by_version(connection, access.organization.id, version)
    if release is None:
        return
    attached = release_projects.of_releases(connection, [release.id]).get(release.id, [])
    visible = {project.id for project in projects.accessible(connection, access)}
    hidden = [it.project_id for it in attached if it.project_id not in visible]
    if hidden:
        slugs = sorted(it.slug for it in projects.by_ids(connection, hidden).values())
        message = f"You do not have permission to one of the projects: {', '.join(slugs)}"
        raise ValidationFailed({"projects": [message]})


def _owner(connection: Connection, access: Access, name: str | None) -> int | None:
    if name is None:
        return None
    user_id = id_of(name)
    user = None if user_id is None else accounts.by_id(connection, user_id)
    user = user or accounts.by_email(connection, name)
    if user is None or not user.is_active:
        raise ValidationFailed({"owner": ["Unable to find user"]})
    known = organizations.organization_and_role(connection, access.organization.slug, user.id)
    if known is None or known[1] is None:
        raise ValidationFailed({"owner": ["User does not have access to this organization"]})
    return user.id


#: One router has them and the lists, for they share addresses: see release_lists.py.
HANDLERS = (publish_release, update_release, delete_release)
