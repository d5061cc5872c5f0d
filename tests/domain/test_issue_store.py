"""What is kept of issues: where they were seen, what resolves them, and what happened to them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from factories import ALICE, BOB, World, error_event, statements
from sqlalchemy import Connection, select, update

from shipmark.events import parsing
from shipmark.events.parsing import Event
from shipmark.infrastructure.database import Database
from shipmark.issues import recent_counts
from shipmark.issues.model import (
    HistoryStatus,
    InboxEntry,
    InboxReason,
    Issue,
    IssueActivityType,
    IssueFilter,
    IssueStatus,
    SubscriptionReason,
    Substatus,
)
from shipmark.issues.short_ids import ShortId
from shipmark.issues.store import (
    activity,
    commit_links,
    hashes,
    inbox,
    issue_lists,
    issues,
    named_issues,
    occurrences,
    release_issues,
    resolutions,
)
from shipmark.issues.store.issues import Occurrences
from shipmark.issues.store.occurrences import ReleaseOccurrence
from shipmark.projects import store as projects
from shipmark.releases.model import NewRelease
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store import releases
from shipmark.repositories import actions as repositories
from shipmark.repositories.model import CommitInput

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = NOW + HOUR

Make = Callable[..., Issue]


@pytest.fixture
def make(connection: Connection, world: World) -> Make:
    """Make an issue of project web, or of another of acme."""

    def made(value: str = "boom", project: str = "web", release_id: int | None = None) -> Issue:
        return issues.add(
            connection,
            organization_id=world.organizations["acme"],
            project_id=world.projects[project],
            number=projects.next_short_id(connection, world.projects[project]),
            event=event(value),
            first_release_id=release_id,
        )

    return made


def event(value: str = "boom", at: datetime = NOW, **more: object) -> Event:
    return parsing.read(error_event(value, **more), event_id="e" * 32, received_at=at)


def release(connection: Connection, world: World, version: str, *project_names: str) -> int:
    new = NewRelease(version=version, created_at=NOW)
    made, _ = releases.ensure(connection, world.organizations["acme"], new)
    ids = [world.projects[name] for name in project_names or ("web",)]
    release_projects.attach(connection, made, ids)
    return made.id


def commits(connection: Connection, organization_id: int, *keys: str) -> list[int]:
    given = [
        CommitInput(sha=key, repository="acme/web", author_email=f"{key}@example.com")
        for key in keys
    ]
    return [
        it.commit_id for it in repositories.upsert_commits(connection, organization_id, given, NOW)
    ]


def again(connection: Connection, issue: Issue) -> Issue:
    found = issues.by_id(connection, None, issue.id)
    assert found is not None
    return found


def test_an_issue_is_new_and_was_never_counted(make: Make) -> None:
    made = make()
    assert (made.status, made.substatus) == (IssueStatus.UNRESOLVED, Substatus.NEW)
    assert (made.times_seen, made.user_count, made.resolved_at) == (0, 0, None)
    assert made.first_seen_at == made.last_seen_at == made.active_at == NOW
    assert (made.title, made.number) == ("ValueError: boom", 1)


def test_an_issue_is_found_in_its_own_organization(
    connection: Connection, world: World, make: Make
) -> None:
    made = make()
    acme, globex = world.organizations.values()
    assert (
        issues.by_id(connection, acme, made.id) == issues.by_id(connection, None, made.id) == made
    )
    assert issues.by_id(connection, globex, made.id) is None
    assert named_issues.ids_in_organization(connection, acme, [made.id, 999]) == {made.id: made.id}
    assert named_issues.ids_in_organization(connection, globex, [made.id]) == {}


def count(
    connection: Connection, issue: Issue, *occurred: Event, events: int = 1, new_users: int = 0
) -> None:
    moments = [each.at for each in occurred]
    counted = Occurrences(
        issue_id=issue.id,
        events=events,
        new_users=new_users,
        first_at=min(moments),
        last_at=max(moments),
        recent_counts=recent_counts.add(issue.recent_counts, moments),
        last_event=occurred[-1],
    )
    issues.count(connection, [counted])


def test_an_event_is_counted_and_says_the_title(connection: Connection, make: Make) -> None:
    made = make()
    count(connection, made, event("bang"), new_users=1)
    count(connection, made, event("crash"))
    now = again(connection, made)
    assert (now.times_seen, now.user_count) == (2, 1)
    assert now.title == "ValueError: crash"


@pytest.mark.parametrize(
    ("at", "first", "last"),
    [(LATER, NOW, LATER), (NOW - HOUR, NOW - HOUR, NOW), (NOW, NOW, NOW)],
)
def test_the_moments_only_widen(
    connection: Connection, make: Make, at: datetime, first: datetime, last: datetime
) -> None:
    made = make()
    count(connection, made, event(at=at))
    now = again(connection, made)
    assert (now.first_seen_at, now.last_seen_at) == (first, last)


def test_a_user_meets_an_issue_for_the_first_time_once(connection: Connection, make: Make) -> None:
    one, two = make("one"), make("two")
    assert issues.record_users(connection, [(one.id, "u")]) == {(one.id, "u")}
    assert issues.record_users(connection, [(one.id, "u")]) == set()
    affected = [(one.id, "u"), (one.id, "v"), (one.id, "w"), (two.id, "u")]
    assert issues.record_users(connection, affected) == set(affected[1:])


def test_the_first_issue_with_a_hash_keeps_it(
    connection: Connection, world: World, make: Make
) -> None:
    one, two = make("one"), make("two")
    hashes.add(connection, one, ["a" * 32])
    hashes.add(connection, two, ["b" * 32, "a" * 32])
    web = one.project_id
    hashed = [(web, "c" * 32), (web, "b" * 32), (web, "a" * 32)]
    hashed.append((world.projects["mobile"], "a" * 32))
    assert hashes.targets(connection, hashed) == {
        (web, "b" * 32): two.id,
        (web, "a" * 32): one.id,
    }


def test_a_resolved_issue_is_reopened(connection: Connection, make: Make) -> None:
    made = make()
    issues.mark_resolved(connection, [made.id], NOW)
    assert issues.reopen(connection, made.id, LATER, LATER)
    now = again(connection, made)
    assert (now.status, now.substatus) == (IssueStatus.UNRESOLVED, Substatus.REGRESSED)
    assert (now.active_at, now.last_seen_at, now.resolved_at) == (LATER, LATER, None)


def test_an_issue_is_reopened_once(connection: Connection, make: Make) -> None:
    made = make()
    issues.mark_resolved(connection, [made.id], NOW)
    assert [issues.reopen(connection, made.id, LATER, LATER) for _ in range(2)] == [True, False]


def test_an_issue_that_was_active_since_is_not_reopened(connection: Connection, make: Make) -> None:
    made = make()
    issues.mark_resolved(connection, [made.id], NOW)
    assert not issues.reopen(connection, made.id, LATER, made.active_at)
    assert again(connection, made).status is IssueStatus.RESOLVED


def test_an_open_issue_is_not_reopened(connection: Connection, make: Make) -> None:
    made = make()
    assert not issues.reopen(connection, made.id, LATER, LATER)
    assert again(connection, made) == made


def test_a_resolved_issue_keeps_its_moment(connection: Connection, make: Make) -> None:
    one, two = make("one"), make("two")
    issues.mark_resolved(connection, [one.id], NOW)
    issues.mark_resolved(connection, [one.id, two.id], LATER)
    assert again(connection, one).resolved_at == NOW
    assert again(connection, two).resolved_at == LATER
    assert again(connection, two).substatus is None


def test_a_lock_says_the_status_of_each(connection: Connection, make: Make) -> None:
    one, two = make("one"), make("two")
    issues.mark_resolved(connection, [two.id], NOW)
    assert issues.lock(connection, [two.id, one.id, 999]) == {
        one.id: IssueStatus.UNRESOLVED,
        two.id: IssueStatus.RESOLVED,
    }


def test_issues_are_found_by_short_ids(connection: Connection, world: World, make: Make) -> None:
    one, two = make("one"), make("two", "tools")
    names = [("web", 1), ("tools", 1), ("web", 2), ("nothing", 1)]
    given = [ShortId(project_slug=slug, number=number) for slug, number in names]
    acme, globex = world.organizations.values()
    assert named_issues.ids_of_short_ids(connection, acme, given) == {
        given[0]: one.id,
        given[1]: two.id,
    }
    assert named_issues.ids_of_short_ids(connection, globex, given) == {}
    assert named_issues.ids_of_short_ids(connection, acme, []) == {}


@pytest.mark.parametrize(
    ("status", "text", "titles"),
    [
        (None, "", ["two", "one"]),
        (IssueStatus.RESOLVED, "", ["one"]),
        (IssueStatus.UNRESOLVED, "", ["two"]),
        (None, "ONE", ["one"]),
        (None, "valueerror", ["two", "one"]),
        (None, "%", []),
    ],
)
def test_which_issues_are_listed(
    connection: Connection, make: Make, status: IssueStatus | None, text: str, titles: list[str]
) -> None:
    one, _, _ = make("one"), make("two"), make("three", "tools")
    issues.mark_resolved(connection, [one.id], NOW)
    wanted = IssueFilter(project_ids=(one.project_id,), status=status, text=text)
    found = issue_lists.page_of(connection, wanted, limit=9)
    assert [it.issue.title.removeprefix("ValueError: ") for it in found] == titles


def test_which_releases_brought_issues(connection: Connection, world: World, make: Make) -> None:
    first = release(connection, world, "1")
    assert issues.first_releases_among(connection, [first]) == set()
    make("one", release_id=first)
    make("two")
    assert issues.first_releases_among(connection, [first]) == {first}


def test_the_reason_that_an_issue_came_in_with_stays(connection: Connection, make: Make) -> None:
    made = make()
    inbox.add(connection, [(made.id, NOW)], InboxReason.NEW)
    inbox.add(connection, [(made.id, LATER)], InboxReason.REGRESSION)
    assert inbox.of_issues(connection, [made.id]) == {
        made.id: InboxEntry(reason=InboxReason.NEW, at=NOW)
    }


def test_issues_are_taken_out_of_the_inbox(connection: Connection, make: Make) -> None:
    ids = [make(value).id for value in ("one", "two", "three")]
    for issue_id in ids:
        inbox.add(connection, [(issue_id, NOW)], InboxReason.NEW)
    inbox.remove(connection, [*ids[:2], 999])
    assert list(inbox.of_issues(connection, ids)) == ids[2:]


def test_what_came_in_long_ago_is_taken_out(connection: Connection, make: Make) -> None:
    ids = [make(value).id for value in ("one", "two")]
    for issue_id, at in zip(ids, (NOW, LATER), strict=True):
        inbox.add(connection, [(issue_id, at)], InboxReason.NEW)
    assert inbox.remove_older(connection, LATER) == 1
    assert list(inbox.of_issues(connection, ids)) == ids[1:]


def test_nothing_is_found_without_asking(database: Database) -> None:
    with statements(database) as found, database.snapshot() as connection:
        for finder in (inbox.of_issues, resolutions.of_issues, occurrences.last_releases):
            assert finder(connection, []) == {}
    assert found.count == 0


def test_a_commit_is_linked_once(connection: Connection, acme: int, make: Make) -> None:
    one, two = make("one").id, make("two").id
    (commit,) = commits(connection, acme, "a")
    assert commit_links.ensure(connection, {(one, commit)}, NOW) == {(one, commit)}
    assert commit_links.ensure(connection, {(one, commit), (two, commit)}, NOW) == {(two, commit)}
    assert commit_links.ensure(connection, [], NOW) == set()


@pytest.mark.parametrize("keeps", [True, False])
def test_links_that_a_message_names_no_more_are_dropped(
    connection: Connection, acme: int, make: Make, keeps: bool
) -> None:
    one, two = make("one").id, make("two").id
    first, other = commits(connection, acme, "a", "b")
    commit_links.ensure(connection, {(one, first), (two, first), (one, other)}, NOW)
    kept = {(one, first)} if keeps else set()
    commit_links.delete_others(connection, [first], kept)
    left = connection.execute(commit_links.commit_links.select()).all()
    assert {(it.issue_id, it.commit_id) for it in left} == kept | {(one, other)}


def test_a_second_resolution_takes_the_place_of_the_first(
    connection: Connection, world: World, make: Make
) -> None:
    made = make().id
    first, second = (release(connection, world, version) for version in "12")
    before = resolutions.set_in_release(connection, first, {made: world.users[ALICE]}, NOW)
    after = resolutions.set_in_release(connection, second, {made: None}, LATER)
    assert before == after
    found = resolutions.of_issues(connection, [made])[made]
    assert (found.id, found.release_id) == (after[made], second)
    assert (found.user_id, found.at) == (None, LATER)


def test_a_dropped_resolution_is_forgotten(
    connection: Connection, world: World, make: Make
) -> None:
    one, two = make("one").id, make("two").id
    first = release(connection, world, "1")
    resolutions.set_in_release(connection, first, {one: None, two: None}, NOW)
    resolutions.delete_of_issues(connection, [one])
    assert list(resolutions.of_issues(connection, [one, two])) == [two]


def test_of_commits_that_name_an_issue_the_newest_counts(
    connection: Connection, world: World, acme: int, make: Make
) -> None:
    made, first = make().id, release(connection, world, "1")
    newest, oldest = commits(connection, acme, "new", "old")
    release_commits.bind(connection, first, [newest, oldest])
    commit_links.ensure(connection, {(made, oldest), (made, newest)}, NOW)
    (named,) = resolutions.named_by_release(connection, first)
    assert (named.issue_id, named.commit_id) == (made, newest)
    assert named.author_email == "new@example.com"


def test_a_release_names_no_issues_of_projects_that_are_not_its_own(
    connection: Connection, world: World, acme: int, make: Make
) -> None:
    made, first = make("one", "tools").id, release(connection, world, "1", "web")
    ids = commits(connection, acme, "a")
    release_commits.bind(connection, first, ids)
    commit_links.ensure(connection, {(made, ids[0])}, NOW)
    assert resolutions.named_by_release(connection, first) == []
    release(connection, world, "1", "tools")
    assert [it.issue_id for it in resolutions.named_by_release(connection, first)] == [made]


def test_a_release_names_no_issue_that_it_has_resolved(
    connection: Connection, world: World, acme: int, make: Make
) -> None:
    made, first = make().id, release(connection, world, "1")
    ids = commits(connection, acme, "a")
    release_commits.bind(connection, first, ids)
    commit_links.ensure(connection, {(made, ids[0])}, NOW)
    resolutions.set_in_release(connection, first, {made: None}, NOW)
    assert len(resolutions.named_by_release(connection, first)) == 1
    issues.mark_resolved(connection, [made], NOW)
    assert resolutions.named_by_release(connection, first) == []


def test_an_issue_is_unshipped_until_its_newest_commit_ships(
    connection: Connection, world: World, acme: int, make: Make
) -> None:
    made, first = make().id, release(connection, world, "1")
    old, new = commits(connection, acme, "old", "new")
    assert not resolutions.is_unshipped(connection, made)
    commit_links.ensure(connection, {(made, old)}, NOW)
    commit_links.ensure(connection, {(made, new)}, LATER)
    release_commits.bind(connection, first, [old])
    assert resolutions.is_unshipped(connection, made)
    release_commits.bind(connection, release(connection, world, "2"), [new])
    assert not resolutions.is_unshipped(connection, made)


def test_a_release_resolves_what_it_says_and_what_its_commits_name(
    connection: Connection, world: World, acme: int, make: Make
) -> None:
    said, named, _, elsewhere = make("a"), make("b"), make("c"), make("d", "tools")
    first, ids = release(connection, world, "1"), commits(connection, acme, "a")
    release_commits.bind(connection, first, ids)
    commit_links.ensure(connection, {(named.id, ids[0]), (said.id, ids[0])}, NOW)
    resolutions.set_in_release(connection, first, {said.id: None, elsewhere.id: None}, NOW)
    found = resolutions.resolved_by(connection, first, [said.project_id], limit=9)
    assert found == [said, named]


def test_resolved_issues_of_many_releases_are_counted_once_each(
    connection: Connection, world: World, acme: int, make: Make
) -> None:
    said, named, elsewhere = make("a"), make("b"), make("c", "tools")
    first, second = release(connection, world, "1"), release(connection, world, "2")
    ids = commits(connection, acme, "a")
    release_commits.bind(connection, first, ids)
    commit_links.ensure(connection, {(named.id, ids[0]), (said.id, ids[0])}, NOW)
    resolutions.set_in_release(connection, first, {said.id: None, elsewhere.id: None}, NOW)
    chosen = [first, second]
    assert release_issues.resolved_counts(connection, chosen, [said.project_id]) == {first: 2}
    assert release_issues.resolved_counts(connection, [], [said.project_id]) == {}


def test_an_issue_was_last_seen_in_the_release_of_the_latest_event(
    connection: Connection, world: World, acme: int, make: Make
) -> None:
    one, two = make("one").id, make("two").id
    first, second = (release(connection, world, version) for version in "12")
    place = projects.ensure_environment(connection, acme, "").id
    for release_id, at in ((second, NOW), (first, LATER), (first, NOW - HOUR)):
        occurred = ReleaseOccurrence(
            issue_id=one, release_id=release_id, environment_id=place, first_at=at, last_at=at
        )
        occurrences.record_releases(connection, [occurred])
    assert occurrences.last_releases(connection, [one, two]) == {one: first}


def test_an_issue_reaches_an_environment_for_the_first_time_once(
    connection: Connection, acme: int, make: Make
) -> None:
    made = make().id
    places = [projects.ensure_environment(connection, acme, name).id for name in "aab"]
    noted = [
        occurrences.record_environments(connection, [(made, place, None, NOW)]) for place in places
    ]
    assert noted == [
        {(made, place): (None, is_new)}
        for place, is_new in zip(places, (True, False, True), strict=True)
    ]


def test_what_happened_to_an_issue_is_told_newest_first(
    connection: Connection, world: World, make: Make
) -> None:
    one, two = make("one").id, make("two").id
    happened = [
        activity.NewActivity(
            issue_id=issue_id,
            type=kind,
            user_id=world.users[ALICE],
            ident="1",
            details={"version": kind.value},
        )
        for issue_id in (one, two)
        for kind in IssueActivityType
    ]
    activity.add(connection, happened, NOW)
    activity.add(connection, [], LATER)
    found = activity.of_issue(connection, one, limit=2)
    assert [it.type for it in found] == list(IssueActivityType)[:-3:-1]
    assert found[0].details == {"version": found[0].type.value}
    assert (found[0].user_id, found[0].at) == (world.users[ALICE], NOW)


def test_what_became_of_an_issue_is_recorded(
    connection: Connection, world: World, make: Make
) -> None:
    made, first = make().id, release(connection, world, "1")
    by = world.users[BOB]
    activity.add_history(connection, HistoryStatus.REGRESSED, {made: None}, None, LATER)
    activity.add_history(connection, HistoryStatus.RESOLVED, {made: by}, first, NOW)
    row = activity.history.c
    columns = (row.issue_id, row.status, row.happened_at, row.user_id, row.release_id)
    assert connection.execute(select(*columns).order_by(row.happened_at)).all() == [
        (made, HistoryStatus.RESOLVED, NOW, by, first),
        (made, HistoryStatus.REGRESSED, LATER, None, None),
    ]


def test_what_a_subscriber_has_chosen_stays(
    connection: Connection, world: World, make: Make
) -> None:
    made = make().id
    alice, bob = world.users[ALICE], world.users[BOB]
    reason = SubscriptionReason.STATUS_CHANGE
    activity.subscribe(connection, [(made, alice), (made, bob), (made, bob)], reason)
    table = activity.subscriptions
    connection.execute(update(table).where(table.c.user_id == bob).values(is_active=False))
    activity.subscribe(connection, [(made, alice), (made, bob)], reason)
    activity.subscribe(connection, [], reason)
    assert activity.subscribers_of(connection, made) == {alice: reason}
