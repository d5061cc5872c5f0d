"""What is kept of releases: their projects, commits, environments, and what happened to them."""

import pytest
from factories import ALICE, World, counts, record_event
from made_releases import HOUR, NOW, MakeRelease, commit_ids, with_commits
from sqlalchemy import Connection

from shipmark.infrastructure.database import Database
from shipmark.projects import store as project_store
from shipmark.releases.model import (
    NewRelease,
    Release,
    ReleaseActivity,
    ReleaseActivityType,
    ReleaseRef,
    ReleaseStatus,
    SeenRange,
)
from shipmark.releases.store import (
    activity,
    commits,
    environments,
    locks,
    projects,
    releases,
)
from shipmark.repositories import actions as repositories


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


def test_a_new_release_holds_nothing(make_release: MakeRelease) -> None:
    made = make_release("1")
    assert (made.commit_count, made.last_commit_id, made.author_ids) == (0, None, ())
    assert (made.deploy_count, made.last_deploy_id) == (0, None)


def test_of_a_known_release_only_the_version_counts(
    connection: Connection, make_release: MakeRelease
) -> None:
    made = make_release("1", ref="main")
    other = NewRelease(version="1", created_at=NOW + HOUR, ref="other")
    assert releases.ensure(connection, made.organization_id, other) == (made, False)


def test_organizations_have_their_own_releases(
    connection: Connection, make_release: MakeRelease
) -> None:
    mine, theirs = make_release("1"), make_release("1", "globex/web")
    assert mine.id != theirs.id
    assert releases.by_version(connection, theirs.organization_id, "1") == theirs


@pytest.mark.parametrize("version", ["WEB@1", "web@1 ", "web", ""])
def test_a_version_is_found_exactly(
    connection: Connection, acme: int, make_release: MakeRelease, version: str
) -> None:
    make_release("web@1")
    assert releases.by_version(connection, acme, version) is None


def test_releases_are_found_by_ids(connection: Connection, make_release: MakeRelease) -> None:
    one, two, _ = make_release("1"), make_release("2"), make_release("3")
    assert releases.by_ids(connection, [one.id, two.id, 999]) == {one.id: one, two.id: two}
    assert releases.by_ids(connection, []) == {}


def test_a_locked_release_is_told_as_it_is_now(
    connection: Connection, make_release: MakeRelease
) -> None:
    made = make_release("1")
    changed = releases.change(connection, made, ref="main")
    assert locks.lock(connection, made.id) == changed
    assert locks.lock(connection, 999) is None


def test_only_what_is_given_changes(connection: Connection, make_release: MakeRelease) -> None:
    made = make_release("1", ref="main", url="https://example.com")
    changed = releases.change(connection, made, ref="other", released_at=NOW + HOUR)
    assert (changed.ref, changed.url) == ("other", "https://example.com")
    assert (changed.released_at, changed.status) == (NOW + HOUR, ReleaseStatus.OPEN)
    assert releases.by_ids(connection, [made.id])[made.id] == changed


def test_a_release_may_be_archived(connection: Connection, make_release: MakeRelease) -> None:
    changed = releases.change(connection, make_release("1"), status=ReleaseStatus.ARCHIVED)
    assert changed.status is ReleaseStatus.ARCHIVED


def test_nothing_changes_where_nothing_is_given(
    connection: Connection, make_release: MakeRelease
) -> None:
    made = make_release("1")
    assert releases.change(connection, made) is made


def test_authors_keep_their_order(connection: Connection, make_release: MakeRelease) -> None:
    changed = releases.record_commits(
        connection, make_release("1"), count=3, last_commit_id=7, author_ids=[9, 2, 5]
    )
    assert (changed.commit_count, changed.last_commit_id) == (3, 7)
    assert changed.author_ids == (9, 2, 5)


def test_deploys_are_counted(connection: Connection, make_release: MakeRelease) -> None:
    made = make_release("1")
    for deploy_id in (5, 6):
        releases.record_deploy(connection, made.id, deploy_id)
    now = releases.by_ids(connection, [made.id])[made.id]
    assert (now.deploy_count, now.last_deploy_id) == (2, 6)


def test_a_removed_release_leaves_its_commits(
    database: Database, connection: Connection, acme: int, make_release: MakeRelease
) -> None:
    made = with_commits(connection, make_release("1"))
    releases.remove(connection, [made.id])
    assert releases.by_version(connection, acme, "1") is None
    assert projects.of_releases(connection, [made.id]) == {}
    connection.commit()
    assert counts(database)["commits"] == 1


def test_a_release_is_attached_once(
    connection: Connection, world: World, make_release: MakeRelease
) -> None:
    made = make_release("1")
    web, mobile, tools, _ = world.projects.values()
    assert projects.attach(connection, made, [tools, web, mobile]) == {mobile, tools}
    assert projects.attach(connection, made, [tools, web, mobile]) == set()
    assert projects.attach(connection, made, []) == set()
    found = projects.of_releases(connection, [made.id])[made.id]
    assert [it.project_id for it in found] == [web, mobile, tools]


def test_new_issues_are_counted_in_one_project(
    connection: Connection, world: World, web: int, make_release: MakeRelease
) -> None:
    made = make_release("1")
    projects.attach(connection, made, [world.projects["mobile"]])
    for _ in range(2):
        projects.count_new_issues(connection, {(made.id, web): 1})
    found = projects.of_releases(connection, [made.id])[made.id]
    assert [it.new_issue_count for it in found] == [2, 0]


def test_the_newest_versions_are_of_open_releases_of_the_project(
    connection: Connection, web: int, make_release: MakeRelease
) -> None:
    for number in range(4):
        make_release(f"web@{number}", hours=number)
    make_release("archived", hours=9, status=ReleaseStatus.ARCHIVED)
    make_release("tools", "tools", hours=9)
    assert releases.newest_versions(connection, web, 3) == ["web@3", "web@2", "web@1"]


def test_the_previous_release_with_commits_skips_those_without(
    connection: Connection, make_release: MakeRelease
) -> None:
    before = with_commits(connection, make_release("1", hours=1))
    make_release("2", hours=2)
    with_commits(connection, make_release("newer", hours=4))
    with_commits(connection, make_release("elsewhere", "tools", hours=2))
    assert releases.previous_with_commits(connection, make_release("3", hours=3)) == before


def test_the_previous_release_with_commits_may_be_the_release_itself(
    connection: Connection, make_release: MakeRelease
) -> None:
    with_commits(connection, make_release("1", hours=1))
    itself = with_commits(connection, make_release("2", hours=2))
    assert releases.previous_with_commits(connection, itself) == itself


def test_there_may_be_no_previous_release_with_commits(
    connection: Connection, make_release: MakeRelease
) -> None:
    assert releases.previous_with_commits(connection, make_release("1")) is None


def test_commits_are_told_newest_first(
    connection: Connection, acme: int, make_release: MakeRelease
) -> None:
    made = make_release("1")
    ids = commit_ids(connection, acme, "c", "a", "b")
    commits.bind(connection, made.id, [*ids, ids[0]])
    found = commits.page_of(connection, made.id, limit=9, offset=0)
    assert [(place, it.sha) for place, it in found] == [(0, "c"), (1, "a"), (2, "b")]


def test_pages_of_commits_go_both_ways(
    connection: Connection, acme: int, make_release: MakeRelease
) -> None:
    made = make_release("1")
    commits.bind(connection, made.id, commit_ids(connection, acme, *"abcde"))
    after = commits.page_of(connection, made.id, limit=2, offset=0, from_position=2)
    before = commits.page_before(connection, made.id, limit=2, position=4)
    assert [it.sha for _, it in after] == ["c", "d"]
    assert [it.sha for _, it in before] == ["d", "c"]


def test_a_cleared_release_holds_no_commits(
    connection: Connection, acme: int, make_release: MakeRelease
) -> None:
    made, other = make_release("1"), make_release("2")
    ids = commit_ids(connection, acme, "a")
    for release in (made, other):
        commits.bind(connection, release.id, ids)
    commits.clear(connection, made.id)
    assert commits.page_of(connection, made.id, limit=9, offset=0) == []
    assert commits.releases_of(connection, ids) == {
        ids[0]: [ReleaseRef(other.version, None, None, None, other.created_at)]
    }


def test_heads_are_kept_replaced_and_cleared(
    connection: Connection, acme: int, make_release: MakeRelease
) -> None:
    made = make_release("1")
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
    connection: Connection, acme: int, web: int, make_release: MakeRelease
) -> None:
    made = make_release("1")
    place = project_store.ensure_environment(connection, acme, "").id
    for hours in (1, 3, 2):
        record_event(connection, made, web, place, NOW + hours * HOUR)
    assert seen_of(connection, made) == {
        web: SeenRange(first_at=NOW + HOUR, last_at=NOW + 3 * HOUR)
    }


def test_a_release_is_seen_in_each_of_its_projects(
    connection: Connection, world: World, acme: int, web: int, make_release: MakeRelease
) -> None:
    made = make_release("1")
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


def test_a_deploy_is_no_event(
    connection: Connection, acme: int, web: int, make_release: MakeRelease
) -> None:
    made = make_release("1")
    place = project_store.ensure_environment(connection, acme, "").id
    environments.record_deploy(connection, made, [web], place, 1)
    assert seen_of(connection, made) == {web: SeenRange()}
    record_event(connection, made, web, place, NOW)
    environments.record_deploy(connection, made, [web], place, 2)
    assert seen_of(connection, made) == {web: SeenRange(first_at=NOW, last_at=NOW)}
    row = connection.execute(environments.release_environments.select()).one()
    assert row.last_deploy_id == 2


def test_new_issues_are_counted_in_an_environment(
    connection: Connection, acme: int, web: int, make_release: MakeRelease
) -> None:
    made = make_release("1")
    for name in ("production", "staging"):
        place = project_store.ensure_environment(connection, acme, name).id
        record_event(connection, made, web, place, NOW)
    environments.count_new_issues(connection, {(made.id, web, place): 1})
    table = environments.release_environments
    found = connection.execute(table.select().order_by(table.c.environment_id)).all()
    assert [it.new_issue_count for it in found] == [0, 1]


def test_a_release_that_was_never_seen_has_no_moments(
    connection: Connection, web: int, make_release: MakeRelease
) -> None:
    made = make_release("1")
    assert seen_of(connection, made) == {web: None}
    assert environments.seen(connection, []) == {}


def test_what_happened_outlives_its_release(
    connection: Connection, world: World, acme: int, web: int, make_release: MakeRelease
) -> None:
    made = make_release("1")
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
