"""What is kept of deploys."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from factories import World, rows, statements
from sqlalchemy import Connection

from shipmark.deploys import store
from shipmark.deploys.model import Deploy, NewDeploy
from shipmark.infrastructure.database import Database
from shipmark.projects import store as projects
from shipmark.releases.model import NewRelease
from shipmark.releases.store import releases

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

Make = Callable[..., Deploy]


@pytest.fixture
def make(connection: Connection, world: World) -> Make:
    """Deploy a release to an environment."""

    def made(version: str, environment: str = "production", **more: object) -> Deploy:
        acme = world.organizations["acme"]
        release, _ = releases.ensure(connection, acme, NewRelease(version=version, created_at=NOW))
        place = projects.ensure_environment(connection, acme, environment)
        new = NewDeploy(environment=environment, **({"finished_at": NOW} | more))  # type: ignore[arg-type]
        return store.add(connection, release, place.id, new, is_announced=False)

    return made


def test_a_deploy_is_kept_as_it_is_given(connection: Connection, make: Make) -> None:
    more = {"name": "blue", "url": "https://example.com", "started_at": NOW - HOUR}
    made = make("1", "staging", **more)
    assert (made.environment, made.name, made.started_at) == ("staging", "blue", NOW - HOUR)
    assert store.by_ids(connection, [made.id]) == {made.id: made}


def test_a_deploy_needs_only_an_environment_and_an_end(connection: Connection, make: Make) -> None:
    made = make("1")
    assert (made.name, made.url, made.started_at, made.finished_at) == (None, None, None, NOW)
    assert store.by_ids(connection, [made.id, 999]) == {made.id: made}


def test_no_deploys_are_found_without_asking(database: Database) -> None:
    with statements(database) as found, database.snapshot() as connection:
        assert store.by_ids(connection, []) == {}
    assert found.count == 0


def test_the_last_finished_deploy_comes_first(connection: Connection, make: Make) -> None:
    made = [make("1", finished_at=NOW + hours * HOUR) for hours in (2, 3, 1, 3)]
    make("2")
    found = store.page_of(connection, made[0].release_id, limit=9, offset=0)
    assert found == [made[3], made[1], made[0], made[2]]


def test_pages_of_deploys_follow_each_other(connection: Connection, make: Make) -> None:
    made = [make("1", name=name) for name in "abc"]
    pages = [
        store.page_of(connection, made[0].release_id, limit=2, offset=offset)
        for offset in (0, 2, 4)
    ]
    assert pages == [[made[2], made[1]], [made[0]], []]


def test_a_deploy_is_announced_by_itself(
    database: Database, connection: Connection, make: Make
) -> None:
    one, two = make("1"), make("1")
    store.mark_announced(connection, [two.id])
    connection.commit()
    said = {it["id"]: it["is_announced"] for it in rows(database, "deploys")}
    assert said == {one.id: False, two.id: True}


def test_deploys_go_with_their_release(connection: Connection, make: Make) -> None:
    gone, kept = make("1"), make("2")
    releases.remove(connection, [gone.release_id])
    assert store.by_ids(connection, [gone.id, kept.id]) == {kept.id: kept}
