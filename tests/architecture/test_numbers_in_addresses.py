"""An id in an address may be any number: one that no row can have is not found, on every route."""

import re
from collections.abc import Iterator

import pytest
from architecture.test_scopes import handlers
from factories import Caller
from fuzzing import some_in_each_run

NAMES = {"organization": "acme", "project": "web", "team": "core", "version": "web@1.0.0"}
PARAMETER = re.compile(r"\{(\w+):\w+\}")

#: Within 64 bits, just beyond, and with more digits than Python turns into a number.
NUMBERS = ["9" * 18, str(2**63), "9" * 5000]


def addresses(number: str) -> Iterator[tuple[str, str]]:
    """Return method and address of every operation without a body, with the number for each part in turn."""
    for path, handler in handlers():
        for name in PARAMETER.findall(path):
            parts = NAMES | {name: number}
            address = PARAMETER.sub(lambda it, parts=parts: parts.get(it[1], "1"), path)  # type: ignore[misc]
            for method in handler.http_methods & {"GET", "DELETE"}:
                yield str(method), f"{address}/".removeprefix("/api/0")


@pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")
@pytest.mark.parametrize(
    "number", some_in_each_run(NUMBERS), ids=["64 bits", "more", "many digits"]
)
def test_no_number_fails(alice: Caller, number: str) -> None:
    alice.publish("web@1.0.0", "web")
    for method, path in addresses(number):
        answer = alice.client.request(method, f"/api/0{path}", headers=alice.headers)
        assert answer.status_code in {302, 400, 403, 404}, (method, path[:80], answer.text)
