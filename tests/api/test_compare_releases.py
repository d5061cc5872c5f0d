"""GET ``organizations/{org}/releases/{version}/compare/?base=``."""

from typing import Any

import pytest
from compared_releases import Fail, close, compared, made, path
from factories import (
    ALICE,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    RELEASES,
    Bearer,
    Caller,
    release_path,
    statements,
)

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.projects import store as projects
from shipmark.publishing.comparison import SHOWN_MAX


def keys(commits: list[dict[str, Any]]) -> list[str]:
    return [it["id"].rstrip("f") for it in commits]


@pytest.fixture
def three(alice: Caller) -> None:
    """Three releases, each with a commit of its own, and one with a commit of the first two."""
    for number in (1, 2, 3):
        both = [made("a", 9)] if number < 3 else []
        alice.publish(
            f"web@{number}.0.0",
            commits=[made(str(number), number), *both],
            dateReleased=f"2026-01-0{number}T10:00:00Z",
        )


@pytest.mark.usefixtures("three")
def test_what_is_in_one_and_not_in_the_other(alice: Caller) -> None:
    shown = compared(alice, "web@2.0.0", "web@1.0.0")
    assert (keys(shown["commits"]), shown["commitCount"]) == (["2"], 1)
    assert (shown["removedCommits"], shown["removedCommitCount"]) == ([], 0)
    assert (shown["notice"], shown["betweenCount"]) == (None, 0)


@pytest.mark.usefixtures("three")
def test_what_shipped_between_counts_for_the_later_one(alice: Caller) -> None:
    shown = compared(alice, "web@3.0.0", "web@1.0.0")
    assert keys(shown["commits"]) == ["3", "2"]
    assert (shown["removedCommits"], shown["betweenCount"]) == ([], 1)


def ship(caller: Caller, *names: str) -> None:
    """Ship releases one day after the other, each with a commit that has its place as its key."""
    for number, version in enumerate(names, start=1):
        caller.publish(
            version,
            commits=[made(str(number), number)],
            dateReleased=f"2026-01-{number:02}T10:00:00Z",
        )


@pytest.mark.parametrize(
    ("head", "base", "commits", "removed"),
    [
        # A hotfix that ships after newer versions holds none of theirs, and they don't hold it.
        ("web@1.0.1", "web@1.0.0", ["5"], []),
        ("web@4.0.0", "web@1.0.0", ["4", "3", "2"], []),
        ("web@4.0.0", "web@1.0.1", ["4", "3", "2"], ["5"]),
        ("web@1.0.1", "web@4.0.0", ["5"], ["4", "3", "2"]),
        # What comes after both holds both.
        ("web@4.1.0", "web@1.0.0", ["6", "5", "4", "3", "2"], []),
        ("web@4.1.0", "web@1.0.1", ["6", "4", "3", "2"], []),
    ],
)
def test_versions_say_what_lies_between_and_backports_are_passed_over(
    alice: Caller, head: str, base: str, commits: list[str], removed: list[str]
) -> None:
    ship(alice, "web@1.0.0", "web@2.0.0", "web@3.0.0", "web@4.0.0", "web@1.0.1", "web@4.1.0")
    shown = compared(alice, head, base)
    assert (keys(shown["commits"]), keys(shown["removedCommits"])) == (commits, removed)
    back = compared(alice, base, head)
    assert (keys(back["commits"]), keys(back["removedCommits"])) == (removed, commits)


def test_other_packages_of_a_project_do_not_lie_between(alice: Caller) -> None:
    ship(alice, "web@1.0.0", "ios@1.1.0", "nightly", "web@1.2.0-rc.1", "web@1.2.0")
    shown = compared(alice, "web@1.2.0", "web@1.0.0")
    assert (keys(shown["commits"]), shown["betweenCount"]) == (["5", "4"], 1)


def test_versions_that_are_not_semver_go_by_when_they_shipped(alice: Caller) -> None:
    ship(alice, "b", "web@1.0.0", "c", "a")
    shown = compared(alice, "a", "b")
    assert (keys(shown["commits"]), keys(shown["removedCommits"])) == (["4", "3"], [])


def test_builds_of_one_version_follow_each_other(alice: Caller) -> None:
    ship(alice, "web@1.0.0+10", "web@1.0.0+9", "web@1.0.0+11")
    shown = compared(alice, "web@1.0.0+11", "web@1.0.0+10")
    assert (keys(shown["commits"]), shown["betweenCount"]) == (["3", "2"], 1)


@pytest.mark.parametrize("pair", [("ios@2.0.0", "web@1.0.0"), ("nightly", "web@1.0.0")])
def test_that_versions_of_two_packages_have_nothing_between_is_said(
    alice: Caller, pair: tuple[str, str]
) -> None:
    ship(alice, "web@1.0.0", "web@1.5.0", pair[0])
    shown = compared(alice, *pair)
    assert (keys(shown["commits"]), keys(shown["removedCommits"])) == (["3"], ["1"])
    assert shown["notice"] == (
        f"web@1.0.0 and {pair[0]} are not versions of one package, so nothing lies between them:"
        " only their own commits are compared."
    )


@pytest.mark.usefixtures("three")
def test_the_other_way_round_commits_change_sides(alice: Caller) -> None:
    """Whoever rolls back from 3 to 1 takes out what came with 2 too."""
    forth, back = (
        compared(alice, *pair) for pair in (("web@3.0.0", "web@1.0.0"), ("web@1.0.0", "web@3.0.0"))
    )
    assert back["commits"] == forth["removedCommits"]
    assert back["removedCommits"] == forth["commits"]


@pytest.mark.usefixtures("three")
def test_a_release_does_not_differ_from_itself(alice: Caller) -> None:
    shown = compared(alice, "web@2.0.0", "web@2.0.0")
    for name in ("commits", "removedCommits", "authors", "files"):
        assert shown[name] == [], name
    for name in ("commitCount", "removedCommitCount", "authorCount", "fileCount"):
        assert shown[name] == 0, name
    assert shown["base"] == shown["head"]


def test_releases_of_other_projects_do_not_lie_between(alice: Caller) -> None:
    for number, names in enumerate((["web"], ["mobile"], ["web", "mobile"]), start=1):
        alice.publish(
            f"{number}",
            *names,
            commits=[made(str(number))],
            dateReleased=f"2026-01-0{number}T10:00:00Z",
        )
    assert keys(compared(alice, "3", "1")["commits"]) == ["3"]


def test_releases_without_a_project_in_common_are_compared_by_themselves(alice: Caller) -> None:
    for number, name in enumerate(("web", "web", "mobile"), start=1):
        alice.publish(
            f"{number}",
            name,
            commits=[made(str(number))],
            dateReleased=f"2026-01-0{number}T10:00:00Z",
        )
    shown = compared(alice, "3", "1")
    assert keys(shown["commits"]) == ["3"]
    assert shown["notice"] == (
        "1 and 3 have no project in common, so nothing lies between them:"
        " only their own commits are compared."
    )


def test_three_hundred_projects_are_compared_as_one(alice: Caller, database: Database) -> None:
    """SQLite joins 500 queries at the most."""
    slugs = [f"p{number}" for number in range(300)]
    with database.transaction() as connection:
        organization_id = connection.exec_driver_sql(
            "SELECT id FROM organizations WHERE slug = 'acme'"
        ).scalar_one()
        for slug in slugs:
            projects.ensure(connection, organization_id, slug, slug, None, now())
    for number in (1, 2, 3):
        alice.publish(f"all@{number}.0.0", *slugs, commits=[made(str(number))])
    assert keys(compared(alice, "all@3.0.0", "all@1.0.0")["commits"]) == ["3", "2"]
    assert keys(compared(alice, "all@1.0.0", "all@3.0.0")["removedCommits"]) == ["3", "2"]
    for sort in ("date", "semver"):
        shown = alice.get(f"{RELEASES}?project=-1&sort={sort}&status=").json()
        assert [it["version"] for it in shown] == [f"all@{number}.0.0" for number in (3, 2, 1)]


def test_releases_of_one_moment_are_ordered_by_which_came_first(alice: Caller) -> None:
    for number in (1, 2, 3):
        alice.publish(f"{number}", commits=[made(str(number))], dateReleased="2026-01-05T10:00:00Z")
    assert keys(compared(alice, "3", "1")["commits"]) == ["3", "2"]
    assert keys(compared(alice, "2", "1")["commits"]) == ["2"]


def test_commits_are_shown_as_everywhere_newest_first(alice: Caller) -> None:
    alice.publish("1")
    alice.publish("2", commits=[made("1", 5), made("2", 9), made("3", 7)])
    shown = compared(alice, "2", "1")
    assert keys(shown["commits"]) == ["2", "3", "1"]
    assert shown["commits"] == alice.get(release_path("2", "commits/")).json()


def test_authors_are_those_of_the_head_most_commits_first(alice: Caller) -> None:
    alice.publish("1", commits=[made("9", author_name="Zoe", author_email="zoe@example.com")])
    alice.publish(
        "2",
        commits=[
            made("1"),
            made("2", author_email=ALICE),
            made("3"),
            made("4", author_name=None, author_email=None),
        ],
    )
    shown = compared(alice, "2", "1")
    assert [it["email"] for it in shown["authors"]] == ["ada@example.com", ALICE]
    assert shown["authors"][1]["username"] == ALICE
    assert shown["authorCount"] == 2


def test_files_say_what_the_changes_come_to(alice: Caller) -> None:
    alice.publish("1")
    patches = {"1": "A", "2": "M", "3": "D"}
    given = [
        made("1", 1, patch_set=[{"path": name, "type": "A"} for name in ("gone", "made")]),
        made("2", 2, patch_set=[{"path": name, "type": "M"} for name in ("made", "old", "gone")]),
        made("3", 3, patch_set=[{"path": "gone", "type": "D"}]),
    ]
    assert len(patches) == len(given)
    alice.publish("2", commits=given)
    shown = compared(alice, "2", "1")
    assert shown["files"] == [
        {
            "filename": name,
            "repoName": "acme/web",
            "changes": {"A": added, "M": modified, "D": deleted},
            "type": kind,
            "commitCount": added + modified + deleted,
        }
        for name, added, modified, deleted, kind in (
            ("gone", 1, 1, 1, "D"),
            ("made", 1, 1, 0, "A"),
            ("old", 0, 1, 0, "M"),
        )
    ]
    assert shown["fileCount"] == 3


def test_files_of_two_repositories_are_two(alice: Caller) -> None:
    alice.publish("1")
    patch = [{"path": "a.py", "type": "M"}]
    both = [
        made("1", patch_set=patch),
        made("2", patch_set=patch, repository="acme/api"),
    ]
    alice.publish("2", commits=both)
    shown = compared(alice, "2", "1")
    assert {it["repoName"] for it in shown["files"]} == {"acme/web", "acme/api"}


def test_deploys_are_those_of_each(alice: Caller) -> None:
    alice.publish("1")
    alice.publish("2")
    for environment in ("staging", "production"):
        alice.post(release_path("2", "deploys/"), {"environment": environment})
    shown = compared(alice, "2", "1")
    assert shown["deploys"]["base"] == []
    assert shown["deploys"]["head"] == alice.get(release_path("2", "deploys/")).json()
    assert (shown["base"]["deployCount"], shown["head"]["deployCount"]) == (0, 2)


@pytest.mark.parametrize("pair", [("1", "tools@1"), ("tools@1", "1")])
def test_both_must_be_the_caller_s_to_see(
    alice: Caller, bob: Caller, database: Database, pair: tuple[str, str]
) -> None:
    alice.publish("1")
    alice.publish("tools@1", "tools")
    close(database)
    assert alice.get(path(*pair)).status_code == 200
    answer = bob.get(path(*pair))
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_what_lies_between_in_a_hidden_project_is_left_out(
    alice: Caller, bob: Caller, database: Database
) -> None:
    for number, names in enumerate((["web", "tools"], ["tools"], ["web", "tools"]), start=1):
        alice.publish(f"{number}", *names, commits=[made(str(number))])
    close(database)
    assert keys(compared(alice, "3", "1")["commits"]) == ["3", "2"]
    assert keys(compared(bob, "3", "1")["commits"]) == ["3"]


@pytest.mark.parametrize("query", ["", "?base=", "?BASE=1"])
def test_a_missing_base_is_named(alice: Caller, query: str) -> None:
    alice.publish("1")
    answer = alice.get(release_path("1", f"compare/{query}"))
    assert answer.status_code == 400
    assert answer.json() == {
        "detail": "The base parameter is missing: the version to compare with."
    }


@pytest.mark.parametrize("pair", [("1", "2"), ("2", "1"), ("1", "9" * 300), ("1", "%"), ("1", "")])
def test_an_unknown_release_is_not_found(alice: Caller, pair: tuple[str, str]) -> None:
    alice.publish("1")
    assert alice.get(path(*pair)).status_code == (404 if pair[1] else 400)


@pytest.mark.parametrize("version", ["a b", "100%", "a#b?c&d=e", "é+@☃", "1" * 200])
def test_odd_versions_are_compared(alice: Caller, version: str) -> None:
    alice.publish(version, commits=[made("1")])
    alice.publish("other", commits=[made("2")])
    assert compared(alice, "other", version)["base"]["version"] == version
    assert compared(alice, version, "other")["head"]["version"] == version


def test_only_members_with_the_scope_compare(
    alice: Caller, charlie: Caller, anonymous: Caller, bearer: Bearer, organization_token: Caller
) -> None:
    alice.publish("1")
    assert anonymous.get(path("1", "1")).json() == NO_CREDENTIALS
    assert charlie.get(path("1", "1")).json() == NOT_ALLOWED
    assert bearer(["event:read"]).get(path("1", "1")).json() == NOT_ALLOWED
    assert bearer(["project:read"]).get(path("1", "1")).status_code == 200
    assert organization_token.get(path("1", "1")).status_code == 200


def test_another_organization_s_release_is_not_found(alice: Caller, charlie: Caller) -> None:
    charlie.post("/organizations/globex/releases/", {"version": "1", "projects": ["web"]})
    alice.publish("2")
    assert alice.get(path("2", "1")).status_code == 404


def test_lists_end_and_numbers_are_true(alice: Caller) -> None:
    alice.publish("1", commits=[made("a")])
    count = SHOWN_MAX + 5
    given = [
        made(
            f"{number:040d}",
            author_name="A",
            author_email=f"{number}@example.com",
            patch_set=[{"path": f"{number}.py", "type": "M"}],
        )
        for number in range(count)
    ]
    alice.publish("2", commits=given)
    forth, back = compared(alice, "2", "1"), compared(alice, "1", "2")
    assert (len(forth["commits"]), forth["commitCount"]) == (SHOWN_MAX, count)
    assert (len(forth["authors"]), forth["authorCount"]) == (SHOWN_MAX, count)
    assert (len(forth["files"]), forth["fileCount"]) == (SHOWN_MAX, count)
    assert (len(back["removedCommits"]), back["removedCommitCount"]) == (SHOWN_MAX, count)


def test_the_number_of_statements_is_constant(
    alice: Caller, fail: Fail, database: Database
) -> None:
    found = []
    for size in (1, 30):
        for release in range(size + 1):
            alice.publish(
                f"{size}-{release}",
                commits=[
                    made(
                        f"{size:020d}{number:020d}",
                        message=f"Fixes WEB-{number}",
                        author_email=ALICE,
                        patch_set=[{"path": "a", "type": "M"}],
                    )
                    for number in range(1, size + 1)
                ]
                if release
                else [],
            )
            fail(f"{size} {release}", release=f"{size}-{release}")
        with statements(database) as seen:
            compared(alice, f"{size}-{size}", f"{size}-0")
        found.append(seen.count)
    assert found[0] == found[1]
    assert found[1] < 35
