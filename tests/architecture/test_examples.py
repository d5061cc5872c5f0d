"""Every operation can be called as the document shows it, with each parameter's example."""

from collections.abc import Iterator
from typing import Any

import pytest
from factories import Caller, World, on_one_database
from sample_data import Seeded, seed

from shipmark.infrastructure.database import Database

METHODS = ("get", "put", "post", "delete")
BODY = b'{"status": "open"}'
PROJECT = "/api/0/projects/{organization}/{project}/"


@pytest.fixture
def seeded(alice: Caller, world: World, database: Database) -> Seeded:
    return seed(alice, world, database)


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the operations with those last that take away what others need."""
    found = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    # A new token makes the old webhook useless; nothing of a project is found after its deletion.
    return sorted(
        found,
        key=lambda it: (
            METHODS.index(it[0]),
            (it[0], it[1]) == ("delete", PROJECT),
            "/hooks/" not in it[1],
            it[1],
        ),
    )


def queries(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return what is needed alone, with each other parameter in turn, and with all of them."""
    parameters = [each for each in operation["parameters"] if each["in"] == "query"]
    needed = {each["name"]: each["example"] for each in parameters if each["required"]}
    yield needed
    for each in parameters:
        yield needed | {each["name"]: each["example"]}
    yield {each["name"]: each["example"] for each in parameters}


@on_one_database
def test_no_example_fails(alice: Caller, seeded: Seeded) -> None:
    document = alice.client.get("/api/openapi.json").json()
    for method, path, operation in operations(document):
        for query in queries(operation):
            content = None if method in {"get", "delete"} else BODY
            headers = alice.headers | {"Content-Type": "application/json"}
            answer = alice.client.request(
                method, seeded.path(path), params=query, content=content, headers=headers
            )
            assert answer.status_code < 500, (method, path, query)
