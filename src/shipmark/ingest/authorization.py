"""Who sends: the project and the key of an ingest request, looked up before its body is unpacked (ingest.md 1.1)."""

from litestar import Request
from litestar.datastructures import State
from sqlalchemy import Connection

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import BadRequest, Forbidden, NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.ingest.keys import dsn_parts, public_key, request_key
from shipmark.projects import store as projects
from shipmark.projects.model import Project

AnyRequest = Request[object, object, State]

_REJECTED = "event submission rejected with_reason: ProjectId"


class Sender:
    """The sender of one request. The project is looked up once, in a read-only unit of work."""

    def __init__(self, request: AnyRequest, project: str) -> None:
        """Read the project of the address; raise `BadRequest` if it is no number, `NotFound` if it is too long."""
        if not (project.isascii() and project.isdigit()):
            raise BadRequest("bad project path parameter")
        project_id = id_of(project)
        if project_id is None:
            raise NotFound
        self._project_text, self._project_id = project, project_id
        self._headers = dict(request.headers.items())
        self._query = {name: str(value) for name, value in request.query_params.items()}
        self._database: Database = request.app.state.database
        self._project: Project | None = None

    @property
    def has_key(self) -> bool:
        """Does the request itself name the key? Else the envelope may; raise `BadRequest` for a bad one."""
        return request_key(self._headers, self._query) is not None

    @property
    def known(self) -> Project:
        """The project that `project` returned."""
        assert self._project is not None, "the project is looked up before a body is unpacked"
        return self._project

    def project(self, dsn: str | None = None) -> Project:
        """Return the project that the key opens; ``dsn`` is the one of the envelope's header.

        Raise `Unauthenticated` without a key, `BadRequest` if address, request and DSN disagree, and `Forbidden` for a
        key that is not an active one of the project.
        """
        if dsn is not None and dsn_parts(dsn)[1] != self._project_id:
            raise BadRequest("the project of the DSN is not the one of the address")
        key = public_key(self._headers, self._query, dsn)
        if self._project is None:
            with self._database.autocommit_read() as connection:
                self._project = self._opened_by(connection, key)
        return self._project

    def still_known(self, connection: Connection, dsn: str | None = None) -> Project:
        """Look the project up again, in the unit of work that writes: key and project may be gone by then."""
        return self._opened_by(connection, public_key(self._headers, self._query, dsn))

    def _opened_by(self, connection: Connection, key: str) -> Project:
        project = projects.by_key(connection, key)
        if project is None or str(project.id) != self._project_text:
            raise Forbidden(_REJECTED)
        return project
