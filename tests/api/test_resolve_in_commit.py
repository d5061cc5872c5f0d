"""Resolving issues by hand in a commit: `statusDetails.inCommit` (groups-api.md 4.1, 4.2; ingest.md 10)."""

from typing import Any

import pytest
from client_fixtures import Happen
from factories import (
    ALICE,
    BOB,
    Caller,
    commit,
    dump,
    on_one_database,
    release_path,
    rows,
    statements,
)
from issue_answers import shown

from shipmark.infrastructure.database import Database

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"
ISSUE = f"{LIST}WEB-1/"
FIX = commit("1", message="Mend it", author_email=ALICE)
UNKNOWN_REPOSITORY = {"repository": ["Unable to find the given repository."]}
UNKNOWN_COMMIT = {"commit": ["Unable to find the given commit."]}


def body_of(sha: object = FIX["id"], repository: object = "acme/web") -> dict[str, object]:
    named = {"commit": sha, "repository": repository}
    return {"status": "resolved", "statusDetails": {"inCommit": named}}


@pytest.fixture
def _unreleased(alice: Caller) -> None:
    """Store the commit for a release of another project, then release that without it."""
    alice.publish("mobile@1.0.0", "mobile", commits=[FIX])
    alice.publish("mobile@1.0.0", "mobile", commits=[commit("2", message="Another")])


unreleased = pytest.mark.usefixtures("_unreleased")


def resolve(caller: Caller, body: dict[str, object] | None = None) -> dict[str, Any]:
    answer = caller.put(ISSUE, body or body_of())
    assert answer.status_code == 200, answer.text
    issue: dict[str, Any] = answer.json()
    return issue


def kinds(caller: Caller) -> list[str]:
    return [entry["type"] for entry in shown(caller)["activity"]]


@unreleased
def test_an_issue_is_resolved_in_a_commit_that_is_in_no_release(
    bob: Caller, happen: Happen, database: Database
) -> None:
    happen()
    issue = resolve(bob)
    assert (issue["status"], issue["substatus"], issue["inbox"]) == ("resolved", None, None)
    [name] = issue["statusDetails"]
    assert (name, issue["statusDetails"][name]["id"]) == ("inCommit", FIX["id"])
    assert shown(bob)["statusDetails"] == issue["statusDetails"]
    assert rows(database, "resolutions") == []
    assert [row["status"] for row in rows(database, "issue_history")] == ["set_resolved_in_commit"]
    assert len(rows(database, "issue_subscriptions")) == 1


@unreleased
def test_its_activity_shows_the_commit(bob: Caller, happen: Happen, database: Database) -> None:
    happen()
    resolve(bob)
    [entry, _] = shown(bob)["activity"]
    assert (entry["type"], entry["user"]["email"]) == ("set_resolved_in_commit", BOB)
    assert entry["data"]["commit"]["id"] == FIX["id"]
    assert entry["data"]["commit"]["repository"]["name"] == "acme/web"
    stored = next(row for row in rows(database, "commits") if row["message"] == "Mend it")
    [row] = rows(database, "issue_activities")
    assert (row["ident"], row["details"]) == (str(stored["id"]), f'{{"commit": {stored["id"]}}}')


@unreleased
def test_a_list_answers_the_commit_and_the_user(bob: Caller, happen: Happen) -> None:
    happen()
    answer = bob.put(f"{WEB_LIST}?id={shown(bob)['id']}", body_of()).json()
    assert answer["statusDetails"].pop("actor")["email"] == BOB
    assert answer == {
        "status": "resolved",
        "statusDetails": shown(bob)["statusDetails"],
        "substatus": None,
        "inbox": None,
    }


def test_it_is_resolved_in_the_newest_release_with_the_commit(bob: Caller, happen: Happen) -> None:
    happen()
    for version in ("web@1.0.0", "web@2.0.0"):
        bob.publish(version, commits=[FIX])
    bob.publish("web@3.0.0", commits=[commit("2", message="Another")])
    bob.publish("mobile@4.0.0", "mobile", commits=[FIX])
    answer = bob.put(f"{WEB_LIST}?query=", body_of()).json()
    assert list(answer["statusDetails"]) == ["inCommit", "actor"]
    assert shown(bob)["statusDetails"]["inRelease"] == "web@2.0.0"
    assert shown(bob)["statusDetails"]["actor"]["email"] == BOB
    assert kinds(bob) == ["set_resolved_in_commit", "first_seen"]


def test_resolving_again_in_a_release_is_no_second_activity(bob: Caller, happen: Happen) -> None:
    happen()
    bob.publish("web@1.0.0", commits=[FIX])
    for _ in range(2):
        resolve(bob)
    assert kinds(bob) == ["set_resolved_in_commit", "first_seen"]


@unreleased
def test_an_event_does_not_reopen_it_before_the_commit_ships(bob: Caller, happen: Happen) -> None:
    """ingest.md 10, rule 3."""
    bob.publish("web@1.0.0")
    happen(release="web@1.0.0")
    resolve(bob)
    for version in ("web@1.0.0", "web@1.1.0", None):
        happen(release=version)
        assert shown(bob)["status"] == "resolved", version


@unreleased
def test_the_release_with_the_commit_resolves_it(bob: Caller, happen: Happen) -> None:
    happen(release="web@1.0.0")
    resolve(bob)
    bob.publish("web@1.1.0", commits=[FIX])
    assert shown(bob)["statusDetails"]["inRelease"] == "web@1.1.0"
    assert kinds(bob) == ["set_resolved_in_commit", "first_seen"]
    listed = bob.get(release_path("web@1.1.0", "resolved/")).json()
    assert [issue["shortId"] for issue in listed] == ["WEB-1"]
    happen(release="web@1.0.0")
    assert shown(bob)["status"] == "resolved"
    happen(release="web@1.1.0")
    assert shown(bob)["substatus"] == "regressed"


@unreleased
def test_a_message_that_does_not_name_the_issue_keeps_the_link(bob: Caller, happen: Happen) -> None:
    happen()
    resolve(bob)
    bob.publish("mobile@2.0.0", "mobile", commits=[FIX | {"message": "Mend it well"}])
    assert shown(bob)["statusDetails"]["inCommit"]["message"] == "Mend it well"
    bob.publish("web@1.1.0", commits=[FIX])
    assert shown(bob)["statusDetails"]["inRelease"] == "web@1.1.0"


@unreleased
def test_a_message_that_named_the_issue_and_does_not_any_more_keeps_the_link(
    bob: Caller, happen: Happen
) -> None:
    happen()
    bob.publish("mobile@2.0.0", "mobile", commits=[FIX | {"message": "Fixes WEB-1"}])
    resolve(bob)
    bob.publish("mobile@2.0.0", "mobile", commits=[FIX])
    assert shown(bob)["statusDetails"]["inCommit"]["id"] == FIX["id"]


@unreleased
def test_what_is_resolved_otherwise_since_is_not_shown_with_the_commit(
    bob: Caller, happen: Happen
) -> None:
    happen()
    resolve(bob)
    resolve(bob, {"status": "unresolved"})
    assert shown(bob)["statusDetails"] == {}
    assert resolve(bob, {"status": "resolved"})["statusDetails"] == {}


@unreleased
def test_a_commit_that_only_names_the_issue_is_not_shown(bob: Caller, happen: Happen) -> None:
    happen()
    bob.publish("mobile@2.0.0", "mobile", commits=[FIX | {"message": "Fixes WEB-1"}])
    assert resolve(bob, {"status": "resolved"})["statusDetails"] == {}


@unreleased
@pytest.mark.parametrize(
    ("sha", "repository", "errors"),
    [
        (FIX["id"], "acme/nope", UNKNOWN_REPOSITORY),
        ("f" * 40, "acme/web", UNKNOWN_COMMIT),
        (str(FIX["id"])[:7], "acme/web", UNKNOWN_COMMIT),
        ("f" * 65, "", None),
        (None, None, None),
    ],
)
@on_one_database
def test_a_commit_that_is_not_known_is_refused(
    bob: Caller,
    happen: Happen,
    database: Database,
    sha: object,
    repository: object,
    errors: dict[str, list[str]] | None,
) -> None:
    happen()
    before = dump(database)
    for path in (ISSUE, f"{WEB_LIST}?query="):
        answer = bob.put(path, body_of(sha, repository))
        refused = answer.json()["statusDetails"]["inCommit"]
        assert answer.status_code == 400
        assert refused == errors if errors else set(refused) == {"commit", "repository"}
    assert dump(database) == before


@unreleased
def test_a_repository_that_the_caller_may_not_see_is_unknown(
    alice: Caller, bob: Caller, happen: Happen, database: Database
) -> None:
    happen()
    hidden = commit("3", message="Secret", repository="acme/tools")
    alice.publish("tools@1.0.0", "tools", commits=[hidden])
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE organizations SET is_open = false")
    answer = bob.put(ISSUE, body_of(hidden["id"], "acme/tools"))
    assert answer.json() == {"statusDetails": {"inCommit": UNKNOWN_REPOSITORY}}
    assert resolve(alice, body_of(hidden["id"], "acme/tools"))["status"] == "resolved"


@unreleased
@on_one_database
def test_issues_of_several_projects_share_no_commit(bob: Caller, happen: Happen) -> None:
    happen()
    happen("mobile")
    answer = bob.put(f"{LIST}?query=", body_of())
    sentence = "Cannot set resolved in commit for multiple projects."
    assert (answer.status_code, answer.json()) == (400, {"detail": sentence})


def test_a_release_comes_before_the_commit(bob: Caller, happen: Happen) -> None:
    happen()
    bob.publish("web@1.0.0", commits=[FIX])
    bob.publish("web@2.0.0")
    named = {"commit": FIX["id"], "repository": "acme/web"}
    both = {"inRelease": "web@2.0.0", "inCommit": named}
    issue = resolve(bob, {"status": "resolved", "statusDetails": both})
    assert issue["statusDetails"]["inRelease"] == "web@2.0.0"
    assert kinds(bob) == ["set_resolved_in_release", "first_seen"]


@unreleased
def test_a_commit_says_nothing_of_another_status(bob: Caller, happen: Happen) -> None:
    happen()
    answer = bob.put(f"{WEB_LIST}?query=", body_of() | {"status": "ignored"}).json()
    assert (answer["status"], answer["statusDetails"]) == ("ignored", {})


@unreleased
def test_a_deleted_commit_is_gone_from_the_activity(
    alice: Caller, happen: Happen, database: Database
) -> None:
    happen()
    resolve(alice)
    with database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM issue_commits")
        connection.exec_driver_sql("DELETE FROM release_heads")
        connection.exec_driver_sql("DELETE FROM changed_files")
        connection.exec_driver_sql("DELETE FROM commits")
    [entry, _] = shown(alice)["activity"]
    assert (entry["data"], shown(alice)["statusDetails"]) == ({"commit": None}, {})


@pytest.mark.parametrize("project", ["web", "mobile"])
def test_the_number_of_statements_does_not_depend_on_the_number_of_issues(
    bob: Caller, happen: Happen, database: Database, project: str
) -> None:
    bob.publish("app@1.0.0", project, commits=[FIX])
    numbers = []
    for size in (2, 9):
        for number in range(size):
            happen(value=f"{size} {number}")
        with statements(database) as changing:
            assert bob.put(f"{WEB_LIST}?query=is:unresolved", body_of()).status_code == 200
        with statements(database) as listing:
            assert len(bob.get(f"{WEB_LIST}?query=is:resolved").json()) >= size
        numbers.append((changing.count, listing.count))
    assert numbers[0] == numbers[1]
