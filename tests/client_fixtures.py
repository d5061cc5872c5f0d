"""Fixtures: clients of the whole application on a test's database, and the people who call it."""

import itertools
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import factories
import pytest
from applications import Portal, application, running_portal
from digesting import close_logs, keep_events
from factories import (
    ALICE,
    BOB,
    CHARLIE,
    Bearer,
    Caller,
    World,
    ago,
    error_event,
    send_event,
    written,
)
from httpx import Client
from litestar.testing import TestClient
from litestar.types import ASGIApp, Receive, Scope, Send

from shipmark.accounts.model import ALL_SCOPES
from shipmark.app import served as wrapped
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.ids import secret_hex
from shipmark.infrastructure.settings import Settings


@pytest.fixture(scope="session")
def _portal() -> Iterator[Portal]:
    """The event loop that all clients of the session share."""
    with running_portal() as portal:
        yield portal


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    """A blob store with nothing in it."""
    return open_blobs((tmp_path / "blobs").as_uri())


@pytest.fixture(scope="session")
def blobs_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Blobs]:
    """Give a blob store for each name, for tests that share databases."""
    return cache(lambda name: open_blobs((tmp_path_factory.mktemp("blobs") / name).as_uri()))


#: Serves a database with some settings: ``serve(commits_max=3)``; ``on`` and ``keep`` are other ones than the test's.
Serve = Callable[..., Client]


@pytest.fixture(scope="session")
def serve_on(_portal: Portal, databases_folder: Path) -> Serve:
    """Clients of the whole application on any database: ``serve_on(database, blobs)``; no job runs."""
    numbers = itertools.count()

    def served(on: Database, keep: Blobs, *, key_seconds: float = 0, **settings: Any) -> Client:
        chosen = Settings(**{"base_url": factories.ADDRESS, **settings})
        app = application(chosen)
        app.state.database = on
        app.state.blobs = keep
        path = databases_folder / f"event-log-{next(numbers)}"
        digest = keep_events(app, path, on, keep, key_seconds=key_seconds)
        limits = wrapped(app)
        client = TestClient(
            _Once(limits), base_url=factories.ADDRESS, raise_server_exceptions=False
        )
        client.follow_redirects = False
        client.limits = limits  # type: ignore[attr-defined]  # for tests that hold some of the budget
        client.log_folder = path  # type: ignore[attr-defined]  # for tests that look at what waits
        client.state = app.state  # type: ignore[attr-defined]  # for tests of what it keeps
        client.blocking_portal = _portal  # type: ignore[assignment]  # it has what clients call
        client.event_hooks = {"response": [digest]}
        return client

    return served


@pytest.fixture
def serve(database: Database, blobs: Blobs, serve_on: Serve) -> Iterator[Serve]:
    """Clients of the whole application on the database, with any settings; no job runs in the background."""

    def served(on: Database = database, keep: Blobs = blobs, **settings: Any) -> Client:
        return serve_on(on, keep, **settings)

    yield served
    close_logs()


@pytest.fixture
def client(serve: Serve) -> Client:
    """A client of the whole application on the database."""
    return serve()


@pytest.fixture
def alice(client: Client, world: World) -> Caller:
    """She owns acme."""
    return Caller(client, world.tokens[ALICE])


@pytest.fixture
def bob(client: Client, world: World) -> Caller:
    """He is a member of acme, on its team core."""
    return Caller(client, world.tokens[BOB])


@pytest.fixture
def charlie(client: Client, world: World) -> Caller:
    """He is a stranger to acme, and owns globex."""
    return Caller(client, world.tokens[CHARLIE])


@pytest.fixture
def anonymous(client: Client) -> Caller:
    """Nobody knows who that is."""
    return Caller(client)


@pytest.fixture
def organization_token(client: Client, world: World) -> Caller:
    """A pipeline with the token of acme itself."""
    return Caller(client, world.organization_token)


@pytest.fixture
def bearer(client: Client, database: Database) -> Bearer:
    """Makes callers with fresh tokens of few scopes; Alice's unless another user is named."""

    def made(scopes: list[str] | None = None, user: str = ALICE) -> Caller:
        chosen = ALL_SCOPES if scopes is None else scopes
        token = factories.give_user_token(database, user, chosen, secret_hex(), factories.BEGINNING)
        return Caller(client, token)

    return made


class _Once:
    """Decodes addresses once, as servers do. The test client does it twice, so that ``%2540`` would be an at sign."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "raw_path" in scope:
            scope["path"] = unquote_to_bytes(scope["raw_path"].partition(b"?")[0]).decode(
                "utf-8", "replace"
            )
        await self._app(scope, receive, send)


#: Sends an error to a project, and returns the event's id: ``happen("web", "boom", environment="production")``.
Happen = Callable[..., str]


@pytest.fixture
def happen(alice: Caller, world: World) -> Happen:
    """Let an SDK of a project send an error; each has a later date than the one before."""
    minutes = itertools.count(1)

    def happened(project: str = "web", value: str = "boom", **more: object) -> str:
        at = {"timestamp": written(ago(minutes=60 - next(minutes)))}
        event = error_event(value, **at | more)
        return send_event(alice.client, world.keys[project], world.projects[project], event)

    return happened
