"""Alice at a server that fetches commits."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from client_fixtures import Serve
from factories import ALICE, Caller, World
from fetch_desk import Desk
from remotes import PASSWORD, USERNAME, http_server, origin

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings


@pytest.fixture
def desk(serve: Serve, database: Database, world: World, tmp_path: Path) -> Iterator[Desk]:
    made = origin(tmp_path / "served" / "web.git", uploadpack_allowFilter="true")
    settings = {
        "data": tmp_path / "data",
        "outgoing_allow_private": True,
        "git_seconds_max": 20.0,
        "base_url": "https://ship.example.com",
    }
    with http_server(tmp_path / "served", password=PASSWORD) as git:
        served = {name: value for name, value in settings.items() if name != "base_url"}
        alice = Caller(serve(**served), world.tokens[ALICE])
        desk = Desk(alice, database, Settings(**settings), git, made)  # type: ignore[arg-type]
        desk.set_remote(username=USERNAME, password=PASSWORD)
        yield desk
