"""Releases before, after and between others of their lineage."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from factories import World
from sqlalchemy import Connection

from shipmark.infrastructure.database import Database
from shipmark.releases.model import NewRelease, Release, ReleaseStatus
from shipmark.releases.store import lineage, releases
from shipmark.releases.store import projects as release_projects

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Releases:
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
def acme(database: Database, world: World) -> Iterator[Releases]:
    with database.transaction() as connection:
        yield Releases(connection, world)


def test_releases_that_are_not_semver_go_by_when_they_shipped(acme: Releases) -> None:
    first, last = acme.add("first", 0), acme.add("last", 9)
    late = acme.add("late", 1, released=12)
    early = acme.add("early", 12, released=5)
    [web] = acme.ids("web")
    assert lineage.between(acme.connection, first, last, [web]) == [early.id]
    assert lineage.between(acme.connection, last, first, [web]) == []
    assert lineage.between(acme.connection, first, last, []) == []
    assert lineage.before(acme.connection, late, web, limit=9) == [last, early, first]
    assert lineage.before(acme.connection, late, web, limit=2) == [last, early]


def test_ids_decide_between_releases_of_one_moment(acme: Releases) -> None:
    one, two, three = (acme.add(version, 0) for version in "abc")
    [web] = acme.ids("web")
    assert lineage.between(acme.connection, one, three, [web]) == [two.id]
    assert lineage.before(acme.connection, three, web, limit=9) == [two, one]
    assert lineage.before(acme.connection, one, web, limit=9) == []


def test_only_releases_of_the_projects_count_each_once(acme: Releases) -> None:
    first, last = acme.add("first", 0), acme.add("last", 9)
    both, other = acme.add("both", 1, "web", "mobile"), acme.add("other", 2, "mobile")
    web, mobile = acme.ids("web", "mobile")
    assert lineage.between(acme.connection, first, last, [web, mobile]) == [both.id, other.id]
    assert lineage.between(acme.connection, first, last, [web]) == [both.id]
    assert lineage.before(acme.connection, last, mobile, limit=1) == [other]
    assert lineage.previous(acme.connection, last, [web]) == both
    assert lineage.previous(acme.connection, last, [web, mobile]) == other
    assert lineage.previous(acme.connection, first, [web, mobile]) is None


def test_both_neighbours_are_found_at_once(acme: Releases) -> None:
    first, both, other, last = (
        acme.add("first", 0), acme.add("both", 1, "web", "mobile"), acme.add("other", 2, "mobile"),
        acme.add("last", 9),
    )  # fmt: skip
    web, mobile = acme.ids("web", "mobile")
    assert lineage.neighbours(acme.connection, both, [web]) == (first, last)
    assert lineage.neighbours(acme.connection, both, [mobile, web]) == (first, other)
    assert lineage.neighbours(acme.connection, first, [web]) == (None, both)
    assert lineage.neighbours(acme.connection, last, [web, mobile]) == (other, None)
    assert lineage.neighbours(acme.connection, last, []) == (None, None)


@pytest.fixture
def versions(acme: Releases) -> dict[str, Release]:
    """Releases of two packages and of none, by version, one a day."""
    names = ("web@1.0.0", "ios@1.5.0", "abc", "web@2.0.0", "web@3.0.0", "web@1.0.1", "web@3.1.0")
    return {name: acme.add(name, day) for day, name in enumerate(names)}


@pytest.mark.parametrize(
    ("earlier", "later", "between"),
    [
        ("web@1.0.0", "web@3.0.0", ["web@2.0.0"]),
        ("web@1.0.0", "web@1.0.1", []),
        ("web@1.0.0", "web@3.1.0", ["web@2.0.0", "web@3.0.0", "web@1.0.1"]),
        ("web@1.0.1", "web@3.1.0", ["web@2.0.0", "web@3.0.0"]),
        ("web@1.0.0", "ios@1.5.0", []),
        ("abc", "web@3.1.0", []),
    ],
)
def test_semver_releases_of_a_package_go_by_version(
    acme: Releases, versions: dict[str, Release], earlier: str, later: str, between: list[str]
) -> None:
    found = lineage.between(acme.connection, versions[earlier], versions[later], acme.ids("web"))
    assert found == [versions[name].id for name in between]


@pytest.mark.parametrize(
    ("version", "before"),
    [
        ("web@3.1.0", ["web@3.0.0", "web@2.0.0", "web@1.0.1", "web@1.0.0"]),
        ("web@3.0.0", ["web@2.0.0", "web@1.0.0"]),
        ("web@1.0.1", ["web@1.0.0"]),
        ("ios@1.5.0", []),
        ("abc", []),
    ],
)
def test_what_comes_before_is_of_the_lineage_and_backports_are_passed_over(
    acme: Releases, versions: dict[str, Release], version: str, before: list[str]
) -> None:
    [web] = acme.ids("web")
    found = lineage.before(acme.connection, versions[version], web, limit=9)
    assert [release.version for release in found] == before
    previous = lineage.previous(acme.connection, versions[version], [web])
    assert [previous.version if previous else None] == (before[:1] or [None])
    assert lineage.neighbours(acme.connection, versions[version], [web])[0] == previous


@pytest.mark.parametrize(
    ("version", "after"),
    [
        ("web@1.0.0", "web@1.0.1"),
        ("web@1.0.1", "web@3.1.0"),
        ("web@2.0.0", "web@3.0.0"),
        ("web@3.1.0", None),
        ("ios@1.5.0", None),
    ],
)
def test_the_next_after_is_the_first_that_holds_it(
    acme: Releases, versions: dict[str, Release], version: str, after: str | None
) -> None:
    [web] = acme.ids("web")
    release = versions[version]
    found = lineage.next_after(acme.connection, [(web, release)], without=[release.id])
    assert {key: it.version for key, it in found.items()} == (
        {(web, release.id): after} if after else {}
    )


def test_the_next_after_of_several_are_found_at_once(
    acme: Releases, versions: dict[str, Release]
) -> None:
    [web] = acme.ids("web")
    other = acme.add("def", 9, status=ReleaseStatus.ARCHIVED)
    one, two, three = (versions[name] for name in ("web@2.0.0", "abc", "web@3.0.0"))
    places = [(web, one), (web, two)]
    found = lineage.next_after(acme.connection, places, without=[one.id, two.id, three.id])
    assert found == {(web, one.id): versions["web@3.1.0"], (web, two.id): other}
