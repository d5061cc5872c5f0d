"""``/api/hooks/release/…``: releases of a project, published by clients that know its signed URL (releases.md 2.18)."""

from dataclasses import replace
from typing import Any

from litestar import Response, Router, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.releases.requests import ProjectReleaseRequest
from shipmark.api.releases.routes import PUBLISHED, publish
from shipmark.api.responses.refusal import UnreadResponse
from shipmark.http.body_parsing import json_of
from shipmark.http.connections import is_small
from shipmark.http.endpoint import Credentials, declare
from shipmark.http.multipart import threaded
from shipmark.http.request_context import InjectedRequest
from shipmark.http.scopes import ANY_CALLER
from shipmark.http.validation import validate
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import BadRequest, Forbidden, NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access, Organization
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases.store import webhook_tokens
from shipmark.releases.webhook_actions import BUILT_IN, is_signed

_SCOPES = frozenset({"project:write"})


def take_release(
    context: InjectedRequest,
    plugin: FromPath[str],
    project: FromPath[str],
    signature: FromPath[str],
    body: RawBody,
) -> Response[Any]:
    """Publish a release of the project, whatever media type the body is declared as."""
    signed = _signed(context.database, plugin, project, signature)
    if isinstance(signed, int):
        return Response(b"", status_code=signed)
    signed_project, organization = signed
    try:
        content = json_of(context.decompressed(body))
    except BadRequest as refusal:
        return Response(UnreadResponse(error=refusal.detail), status_code=400)
    request = validate(ProjectReleaseRequest, content, context=context.validation_context())
    context.access = Access(organization=organization, scopes=_SCOPES, user=None, reaches_all=True)
    return publish(context, (signed_project,), request)


def _signed(
    database: Database, plugin: str, project: str, signature: str
) -> tuple[Project, Organization] | int:
    """Return the project that the address names and signs, or the status to answer."""
    with database.autocommit_read() as connection:
        row = _project(connection, project)
        if row is None:
            return 404
        token = webhook_tokens.of_project(connection, row.id)
        # Other senders would be plug-ins. None is there, and one that is not enabled may do nothing.
        if token is None or plugin != BUILT_IN or not is_signed(token, plugin, row.id, signature):
            return 403
        organization = organizations.by_id(connection, row.organization_id)
    assert organization is not None, "a project has one"
    return row, organization


async def require_signature(
    connection: ASGIConnection[BaseRouteHandler, object, object, State], _: BaseRouteHandler
) -> None:
    """Refuse a large body of an address that is not signed before it is read."""
    if not is_small(connection.headers):
        parts = [connection.path_params[name] for name in ("plugin", "project", "signature")]
        signed = await threaded(_signed, connection.app.state.database, *parts)
        if isinstance(signed, int):
            raise NotFound if signed == 404 else Forbidden


def _project(connection: Connection, name: str) -> Project | None:
    project_id = id_of(name)
    return projects.by_ids(connection, [project_id]).get(project_id) if project_id else None


_ENDPOINT = replace(
    declare(
        take_release,
        credentials=Credentials.NONE,
        responses={**PUBLISHED, 400: UnreadResponse, 403: None, 404: None},
        files=None,
        schema=None,
        step="release.validate",
    ),
    body=ProjectReleaseRequest,
)
# Not the decorator of other endpoints: the signature in the path stands for credentials, and a body that is no JSON has
# an answer of its own.
_handler = post(
    "/{plugin:str}/{project:str}/{signature:str}/",
    scopes=ANY_CALLER,
    credentials=Credentials.NONE,
    endpoint=_ENDPOINT,
    sync_to_thread=True,
)(take_release)

router = Router("/api/hooks/release", route_handlers=[_handler], guards=[require_signature])
