"""What is kept of issues: where they were seen, what resolves them, and what happened to them."""

from datetime import datetime

import pytest
from factories import ALICE, BOB, World, statements
from made_issues import LATER, MakeIssue, event, release
from made_releases import HOUR, NOW
from sqlalchemy import Connection, select, update

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
    hashes,
    inbox,
    issue_lists,
    issues,
    named_issues,
    occurrences,
    resolutions,
)
from shipmark.issues.store.issues import Occurrences
from shipmark.issues.store.occurrences import ReleaseOccurrence
from shipmark.projects import store as projects


def again(connection: Connection, issue: Issue) -> Issue:
    found = issues.by_id(connection, None, issue.id)
    assert found is not None
    return found


def test_an_issue_is_new_and_was_never_counted(make_issue: MakeIssue) -> None:
    made = make_issue()
    assert (made.status, made.substatus) == (IssueStatus.UNRESOLVED, Substatus.NEW)
    assert (made.times_seen, made.user_count, made.resolved_at) == (0, 0, None)
    assert made.first_seen_at == made.last_seen_at == made.active_at == NOW
    assert (made.title, made.number) == ("ValueError: boom", 1)


def test_an_issue_is_found_in_its_own_organization(
    connection: Connection, world: World, make_issue: MakeIssue
) -> None:
    made = make_issue()
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


def test_an_event_is_counted_and_says_the_title(
    connection: Connection, make_issue: MakeIssue
) -> None:
    made = make_issue()
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
    connection: Connection, make_issue: MakeIssue, at: datetime, first: datetime, last: datetime
) -> None:
    made = make_issue()
    count(connection, made, event(at=at))
    now = again(connection, made)
    assert (now.first_seen_at, now.last_seen_at) == (first, last)


def test_a_user_meets_an_issue_for_the_first_time_once(
    connection: Connection, make_issue: MakeIssue
) -> None:
    one, two = make_issue("one"), make_issue("two")
    assert issues.record_users(connection, [(one.id, "u")]) == {(one.id, "u")}
    assert issues.record_users(connection, [(one.id, "u")]) == set()
    affected = [(one.id, "u"), (one.id, "v"), (one.id, "w"), (two.id, "u")]
    assert issues.record_users(connection, affected) == set(affected[1:])


def test_the_first_issue_with_a_hash_keeps_it(
    connection: Connection, world: World, make_issue: MakeIssue
) -> None:
    one, two = make_issue("one"), make_issue("two")
    hashes.add(connection, one, ["a" * 32])
    hashes.add(connection, two, ["b" * 32, "a" * 32])
    web = one.project_id
    hashed = [(web, "c" * 32), (web, "b" * 32), (web, "a" * 32)]
    hashed.append((world.projects["mobile"], "a" * 32))
    assert hashes.targets(connection, hashed) == {
        (web, "b" * 32): two.id,
        (web, "a" * 32): one.id,
    }


def test_a_resolved_issue_is_reopened(connection: Connection, make_issue: MakeIssue) -> None:
    made = make_issue()
    issues.mark_resolved(connection, [made.id], NOW)
    assert issues.reopen(connection, made.id, LATER, LATER)
    now = again(connection, made)
    assert (now.status, now.substatus) == (IssueStatus.UNRESOLVED, Substatus.REGRESSED)
    assert (now.active_at, now.last_seen_at, now.resolved_at) == (LATER, LATER, None)


def test_an_issue_is_reopened_once(connection: Connection, make_issue: MakeIssue) -> None:
    made = make_issue()
    issues.mark_resolved(connection, [made.id], NOW)
    assert [issues.reopen(connection, made.id, LATER, LATER) for _ in range(2)] == [True, False]


def test_an_issue_that_was_active_since_is_not_reopened(
    connection: Connection, make_issue: MakeIssue
) -> None:
    made = make_issue()
    issues.mark_resolved(connection, [made.id], NOW)
    assert not issues.reopen(connection, made.id, LATER, made.active_at)
    assert again(connection, made).status is IssueStatus.RESOLVED


def test_an_open_issue_is_not_reopened(connection: Connection, make_issue: MakeIssue) -> None:
    made = make_issue()
    assert not issues.reopen(connection, made.id, LATER, LATER)
    assert again(connection, made) == made


def test_a_resolved_issue_keeps_its_moment(connection: Connection, make_issue: MakeIssue) -> None:
    one, two = make_issue("one"), make_issue("two")
    issues.mark_resolved(connection, [one.id], NOW)
    issues.mark_resolved(connection, [one.id, two.id], LATER)
    assert again(connection, one).resolved_at == NOW
    assert again(connection, two).resolved_at == LATER
    assert again(connection, two).substatus is None


def test_a_lock_says_the_status_of_each(connection: Connection, make_issue: MakeIssue) -> None:
    one, two = make_issue("one"), make_issue("two")
    issues.mark_resolved(connection, [two.id], NOW)
    assert issues.lock(connection, [two.id, one.id, 999]) == {
        one.id: IssueStatus.UNRESOLVED,
        two.id: IssueStatus.RESOLVED,
    }


def test_issues_are_found_by_short_ids(
    connection: Connection, world: World, make_issue: MakeIssue
) -> None:
    one, two = make_issue("one"), make_issue("two", "tools")
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
    connection: Connection,
    make_issue: MakeIssue,
    status: IssueStatus | None,
    text: str,
    titles: list[str],
) -> None:
    one, _, _ = make_issue("one"), make_issue("two"), make_issue("three", "tools")
    issues.mark_resolved(connection, [one.id], NOW)
    wanted = IssueFilter(project_ids=(one.project_id,), status=status, text=text)
    found = issue_lists.page_of(connection, wanted, limit=9)
    assert [it.issue.title.removeprefix("ValueError: ") for it in found] == titles


def test_which_releases_brought_issues(
    connection: Connection, world: World, make_issue: MakeIssue
) -> None:
    first = release(connection, world, "1")
    assert issues.first_releases_among(connection, [first]) == set()
    make_issue("one", release_id=first)
    make_issue("two")
    assert issues.first_releases_among(connection, [first]) == {first}


def test_the_reason_that_an_issue_came_in_with_stays(
    connection: Connection, make_issue: MakeIssue
) -> None:
    made = make_issue()
    inbox.add(connection, [(made.id, NOW)], InboxReason.NEW)
    inbox.add(connection, [(made.id, LATER)], InboxReason.REGRESSION)
    assert inbox.of_issues(connection, [made.id]) == {
        made.id: InboxEntry(reason=InboxReason.NEW, at=NOW)
    }


def test_issues_are_taken_out_of_the_inbox(connection: Connection, make_issue: MakeIssue) -> None:
    ids = [make_issue(value).id for value in ("one", "two", "three")]
    for issue_id in ids:
        inbox.add(connection, [(issue_id, NOW)], InboxReason.NEW)
    inbox.remove(connection, [*ids[:2], 999])
    assert list(inbox.of_issues(connection, ids)) == ids[2:]


def test_what_came_in_long_ago_is_taken_out(connection: Connection, make_issue: MakeIssue) -> None:
    ids = [make_issue(value).id for value in ("one", "two")]
    for issue_id, at in zip(ids, (NOW, LATER), strict=True):
        inbox.add(connection, [(issue_id, at)], InboxReason.NEW)
    assert inbox.remove_older(connection, LATER) == 1
    assert list(inbox.of_issues(connection, ids)) == ids[1:]


def test_nothing_is_found_without_asking(database: Database) -> None:
    with statements(database) as found, database.snapshot() as connection:
        for finder in (inbox.of_issues, resolutions.of_issues, occurrences.last_releases):
            assert finder(connection, []) == {}
    assert found.count == 0


def test_an_issue_was_last_seen_in_the_release_of_the_latest_event(
    connection: Connection, world: World, acme: int, make_issue: MakeIssue
) -> None:
    one, two = make_issue("one").id, make_issue("two").id
    first, second = (release(connection, world, version) for version in "12")
    place = projects.ensure_environment(connection, acme, "").id
    for release_id, at in ((second, NOW), (first, LATER), (first, NOW - HOUR)):
        occurred = ReleaseOccurrence(
            issue_id=one, release_id=release_id, environment_id=place, first_at=at, last_at=at
        )
        occurrences.record_releases(connection, [occurred])
    assert occurrences.last_releases(connection, [one, two]) == {one: first}


def test_an_issue_reaches_an_environment_for_the_first_time_once(
    connection: Connection, acme: int, make_issue: MakeIssue
) -> None:
    made = make_issue().id
    places = [projects.ensure_environment(connection, acme, name).id for name in "aab"]
    noted = [
        occurrences.record_environments(connection, [(made, place, None, NOW)]) for place in places
    ]
    assert noted == [
        {(made, place): (None, is_new)}
        for place, is_new in zip(places, (True, False, True), strict=True)
    ]


def test_what_happened_to_an_issue_is_told_newest_first(
    connection: Connection, world: World, make_issue: MakeIssue
) -> None:
    one, two = make_issue("one").id, make_issue("two").id
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
    connection: Connection, world: World, make_issue: MakeIssue
) -> None:
    made, first = make_issue().id, release(connection, world, "1")
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
    connection: Connection, world: World, make_issue: MakeIssue
) -> None:
    made = make_issue().id
    alice, bob = world.users[ALICE], world.users[BOB]
    reason = SubscriptionReason.STATUS_CHANGE
    activity.subscribe(connection, [(made, alice), (made, bob), (made, bob)], reason)
    table = activity.subscriptions
    connection.execute(update(table).where(table.c.user_id == bob).values(is_active=False))
    activity.subscribe(connection, [(made, alice), (made, bob)], reason)
    activity.subscribe(connection, [], reason)
    assert activity.subscribers_of(connection, made) == {alice: reason}
