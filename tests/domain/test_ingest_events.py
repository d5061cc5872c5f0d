"""Events become issues, are counted, and reopen what was resolved (ingest.md 8, 10)."""

from datetime import timedelta
from typing import Any

import pytest
from factories import (
    World,
    arrival,
    counts,
    dump,
    error_event,
    rows,
    statements,
)
from issues_at_work import AT, Store

from shipmark.events import parsing
from shipmark.infrastructure.database import Database
from shipmark.issues.actions import ingest_events
from shipmark.issues.actions.ingest_events import IngestResult
from shipmark.issues.actions.update_issue import update_issues
from shipmark.issues.model import IssueStatus, StatusChange, Substatus
from shipmark.issues.snooze import SnoozeConditions
from shipmark.issues.store import states
from shipmark.projects import store as projects

HOUR = timedelta(hours=1)


def in_environments(database: Database) -> dict[str, int]:
    """How many issues were new in each environment, in any release."""
    names = {it["id"]: it["name"] for it in rows(database, "environments")}
    return {
        names[it["environment_id"]]: it["new_issue_count"]
        for it in rows(database, "release_environments")
    }


def only(database: Database, name: str) -> dict[str, Any]:
    [row] = rows(database, name)
    return row


def test_an_unknown_error_is_a_new_issue(store: Store, database: Database) -> None:
    taken = store()
    issue = only(database, "issues")
    assert taken == IngestResult(issue_id=issue["id"], is_new_issue=True)
    assert (issue["status"], issue["substatus"]) == ("unresolved", "new")


def test_a_known_error_is_told_with_its_issue(store: Store, database: Database) -> None:
    first = store()
    assert store(at=AT + HOUR) == IngestResult(issue_id=first.issue_id)
    assert only(database, "issues")["times_seen"] == 2


def test_the_same_event_again_is_told_as_such_and_changes_nothing(
    store: Store, database: Database
) -> None:
    store(event_id="e" * 32, release="web@1.0.0")
    before = dump(database)
    again = store("other", event_id="e" * 32, release="web@2.0.0", environment="prod")
    assert again == IngestResult(issue_id=None)
    assert dump(database) == before


def test_the_same_event_id_in_another_project_is_another_event(
    store: Store, database: Database
) -> None:
    store(event_id="e" * 32)
    assert store(event_id="e" * 32, project="mobile").is_new_issue
    assert counts(database)["events"] == 2


def test_one_error_in_two_projects_is_two_issues(store: Store, database: Database) -> None:
    first, second = store(), store(project="mobile")
    assert first.issue_id != second.issue_id
    assert [it["number"] for it in rows(database, "issues")] == [1, 1]


def test_all_hashes_of_the_first_event_lead_to_its_issue(store: Store, database: Database) -> None:
    taken = store(hashes=("a" * 32, "b" * 32))
    led = {(it["hash"], it["issue_id"]) for it in rows(database, "issue_hashes")}
    assert led == {("a" * 32, taken.issue_id), ("b" * 32, taken.issue_id)}


def test_an_event_whose_second_hash_is_known_is_of_that_issue(store: Store) -> None:
    first = store(hashes=("b" * 32,))
    assert store("other", hashes=("a" * 32, "b" * 32)).issue_id == first.issue_id


def test_the_first_known_hash_wins(store: Store) -> None:
    store("one", hashes=("b" * 32,))
    second = store("two", hashes=("a" * 32,))
    assert store("three", hashes=("a" * 32, "b" * 32)).issue_id == second.issue_id


def test_a_number_is_not_taken_by_known_errors(store: Store, database: Database) -> None:
    for value in ("a", "a", "b"):
        store(value)
    assert [it["number"] for it in rows(database, "issues")] == [1, 2]


def test_each_user_is_counted_once(store: Store, database: Database) -> None:
    for user in ("ada", "ada", "grace"):
        store(user={"id": user})
    store()
    issue = only(database, "issues")
    assert (issue["times_seen"], issue["user_count"]) == (4, 2)


def test_a_user_of_two_issues_is_counted_in_each(store: Store, database: Database) -> None:
    for value in ("a", "b"):
        store(value, user={"id": "ada"})
    assert [it["user_count"] for it in rows(database, "issues")] == [1, 1]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_the_moments_of_an_issue_only_widen(
    store: Store, database: Database, order: tuple[int, ...]
) -> None:
    for hours in order:
        store(at=AT + hours * HOUR)
    issue = only(database, "issues")
    assert (issue["first_seen_at"], issue["last_seen_at"]) == (AT, AT + 2 * HOUR)


def test_an_older_event_does_not_move_the_last_moment_in_a_release(
    store: Store, database: Database
) -> None:
    for hours in (2, 0):
        store(at=AT + hours * HOUR, release="web@1.0.0")
    assert only(database, "issue_releases")["last_seen_at"] == AT + 2 * HOUR
    assert only(database, "release_environments")["last_seen_at"] == AT + 2 * HOUR


def test_an_event_without_an_environment_is_in_the_nameless_one(
    store: Store, database: Database
) -> None:
    store()
    assert only(database, "environments")["name"] == ""


def test_an_environment_is_one_for_all_projects(store: Store, database: Database) -> None:
    for project in ("web", "mobile"):
        store(project=project, environment="prod")
    assert only(database, "environments")["name"] == "prod"
    assert counts(database)["project_environments"] == 2


def test_an_issue_is_new_once_in_each_environment(store: Store, database: Database) -> None:
    for environment in ("prod", "prod", "stage"):
        store(environment=environment, release="web@1.0.0")
    assert in_environments(database) == {"prod": 1, "stage": 1}
    assert only(database, "release_projects")["new_issue_count"] == 1


def test_new_issues_of_an_environment_add_up(store: Store, database: Database) -> None:
    for value in ("a", "b", "a"):
        store(value, environment="prod", release="web@1.0.0")
    assert in_environments(database) == {"prod": 2}
    assert only(database, "release_projects")["new_issue_count"] == 2


def test_a_later_release_brings_no_issue_that_is_known(store: Store, database: Database) -> None:
    store(release="web@1.0.0")
    store(release="web@2.0.0", at=AT + HOUR)
    assert [it["new_issue_count"] for it in rows(database, "release_projects")] == [1, 0]
    assert [it["new_issue_count"] for it in rows(database, "release_environments")] == [1, 0]


def test_the_release_that_an_issue_was_first_seen_in_stays(
    store: Store, database: Database
) -> None:
    store(release="web@1.0.0")
    store(release="web@2.0.0", at=AT - HOUR)
    first = rows(database, "releases")[0]
    assert only(database, "issues")["first_release_id"] == first["id"]


def test_an_issue_first_seen_without_a_release_gets_none_later(
    store: Store, database: Database
) -> None:
    store()
    store(release="web@1.0.0")
    assert only(database, "issues")["first_release_id"] is None


def test_a_release_is_dated_by_the_event_that_made_it(store: Store, database: Database) -> None:
    for hours in (1, 0, 2):
        store(release="web@1.0.0", at=AT + hours * HOUR)
    made = only(database, "releases")
    assert (made["created_at"], made["released_at"]) == (AT + HOUR, None)


def test_a_release_is_attached_once(store: Store, database: Database) -> None:
    for value in ("a", "b"):
        store(value, release="web@1.0.0")
    assert counts(database)["release_projects"] == 1


def test_events_attach_one_release_to_several_projects(
    store: Store, database: Database, world: World
) -> None:
    for project in ("web", "mobile"):
        store(project=project, release="app@1.0.0")
    version = only(database, "releases")["version"]
    attached = {
        it["project_id"]: it["new_issue_count"] for it in rows(database, "release_projects")
    }
    assert version == "app@1.0.0"
    assert attached == {world.projects["web"]: 1, world.projects["mobile"]: 1}


def test_organizations_have_releases_of_one_version_each(store: Store, database: Database) -> None:
    for project in ("web", "globex/web"):
        store(project=project, release="app@1.0.0")
    assert [it["version"] for it in rows(database, "releases")] == ["app@1.0.0"] * 2


def test_an_event_that_makes_a_release_tells_nothing_of_it(
    store: Store, database: Database
) -> None:
    store(release="web@1.0.0")
    assert counts(database)["release_activities"] == 0


def test_a_project_knows_its_first_event_and_its_platforms(
    store: Store, database: Database, world: World
) -> None:
    for platform, hours in (("python", 0), ("node", 1), ("node", 2)):
        store(platform=platform, at=AT + hours * HOUR)
    [web] = [it for it in rows(database, "projects") if it["id"] == world.projects["web"]]
    assert web["first_event_at"] == AT
    assert {it["platform"] for it in rows(database, "project_platforms")} == {"node", "python"}


def test_a_new_issue_waits_in_the_inbox(store: Store, database: Database) -> None:
    taken = store()
    waiting = only(database, "inbox")
    assert (waiting["issue_id"], waiting["reason"]) == (taken.issue_id, 0)
    assert waiting["added_at"] == AT + timedelta(seconds=1)


def test_a_new_issue_has_no_history(store: Store, database: Database) -> None:
    store()
    found = counts(database)
    assert (found["issue_activities"], found["issue_history"]) == (0, 0)


def together(database: Database, world: World, *payloads: dict[str, Any]) -> list[IngestResult]:
    """Ingest events of web in one batch."""
    with database.transaction() as connection:
        project = projects.by_ids(connection, [world.projects["web"]])[world.projects["web"]]
        arrivals = [
            arrival(project, parsing.read(payload, event_id=payload["event_id"], received_at=AT))
            for payload in payloads
        ]
        return ingest_events.ingest(connection, arrivals).results


def test_a_batch_brings_new_releases(database: Database, world: World) -> None:
    versions = ["web@3.0.0", "web@1.0.0", "web@3.0.0"]
    results = together(database, world, *(error_event(release=version) for version in versions))
    assert [result.is_new_issue for result in results] == [True, False, False]
    assert {row["version"] for row in rows(database, "releases")} == set(versions)
    assert only(database, "issues")["times_seen"] == 3
    assert sorted(row["new_issue_count"] for row in rows(database, "release_projects")) == [0, 1]


def ignore_all(database: Database, world: World, conditions: SnoozeConditions | str | None) -> None:
    change = StatusChange(status=IssueStatus.IGNORED, substatus=Substatus.ARCHIVED_UNTIL_ESCALATING)
    if not isinstance(conditions, str):
        change = StatusChange(status=IssueStatus.IGNORED, conditions=conditions)

    with database.transaction() as connection:
        ids = [row["id"] for row in rows(database, "issues")]
        locked = states.locked(connection, world.organizations["acme"], ids)
        update_issues(connection, locked, change, None, AT)


@pytest.mark.parametrize(
    ("conditions", "more"),
    [
        (None, 0),
        (SnoozeConditions(event_count=1000, user_count=1000, duration_minutes=9000), 1),
        # What has happened within the windows is stored.
        (SnoozeConditions(event_count=1000, event_window_minutes=60), 2),
        ("until it escalates", 1),
    ],
)
def test_issues_under_a_condition_take_a_statement_more(
    database: Database, world: World, conditions: SnoozeConditions | str | None, more: int
) -> None:
    def batch() -> list[dict[str, Any]]:
        return [error_event(str(number), user={"id": "1"}) for number in range(9)]

    together(database, world, *batch())
    numbers = []
    for is_ignored in (False, True):
        if is_ignored:
            ignore_all(database, world, conditions)
        with statements(database) as sent:
            together(database, world, *batch())
        numbers.append(sent.count)
    assert numbers[1] - numbers[0] == more


def test_any_number_of_issues_is_reopened_by_as_many_statements(
    database: Database, world: World
) -> None:
    numbers = []
    for size in (2, 20):
        batch = [error_event(f"{size} {number}") for number in range(size)]
        together(database, world, *batch)
        ignore_all(database, world, SnoozeConditions(event_count=1))
        with statements(database) as sent:
            together(database, world, *(error_event(f"{size} {n}") for n in range(size)))
        numbers.append(sent.count)
    assert numbers[0] == numbers[1]
    assert {row["substatus"] for row in rows(database, "issues")} == {
        "escalating",
        "archived_until_condition_met",
    }


def test_the_number_of_statements_does_not_depend_on_that_of_events(
    database: Database, world: World
) -> None:
    def batch(size: int) -> list[dict[str, Any]]:
        return [
            error_event(f"boom {number % 2}", release=f"web@{number % 2}", user={"id": str(number)})
            for number in range(size)
        ]

    together(database, world, *batch(2))
    numbers = []
    for size in (2, 60):
        with statements(database) as sent:
            together(database, world, *batch(size))
        numbers.append(sent.count)
    assert numbers[0] == numbers[1] <= 16
