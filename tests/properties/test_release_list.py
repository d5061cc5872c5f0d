"""Walking through a list, in any order, with any filter, by pages of any size, meets what a sort in memory says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from factories import World, record_event
from fuzzing import examples
from hypothesis import HealthCheck, settings
from hypothesis import given as given_any
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from shipmark.http.pagination import release_cursor
from shipmark.http.pagination.offset import Cursor, PageRequest, parse_page
from shipmark.infrastructure.database import Database
from shipmark.projects import store as project_store
from shipmark.releases import versions
from shipmark.releases.model import (
    ListRow,
    NewRelease,
    Position,
    Release,
    ReleaseFilter,
    ReleaseSort,
    ReleaseStatus,
)
from shipmark.releases.search import parse
from shipmark.releases.store import list_query, projects, releases

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
NAMES = ("web", "mobile", "tools")

numbers = st.integers(0, 11)
suffixes = st.sampled_from(["", "", "-alpha", "-alpha.2", "-alpha.10", "-1", "+7", "+12", "+x"])
names = st.one_of(
    st.builds("{}@{}.{}{}".format, st.sampled_from(["web", "ios"]), numbers, numbers, suffixes),
    st.builds("build-{}".format, numbers),
)
made = st.lists(
    st.tuples(
        names,
        st.integers(0, 3),
        st.sampled_from(list(ReleaseStatus)),
        st.sets(st.sampled_from(NAMES), min_size=1),
        st.booleans(),
    ),
    max_size=14,
    unique_by=lambda it: it[0],
)
SECOND = versions.parse_version("2.0")
assert SECOND is not None

queries = st.sampled_from(
    [
        "",
        "",
        "web",
        "release.package:web",
        "release.version:>=2.0",
        "release.version:>=web@2.0",
        "release.build:<100",
    ]
)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


def settle(connection: Connection, world: World, given: list[tuple]) -> list[tuple]:  # type: ignore[type-arg]
    """Make the releases; gives each with its projects and whether it was seen in production."""
    connection.execute(delete(releases.releases))
    acme = world.organizations["acme"]
    place = project_store.ensure_environment(connection, acme, "production").id
    found = []
    for name, hours, status, owners, is_seen in given:
        at = NOW + timedelta(hours=hours)
        new = NewRelease(version=name, created_at=at, status=status)
        release, _ = releases.ensure(connection, acme, new)
        ids = sorted(world.projects[owner] for owner in owners)
        projects.attach(connection, release, ids)
        if is_seen:
            for project_id in ids:
                record_event(connection, release, project_id, place, at)
        found.append((release, ids, is_seen))
    return found


def expected(known: list[tuple], given: ReleaseFilter, sort: ReleaseSort) -> list[tuple[int, int]]:  # type: ignore[type-arg]
    """The (release, project) pairs, by sorting in memory; the project is 0 unless the list is flat."""
    rows = []
    for release, ids, is_seen in known:
        if given.status not in {None, release.status}:
            continue
        if given.environment_ids is not None and not is_seen:
            continue
        if not meets(release, given) or (sort is ReleaseSort.BUILD and build(release) is None):
            continue
        shown = [it for it in ids if it in given.project_ids]
        pairs = shown if given.per_project else shown[:1]
        rows += [(key(release, sort), release, it if given.per_project else 0) for it in pairs]
    rows.sort(key=lambda it: (it[0], it[1].created_at, it[1].id, -it[2]), reverse=True)
    return [(release.id, project_id) for _, release, project_id in rows]


def build(release: Release) -> int | None:
    return versions.semver_columns(release.version).build_number


def key(release: Release, sort: ReleaseSort) -> object:
    match sort:
        case ReleaseSort.SEMVER:
            name = versions.parse(release.version)
            version = name.version if name else None
            return (1, *version.precedence[:3]) if version else (0,)
        case ReleaseSort.BUILD:
            return build(release)
        case _:
            return release.created_at


def meets(release: Release, given: ReleaseFilter) -> bool:
    name = versions.parse(release.version)
    assert name is not None
    version = name.version
    match given.search.texts, given.search.terms:
        case (text,), _:
            return text in release.version
        case _, ():
            return True
    term = given.search.terms[0]
    number = build(release)
    return {
        "PackageTerm": name.package == "web" and version is not None,
        "VersionTerm": version is not None
        and version.precedence[:3] >= SECOND.precedence[:3]
        and getattr(term, "package", None) in {None, name.package},
        "BuildNumberTerm": number is not None and number < 100,
    }[type(term).__name__]


def walk(
    connection: Connection, given: ReleaseFilter, sort: ReleaseSort, size: int
) -> tuple[list[ListRow], list[ListRow]]:
    """All releases by following the cursors, forward, and then backwards."""
    page = parse_page(str(size), None, is_counted=False)
    there: list[ListRow] = []
    while True:
        rows, links = turn(connection, given, sort, page)
        there += rows
        if not links.has_next:
            break
        page = follow(size, links.next)
    back = list(rows)
    while links.has_previous:
        rows, links = turn(connection, given, sort, follow(size, links.previous))
        back = [*rows, *back]
    return there, back


def follow(size: int, cursor: Cursor) -> PageRequest:
    return parse_page(str(size), str(cursor), is_counted=False)


def turn(connection: Connection, given: ReleaseFilter, sort: ReleaseSort, page: PageRequest):  # type: ignore[no-untyped-def]
    beyond = release_cursor.position_of(page, sort, per_project=given.per_project)
    back = page.cursor is not None and page.cursor.is_previous
    rows = list_query.page(
        connection, given, sort, limit=page.limit, after=beyond, is_backwards=back
    )
    return release_cursor.links(rows, page, sort)


def pairs(rows: list[ListRow]) -> list[tuple[int, int]]:
    return [(row.release.id, row.project_id or 0) for row in rows]


@given_any(
    given=made,
    sort=st.sampled_from([ReleaseSort.DATE, ReleaseSort.SEMVER, ReleaseSort.BUILD]),
    status=st.sampled_from([None, ReleaseStatus.OPEN]),
    chosen=st.sets(st.sampled_from(NAMES), min_size=1),
    per_project=st.booleans(),
    by_environment=st.booleans(),
    query=queries,
    size=st.integers(1, 5),
)
@settings(
    max_examples=examples(50),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_walk_meets_every_release_once_in_order(
    connection: Connection,
    world: World,
    given: list[tuple],  # type: ignore[type-arg]
    sort: ReleaseSort,
    status: ReleaseStatus | None,
    chosen: set[str],
    per_project: bool,
    by_environment: bool,
    query: str,
    size: int,
) -> None:
    known = settle(connection, world, given)
    acme = world.organizations["acme"]
    place = project_store.ensure_environment(connection, acme, "production").id
    asked = ReleaseFilter(
        organization_id=acme,
        project_ids=tuple(sorted(world.projects[name] for name in chosen)),
        per_project=per_project,
        covers_all_projects=chosen == set(NAMES),
        status=status,
        search=parse(query, NOW),
        environment_ids=(place,) if by_environment else None,
    )
    there, back = walk(connection, asked, sort, size)
    assert pairs(there) == expected(known, asked, sort)
    assert back == there


@given_any(given=made, size=st.integers(1, 4))
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_many_projects_are_listed_like_few(
    connection: Connection,
    world: World,
    given: list[tuple],
    size: int,  # type: ignore[type-arg]
) -> None:
    known = settle(connection, world, given)
    unknown = range(10_000, 10_000 + list_query.INDEX_RANGES_MAX)
    for per_project in (False, True):
        asked = ReleaseFilter(
            organization_id=world.organizations["acme"],
            project_ids=(world.projects["web"], world.projects["mobile"], *unknown),
            per_project=per_project,
        )
        there, back = walk(connection, asked, ReleaseSort.DATE, size)
        assert pairs(there) == expected(known, asked, ReleaseSort.DATE)
        assert back == there


@given_any(names, names)
def test_sort_keys_order_like_versions(left: str, right: str) -> None:
    one, other = versions.parse(left), versions.parse(right)
    assert one is not None
    assert other is not None
    if one.version is None or other.version is None:
        return
    said = one.version.sort_key > other.version.sort_key
    assert said == (one.version.precedence[:3] > other.version.precedence[:3])


@given_any(
    st.datetimes(timezones=st.just(UTC)),
    st.text("abc019~- .", max_size=40),
    st.integers(1, 2**62),
    st.one_of(st.none(), st.integers(1, 2**31)),
)
def test_a_position_survives_its_cursor(
    at: datetime, text: str, release_id: int, project_id: int | None
) -> None:
    keys = {ReleaseSort.DATE: at, ReleaseSort.SEMVER: text, ReleaseSort.BUILD: release_id}
    for sort, it in keys.items():
        position = Position(key=it, created_at=at, release_id=release_id, project_id=project_id)
        cursor = release_cursor.cursor_of(position, sort)
        page = parse_page("1", str(cursor), is_counted=False)
        assert (
            release_cursor.position_of(page, sort, per_project=project_id is not None) == position
        )
