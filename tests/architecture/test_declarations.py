"""Every route of the API declares what it reads, and nothing else: the document tells the truth."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pytest
from factories import Caller, World, on_one_database
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from sample_data import Seeded, seed

from shipmark.api.openapi.document import documented
from shipmark.api.openapi.request_schemas import given
from shipmark.api.query_parameters import Parameter
from shipmark.app import assemble
from shipmark.http import request_context as door
from shipmark.http.fields import Object, validate
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings

SETTINGS = Settings()
#: It is enough for those that read their parameters behind the body. Nobody minds fields that are not theirs.
BODY = b'{"status": "open"}'
#: Reading comes first, and deleting last, so that what is read is there.
#: The project that the walk is about.
PROJECT = "/api/0/projects/{organization}/{project}/"
METHODS = ("GET", "PUT", "POST", "DELETE")


class Notes:
    """What the routes read while they are walked: parameters, and the schemas of bodies."""

    def __init__(self) -> None:
        self.operation = ("", "")
        self.parameters: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.bodies: dict[tuple[str, str], object] = {}

    def noted(self, record: Object, content: object) -> object:
        self.bodies[self.operation] = given(record)
        return validate(record, content)


class Query:
    """The parameters of a request, by the only two ways that anybody reads them."""

    def __init__(self, notes: Notes, request: ASGIConnection) -> None:
        self._read = notes.parameters[notes.operation]
        self._query = ASGIConnection.query_params.fget(request)

    def get(self, name: str) -> object:
        self._read.add(name)
        return self._query.get(name)

    def getall(self, name: str, default: object) -> object:
        self._read.add(name)
        return self._query.getall(name, default)


@pytest.fixture
def seeded(alice: Caller, world: World) -> Seeded:
    return seed(alice, world)


@pytest.fixture
def notes(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> Notes:
    """Kept from here on: what was sent before to fill the database is none of ours."""
    made = Notes()
    monkeypatch.setattr(Request, "query_params", property(lambda self: Query(made, self)))
    monkeypatch.setattr(door, "validate", made.noted)
    return made


def operations() -> list[tuple[str, str, HTTPRouteHandler]]:
    app = assemble(SETTINGS, Database("sqlite:///never-opened.db"))
    found = [
        (method, path, handler)
        for path, handler in documented(app.routes)
        for method in handler.http_methods
        # What endpoints declare is what they read, by construction.
        if "endpoint" not in handler.opt
    ]
    # A new token makes the old address for builds useless, so that address comes before; nothing of a project is found
    # after its deletion, so that comes last.
    return sorted(
        found,
        key=lambda it: (
            METHODS.index(it[0]),
            (it[0], it[1]) == ("DELETE", PROJECT),
            "/hooks/" not in it[1],
            it[1],
        ),
    )


def queries(asks: tuple[Parameter, ...]) -> Iterator[dict[str, str]]:
    """What is needed alone, with each other parameter in turn, and with all of them."""
    needed = {it.name: it.example or "" for it in asks if it.is_required}
    yield needed
    for it in asks:
        yield needed | {it.name: it.example or ""}
    yield {it.name: it.example or "" for it in asks}


@pytest.fixture
def walked(alice: Caller, seeded: Seeded, notes: Notes) -> Notes:
    """The notes of a walk through all operations, each called in all ways that it declares."""
    for method, path, handler in operations():
        notes.operation = (method, path)
        for query in queries(tuple(handler.opt.get("asks", ()))):
            content = None if method in {"GET", "DELETE"} else BODY
            headers = alice.headers | {"Content-Type": "application/json"}
            answer = alice.client.request(
                method, seeded.path(path), params=query, content=content, headers=headers
            )
            assert answer.status_code < 500, (method, path, query)
    return notes


@on_one_database
def test_a_route_declares_the_parameters_that_it_reads_and_no_other(walked: Notes) -> None:
    wrong = {}
    for method, path, handler in operations():
        declared = {it.name for it in handler.opt.get("asks", ())}
        read = walked.parameters[method, path]
        if declared != read:
            wrong[method, path] = {
                "undeclared": sorted(read - declared),
                "not read": sorted(declared - read),
            }
    assert wrong == {}


@on_one_database
def test_a_route_declares_the_body_that_it_reads(walked: Notes) -> None:
    wrong = []
    for method, path, handler in operations():
        takes = handler.opt.get("takes")
        if isinstance(takes, Mapping):
            # A schema that the route itself is given: it checks by what it shows.
            continue
        record = takes if takes is None or isinstance(takes, Object) else takes(SETTINGS)
        declared = None if record is None else given(record)
        if declared != walked.bodies.get((method, path)):
            wrong.append((method, path))
    assert wrong == []


def test_a_parameter_is_declared_once() -> None:
    for method, path, handler in operations():
        names = [it.name for it in handler.opt.get("asks", ())]
        assert len(names) == len(set(names)), (method, path)
