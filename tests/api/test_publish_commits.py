"""Commits of a release: their order, authors, files, repositories and heads (releases.md 3.4)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from factories import (
    MASK,
    Caller,
    World,
    commit,
    counts,
    dump,
    masked,
    on_one_database,
    release_path,
    rows,
)

from shipmark.infrastructure.database import Database


def keys(caller: Caller, version: str = "web@1.0.0") -> list[str]:
    """The first characters of the commits of a release, in their order."""
    answer = caller.get(release_path(version, "commits/"))
    assert answer.status_code == 200
    return [it["id"].rstrip("f") for it in answer.json()]


def at(hour: int) -> str:
    return f"2026-01-04T{hour:02d}:00:00Z"


def test_a_release_says_what_its_commits_come_to(alice: Caller) -> None:
    shown = alice.publish(
        "web@1.0.0",
        commits=[
            commit("1", timestamp=at(10)),
            commit("2", timestamp=at(11), author_name="Ben", author_email="Ben@Example.com"),
        ],
    )
    assert shown["commitCount"] == 2
    assert shown["authors"] == [
        {"name": "Ben", "email": "ben@example.com"},
        {"name": "Ada", "email": "ada@example.com"},
    ]
    assert masked(shown["lastCommit"], "dateCreated") | {"repository": ..., "releases": ...} == {
        "id": "2".ljust(40, "f"),
        "message": "Tidy up",
        "dateCreated": MASK,
        "repository": ...,
        "author": {"name": "Ben", "email": "ben@example.com"},
        "releases": ...,
        "pullRequest": None,
        "suspectCommitType": "",
    }
    repository = shown["lastCommit"]["repository"]
    assert repository == {
        "id": repository["id"],
        "name": "acme/web",
        "url": None,
        "provider": {"id": "unknown", "name": "Unknown Provider"},
        "status": "active",
        "dateCreated": repository["dateCreated"],
        "integrationId": None,
        "externalSlug": None,
        "externalId": None,
    }
    assert [it["version"] for it in shown["lastCommit"]["releases"]] == ["web@1.0.0"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([("1", 10), ("2", 12), ("3", 11)], ["2", "3", "1"]),
        ([("1", 10), ("2", 10), ("3", 10)], ["1", "2", "3"]),
        ([("1", None), ("2", None), ("3", None)], ["1", "2", "3"]),
        ([("1", None), ("2", 10), ("3", None), ("4", 11)], ["4", "2", "1", "3"]),
    ],
)
def test_the_newest_come_first_and_those_without_a_moment_last(
    alice: Caller, given: list[tuple[str, int | None]], shown: list[str]
) -> None:
    commits = [commit(key, timestamp=at(hour) if hour else None) for key, hour in given]
    alice.publish("web@1.0.0", commits=commits)
    assert keys(alice) == shown


@on_one_database
def test_a_null_timestamp_counts_as_none(alice: Caller) -> None:
    """The reference fails on it."""
    bare = commit("1") | {"timestamp": None}
    alice.publish("web@1.0.0", commits=[bare, commit("2")])
    assert keys(alice) == ["2", "1"]


def test_moments_are_compared_across_zones(alice: Caller) -> None:
    commits = [
        commit("1", timestamp="2026-01-04T12:00:00+02:00"),
        commit("2", timestamp="2026-01-04T11:00:00.123456Z"),
        commit("3", timestamp="2026-01-04T10:30:00"),
    ]
    alice.publish("web@1.0.0", commits=commits)
    shown = alice.get(release_path("web@1.0.0", "commits/")).json()
    assert [it["dateCreated"] for it in shown] == [
        "2026-01-04T11:00:00.123456Z",
        "2026-01-04T10:30:00Z",
        "2026-01-04T10:00:00Z",
    ]


def test_marked_commits_are_left_out(alice: Caller, database: Database) -> None:
    shown = alice.publish(
        "web@1.0.0",
        commits=[
            commit("1", message="Bump #skipsentry"),
            commit("2", message="Bump #SkipSentry"),
            commit("3", message=""),
            commit("4") | {"message": None},
        ],
    )
    assert shown["commitCount"] == 3
    assert keys(alice) == ["2", "3", "4"]
    assert [it["key"].rstrip("f") for it in rows(database, "commits")] == ["2", "3", "4"]


def test_a_list_that_is_all_left_out_clears_the_release(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    shown = alice.publish("web@1.0.0", commits=[commit("2", message="#skipsentry")])
    assert (shown["commitCount"], shown["lastCommit"], shown["authors"]) == (0, None, [])
    assert keys(alice) == []


def test_no_commits_leave_the_list_as_it_is(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    assert alice.publish("web@1.0.0", commits=[])["commitCount"] == 1


def test_new_commits_replace_the_list(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1"), commit("2")])
    shown = alice.publish("web@1.0.0", commits=[commit("2"), commit("3")])
    assert shown["commitCount"] == 2
    assert keys(alice) == ["2", "3"]
    assert len(rows(database, "commits")) == 3


def test_a_commit_that_is_given_twice_counts_twice_and_is_shown_once(alice: Caller) -> None:
    shown = alice.publish("web@1.0.0", commits=[commit("1"), commit("2"), commit("1")])
    assert shown["commitCount"] == 3
    assert keys(alice) == ["1", "2"]


def test_a_commit_in_two_releases_is_one(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    shown = alice.publish("web@2.0.0", commits=[commit("1")])
    assert len(rows(database, "commits")) == 1
    assert [it["version"] for it in shown["lastCommit"]["releases"]] == ["web@1.0.0", "web@2.0.0"]


def test_the_same_key_in_two_repositories_is_two_commits(alice: Caller, database: Database) -> None:
    shown = alice.publish("web@1.0.0", commits=[commit("1"), commit("1", repository="acme/lib")])
    assert shown["commitCount"] == 2
    assert keys(alice) == ["1", "1"]
    assert len(rows(database, "commits")) == 2


def test_organizations_share_no_commits_authors_and_repositories(
    alice: Caller, charlie: Caller, database: Database
) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    body = {"version": "web@1.0.0", "projects": ["web"], "commits": [commit("1")]}
    assert charlie.post("/organizations/globex/releases/", body).status_code == 201
    for table in ("commits", "authors", "repositories"):
        assert len(rows(database, table)) == 2


@pytest.mark.parametrize("given", [None, "", " "])
def test_commits_without_a_repository_go_to_the_one_of_the_organization(
    alice: Caller, world: World, given: str | None
) -> None:
    shown = alice.publish("web@1.0.0", commits=[commit("1") | {"repository": given}])
    name = f"organization-{world.organizations['acme']}"
    assert shown["lastCommit"]["repository"]["name"] == name


def test_what_is_not_said_again_stays(alice: Caller) -> None:
    first = alice.publish("web@1.0.0", commits=[commit("1")])["lastCommit"]
    bare = {"id": commit("1")["id"], "repository": "acme/web"}
    again = alice.publish("web@1.0.0", commits=[bare])["lastCommit"]
    assert again == first


def test_what_is_said_anew_replaces_what_was(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    shown = alice.publish(
        "web@1.0.0",
        commits=[commit("1", message="Better", timestamp=at(12), author_email="ben@example.com")],
    )["lastCommit"]
    assert (shown["message"], shown["dateCreated"], shown["author"]) == (
        "Better",
        at(12),
        {"name": "Ada", "email": "ben@example.com"},
    )


AUTHORS: list[tuple[dict[str, object], object]] = [
    ({"author_email": "ADA@Example.com"}, {"name": "Ada", "email": "ada@example.com"}),
    ({"author_email": "not an address"}, {"name": "Ada", "email": "not an address"}),
    ({"author_email": None}, {"name": "Ada", "email": "ada@localhost"}),
    (
        {"author_email": None, "author_name": "dependabot[bot]"},
        {"name": "dependabot[bot]", "email": "dependabotbot@localhost"},
    ),
    (
        {"author_name": "dependabot[bot]", "author_email": "1+dependabot[bot]@example.com"},
        {"name": "dependabot[bot]", "email": "1+dependabot[bot]@example.com"},
    ),
    (
        {"author_email": None, "author_name": "Ünal Öz"},
        {"name": "Ünal Öz", "email": "nalz@localhost"},
    ),
    ({"author_email": None, "author_name": "李"}, {"name": "李", "email": "@localhost"}),
    ({"author_email": None, "author_name": None}, {}),
    ({"author_email": "", "author_name": "Ada"}, {}),
    (
        {"author_email": "ada@example.com", "author_name": None},
        {"name": None, "email": "ada@example.com"},
    ),
    (
        {"author_email": "ada@example.com", "author_name": ""},
        {"name": None, "email": "ada@example.com"},
    ),
    (
        {"author_name": "a" * 129},
        {"name": "a" * 125 + "...", "email": "ada@example.com"},
    ),
    (
        {"author_email": "a" * 200 + "@example.com"},
        {"name": "Ada", "email": "a" * 197 + "..."},
    ),
    ({"author_email": "a" * 76}, {"name": "Ada", "email": "a" * 76}),
    (
        {"author_email": None, "author_name": "a" * 90},
        {"name": "a" * 90, "email": "a" * 72 + "..."},
    ),
]


@pytest.mark.parametrize(("given", "shown"), AUTHORS)
@on_one_database
def test_odd_authors_never_fail_a_release(
    alice: Caller, given: dict[str, Any], shown: object
) -> None:
    made = commit("1", **given)
    assert alice.publish("web@1.0.0", commits=[made])["lastCommit"]["author"] == shown


@on_one_database
def test_null_authors_count_as_none(alice: Caller) -> None:
    made = commit("1") | {"author_name": None, "author_email": None}
    assert alice.publish("web@1.0.0", commits=[made])["lastCommit"]["author"] == {}


def test_an_author_takes_the_newest_name(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1", author_name="Ada")])
    shown = alice.publish(
        "web@2.0.0",
        commits=[
            commit("1", author_name="Ada L.", timestamp=at(10)),
            commit("2", author_name="Ada Lovelace", timestamp=at(12)),
        ],
    )
    assert shown["authors"] == [{"name": "Ada Lovelace", "email": "ada@example.com"}]


def test_an_author_keeps_the_name_where_none_is_said(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1", author_name="Ada")])
    shown = alice.publish("web@2.0.0", commits=[commit("2", author_name=None)])
    assert shown["authors"] == [{"name": "Ada", "email": "ada@example.com"}]


def test_an_author_who_is_a_member_is_shown_as_such(alice: Caller, world: World) -> None:
    shown = alice.publish("web@1.0.0", commits=[commit("1", author_email="Bob@example.com")])
    assert shown["authors"][0]["id"] == str(world.users["bob@example.com"])
    assert shown["lastCommit"]["author"] == shown["authors"][0]


def test_a_member_of_another_organization_is_just_an_author(alice: Caller) -> None:
    given = commit("1", author_name="Charlie", author_email="charlie@example.com")
    shown = alice.publish("web@1.0.0", commits=[given])
    assert shown["authors"] == [{"name": "Charlie", "email": "charlie@example.com"}]


def test_the_newest_commit_of_each_repository_becomes_its_head(
    alice: Caller, database: Database
) -> None:
    alice.publish(
        "web@1.0.0",
        commits=[
            commit("1", timestamp=at(10)),
            commit("2", timestamp=at(11)),
            commit("3", timestamp=at(9), repository="acme/lib"),
        ],
    )
    assert heads(database) == {"acme/web": "2", "acme/lib": "3"}


def test_commits_do_not_move_a_head(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    alice.publish("web@1.0.0", commits=[commit("2", timestamp=at(12))])
    assert heads(database) == {"acme/web": "1"}


@on_one_database
def test_a_commit_may_change_more_files_than_other_lists_have_items(
    alice: Caller, database: Database
) -> None:
    """A commit that vendors a library, or is the first, must not make a pipeline fail."""
    patch = [{"path": f"vendor/{number}.py", "type": "A"} for number in range(10_001)]
    alice.publish("web@1.0.0", commits=[commit("1", patch_set=patch)])
    assert counts(database)["changed_files"] == 10_001


def test_known_files_of_a_commit_stay_as_they_are(alice: Caller, database: Database) -> None:
    patch = [{"path": "a.py", "type": "A"}, {"path": "a.py", "type": "M"}]
    alice.publish("web@1.0.0", commits=[commit("1", patch_set=patch)])
    patch = [{"path": "a.py", "type": "D"}, {"path": "b.py", "type": "D"}]
    alice.publish("web@1.0.0", commits=[commit("1", patch_set=patch)])
    found = [(it["filename"], it["change"]) for it in rows(database, "changed_files")]
    assert found == [("a.py", "A"), ("b.py", "D")]


@on_one_database
def test_a_null_patch_set_counts_as_none(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1") | {"patch_set": None}])
    assert keys(alice) == ["1"]


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_dates_need_not_be_sensible(alice: Caller, year: int) -> None:
    moment = f"{year:04d}-06-01T00:00:00Z"
    shown = alice.publish("web@1.0.0", commits=[commit("1", timestamp=moment)])
    assert shown["lastCommit"]["dateCreated"] == moment


def test_a_commit_without_a_moment_is_of_now(alice: Caller) -> None:
    before = datetime.now(UTC)
    shown = alice.publish("web@1.0.0", commits=[commit("1", timestamp=None)])
    assert before <= datetime.fromisoformat(shown["lastCommit"]["dateCreated"]) <= datetime.now(UTC)


def test_ten_thousand_commits_are_taken(alice: Caller, database: Database) -> None:
    commits = [
        commit(f"{number:040d}", author_email=f"{number % 300}@example.com")
        for number in range(10_000)
    ]
    assert alice.publish("web@1.0.0", commits=commits)["commitCount"] == 10_000
    assert len(rows(database, "release_commits")) == 10_000


def test_binding_the_same_commits_again_changes_nothing(alice: Caller, database: Database) -> None:
    commits = [commit("1"), commit("2", timestamp=None), commit("3", author_name=None)]
    alice.publish("web@1.0.0", commits=commits)
    before = dump(database)
    alice.publish("web@1.0.0", commits=commits)
    assert dump(database) == before


def heads(database: Database) -> dict[str, str]:
    """The head commit of each repository, by its first characters."""
    names = {it["id"]: it["name"] for it in rows(database, "repositories")}
    known = {it["id"]: it["key"].rstrip("f") for it in rows(database, "commits")}
    return {
        names[it["repository_id"]]: known[it["commit_id"]] for it in rows(database, "release_heads")
    }
