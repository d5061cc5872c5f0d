"""What nobody honest sends, in every place that the document names, is answered as the document says.

SQLite gets every third value in a place, and the others in the next ones. PostgreSQL, which refuses more, gets another
third; with `make fuzz` all that SQLite does not get: together every value in every place. `make test` runs each test on
one of them.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from factories import Caller, World
from fuzzing import EXAMPLES
from httpx import Client
from sample_data import Seeded, seed

from shipmark.infrastructure.database import Database

HUGE = "9" * 30
PROJECT = "/api/0/projects/{organization}/{project}/"
VALUES = [
    "",
    "%00",
    "a%00b",
    "%ff",
    "%ed%a0%80",
    "%F0%9F%98%80",
    "-1",
    HUGE,
    f"-{HUGE}",
    "1e400",
    f"{2**40}:0:0",
    f"{2**40}:7:1",
    f"{2**53}:1:0",
    f"1:{2**53}:1",
    "%25",
    "%2e%2e",
    "a%2Fb",
    "a" * 5000,
    "%5B%5D",
]
#: Whole bodies, with the media type that they are said to have.
BODIES = [
    (b"", "application/json"),
    (b"null", "application/json"),
    (b"[]", "application/json"),
    (b'"text"', "application/json"),
    (b"[" * 100_000, "application/json"),
    (b'{"a":' * 50_000, "application/json"),
    (b"9" * 10_000, "application/json"),
    (b'{"version": "\xff"}', "application/json"),
    (b'{"version": NaN}', "application/json"),
    (b"{", "application/json"),
    (b"{}", "application/xml"),
    (b"{}", "application/json; charset=utf-16"),
    (b"{}", ";;;"),
    (b"{}", "multipart/form-data"),
    (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
    (b"version=%ff&projects=%00", "application/x-www-form-urlencoded"),
    (b"\xff\xfe", "application/x-www-form-urlencoded"),
    (b"&".join([b"a=b"] * 2000), "application/x-www-form-urlencoded"),
]
#: What a field may hold that nobody thought of, as JSON.
FIELDS = [
    "null",
    '""',
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    "true",
    HUGE,
    f"-{HUGE}.5e10",
    "1e308",
    "0.1",
    "[]",
    "[null]",
    "[[]]",
    "[{}]",
    '[{"id": "\\ud800"}]',
    '["\\u0000"]',
    f"[{HUGE}]",
    "{}",
    '{"a": {}}',
    f'"{"a" * 100_000}"',
    '"0001-01-01T00:00:00+14:00"',
    '"9999-12-31T23:59:59-14:00"',
    '"http://[::1"',
]

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/openapi.json").json()
    return found


@pytest.fixture
def seeded(alice: Caller, world: World, database: Database) -> Seeded:
    return seed(alice, world, database)


#: Chooses some of the values for the next place.
Choose = Callable[[Sequence[Any]], Sequence[Any]]


@pytest.fixture
def chosen(kind: str) -> Choose:
    places = count()

    def choose(values: Sequence[Any]) -> Sequence[Any]:
        first = next(places) % 3
        if kind == "sqlite" or not EXAMPLES:
            return values[(first + (kind != "sqlite")) % 3 :: 3]
        return [value for index, value in enumerate(values) if index % 3 != first]

    return choose


def operations(document: dict[str, Any], *methods: str) -> Iterator[Operation]:
    """Yield the operations with these methods; last the one that deletes the project of the others."""
    found = [
        (method.upper(), path, it)
        for path, known in document["paths"].items()
        for method, it in known.items()
        if method in methods
    ]
    yield from sorted(found, key=lambda it: it[:2] == ("DELETE", PROJECT))


def fields(operation: dict[str, Any]) -> dict[str, Any]:
    """The fields of an operation's body; nothing where it takes none."""
    content = operation.get("requestBody", {}).get("content", {})
    found: dict[str, Any] = (
        content.get("application/json", {}).get("schema", {}).get("properties", {})
    )
    return found


def check(
    caller: Caller, operation: Operation, address: str, content: bytes = b"", media_type: str = ""
) -> None:
    method, _, it = operation
    headers = caller.headers | ({"Content-Type": media_type} if media_type else {})
    answer = caller.client.request(method, address, content=content or None, headers=headers)
    assert str(answer.status_code) in it["responses"], (method, address, content[:80], answer.text)


def test_no_part_of_a_path_fails(
    alice: Caller, document: dict[str, Any], seeded: Seeded, chosen: Choose
) -> None:
    for operation in operations(document, "get", "put", "post", "delete"):
        _, path, it = operation
        for part in [each["name"] for each in it["parameters"] if each["in"] == "path"]:
            for value in chosen(VALUES):
                address = seeded.path(path.replace(f"{{{part}}}", value))
                # Another address stands there: a part may not hold a slash, or be empty.
                if value not in {"", "a%2Fb", "%2e%2e"}:
                    check(alice, operation, address, b"{}" if fields(it) else b"")


def test_no_parameter_fails(
    alice: Caller, document: dict[str, Any], seeded: Seeded, chosen: Choose
) -> None:
    for operation in operations(document, "get", "delete"):
        _, path, it = operation
        there = seeded.path(path)
        asks = [each for each in it["parameters"] if each["in"] == "query"]
        for parameter in asks:
            name = parameter["name"]
            needed = "".join(
                f"&{each['name']}={each['example']}"
                for each in asks
                if each["required"] and each is not parameter
            )
            for value in chosen(VALUES):
                check(alice, operation, f"{there}?{name}={value}{needed}")
            check(alice, operation, f"{there}?{name}=1&{name}=2&{name}={needed}")


def test_no_body_fails(
    alice: Caller, document: dict[str, Any], seeded: Seeded, chosen: Choose
) -> None:
    for operation in operations(document, "post", "put"):
        if fields(operation[2]):
            for content, media_type in chosen(BODIES):
                check(alice, operation, seeded.path(operation[1]), content, media_type)


def test_no_field_fails(
    alice: Caller, document: dict[str, Any], seeded: Seeded, chosen: Choose
) -> None:
    for operation in operations(document, "post", "put"):
        for name in fields(operation[2]):
            good = '"version": "web@3.0.0", "projects": ["web"], "environment": "production", '
            good += '"value": 1, "window_in_seconds": 1, "threshold_type": "total_error_count", '
            good += (
                '"trigger_type": "over", "name": "acme/new", "url": "https://git.example.com/new"'
            )
            for value in chosen(FIELDS):
                # The key comes again: the last one counts.
                content = f'{{{good}, "{name}": {value}}}'.encode()
                check(alice, operation, seeded.path(operation[1]), content, "application/json")


@pytest.mark.parametrize("field", ["commits", "refs", "headCommits"])
def test_no_field_of_an_item_fails(
    alice: Caller, document: dict[str, Any], seeded: Seeded, chosen: Choose, field: str
) -> None:
    good = '"id": "a", "repository": "acme/web", "commit": "a", "currentId": "a", "path": "a"'
    for operation in operations(document, "post", "put"):
        items = fields(operation[2]).get(field, {}).get("items", {}).get("properties", {})
        for name in items:
            for value in chosen(FIELDS):
                content = f'{{"version": "web@4.0.0", "projects": ["web"], "{field}": [{{{good}, "{name}": {value}}}]}}'
                check(
                    alice,
                    operation,
                    seeded.path(operation[1]),
                    content.encode(),
                    "application/json",
                )
