"""Credentials are looked at before a body is read and before the write lock is taken, on every route."""

import re
from collections.abc import Iterator

import pytest
from architecture.test_scopes import OPEN, handlers
from client_fixtures import Serve
from factories import CHARLIE, NO_CREDENTIALS, NOT_ALLOWED, World
from httpx import Client

from shipmark.infrastructure.database import Database

#: What addresses name; anything else is 1.
_WITHOUT_SLASH = "/proguard-artifact-releases"
NAMES = {"organization": "acme", "project": "web", "team": "core"}


def requests() -> Iterator[tuple[str, str]]:
    """Return method and address of every operation that needs credentials."""
    for path, handler in handlers():
        if handler.handler_name in OPEN - {"set_user_avatar"}:
            continue
        address = re.sub(r"\{(\w+):\w+\}", lambda it: NAMES.get(it[1], "1"), path)
        for method in handler.http_methods - {"HEAD", "OPTIONS"}:
            yield str(method), address if address.endswith(_WITHOUT_SLASH) else f"{address}/"


def bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


@pytest.fixture
def locked(database: Database) -> Iterator[None]:
    """Another process writes, and does not end."""
    other = Database(database.url)
    with other.transaction():
        yield
    other.close()


@pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")
@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.usefixtures("locked")
def test_no_route_waits_for_the_write_lock_to_refuse(client: Client, world: World) -> None:
    found = list(requests())
    assert len(found) > 100
    for method, path in found:
        for token, said in (
            (None, NO_CREDENTIALS),
            ("wrong", {"detail": "Invalid token"}),
            (f"sntryu_{'f' * 64}", {"detail": "Invalid token"}),
        ):
            answer = client.request(method, path, headers=bearer(token))
            assert (answer.status_code, answer.json()) == (401, said), (method, path)
        if "/acme/" in path:
            answer = client.request(method, path, headers=bearer(world.tokens[CHARLIE]))
            assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED), (method, path)


@pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")
@pytest.mark.parametrize("kind", ["sqlite"])
def test_no_route_reads_a_body_to_refuse_it(serve: Serve, world: World) -> None:
    """Over any limit, and of an impossible type: either would be told if it were looked at."""
    client = serve(body_max_bytes=10)
    body, odd = b"x" * 2_000_000, {"Content-Type": "text/odd"}
    for method, path in requests():
        if method in {"POST", "PUT"}:
            answer = client.request(method, path, content=body, headers=odd)
            assert answer.status_code == 401, (method, path, answer.text)
            if "/acme/" in path:
                headers = odd | bearer(world.tokens[CHARLIE])
                answer = client.request(method, path, content=body, headers=headers)
                assert answer.status_code == 403, (method, path, answer.text)


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.usefixtures("locked")
def test_ingest_does_not_wait_for_the_write_lock_to_refuse(client: Client, world: World) -> None:
    headers = {"X-Sentry-Auth": f"Sentry sentry_key={'f' * 32}"}
    for endpoint in ("envelope", "store"):
        path = f"/api/{world.projects['web']}/{endpoint}/"
        assert client.post(path, content=b"{}", headers=headers).status_code == 403
        assert client.post(path, content=b"{}").status_code == 401


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_hook_does_not_read_a_large_body_that_is_not_signed(serve: Serve, world: World) -> None:
    client = serve(body_max_bytes=10)
    for project, status in ((world.projects["web"], 403), ("9" * 5000, 404)):
        path = f"/api/hooks/release/builtin/{project}/{'0' * 64}/"
        assert client.post(path, content=b"x" * 2_000_000).status_code == status
