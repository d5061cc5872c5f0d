"""Authentication of ingest requests by project and key, before the body is decompressed (ingest.md 1.1)."""

from shipmark.http import AnyRequest
from shipmark.infrastructure.errors import BadRequest, Forbidden, NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.ingest.allowed_origins import is_allowed
from shipmark.ingest.keys import dsn_parts, public_key, request_key
from shipmark.ingest.project_keys import KnownKey, ProjectKeys
from shipmark.projects.model import Project

_REJECTED = "event submission rejected with_reason: ProjectId"
_OTHER_ORIGIN = "event submission rejected with_reason: Cors"


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
