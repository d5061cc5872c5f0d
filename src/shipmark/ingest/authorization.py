"""Authentication of ingest requests by project and key, before the body is decompressed (ingest.md 1.1).

Four places can contain the key: the header ``X-Sentry-Auth``, ``Authorization: Sentry``, the query, and the ``dsn`` of
the envelope.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from shipmark.http import AnyRequest
from shipmark.infrastructure.clock import moment_of
from shipmark.infrastructure.errors import BadRequest, Forbidden, NotFound, Unauthenticated
from shipmark.infrastructure.ids import id_of
from shipmark.ingest.allowed_origins import is_allowed
from shipmark.ingest.project_keys import KnownKey, ProjectKeys
from shipmark.projects.model import Project

_REJECTED = "event submission rejected with_reason: ProjectId"
_OTHER_ORIGIN = "event submission rejected with_reason: Cors"
_KEY = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


class SenderAuthorization:
    """The sender of one request. The project is looked up once."""

    def __init__(self, request: AnyRequest, project: str, *, key: str | None = None) -> None:
        """Parse the project id; raise `BadRequest` if it is not a number, `NotFound` if it is too long.

        A ``key`` that the address names otherwise than by ``sentry_key`` counts alone.
        """
        if not (project.isascii() and project.isdigit()):
            raise BadRequest("bad project path parameter")
        project_id = id_of(project)
        if project_id is None:
            raise NotFound
        self._project_text, self._project_id = project, project_id
        self._headers = {} if key else dict(request.headers.items())
        self._origin = {"origin": request.headers["origin"]} if "origin" in request.headers else {}
        query = {"sentry_key": key} if key else request.query_params
        self._query = {name: str(value) for name, value in query.items()}
        self._keys: ProjectKeys = request.app.state.project_keys
        self._key: KnownKey | None = None

    @property
    def has_key(self) -> bool:
        """Return True if the request itself has the key, else the envelope may. Raise `BadRequest` if it is invalid."""
        return request_key(self._headers, self._query) is not None

    @property
    def is_remembered(self) -> bool:
        """Return True if the request itself has the key, and its project is known without a statement."""
        try:
            key = request_key(self._headers, self._query)
        except BadRequest:
            return False
        return key is not None and self._keys.is_remembered(key)

    @property
    def sent_at(self) -> datetime | None:
        """Return the moment by the client's clock, as clients from before envelopes send it (ingest.md 6)."""
        header = self._headers.get("x-sentry-auth") or self._headers.get("authorization", "")
        sent = self._query | _parameters(header)
        return moment_of(sent.get("sentry_timestamp"))

    @property
    def known(self) -> Project:
        """Return the project that `project` has loaded."""
        return self.key.project

    @property
    def key(self) -> KnownKey:
        """Return the key that `project` has looked up."""
        assert self._key is not None, "the project is looked up before a body is unpacked"
        return self._key

    @property
    def is_known(self) -> bool:
        """Return True if `project` has accepted the key."""
        return self._key is not None

    def project(self, dsn: str | None = None) -> Project:
        """Return the project of the key; ``dsn`` is that of the envelope's header.

        Raise `Unauthenticated` without a key, `BadRequest` if path, request and DSN disagree, and `Forbidden` for a
        key that is not an active one of the project, or comes from a page that may not use it.
        """
        if dsn is not None and dsn_parts(dsn)[1] != self._project_id:
            raise BadRequest("the project of the DSN is not the one of the address")
        key = public_key(self._headers, self._query, dsn)
        if self._key is None:
            known = self._keys.find(key)
            if known is None or str(known.project.id) != self._project_text:
                raise Forbidden(_REJECTED)
            if not is_allowed(known.origins, self._origin):
                raise Forbidden(_OTHER_ORIGIN)
            self._key = known
        return self._key.project


def request_key(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """Return the key in headers or query, in lower case, or None; raise `BadRequest` if several differ."""
    keys = {_checked(key) for key in _sent_keys(headers, query)}
    if len(keys) > 1:
        raise BadRequest("multiple authorization payloads detected")
    return keys.pop() if keys else None


def public_key(headers: Mapping[str, str], query: Mapping[str, str], dsn: str | None) -> str:
    """Return the key in lower case; raise `BadRequest` if several keys differ."""
    key = request_key(headers, query)
    if dsn is not None:
        of_dsn = dsn_parts(dsn)[0]
        if key not in {None, of_dsn}:
            raise BadRequest("envelope dsn names another key than the request")
        key = of_dsn
    if key is None:
        raise Unauthenticated("missing authorization information")
    return key


def dsn_parts(dsn: str) -> tuple[str, int]:
    """Return public key and project id of ``https://key@host/path/1``; a secret is ignored."""
    address = _address(dsn)
    number = id_of(address.path.rpartition("/")[2])
    if number is None:
        raise BadRequest("bad sentry DSN project id")
    return _checked(address.username or ""), number


def _sent_keys(headers: Mapping[str, str], query: Mapping[str, str]) -> list[str]:
    keys: list[str] = []
    if "x-sentry-auth" in headers:
        keys.append(_key_of_header(headers["x-sentry-auth"]))
    # Other schemes in this header, such as a token of the API, are ignored.
    if _scheme(headers.get("authorization", "")) == "sentry":
        keys.append(_key_of_header(headers["authorization"]))
    if "sentry_key" in query:
        keys.append(query["sentry_key"])
    return keys


def _key_of_header(value: str) -> str:
    """Return ``sentry_key`` of ``Sentry sentry_key=…, sentry_version=7``."""
    parameters = _parameters(value)
    if _scheme(value) != "sentry" or "sentry_key" not in parameters:
        raise BadRequest("bad x-sentry-auth header")
    return parameters["sentry_key"]


def _parameters(value: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in value.strip().partition(" ")[2].split(","))
    return {name.strip(): text.strip() for name, _, text in pairs}


def _scheme(value: str) -> str:
    return value.strip().partition(" ")[0].lower()


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise BadRequest("bad sentry DSN public key")
    return key.lower()


def _address(dsn: str) -> SplitResult:
    try:
        address = urlsplit(dsn)
    except ValueError as error:
        raise BadRequest("bad sentry DSN") from error
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise BadRequest("bad sentry DSN")
    return address
