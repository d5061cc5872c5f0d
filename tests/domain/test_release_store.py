"""What is kept of releases: their projects, commits, environments, and what happened to them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from factories import ALICE, World, counts, record_event
from sqlalchemy import Connection

from shipmark.infrastructure.database import Database
from shipmark.projects import store as project_store
from shipmark.releases.model import (
    NewRelease,
    Position,
    Release,
    ReleaseActivity,
    ReleaseActivityType,
    ReleaseFilter,
    ReleaseRef,
    ReleaseSort,
    ReleaseStatus,
    SeenRange,
)
from shipmark.releases.search import Search, parse
from shipmark.releases.store import (
    activity,
    commits,
    environments,
    list_query,
    list_statement,
    locks,
    projects,
    releases,
)
from shipmark.releases.store.search_conditions import conditions_of
from shipmark.repositories import actions as repositories
from shipmark.repositories.model import CommitInput

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

Make = Callable[..., Release]


@pytest.fixture
def make(connection: Connection, world: World) -> Make:
    """Make a release of project web, or of another."""

    def made(version: str, project: str = "web", hours: int = 0, **more: object) -> Release:
        organization = world.organizations["globex" if "/" in project else "acme"]
        new = NewRelease(version=version, created_at=NOW + hours * HOUR, **more)  # type: ignore[arg-type]
        release, _ = releases.ensure(connection, organization, new)
        projects.attach(connection, release, [world.projects[project]])
        return release

    return made


def commit_ids(connection: Connection, organization_id: int, *keys: str) -> list[int]:
    given = [CommitInput(sha=key, repository="acme/web") for key in keys]
    return [
        it.commit_id for it in repositories.upsert_commits(connection, organization_id, given, NOW)
    ]


def with_commits(connection: Connection, release: Release) -> Release:
    (last,) = commit_ids(connection, release.organization_id, "a" * 40)
    return releases.record_commits(connection, release, count=1, last_commit_id=last, author_ids=[])


def listed(
    connection: Connection,
    wanted: ReleaseFilter,
    sort: ReleaseSort = ReleaseSort.DATE,
    *,
    limit: int = 9,
    offset: int = 0,
) -> list[str]:
    rows = list_query.page(connection, wanted, sort, limit=limit, offset=offset)
    return [row.release.version for row in rows]


def test_a_release_is_made_with_all_that_is_given(
    connection: Connection, world: World, acme: int
) -> None:
    new = NewRelease(
        version="web@1.0.0",
        created_at=NOW,
        status=ReleaseStatus.ARCHIVED,
        ref="main",
        url="https://example.com",
        owner_id=world.users[ALICE],
        released_at=NOW + HOUR,
        user_agent="curl",
    )
    made, is_new = releases.ensure(connection, acme, new)
    assert is_new
    for name in new.__slots__:
        assert getattr(made, name) == getattr(new, name)


def test_a_new_release_holds_nothing(make: Make) -> None:
    made = make("1")
    assert (made.commit_count, made.last_commit_id, made.author_ids) == (0, None, ())
    assert (made.deploy_count, made.last_deploy_id) == (0, None)


def test_of_a_known_release_only_the_version_counts(connection: Connection, make: Make) -> None:
    made = make("1", ref="main")
    other = NewRelease(version="1", created_at=NOW + HOUR, ref="other")
    assert releases.ensure(connection, made.organization_id, other) == (made, False)


def test_organizations_have_their_own_releases(connection: Connection, make: Make) -> None:
    mine, theirs = make("1"), make("1", "globex/web")
    assert mine.id != theirs.id
    assert releases.by_version(connection, theirs.organization_id, "1") == theirs


@pytest.mark.parametrize("version", ["WEB@1", "web@1 ", "web", ""])
def test_a_version_is_found_exactly(
    connection: Connection, acme: int, make: Make, version: str
) -> None:
    make("web@1")
    assert releases.by_version(connection, acme, version) is None


def test_releases_are_found_by_ids(connection: Connection, make: Make) -> None:
    one, two, _ = make("1"), make("2"), make("3")
    assert releases.by_ids(connection, [one.id, two.id, 999]) == {one.id: one, two.id: two}
    assert releases.by_ids(connection, []) == {}


def test_a_locked_release_is_told_as_it_is_now(connection: Connection, make: Make) -> None:
    made = make("1")
    changed = releases.change(connection, made, ref="main")
    assert locks.lock(connection, made.id) == changed
    assert locks.lock(connection, 999) is None


def test_only_what_is_given_changes(connection: Connection, make: Make) -> None:
    made = make("1", ref="main", url="https://example.com")
    changed = releases.change(connection, made, ref="other", released_at=NOW + HOUR)
    assert (changed.ref, changed.url) == ("other", "https://example.com")
    assert (changed.released_at, changed.status) == (NOW + HOUR, ReleaseStatus.OPEN)
    assert releases.by_ids(connection, [made.id])[made.id] == changed


def test_a_release_may_be_archived(connection: Connection, make: Make) -> None:
    changed = releases.change(connection, make("1"), status=ReleaseStatus.ARCHIVED)
    assert changed.status is ReleaseStatus.ARCHIVED


def test_nothing_changes_where_nothing_is_given(connection: Connection, make: Make) -> None:
    made = make("1")
    assert releases.change(connection, made) is made


def test_authors_keep_their_order(connection: Connection, make: Make) -> None:
    changed = releases.record_commits(
        connection, make("1"), count=3, last_commit_id=7, author_ids=[9, 2, 5]
    )
    assert (changed.commit_count, changed.last_commit_id) == (3, 7)
    assert changed.author_ids == (9, 2, 5)


def test_deploys_are_counted(connection: Connection, make: Make) -> None:
    made = make("1")
    for deploy_id in (5, 6):
        releases.record_deploy(connection, made.id, deploy_id)
    now = releases.by_ids(connection, [made.id])[made.id]
    assert (now.deploy_count, now.last_deploy_id) == (2, 6)


def test_a_removed_release_leaves_its_commits(
    database: Database, connection: Connection, acme: int, make: Make
) -> None:
    made = with_commits(connection, make("1"))
    releases.remove(connection, [made.id])
    assert releases.by_version(connection, acme, "1") is None
    assert projects.of_releases(connection, [made.id]) == {}
    connection.commit()
    assert counts(database)["commits"] == 1


def test_a_release_is_attached_once(connection: Connection, world: World, make: Make) -> None:
    made = make("1")
    web, mobile, tools, _ = world.projects.values()
    assert projects.attach(connection, made, [tools, web, mobile]) == {mobile, tools}
    assert projects.attach(connection, made, [tools, web, mobile]) == set()
    assert projects.attach(connection, made, []) == set()
    found = projects.of_releases(connection, [made.id])[made.id]
    assert [it.project_id for it in found] == [web, mobile, tools]


def test_new_issues_are_counted_in_one_project(
    connection: Connection, world: World, web: int, make: Make
) -> None:
    made = make("1")
    projects.attach(connection, made, [world.projects["mobile"]])
    for _ in range(2):
        projects.count_new_issues(connection, {(made.id, web): 1})
    found = projects.of_releases(connection, [made.id])[made.id]
    assert [it.new_issue_count for it in found] == [2, 0]


@pytest.mark.parametrize(
    ("more", "versions"),
    [
        ({}, ["web@2", "web@1"]),
        ({"status": None}, ["web@3", "web@2", "web@1"]),
        ({"status": ReleaseStatus.ARCHIVED}, ["web@3"]),
        ({"search": Search(texts=("WEB@1",))}, ["web@1"]),
        ({"search": Search(texts=("2",))}, ["web@2"]),
        ({"search": Search(texts=("%",))}, []),
        ({"search": Search(texts=("_",))}, []),
        ({"created_from": NOW + HOUR}, ["web@2", "web@1"]),
        ({"created_from": NOW + 2 * HOUR}, ["web@2"]),
        ({"created_to": NOW + HOUR}, ["web@1"]),
        ({"shipped_from": NOW + 2 * HOUR}, ["web@2"]),
        ({"shipped_from": NOW + 2 * HOUR, "status": None}, ["web@3", "web@2"]),
        ({"created_from": NOW + HOUR, "created_to": NOW + HOUR}, ["web@1"]),
        ({"environment_ids": ()}, []),
    ],
)
def test_which_releases_pass_a_filter(
    connection: Connection,
    acme: int,
    web: int,
    make: Make,
    more: dict[str, object],
    versions: list[str],
) -> None:
    make("web@1", hours=1)
    make("web@2", hours=2)
    make("web@3", hours=3, status=ReleaseStatus.ARCHIVED)
    make("tools@1", "tools", hours=4)
    given = ReleaseFilter(organization_id=acme, project_ids=(web,), **more)  # type: ignore[arg-type]
    for sort in (ReleaseSort.DATE, ReleaseSort.EFFECTIVE_DATE):
        assert listed(connection, given, sort) == versions


def test_a_filter_without_projects_lets_nothing_pass(
    connection: Connection, acme: int, make: Make
) -> None:
    make("1")
    given = ReleaseFilter(organization_id=acme, project_ids=())
    assert listed(connection, given) == []


def test_a_statement_is_composed_once_whatever_its_values(
    connection: Connection, acme: int, world: World, make: Make
) -> None:
    web, mobile = world.projects["web"], world.projects["mobile"]
    names = [f"web@{number}" for number in range(6)]
    known = [make(name, hours=hours) for hours, name in enumerate(names)]

    def after(release: Release, project_id: int, limit: int) -> list[str]:
        position = Position(
            key=release.created_at, created_at=release.created_at, release_id=release.id
        )
        wanted = ReleaseFilter(organization_id=acme, project_ids=(project_id,))
        rows = list_query.page(connection, wanted, ReleaseSort.DATE, limit=limit, after=position)
        return [row.release.version for row in rows]

    assert after(known[5], web, 2) == ["web@4", "web@3"]
    composed = list_statement.statement_of.cache_info().misses
    assert after(known[3], web, 1) == ["web@2"]
    assert after(known[3], mobile, 3) == []
    assert list_statement.statement_of.cache_info().misses == composed


@pytest.mark.parametrize(
    ("first", "second", "versions"),
    [
        ("web@1.0", "web@2.0", ["web@2.0.0+7"]),
        ("WEB@1%", "wEB@1", ["web@1.0.0+5"]),
        ("release:web@1.0.0+5", "release:web@2.0.0+7", ["web@2.0.0+7"]),
        ("release:*1.0.0*", "release:web@*", ["web@2.0.0+7", "web@1.0.0+5"]),
        ("release:[a,b]", "release:[app@3.0.0,b]", ["app@3.0.0"]),
        ("release.package:web", "release.package:app", ["app@3.0.0"]),
        ("!release.package:web", "!release.package:app", ["web@2.0.0+7", "web@1.0.0+5"]),
        ("release.version:1.0.0", "release.version:2.0.0", ["web@2.0.0+7"]),
        (
            "release.version:>web@1.0.0",
            "release.version:>web@0.9.0",
            ["web@2.0.0+7", "web@1.0.0+5"],
        ),
        ("release.version:1.*", "release.version:3.*", ["app@3.0.0"]),
        ("release.build:5", "release.build:7", ["web@2.0.0+7"]),
        ("release.build:>6", "release.build:>4", ["web@2.0.0+7", "web@1.0.0+5"]),
    ],
)
def test_searches_of_one_form_are_one_statement_with_values_of_their_own(
    connection: Connection,
    acme: int,
    web: int,
    make: Make,
    first: str,
    second: str,
    versions: list[str],
) -> None:
    for hours, version in enumerate(["web@1.0.0+5", "web@2.0.0+7", "app@3.0.0"]):
        make(version, hours=hours)

    def search_for(query: str) -> ReleaseFilter:
        terms = parse(query, now=NOW)
        return ReleaseFilter(organization_id=acme, project_ids=(web,), search=terms)

    listed(connection, search_for(first))
    composed = list_statement.statement_of.cache_info().misses
    assert listed(connection, search_for(second)) == versions
    assert list_statement.statement_of.cache_info().misses == composed
    for up_to in (1, 9):
        count = list_query.count(connection, search_for(second), ReleaseSort.DATE, up_to=up_to)
        assert count == min(len(versions), up_to)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("web", "wéb"),
        ("release:web", "release:web*"),
        ("release:web", "!release:web"),
        ("release.version:1.0.0", "release.version:>1.0.0"),
        ("release.version:1.0.0", "release.version:web@1.0.0"),
        ("release.version:1.0.0", "release.version:1.*"),
        ("release.version:1.0.0", "!release.version:1.0.0"),
        ("release.build:1", "release.build:>1"),
        ("release.build:>1", "release.build:<=1"),
        ("finalized:true", "finalized:false"),
        ("release.package:web", "!release.package:web"),
        ("release.build:1", "release.build:1 finalized:true"),
    ],
)
def test_searches_of_other_forms_have_other_conditions(first: str, second: str) -> None:
    texts = {
        conditions_of(parse(query, now=NOW), is_by_version=False).text for query in (first, second)
    }
    assert len(texts) == 2


def test_a_release_of_two_projects_is_listed_once(
    connection: Connection, world: World, acme: int, make: Make
) -> None:
    made = make("1")
    projects.attach(connection, made, world.projects.values())
    given = ReleaseFilter(organization_id=acme, project_ids=tuple(world.projects.values()))
    assert listed(connection, given) == [made.version]


def test_releases_are_listed_by_the_environments_of_the_named_projects(
    connection: Connection, world: World, acme: int, web: int, make: Make
) -> None:
    place = project_store.ensure_environment(connection, acme, "production").id
    seen, deployed, _ = make("seen", hours=2), make("deployed", hours=1), make("neither")
    elsewhere = make("elsewhere")
    record_event(connection, seen, web, place, NOW)
    environments.record_deploy(connection, deployed, [web], place, 1)
    record_event(connection, elsewhere, world.projects["mobile"], place, NOW)
    given = ReleaseFilter(organization_id=acme, project_ids=(web,), environment_ids=(place,))
    assert listed(connection, given) == ["seen", "deployed"]


def test_pages_follow_each_other(connection: Connection, acme: int, web: int, make: Make) -> None:
    for version in "12345":
        make(version)
    given = ReleaseFilter(organization_id=acme, project_ids=(web,))
    for sort in (ReleaseSort.DATE, ReleaseSort.EFFECTIVE_DATE):
        pages = [listed(connection, given, sort, limit=2, offset=it) for it in (0, 2, 4, 6)]
        assert pages == [["5", "4"], ["3", "2"], ["1"], []]


def test_a_release_ships_when_it_is_finalized(
    connection: Connection, acme: int, web: int, make: Make
) -> None:
    make("late", hours=1, released_at=NOW + 9 * HOUR)
    make("created", hours=5)
    make("early", hours=8, released_at=NOW)
    given = ReleaseFilter(organization_id=acme, project_ids=(web,))
    assert listed(connection, given, ReleaseSort.EFFECTIVE_DATE) == ["late", "created", "early"]


def test_the_newest_versions_are_of_open_releases_of_the_project(
    connection: Connection, web: int, make: Make
) -> None:
    for number in range(4):
        make(f"web@{number}", hours=number)
    make("archived", hours=9, status=ReleaseStatus.ARCHIVED)
    make("tools", "tools", hours=9)
    assert releases.newest_versions(connection, web, 3) == ["web@3", "web@2", "web@1"]


def test_the_previous_release_with_commits_skips_those_without(
    connection: Connection, make: Make
) -> None:
    before = with_commits(connection, make("1", hours=1))
    make("2", hours=2)
    with_commits(connection, make("newer", hours=4))
    with_commits(connection, make("elsewhere", "tools", hours=2))
    assert releases.previous_with_commits(connection, make("3", hours=3)) == before


def test_the_previous_release_with_commits_may_be_the_release_itself(
    connection: Connection, make: Make
) -> None:
    with_commits(connection, make("1", hours=1))
    itself = with_commits(connection, make("2", hours=2))
    assert releases.previous_with_commits(connection, itself) == itself


def test_there_may_be_no_previous_release_with_commits(connection: Connection, make: Make) -> None:
    assert releases.previous_with_commits(connection, make("1")) is None


def test_commits_are_told_newest_first(connection: Connection, acme: int, make: Make) -> None:
    made = make("1")
    ids = commit_ids(connection, acme, "c", "a", "b")
    commits.bind(connection, made.id, [*ids, ids[0]])
    found = commits.page_of(connection, made.id, limit=9, offset=0)
    assert [(place, it.sha) for place, it in found] == [(0, "c"), (1, "a"), (2, "b")]


def test_pages_of_commits_go_both_ways(connection: Connection, acme: int, make: Make) -> None:
    made = make("1")
    commits.bind(connection, made.id, commit_ids(connection, acme, *"abcde"))
    after = commits.page_of(connection, made.id, limit=2, offset=0, from_position=2)
    before = commits.page_before(connection, made.id, limit=2, position=4)
    assert [it.sha for _, it in after] == ["c", "d"]
    assert [it.sha for _, it in before] == ["d", "c"]


def test_a_cleared_release_holds_no_commits(connection: Connection, acme: int, make: Make) -> None:
    made, other = make("1"), make("2")
    ids = commit_ids(connection, acme, "a")
    for release in (made, other):
        commits.bind(connection, release.id, ids)
    commits.clear(connection, made.id)
    assert commits.page_of(connection, made.id, limit=9, offset=0) == []
    assert commits.releases_of(connection, ids) == {
        ids[0]: [ReleaseRef(other.version, None, None, None, other.created_at)]
    }


def test_heads_are_kept_replaced_and_cleared(connection: Connection, acme: int, make: Make) -> None:
    made = make("1")
    one, two = commit_ids(connection, acme, "a", "b")
    repository = repositories.ensure_repositories(connection, acme, ["acme/web"], NOW)["acme/web"]

    def heads() -> list[int]:
        return [row.commit_id for row in connection.execute(commits.release_heads.select())]

    assert heads() == []
    commits.ensure_heads(connection, made.id, {repository: one})
    commits.ensure_heads(connection, made.id, {repository: two})
    assert heads() == [one]
    commits.set_heads(connection, made.id, {repository: two})
    assert heads() == [two]
    commits.clear_heads(connection, made.id)
    assert heads() == []


def seen_of(
    connection: Connection, release: Release, places: list[int] | None = None
) -> dict[int, SeenRange | None]:
    found = environments.seen(connection, [release.id], places)
    return {it.project_id: it.seen for it in found[release.id]}


def test_a_release_is_seen_from_its_first_event_to_its_last(
    connection: Connection, acme: int, web: int, make: Make
) -> None:
    made = make("1")
    place = project_store.ensure_environment(connection, acme, "").id
    for hours in (1, 3, 2):
        record_event(connection, made, web, place, NOW + hours * HOUR)
    assert seen_of(connection, made) == {
        web: SeenRange(first_at=NOW + HOUR, last_at=NOW + 3 * HOUR)
    }


def test_a_release_is_seen_in_each_of_its_projects(
    connection: Connection, world: World, acme: int, web: int, make: Make
) -> None:
    made = make("1")
    mobile, tools = world.projects["mobile"], world.projects["tools"]
    projects.attach(connection, made, [mobile, tools])
    places = [project_store.ensure_environment(connection, acme, name).id for name in "ab"]
    record_event(connection, made, web, places[0], NOW)
    later = NOW + 2 * HOUR
    record_event(connection, made, mobile, places[1], later)
    here, there = SeenRange(first_at=NOW, last_at=NOW), SeenRange(first_at=later, last_at=later)
    assert seen_of(connection, made) == {web: here, mobile: there, tools: None}
    assert seen_of(connection, made, [places[1]]) == {web: None, mobile: there, tools: None}
    assert seen_of(connection, made, []) == dict.fromkeys((web, mobile, tools))


def test_a_deploy_is_no_event(connection: Connection, acme: int, web: int, make: Make) -> None:
    made = make("1")
    place = project_store.ensure_environment(connection, acme, "").id
    environments.record_deploy(connection, made, [web], place, 1)
    assert seen_of(connection, made) == {web: SeenRange()}
    record_event(connection, made, web, place, NOW)
    environments.record_deploy(connection, made, [web], place, 2)
    assert seen_of(connection, made) == {web: SeenRange(first_at=NOW, last_at=NOW)}
    row = connection.execute(environments.release_environments.select()).one()
    assert row.last_deploy_id == 2


def test_new_issues_are_counted_in_an_environment(
    connection: Connection, acme: int, web: int, make: Make
) -> None:
    made = make("1")
    for name in ("production", "staging"):
        place = project_store.ensure_environment(connection, acme, name).id
        record_event(connection, made, web, place, NOW)
    environments.count_new_issues(connection, {(made.id, web, place): 1})
    table = environments.release_environments
    found = connection.execute(table.select().order_by(table.c.environment_id)).all()
    assert [it.new_issue_count for it in found] == [0, 1]


def test_a_release_that_was_never_seen_has_no_moments(
    connection: Connection, web: int, make: Make
) -> None:
    made = make("1")
    assert seen_of(connection, made) == {web: None}
    assert environments.seen(connection, []) == {}


def test_what_happened_outlives_its_release(
    connection: Connection, world: World, acme: int, web: int, make: Make
) -> None:
    made = make("1")
    happened = [
        ReleaseActivity(
            project_id=web,
            type=kind,
            version="1",
            at=NOW + hours * HOUR,
            user_id=world.users[ALICE],
            details={"environment": "é"},
        )
        for hours, kind in enumerate(ReleaseActivityType)
    ]
    activity.add(connection, acme, happened)
    activity.add(connection, acme, [])
    releases.remove(connection, [made.id])
    assert activity.of_version(connection, acme, "1", limit=9) == happened[::-1]
    assert activity.of_version(connection, acme, "1", limit=1) == happened[-1:]
    assert activity.of_version(connection, acme, "2", limit=9) == []
