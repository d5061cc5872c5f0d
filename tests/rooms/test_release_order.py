"""Which releases shipped before, after and between others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from given import World
from sqlalchemy import Connection

from shipmark.ground.database import Database
from shipmark.releases.model import NewRelease, Release, ReleaseStatus
from shipmark.releases.store import order, releases
from shipmark.releases.store import projects as release_projects

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Room:
    """Makes releases of acme."""

    def __init__(self, connection: Connection, world: World) -> None:
        self.connection = connection
        self.world = world

    def add(
        self,
        version: str,
        day: int,
        *names: str,
        released: int | None = None,
        **more: ReleaseStatus,
    ) -> Release:
        at = None if released is None else NOW + released * DAY
        new = NewRelease(version=version, created_at=NOW + day * DAY, released_at=at, **more)
        made, _ = releases.ensure(self.connection, self.world.organizations["acme"], new)
        release_projects.attach(self.connection, made, self.ids(*names or ("web",)))
        return made

    def ids(self, *names: str) -> list[int]:
        return [self.world.projects[name] for name in names]


@pytest.fixture
def room(database: Database, world: World) -> Iterator[Room]:
    with database.transaction() as connection:
        yield Room(connection, world)


def test_what_shipped_after_is_told_for_each_project_the_oldest_first(room: Room) -> None:
    gone = room.add("gone", 0, "web", "mobile")
    app, one, two = room.add("app", 1, "mobile"), room.add("1", 2), room.add("2", 3)
    room.add("0", -1)
    web, mobile = room.ids("web", "mobile")
    places = {(web, gone.id), (mobile, gone.id)}
    found = order.shipped_after(room.connection, places, without=[gone.id])
    assert found == {(web, gone.id): [one, two], (mobile, gone.id): [app]}
    found = order.shipped_after(room.connection, places, without=[gone.id, one.id])
    assert found[web, gone.id] == [two]


def test_no_more_are_looked_at_than_are_of_use(room: Room) -> None:
    gone = room.add("gone", 0)
    made = [room.add(f"{day}", day) for day in range(1, order.LATER_MAX + 5)]
    [web] = room.ids("web")
    found = order.shipped_after(room.connection, {(web, gone.id)}, without=[gone.id])
    assert found[web, gone.id] == made[: order.LATER_MAX]


def test_the_newest_versions_are_of_open_releases_that_stay(room: Room) -> None:
    room.add("1", 1)
    two = room.add("2", 2, "web", "mobile")
    room.add("3", 3, status=ReleaseStatus.ARCHIVED)
    room.add("4", 4)
    web, mobile = room.ids("web", "mobile")
    newest = order.newest_versions(room.connection, [web, mobile], without=[], limit=2)
    assert newest == {web: ["4", "2"], mobile: ["2"]}
    assert newest[web] == releases.newest_versions(room.connection, web, 2)
    newest = order.newest_versions(room.connection, [web, mobile], without=[two.id], limit=9)
    assert newest == {web: ["4", "1"]}
