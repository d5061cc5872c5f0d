"""``projects/{org}/{project}/keys/``: what SDKs authenticate with (auth-and-errors.md 8.7)."""

import json
import re
from typing import Any

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.project_keys.responses import (
    LOADED,
    SDK_VERSIONS,
    ProjectKeyResponse,
    project_key_response,
)
from shipmark.api.query_parameters import KEY_STATUS, PAGE
from shipmark.api.scopes import PROJECT_DELETE, PROJECT_READ, PROJECT_WRITE
from shipmark.http.fields import (
    Boolean,
    Choice,
    Field,
    FieldError,
    Fields,
    Integer,
    Object,
    Text,
    documented_as,
)
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import slugs
from shipmark.projects import actions, settings, store
from shipmark.projects.model import Project, ProjectKey

_LABEL_MAX = 64
_HALF = Text(max=32)
_DAY_SECONDS = 86_400
_COUNT_MAX = 2**31 - 1
_LIMIT = Object(
    {
        "count": Field(Integer(min=0, max=_COUNT_MAX), is_required=True),
        "window": Field(Integer(min=0, max=_DAY_SECONDS), is_required=True),
    }
)


@documented_as(_HALF)
def _half(value: object) -> str:
    text = _HALF(value) or ""
    if re.fullmatch(r"[a-f0-9]{32}", text) is None:
        raise FieldError([slugs.NO_MATCH])
    return text


@documented_as(_LIMIT)
def _limit(value: object) -> tuple[int, int] | None:
    """So many events in so many seconds; none where either is nothing."""
    if not value:
        return None
    found = _LIMIT(value)
    return (found["count"], found["window"]) if found["count"] and found["window"] else None


_NAME: Field[Any] = Field(Text(max=_LABEL_MAX, is_blank_ok=True, is_null_ok=True))
_NEW = Object(
    {"name": _NAME, "public": Field(_half), "secret": Field(_half), "rateLimit": Field(_limit)}
)
_LOADER = Object({name: Field(Boolean()) for name in LOADED})
_CHANGED = Object(
    {
        "name": _NAME,
        "isActive": Field(Boolean()),
        "rateLimit": Field(_limit),
        "browserSdkVersion": Field(
            Choice({it: it for it in SDK_VERSIONS}, '"{}" is not a valid choice.')
        ),
        "dynamicSdkLoaderOptions": Field(_LOADER),
    }
)


@get("/", scopes=PROJECT_READ, asks=(KEY_STATUS, *PAGE), sync_to_thread=True)
def list_keys(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> Response[list[ProjectKeyResponse]]:
    """List the keys of a project, the newest first."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        owner = actions.require_project(connection, access, project)
        page = context.page()
        keys = store.keys_of(connection, owner.id)
    chosen = settings.with_status(keys, context.parameter("status"))
    found, links = paginate(chosen[page.skipped : page.skipped + page.limit], page)
    return context.listed(
        [project_key_response(it, context.settings.address) for it in found], links
    )


@post("/", scopes=PROJECT_WRITE, takes=_NEW, sync_to_thread=True)
def create_key(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> ProjectKeyResponse:
    """Give a project another key; what of it is not sent is made up."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        actions.require_project(connection, access, project)
    fields = context.body(body, _NEW, step="key.validate")
    at = now()
    with context.database.transaction() as connection:
        owner = actions.require_project(connection, access, project)
        public = fields.get("public") or hex32()
        key = ProjectKey(
            project_id=owner.id,
            public_key=public,
            secret_key=fields.get("secret") or hex32(),
            label=fields.get("name") or f"Key {public[:6]}",
            is_active=True,
            created_at=at,
            rate_limit=fields.get("rateLimit"),
        )
        settings.add_key(connection, owner, key, context.actor(access), at)
    return project_key_response(key, context.settings.address)


@get("/{key:str}/", scopes=PROJECT_READ, sync_to_thread=True)
def get_key(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    key: FromPath[str],
) -> ProjectKeyResponse:
    """Show a key."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        owner = actions.require_project(connection, access, project)
        return project_key_response(_found(connection, owner, key), context.settings.address)


@put("/{key:str}/", scopes=PROJECT_WRITE, takes=_CHANGED, sync_to_thread=True)
def amend_key(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    key: FromPath[str],
    body: RawBody,
) -> ProjectKeyResponse:
    """Rename a key, and turn it on or off. SDKs with a key that is off are refused."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        _found(connection, actions.require_project(connection, access, project), key)
    fields = context.body(body, _CHANGED, step="key.validate")
    with context.database.transaction() as connection:
        owner = actions.require_project(connection, access, project)
        known = _found(connection, owner, key)
        settings.update_key(
            connection, owner, known, _values(known, fields), by=context.actor(access), at=now()
        )
        return project_key_response(_found(connection, owner, key), context.settings.address)


@delete("/{key:str}/", status_code=204, scopes=PROJECT_DELETE, sync_to_thread=True)
def delete_key(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    key: FromPath[str],
) -> Response[None]:
    """Delete a key. SDKs that use it are refused from now on."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        owner = actions.require_project(connection, access, project)
        known = _found(connection, owner, key)
        settings.remove_key(connection, owner, known, context.actor(access), now())
    return Response(None, status_code=204)


def _found(connection: Connection, owner: Project, public_key: str) -> ProjectKey:
    known = store.key_of(connection, owner.id, public_key)
    if known is None:
        raise NotFound
    return known


def _values(known: ProjectKey, fields: Fields) -> dict[str, Any]:
    """The columns that a body changes."""
    values: dict[str, Any] = {}
    if fields.get("name"):
        values["label"] = fields["name"]
    if "isActive" in fields:
        values["is_active"] = fields["isActive"]
    if "rateLimit" in fields:
        count, window = fields["rateLimit"] or (None, None)
        values |= {"rate_limit_count": count, "rate_limit_window": window}
    details = dict(known.details)
    for name in ("browserSdkVersion", "dynamicSdkLoaderOptions"):
        if name in fields:
            details[name] = fields[name]
    if details != known.details:
        values["details"] = json.dumps(details)
    return values


router = Router(
    "/api/0/projects/{organization:str}/{project:str}/keys",
    route_handlers=[list_keys, create_key, get_key, amend_key, delete_key],
)
