"""Whatever is sent to the API, it answers as its document says, and never fails.

By default a few requests an operation, always the same; one of each kind in `make test`. ``make fuzz`` sends more, and
others each time. PostgreSQL, which refuses more, gets requests of every kind for each operation; SQLite gets those of
one kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from factories import Caller, World
from fuzzing import EXAMPLES, IS_THOROUGH
from httpx import Client, Response
from hypothesis import HealthCheck, Phase, given, settings
from sample_data import Seeded, seed
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shipmark.infrastructure.database import Database

ADDRESS = "https://ship.example.com"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: How many requests are sent in each way.
REQUESTS = {"postgresql": 2, "sqlite": 2} if IS_THOROUGH else {"postgresql": 1, "sqlite": 1}
SETTINGS = settings(
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
#: Words that lead somewhere, for fields and parameters that are names of things. Others lead nowhere nearly always.
WORDS = {
    "projects": ["web", "mobile", "nothing"],
    "project": ["web", "1", "-1", "nothing"],
    "projectSlug": ["web", "$all", "nothing"],
    "base": ["web@1.0.0", "web@2.0.0", "nothing"],
    "environment": ["production", "staging", ""],
    "repo_name": ["acme/web", "nothing"],
    "repository": ["acme/web", "acme/other"],
    "owner": ["alice@example.com", "1", "nobody"],
}


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends what was thought up, byte by byte as it is, in Alice's name."""

    client: Client
    token: str

    def send(self, case: Case) -> Response:
        made = requests.Request(**case.as_transport_kwargs(base_url=ADDRESS)).prepare()
        headers = dict(made.headers) | {"Authorization": f"Bearer {self.token}"}
        body = made.body.encode() if isinstance(made.body, str) else made.body
        return self.client.request(made.method, made.url, content=body, headers=headers)


@pytest.fixture
def sender(alice: Caller) -> Sender:
    return Sender(alice.client, alice.token or "")


@pytest.fixture
def parts(alice: Caller, world: World, database: Database) -> Seeded:
    return seed(alice, world, database)


@pytest.fixture
def operations(client: Client, parts: Seeded) -> list[APIOperation]:
    schema = schemathesis.openapi.from_dict(led(client.get("/api/openapi.json").json()))
    found = [it.ok() for it in schema.get_all_operations()]
    return sorted(found, key=in_order)


def in_order(operation: APIOperation) -> tuple[int, bool, bool]:
    """What is deleted can't be asked for afterwards, nor builds let in by a token that was replaced."""
    return (
        ("get", "post", "put", "delete").index(operation.method),
        operation.path == "/api/0/projects/{organization}/{project}/",
        "/hooks/" not in operation.path,
    )


def led(it: Any, name: str = "") -> Any:
    """The document with the words in it, wherever a schema of that name stands that takes any text."""
    if isinstance(it, list):
        return [led(each, name) for each in it]
    if not isinstance(it, dict):
        return it
    if name in WORDS and it.get("type") in ("string", ["string", "null"]):
        return it | {"enum": WORDS[name]}
    name = it.get("name", name) if "in" in it else name
    inner = {"schema", "items"}
    return {
        key: led(value, name if key in inner else key) if key != "components" else value
        for key, value in it.items()
    }


def known(operation: APIOperation, parts: Seeded) -> dict[str, str]:
    """Parts of the path that lead somewhere."""
    names = operation.path.replace("{", "\0").replace("}", "\0").split("\0")[1::2]
    return {name: parts.part(name, operation.path) for name in names}


def ways(operation: APIOperation, parts: Seeded) -> Iterator[object]:
    """Good requests to what is there, bad ones to it, and good ones to anywhere."""
    there = known(operation, parts)
    yield operation.as_strategy(path_parameters=there)
    if operation.query or operation.body:
        yield operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=there)
    if there:
        yield operation.as_strategy()


def chosen(found: list[object], number: int, kind: str) -> list[object]:
    """All ways, but one for each operation where fewer examples do, and another for the next."""
    is_brief = kind == "sqlite" and not EXAMPLES
    return [found[number % len(found)]] if is_brief else found


def test_any_request_is_answered_as_the_document_says(
    operations: list[APIOperation], parts: Seeded, sender: Sender, kind: str
) -> None:
    some = settings(SETTINGS, max_examples=EXAMPLES or REQUESTS[kind])
    problems = []
    for number, operation in enumerate(operations):
        for way in chosen(list(ways(operation, parts)), number, kind):

            @some
            @given(case=way)
            def answered(case: Case) -> None:
                answer = sender.send(case)
                case.validate_response(answer, checks=CHECKS)

            try:
                answered()
            except (Exception, FailureGroup) as problem:  # noqa: BLE001  # all are told at once
                problems.append(f"{operation.label}: {problem}")
    assert not problems, "\n\n".join(problems)
