"""What is kept of how issues are resolved: commits that name them, and releases that have these."""

import pytest
from factories import ALICE, World
from made_issues import LATER, MakeIssue, release
from made_releases import NOW
from sqlalchemy import Connection

from shipmark.issues.store import commit_links, issues, release_issues, resolutions
from shipmark.releases.store import commits as release_commits
from shipmark.repositories import actions as repositories
from shipmark.repositories.model import CommitInput


def commits(connection: Connection, organization_id: int, *keys: str) -> list[int]:
    """Store commits, each by an author of its own; return their ids."""
    sent = [
        CommitInput(sha=key, repository="acme/web", author_email=f"{key}@example.com")
        for key in keys
    ]
    stored = repositories.upsert_commits(connection, organization_id, sent, NOW)
    return [each.commit_id for each in stored]


def test_a_commit_is_linked_once(connection: Connection, acme: int, make_issue: MakeIssue) -> None:
    one, two = make_issue("one").id, make_issue("two").id
    (commit,) = commits(connection, acme, "a")
    assert commit_links.ensure(connection, {(one, commit)}, NOW) == {(one, commit)}
    assert commit_links.ensure(connection, {(one, commit), (two, commit)}, NOW) == {(two, commit)}
    assert commit_links.ensure(connection, [], NOW) == set()


@pytest.mark.parametrize("keeps", [True, False])
def test_links_that_a_message_names_no_more_are_dropped(
    connection: Connection, acme: int, make_issue: MakeIssue, keeps: bool
) -> None:
    one, two = make_issue("one").id, make_issue("two").id
    first, other = commits(connection, acme, "a", "b")
    commit_links.ensure(connection, {(one, first), (two, first), (one, other)}, NOW)
    kept = {(one, first)} if keeps else set()
    commit_links.delete_others(connection, [first], kept)
    left = connection.execute(commit_links.commit_links.select()).all()
    assert {(it.issue_id, it.commit_id) for it in left} == kept | {(one, other)}


def test_a_second_resolution_takes_the_place_of_the_first(
    connection: Connection, world: World, make_issue: MakeIssue
) -> None:
    made = make_issue().id
    first, second = (release(connection, world, version) for version in "12")
    before = resolutions.set_in_release(connection, first, {made: world.users[ALICE]}, NOW)
    after = resolutions.set_in_release(connection, second, {made: None}, LATER)
    assert before == after
    found = resolutions.of_issues(connection, [made])[made]
    assert (found.id, found.release_id) == (after[made], second)
    assert (found.user_id, found.at) == (None, LATER)


def test_a_dropped_resolution_is_forgotten(
    connection: Connection, world: World, make_issue: MakeIssue
) -> None:
    one, two = make_issue("one").id, make_issue("two").id
    first = release(connection, world, "1")
    resolutions.set_in_release(connection, first, {one: None, two: None}, NOW)
    resolutions.delete_of_issues(connection, [one])
    assert list(resolutions.of_issues(connection, [one, two])) == [two]


def test_of_commits_that_name_an_issue_the_newest_counts(
    connection: Connection, world: World, acme: int, make_issue: MakeIssue
) -> None:
    made, first = make_issue().id, release(connection, world, "1")
    newest, oldest = commits(connection, acme, "new", "old")
    release_commits.bind(connection, first, [newest, oldest])
    commit_links.ensure(connection, {(made, oldest), (made, newest)}, NOW)
    (named,) = resolutions.named_by_release(connection, first)
    assert (named.issue_id, named.commit_id) == (made, newest)
    assert named.author_email == "new@example.com"


def test_a_release_names_no_issues_of_projects_that_are_not_its_own(
    connection: Connection, world: World, acme: int, make_issue: MakeIssue
) -> None:
    made, first = make_issue("one", "tools").id, release(connection, world, "1", "web")
    ids = commits(connection, acme, "a")
    release_commits.bind(connection, first, ids)
    commit_links.ensure(connection, {(made, ids[0])}, NOW)
    assert resolutions.named_by_release(connection, first) == []
    release(connection, world, "1", "tools")
    assert [it.issue_id for it in resolutions.named_by_release(connection, first)] == [made]


def test_a_release_names_no_issue_that_it_has_resolved(
    connection: Connection, world: World, acme: int, make_issue: MakeIssue
) -> None:
    made, first = make_issue().id, release(connection, world, "1")
    ids = commits(connection, acme, "a")
    release_commits.bind(connection, first, ids)
    commit_links.ensure(connection, {(made, ids[0])}, NOW)
    resolutions.set_in_release(connection, first, {made: None}, NOW)
    assert len(resolutions.named_by_release(connection, first)) == 1
    issues.mark_resolved(connection, [made], NOW)
    assert resolutions.named_by_release(connection, first) == []


def test_an_issue_is_unshipped_until_its_newest_commit_ships(
    connection: Connection, world: World, acme: int, make_issue: MakeIssue
) -> None:
    made, first = make_issue().id, release(connection, world, "1")
    old, new = commits(connection, acme, "old", "new")
    assert not resolutions.is_unshipped(connection, made)
    commit_links.ensure(connection, {(made, old)}, NOW)
    commit_links.ensure(connection, {(made, new)}, LATER)
    release_commits.bind(connection, first, [old])
    assert resolutions.is_unshipped(connection, made)
    release_commits.bind(connection, release(connection, world, "2"), [new])
    assert not resolutions.is_unshipped(connection, made)


def test_a_release_resolves_what_it_says_and_what_its_commits_name(
    connection: Connection, world: World, acme: int, make_issue: MakeIssue
) -> None:
    said, named, _, elsewhere = (
        make_issue("a"),
        make_issue("b"),
        make_issue("c"),
        make_issue("d", "tools"),
    )
    first, ids = release(connection, world, "1"), commits(connection, acme, "a")
    release_commits.bind(connection, first, ids)
    commit_links.ensure(connection, {(named.id, ids[0]), (said.id, ids[0])}, NOW)
    resolutions.set_in_release(connection, first, {said.id: None, elsewhere.id: None}, NOW)
    found = resolutions.resolved_by(connection, first, [said.project_id], limit=9)
    assert found == [said, named]


def test_resolved_issues_of_many_releases_are_counted_once_each(
    connection: Connection, world: World, acme: int, make_issue: MakeIssue
) -> None:
    said, named, elsewhere = make_issue("a"), make_issue("b"), make_issue("c", "tools")
    first, second = release(connection, world, "1"), release(connection, world, "2")
    ids = commits(connection, acme, "a")
    release_commits.bind(connection, first, ids)
    commit_links.ensure(connection, {(named.id, ids[0]), (said.id, ids[0])}, NOW)
    resolutions.set_in_release(connection, first, {said.id: None, elsewhere.id: None}, NOW)
    chosen = [first, second]
    assert release_issues.resolved_counts(connection, chosen, [said.project_id]) == {first: 2}
    assert release_issues.resolved_counts(connection, [], [said.project_id]) == {}
