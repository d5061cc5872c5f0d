"""Events become issues, are counted, and reopen what was resolved (ingest.md 8, 10)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from factories import (
    World,
    arrival,
    counts,
    dump,
    error_event,
    ingest,
    on_one_database,
    rows,
    statements,
)

from shipmark.deletion.release_deletion import delete_releases
from shipmark.events import parsing
from shipmark.infrastructure.database import Database
from shipmark.issues.actions import ingest_events
from shipmark.issues.actions.ingest_events import IngestResult
from shipmark.issues.actions.update_issue import update_issues
from shipmark.issues.model import IssueStatus, StatusChange, Substatus
from shipmark.issues.snooze import SnoozeConditions
from shipmark.issues.store import states
from shipmark.organizations import store as organizations
from shipmark.projects import store as projects
from shipmark.publishing import actions as publishing
from shipmark.publishing.actions import PublishContext
from shipmark.publishing.model import CommitsAndRefs, ReleaseInput
from shipmark.releases import actions as releases
from shipmark.repositories.model import CommitInput

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

#: Takes in an event of a project: ``happen("boom", at=AT, hashes=("a" * 32,), release="web@1.0.0")``.
Happen = Callable[..., IngestResult]
#: Publishes a release with commits of these messages: ``publish("web@1.0.0", "Fixes WEB-1", at=AT)``.
Publish = Callable[..., None]


@pytest.fixture
def happen(database: Database, world: World) -> Happen:
    def happened(
        value: str = "boom",
        *,
        project: str = "web",
        at: datetime = AT,
        event_id: str | None = None,
        hashes: tuple[str, ...] | None = None,
        **more: object,
    ) -> IngestResult:
        payload: dict[str, Any] = error_event(value, **more)
        received = at + timedelta(seconds=1)
        event = parsing.read(
            payload, event_id=event_id or payload["event_id"], received_at=received
        )
        event = replace(event, at=at, hashes=hashes or event.hashes)
        with database.transaction() as connection:
            found = projects.by_key(connection, world.keys[project])
            assert found is not None
            return ingest(connection, found.project, event, payload)

    return happened


@pytest.fixture
def publish(database: Database, world: World) -> Publish:
    def published(
        version: str, *messages: str, at: datetime = AT, names: tuple[str, ...] = ("web",)
    ) -> None:
        with database.transaction() as connection:
            organization = organizations.by_slug(connection, "acme")
            assert organization is not None
            found = projects.by_ids(connection, [world.projects[name] for name in names])
            commits = [
                CommitInput(sha=f"{version}-{number}", repository="acme/web", message=message)
                for number, message in enumerate(messages)
            ]
            publishing.publish(
                connection,
                ReleaseInput(
                    version=version,
                    projects=tuple(found.values()),
                    code=CommitsAndRefs(commits=tuple(commits)),
                ),
                PublishContext(
                    organization=organization, user_id=None, host="ship.example.com", now=at
                ),
            )

    return published


def only(database: Database, name: str) -> dict[str, Any]:
    [row] = rows(database, name)
    return row


def in_environments(database: Database) -> dict[str, int]:
    """How many issues were new in each environment, in any release."""
    names = {it["id"]: it["name"] for it in rows(database, "environments")}
    return {
        names[it["environment_id"]]: it["new_issue_count"]
        for it in rows(database, "release_environments")
    }


def test_an_unknown_error_is_a_new_issue(happen: Happen, database: Database) -> None:
    taken = happen()
    issue = only(database, "issues")
    assert taken == IngestResult(issue_id=issue["id"], is_new_issue=True)
    assert (issue["status"], issue["substatus"]) == ("unresolved", "new")


def test_a_known_error_is_told_with_its_issue(happen: Happen, database: Database) -> None:
    first = happen()
    assert happen(at=AT + HOUR) == IngestResult(issue_id=first.issue_id)
    assert only(database, "issues")["times_seen"] == 2


def test_the_same_event_again_is_told_as_such_and_changes_nothing(
    happen: Happen, database: Database
) -> None:
    happen(event_id="e" * 32, release="web@1.0.0")
    before = dump(database)
    again = happen("other", event_id="e" * 32, release="web@2.0.0", environment="prod")
    assert again == IngestResult(issue_id=None)
    assert dump(database) == before


def test_the_same_event_id_in_another_project_is_another_event(
    happen: Happen, database: Database
) -> None:
    happen(event_id="e" * 32)
    assert happen(event_id="e" * 32, project="mobile").is_new_issue
    assert counts(database)["events"] == 2


def test_one_error_in_two_projects_is_two_issues(happen: Happen, database: Database) -> None:
    first, second = happen(), happen(project="mobile")
    assert first.issue_id != second.issue_id
    assert [it["number"] for it in rows(database, "issues")] == [1, 1]


def test_all_hashes_of_the_first_event_lead_to_its_issue(
    happen: Happen, database: Database
) -> None:
    taken = happen(hashes=("a" * 32, "b" * 32))
    led = {(it["hash"], it["issue_id"]) for it in rows(database, "issue_hashes")}
    assert led == {("a" * 32, taken.issue_id), ("b" * 32, taken.issue_id)}


def test_an_event_whose_second_hash_is_known_is_of_that_issue(happen: Happen) -> None:
    first = happen(hashes=("b" * 32,))
    assert happen("other", hashes=("a" * 32, "b" * 32)).issue_id == first.issue_id


def test_the_first_known_hash_wins(happen: Happen) -> None:
    happen("one", hashes=("b" * 32,))
    second = happen("two", hashes=("a" * 32,))
    assert happen("three", hashes=("a" * 32, "b" * 32)).issue_id == second.issue_id


def test_a_number_is_not_taken_by_known_errors(happen: Happen, database: Database) -> None:
    for value in ("a", "a", "b"):
        happen(value)
    assert [it["number"] for it in rows(database, "issues")] == [1, 2]


def test_each_user_is_counted_once(happen: Happen, database: Database) -> None:
    for user in ("ada", "ada", "grace"):
        happen(user={"id": user})
    happen()
    issue = only(database, "issues")
    assert (issue["times_seen"], issue["user_count"]) == (4, 2)


def test_a_user_of_two_issues_is_counted_in_each(happen: Happen, database: Database) -> None:
    for value in ("a", "b"):
        happen(value, user={"id": "ada"})
    assert [it["user_count"] for it in rows(database, "issues")] == [1, 1]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_the_moments_of_an_issue_only_widen(
    happen: Happen, database: Database, order: tuple[int, ...]
) -> None:
    for hours in order:
        happen(at=AT + hours * HOUR)
    issue = only(database, "issues")
    assert (issue["first_seen_at"], issue["last_seen_at"]) == (AT, AT + 2 * HOUR)


def test_an_older_event_does_not_move_the_last_moment_in_a_release(
    happen: Happen, database: Database
) -> None:
    for hours in (2, 0):
        happen(at=AT + hours * HOUR, release="web@1.0.0")
    assert only(database, "issue_releases")["last_seen_at"] == AT + 2 * HOUR
    assert only(database, "release_environments")["last_seen_at"] == AT + 2 * HOUR


def test_an_event_without_an_environment_is_in_the_nameless_one(
    happen: Happen, database: Database
) -> None:
    happen()
    assert only(database, "environments")["name"] == ""


def test_an_environment_is_one_for_all_projects(happen: Happen, database: Database) -> None:
    for project in ("web", "mobile"):
        happen(project=project, environment="prod")
    assert only(database, "environments")["name"] == "prod"
    assert counts(database)["project_environments"] == 2


def test_an_issue_is_new_once_in_each_environment(happen: Happen, database: Database) -> None:
    for environment in ("prod", "prod", "stage"):
        happen(environment=environment, release="web@1.0.0")
    assert in_environments(database) == {"prod": 1, "stage": 1}
    assert only(database, "release_projects")["new_issue_count"] == 1


def test_new_issues_of_an_environment_add_up(happen: Happen, database: Database) -> None:
    for value in ("a", "b", "a"):
        happen(value, environment="prod", release="web@1.0.0")
    assert in_environments(database) == {"prod": 2}
    assert only(database, "release_projects")["new_issue_count"] == 2


def test_a_later_release_brings_no_issue_that_is_known(happen: Happen, database: Database) -> None:
    happen(release="web@1.0.0")
    happen(release="web@2.0.0", at=AT + HOUR)
    assert [it["new_issue_count"] for it in rows(database, "release_projects")] == [1, 0]
    assert [it["new_issue_count"] for it in rows(database, "release_environments")] == [1, 0]


def test_the_release_that_an_issue_was_first_seen_in_stays(
    happen: Happen, database: Database
) -> None:
    happen(release="web@1.0.0")
    happen(release="web@2.0.0", at=AT - HOUR)
    first = rows(database, "releases")[0]
    assert only(database, "issues")["first_release_id"] == first["id"]


def test_an_issue_first_seen_without_a_release_gets_none_later(
    happen: Happen, database: Database
) -> None:
    happen()
    happen(release="web@1.0.0")
    assert only(database, "issues")["first_release_id"] is None


def test_a_release_is_dated_by_the_event_that_made_it(happen: Happen, database: Database) -> None:
    for hours in (1, 0, 2):
        happen(release="web@1.0.0", at=AT + hours * HOUR)
    made = only(database, "releases")
    assert (made["created_at"], made["released_at"]) == (AT + HOUR, None)


def test_a_release_is_attached_once(happen: Happen, database: Database) -> None:
    for value in ("a", "b"):
        happen(value, release="web@1.0.0")
    assert counts(database)["release_projects"] == 1


def test_events_attach_one_release_to_several_projects(
    happen: Happen, database: Database, world: World
) -> None:
    for project in ("web", "mobile"):
        happen(project=project, release="app@1.0.0")
    version = only(database, "releases")["version"]
    attached = {
        it["project_id"]: it["new_issue_count"] for it in rows(database, "release_projects")
    }
    assert version == "app@1.0.0"
    assert attached == {world.projects["web"]: 1, world.projects["mobile"]: 1}


def test_organizations_have_releases_of_one_version_each(
    happen: Happen, database: Database
) -> None:
    for project in ("web", "globex/web"):
        happen(project=project, release="app@1.0.0")
    assert [it["version"] for it in rows(database, "releases")] == ["app@1.0.0"] * 2


def test_an_event_that_makes_a_release_tells_nothing_of_it(
    happen: Happen, database: Database
) -> None:
    happen(release="web@1.0.0")
    assert counts(database)["release_activities"] == 0


def test_a_project_knows_its_first_event_and_its_platforms(
    happen: Happen, database: Database, world: World
) -> None:
    for platform, hours in (("python", 0), ("node", 1), ("node", 2)):
        happen(platform=platform, at=AT + hours * HOUR)
    [web] = [it for it in rows(database, "projects") if it["id"] == world.projects["web"]]
    assert web["first_event_at"] == AT
    assert {it["platform"] for it in rows(database, "project_platforms")} == {"node", "python"}


def test_a_new_issue_waits_in_the_inbox(happen: Happen, database: Database) -> None:
    taken = happen()
    waiting = only(database, "inbox")
    assert (waiting["issue_id"], waiting["reason"]) == (taken.issue_id, 0)
    assert waiting["added_at"] == AT + timedelta(seconds=1)


def test_a_new_issue_has_no_history(happen: Happen, database: Database) -> None:
    happen()
    found = counts(database)
    assert (found["issue_activities"], found["issue_history"]) == (0, 0)


def resolve(happen: Happen, publish: Publish) -> None:
    """WEB-1 happens in 1.0.0, and is resolved an hour later in 2.0.0."""
    happen(release="web@1.0.0")
    publish("web@2.0.0", "Fixes WEB-1", at=AT + HOUR)


@pytest.mark.parametrize("release", ["web@2.0.0", "web@2.0.1"])
def test_a_resolved_issue_that_happens_after_its_fix_is_a_regression(
    happen: Happen, publish: Publish, database: Database, release: str
) -> None:
    resolve(happen, publish)
    taken = happen(release=release, at=AT + 2 * HOUR)
    issue = only(database, "issues")
    assert taken == IngestResult(issue_id=issue["id"], is_regression=True)
    assert (issue["status"], issue["substatus"]) == ("unresolved", "regressed")
    assert (issue["resolved_at"], issue["active_at"]) == (None, AT + 2 * HOUR)


@pytest.mark.parametrize("release", ["web@1.0.0", "web@1.9.0", None])
def test_a_resolved_issue_that_happens_before_its_fix_stays_resolved(
    happen: Happen, publish: Publish, database: Database, release: str | None
) -> None:
    resolve(happen, publish)
    assert not happen(release=release, at=AT + 2 * HOUR).is_regression
    issue = only(database, "issues")
    assert (issue["status"], issue["times_seen"]) == ("resolved", 2)


def test_a_regression_forgets_the_resolution(
    happen: Happen, publish: Publish, database: Database
) -> None:
    resolve(happen, publish)
    assert counts(database)["resolutions"] == 1
    happen(release="web@2.0.0", at=AT + 2 * HOUR)
    assert counts(database)["resolutions"] == 0


def test_a_regression_is_told_in_the_activity(
    happen: Happen, publish: Publish, database: Database
) -> None:
    resolve(happen, publish)
    happen(release="web@2.0.1", at=AT + 2 * HOUR, event_id="e" * 32)
    told = rows(database, "issue_activities")[-1]
    assert (told["type"], told["ident"], told["user_id"]) == ("set_regression", "e" * 32, None)
    for part in ('"web@2.0.1"', '"resolved_in_version": "web@2.0.0"', f'"{"e" * 32}"'):
        assert part in told["details"]


def test_a_regression_is_told_in_the_history_with_its_release(
    happen: Happen, publish: Publish, database: Database
) -> None:
    resolve(happen, publish)
    happen(release="web@2.0.1", at=AT + 2 * HOUR)
    seen_in = rows(database, "releases")[-1]
    assert [it["status"] for it in rows(database, "issue_history")] == ["resolved", "regressed"]
    assert rows(database, "issue_history")[-1]["release_id"] == seen_in["id"]


def test_a_regression_waits_in_the_inbox(
    happen: Happen, publish: Publish, database: Database
) -> None:
    resolve(happen, publish)
    assert counts(database)["inbox"] == 0
    happen(release="web@2.0.0", at=AT + 2 * HOUR)
    assert only(database, "inbox")["reason"] == 2


def test_a_regression_happens_once(happen: Happen, publish: Publish, database: Database) -> None:
    resolve(happen, publish)
    told = [happen(release="web@2.0.0", at=AT + hours * HOUR).is_regression for hours in (2, 3)]
    assert told == [True, False]
    assert len(rows(database, "issue_history")) == 2


@pytest.fixture
def resolved_without(
    happen: Happen, publish: Publish, database: Database, world: World
) -> timedelta:
    """WEB-1 is resolved in a release that was deleted since; gives when it may happen again."""
    happen()
    publish("web@2.0.0", "Fixes WEB-1", at=AT + HOUR)
    with database.transaction() as connection:
        [found] = rows(database, "releases")
        release = releases.find(
            connection,
            world.organizations["acme"],
            found["version"],
            [world.projects["web"]],
        )
        organization = organizations.by_slug(connection, "acme")
        assert organization is not None
        around = PublishContext(organization=organization, user_id=None, host="", now=AT)
        delete_releases(connection, [release], around)
    return 3 * HOUR


def test_an_issue_whose_fix_is_in_no_release_stays_resolved(
    happen: Happen, database: Database, resolved_without: timedelta
) -> None:
    assert counts(database)["resolutions"] == 0
    assert not happen(at=AT + resolved_without).is_regression
    assert only(database, "issues")["status"] == "resolved"


def test_an_issue_resolved_in_no_release_regresses_in_any(
    happen: Happen, database: Database
) -> None:
    happen()
    with database.transaction() as connection:
        states.resolve_now(connection, [only(database, "issues")["id"]], AT + HOUR)
    assert happen(at=AT + 2 * HOUR).is_regression
    told = rows(database, "issue_activities")[-1]
    assert '"version": ""' in told["details"]
    assert "resolved_in_version" not in told["details"]


@pytest.mark.parametrize(("seconds", "is_regression"), [(0, False), (5, False), (6, True)])
def test_an_event_within_five_seconds_of_the_last_change_is_no_regression(
    happen: Happen, publish: Publish, database: Database, seconds: int, is_regression: bool
) -> None:
    resolve(happen, publish)
    changed = only(database, "issues")["active_at"]
    taken = happen(release="web@2.0.0", at=changed + timedelta(seconds=seconds))
    assert taken.is_regression is is_regression


def test_an_event_that_ships_commits_to_its_project_resolves_what_they_name(
    happen: Happen, publish: Publish, database: Database
) -> None:
    happen()
    publish("app@2.0.0", "Fixes WEB-1", at=AT + HOUR, names=("mobile",))
    assert only(database, "issues")["status"] == "unresolved"
    happen("other", release="app@2.0.0", at=AT + 2 * HOUR)
    assert [it["status"] for it in rows(database, "issues")] == ["resolved", "unresolved"]


@on_one_database
def test_a_regressed_issue_can_be_resolved_again(
    happen: Happen, publish: Publish, database: Database
) -> None:
    resolve(happen, publish)
    happen(release="web@2.0.0", at=AT + 2 * HOUR)
    publish("web@3.0.0", "Fixes WEB-1 for good", at=AT + 3 * HOUR)
    assert only(database, "issues")["status"] == "resolved"
    assert only(database, "resolutions")["release_id"] == rows(database, "releases")[-1]["id"]


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
