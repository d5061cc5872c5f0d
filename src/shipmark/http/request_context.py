"""The context of a request to the API: caller, parameters, body and database."""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts.model import UserToken
from shipmark.http import AnyRequest, body_parsing, encodings
from shipmark.http.client_address import client_address
from shipmark.http.pagination import offset
from shipmark.http.server_address import server_address
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Forbidden, NotFound, Unauthenticated
from shipmark.infrastructure.ids import digest, id_of
from shipmark.infrastructure.settings import Settings
from shipmark.organizations import actions as organizations
from shipmark.organizations import store as organization_store
from shipmark.organizations.membership import ActionContext
from shipmark.organizations.model import Access, Actor, OrganizationToken, Role
from shipmark.organizations.tokens import PREFIX
from shipmark.publishing.model import PublishContext
from shipmark.repositories.git.remote_rules import parse_remote_rules

T = TypeVar("T")
Caller = UserToken | OrganizationToken


@dataclass(slots=True)
class RequestContext:
    """One request to the API. ``scopes`` are those that the route declares."""

    request: AnyRequest
    database: Database
    blobs: Blobs
    settings: Settings
    scopes: frozenset[str]
    #: The arguments of the endpoint, once the caller is authorized: see ``endpoint.py``.
    prepared: dict[str, object] | None = None
    #: The caller, authenticated by the endpoint, where the path names no organization.
    authenticated: Caller | None = None
    _access: Access | None = None

    @property
    def access(self) -> Access:
        """Return the caller's access to the organization of the path, which the endpoint has authorized before."""
        assert self._access is not None, "the path names no organization"
        return self._access

    @access.setter
    def access(self, access: Access) -> None:
        """Keep the access that the endpoint has authorized."""
        self._access = access

    def wait_for_writes(self) -> None:
        """Return when the events that the client sent just before are stored: who sends one may read it at once."""
        if (wait := self.request.app.state.wait_for_writes) is not None:
            wait(client_address(self.request, self.settings))

    @property
    def organization_id(self) -> int:
        """Return the id of the organization of the path."""
        return self.access.organization.id

    @property
    def address(self) -> str:
        """Return the URL at which the client reaches this server."""
        return server_address(self.request, self.settings)

    @property
    def user_agent(self) -> str | None:
        """Return the ``User-Agent`` header, or None."""
        return self.request.headers.get("user-agent")

    def require_owner(self, *, is_forced: bool) -> None:
        """Raise `Forbidden` if the request is forced and the caller is not an owner."""
        if is_forced and self.access.role is not Role.OWNER:
            raise Forbidden

    def path_parameter(self, name: str) -> str | None:
        """Return a path parameter, or None if this path has no such parameter."""
        value = self.request.path_params.get(name)
        return None if value is None else str(value)

    def query_pairs(self) -> Sequence[tuple[str, str]]:
        """Return the parameters of the query string, in their order."""
        return [(name, str(value)) for name, value in self.request.query_params.multi_items()]

    def validation_context(self) -> Mapping[str, object]:
        """Return the context for the validation of a body: limits, and the caller's access or None."""
        return {"commits_max": self.settings.commits_max, "access": self._access}

    def decompressed(self, content: bytes) -> bytes:
        """Return a body without its ``Content-Encoding``, within the limit on bodies."""
        encoding = self.request.headers.get("content-encoding", "")
        return encodings.decompressed(content, encoding, self.settings.body_max_bytes)

    def decode(self, content: bytes, *, lists: Collection[str]) -> object:
        """Return the value in a body: JSON or a form, whose fields named in ``lists`` are lists."""
        return body_parsing.read(content, self.request.headers.get("content-type", ""), lists=lists)

    def caller(self, connection: Connection) -> Caller:
        """Return the caller's token. Raise `Unauthenticated`, or `Forbidden` if it has no scope of the endpoint."""
        caller = self.optional_caller(connection)
        if caller is None:
            raise Unauthenticated
        scopes = caller.scopes if isinstance(caller, UserToken) else organizations.CI_SCOPES
        self._require_scope(scopes)
        return caller

    def optional_caller(self, connection: Connection) -> Caller | None:
        """Return the caller's token, or None for a request without credentials."""
        token = _bearer(self.request.headers.get("authorization"))
        if token is None:
            return None
        if token.startswith(PREFIX):
            return organizations.authenticate(connection, token)
        return accounts.authenticate(connection, token, now())

    def authorize(self, connection: Connection, organization: str) -> Access:
        """Return the caller's access to the organization of the path, a slug or id, by one statement.

        Raise `Unauthenticated`, `NotFound` for an unknown organization, `Forbidden` for no member or missing scopes.
        """
        token = _bearer(self.request.headers.get("authorization"))
        if token is None:
            raise Unauthenticated
        if token.startswith(PREFIX):
            access = self._token_access(connection, digest(token), organization)
        else:
            access = self._user_access(connection, digest(token), organization)
        self._require_scope(access.scopes)
        return access

    def _token_access(self, connection: Connection, digest: str, organization: str) -> Access:
        known = organization_store.organization_token_in(connection, digest, organization)
        if known is None:
            raise Unauthenticated("Invalid org token")
        self._require_scope(organizations.CI_SCOPES)
        return organizations.token_access(*known)

    def _user_access(self, connection: Connection, digest: str, organization: str) -> Access:
        known = organization_store.user_token_in(connection, digest, organization)
        token, named, role = known or (None, None, None)
        token = accounts.check_token(token, now())
        self._require_scope(token.scopes)
        return organizations.user_access(token.user, named, role, token.scopes)

    def _require_scope(self, scopes: frozenset[str]) -> None:
        if self.scopes and not scopes & self.scopes:
            raise Forbidden

    def listed(self, content: object, links: offset.Links | None) -> Response[Any]:
        """Return a response with a list, or an object that holds one, and the links to its pages if it has any."""
        headers = {}
        if links is not None:
            path, query = request_url(self.request)
            headers["Link"] = links.header(self.address, path, query)
        return Response(content, headers=headers)

    def actor(self) -> Actor:
        """Return the actor for the audit log."""
        user = self.access.user
        return Actor(
            user_id=self.access.user_id,
            label=user.email if user else "organization token",
            ip_address=client_address(self.request, self.settings),
        )

    def action_context(self) -> ActionContext:
        """Return the context of actions in the organization of the path."""
        return ActionContext(access=self.access, by=self.actor(), at=now())

    def record_token_use(self, connection: Connection, project_ids: Collection[int]) -> None:
        """Record the use of a pipeline's token, so that members see which tokens are still needed."""
        organizations.record_token_use(connection, self.access, project_ids, now())

    def publish_context(self) -> PublishContext:
        """Return the context of a publish."""
        return PublishContext(
            organization=self.access.organization,
            user_id=self.access.user_id,
            host=urlsplit(self.address).hostname or "",
            now=now(),
            remote_rules=parse_remote_rules(self.settings.git_remotes),
            by=self.actor(),
        )


def _bearer(header: str | None) -> str | None:
    """Return the token of an ``Authorization`` header, or None without a bearer token (auth-and-errors.md 1)."""
    words = (header or "").split()
    scheme = words[0].lower() if words else ""
    if scheme == "basic" and _is_api_key(words[1:]):
        # There are none here; who sends one learns that it does not count.
        raise Unauthenticated("API key is not valid")
    if scheme != "bearer":
        return None
    if len(words) == 1:
        raise Unauthenticated("Invalid token header. No credentials provided.")
    if len(words) > 2:
        raise Unauthenticated("Invalid token header. Token string should not contain spaces.")
    return words[1]


def _is_api_key(words: Sequence[str]) -> bool:
    """Return True for a user name without a password, by which keys of organizations are sent."""
    try:
        name, _, password = base64.b64decode("".join(words), validate=True).decode().partition(":")
    except ValueError:
        return False
    return bool(name) and not password


def request_url(request: AnyRequest) -> tuple[str, list[tuple[str, str]]]:
    """Return the path and the query parameters, as written and ordered by the client."""
    raw = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    query = request.scope["query_string"].decode("latin-1")
    return raw.decode("latin-1").partition("?")[0], parse_qsl(query, keep_blank_values=True)


def require_row(row: T | None) -> T:
    """Return the row. Raise `NotFound` for None."""
    if row is None:
        raise NotFound
    return row


def require_id(text: str) -> int:
    """Return the id in a text. Raise `NotFound` for a text that is none."""
    return require_row(id_of(text))


def require_all_visible(visible: Collection[int], attached: Collection[int]) -> None:
    """Raise a refusal if a release is also in projects that the caller can't see (releases.md 0.5, newer)."""
    if not set(attached) <= set(visible):
        raise NotFound


async def provide_request_context(request: AnyRequest) -> RequestContext:
    """Return the context of a request, made once; database work is done in a thread."""
    context: RequestContext | None = getattr(request.state, "context", None)
    if context is None:
        state = request.app.state
        scopes = request.route_handler.opt["scopes"]
        context = RequestContext(request, state.database, state.blobs, state.settings, scopes)
        request.state.context = context
    return context


InjectedRequest = NamedDependency[SkipValidation[RequestContext]]
