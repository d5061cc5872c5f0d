"""``projects/{org}/{project}/keys/``: the keys with which SDKs authenticate (auth-and-errors.md 8.7)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.project_keys.responses import (
    SDK_VERSIONS,
    ProjectKeyResponse,
    project_key_response,
)
from shipmark.api.projects.path_project import PathProject, reload_project
from shipmark.api.queries import PageQuery, one_of
from shipmark.api.rate_limits import OptionalRateLimit
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.pagination.offset import paginate_all
from shipmark.http.request_context import RequestContext, require_row
from shipmark.http.scopes import PROJECT_DELETE, PROJECT_READ, PROJECT_WRITE
from shipmark.http.validation import (
    Omittable,
    OmittableBoolean,
    RequestModel,
    Text,
    choice_of,
    optional,
    require,
)
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import slugs
from shipmark.projects import actions, settings, store
from shipmark.projects.model import Project, ProjectKey

BASE_PATH = "/api/0/projects/{organization:str}/{project:str}/keys"
_LABEL_MAX = 64


_IS_HALF = require(re.compile(r"[a-f0-9]{32}").fullmatch, slugs.NO_MATCH)
_Half = Omittable[Annotated[str, Text(max_length=32), _IS_HALF]]
_SdkVersion = Annotated[str, choice_of(SDK_VERSIONS)]


class KeyListQuery(PageQuery):
    """A page of the keys of a project."""

    status: Annotated[str | None, one_of("active", "inactive", "")] = optional(
        "Only keys with this status.", example="active"
    )


class LoaderOptionsRequest(RequestModel):
    """The parts of the browser SDK to load."""

    has_replay: OmittableBoolean = optional("Whether to load session replay.")
    has_performance: OmittableBoolean = optional("Whether to load tracing.")
    has_debug: OmittableBoolean = optional("Whether to load the build for debugging.")


class _KeyFields(RequestModel):
    name: Annotated[str, Text(max_length=_LABEL_MAX, blank=True)] | None = optional(
        "Name of the key."
    )
    rate_limit: OptionalRateLimit = optional(
        "Most events with the key that are accepted in a window; null for no limit."
    )

    browser_sdk_version: Omittable[_SdkVersion] = optional("Version of the browser SDK to load.")
    dynamic_sdk_loader_options: Omittable[LoaderOptionsRequest] = optional(
        "Parts of the browser SDK to load."
    )

    def limit(self) -> tuple[int, int] | None:
        """Return the count and the window of the rate limit, or None for no limit."""
        limit = self.rate_limit
        return (limit.count, limit.window) if limit and limit.is_limit else None

    def details(self) -> Mapping[str, object]:
        """Return what is sent of the settings that only clients read, by the names of the wire."""
        sent: dict[str, object] = {}
        if self.browser_sdk_version is not None:
            sent["browserSdkVersion"] = self.browser_sdk_version
        if self.dynamic_sdk_loader_options is not None:
            sent["dynamicSdkLoaderOptions"] = self.dynamic_sdk_loader_options.sent()
        return sent


class KeyRequest(_KeyFields):
    """A new key of a project."""

    public: _Half = optional("Public half of the key; by default random.")
    secret: _Half = optional("Secret half of the key; by default random.")

    def to_input(self, project: Project, now: datetime) -> ProjectKey:
        """Return the key for the domain."""
        public = self.public or hex32()
        return ProjectKey(
            project_id=project.id,
            public_key=public,
            secret_key=self.secret or hex32(),
            label=self.name or f"Key {public[:6]}",
            is_active=True,
            created_at=now,
            rate_limit=self.limit(),
            details=self.details(),
        )


class KeyUpdateRequest(_KeyFields):
    """Changes of a key."""

    is_active: OmittableBoolean = optional("Whether SDKs may send events with the key.")

    def to_values(self, key: ProjectKey) -> Mapping[str, object]:
        """Return the columns to change."""
        values: dict[str, object] = {}
        if self.name:
            values["label"] = self.name
        if self.is_active is not None:
            values["is_active"] = self.is_active
        if "rate_limit" in self.model_fields_set:
            count, window = self.limit() or (None, None)
            values |= {"rate_limit_count": count, "rate_limit_window": window}
        details = {**key.details, **self.details()}
        return values if details == key.details else values | {"details": json.dumps(details)}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInProject:
    """A key and the project of the path, which has the key."""

    key: ProjectKey
    project: Project


def find_key(
    context: RequestContext, connection: Connection, project: str, key: str
) -> KeyInProject:
    """Return the project's key with this public half. Raise `NotFound`."""
    owner = actions.require_project(connection, context.access, project)
    return KeyInProject(key=require_row(store.key_of(connection, owner.id, key)), project=owner)


def reload_key(context: RequestContext, connection: Connection, key: KeyInProject) -> KeyInProject:
    """Return the key as the transaction sees it. Raise `NotFound` if it was deleted meanwhile."""
    return find_key(context, connection, str(key.project.id), key.key.public_key)


#: The key of the path.
PathKey = Annotated[KeyInProject, Load(find_key)]


_VALIDATE = "key.validate"


@endpoint.get("/", scopes=PROJECT_READ)
def list_keys(
    context: RequestContext, project: PathProject, query: KeyListQuery
) -> Response[list[ProjectKeyResponse]]:
    """List the keys of a project, the newest first."""
    page = query.page()
    with context.database.autocommit_read() as connection:
        keys = store.keys_of(connection, project.id)
    rows, links = paginate_all(settings.with_status(keys, query.status), page)
    return context.listed([project_key_response(key, context.address) for key in rows], links)


@endpoint.post("/", scopes=PROJECT_WRITE, step=_VALIDATE)
def create_key(
    context: RequestContext, project: PathProject, body: KeyRequest
) -> ProjectKeyResponse:
    """Add a key to a project; the halves that are not sent are random."""
    action = context.action_context()
    with context.database.transaction() as connection:
        owner = reload_project(context, connection, project)
        key = body.to_input(owner, action.at)
        settings.add_key(connection, action, owner, key)
    return project_key_response(key, context.address)


@endpoint.get("/{key:str}/", scopes=PROJECT_READ)
def get_key(context: RequestContext, key: PathKey) -> ProjectKeyResponse:
    """Show a key."""
    return project_key_response(key.key, context.address)


@endpoint.put("/{key:str}/", scopes=PROJECT_WRITE, step=_VALIDATE)
def update_key(context: RequestContext, key: PathKey, body: KeyUpdateRequest) -> ProjectKeyResponse:
    """Rename a key, or turn it on or off. SDKs with a key that is off are refused."""
    with context.database.transaction() as connection:
        current, action = reload_key(context, connection, key), context.action_context()
        values = body.to_values(current.key)
        settings.update_key(connection, action, current.project, current.key, values)
        updated = reload_key(context, connection, key)
    return project_key_response(updated.key, context.address)


@endpoint.delete("/{key:str}/", scopes=PROJECT_DELETE)
def delete_key(context: RequestContext, key: PathKey) -> None:
    """Delete a key. SDKs that use it are refused from now on."""
    with context.database.transaction() as connection:
        current, action = reload_key(context, connection, key), context.action_context()
        settings.remove_key(connection, action, current.project, current.key)
