"""Events of resolved issues: regressions, and what is none (ingest.md 10)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from factories import (
    World,
    counts,
    on_one_database,
    rows,
)
from issues_at_work import AT, Store

from shipmark.deletion.release_deletion import delete_releases
from shipmark.infrastructure.database import Database
from shipmark.issues.actions.ingest_events import IngestResult
from shipmark.issues.store import states
from shipmark.organizations import store as organizations
from shipmark.projects import store as projects
from shipmark.publishing import actions as publishing
from shipmark.publishing.actions import PublishContext
from shipmark.publishing.model import CommitsAndRefs, ReleaseInput
from shipmark.releases import actions as releases
from shipmark.repositories.model import CommitInput

HOUR = timedelta(hours=1)


#: Publishes a release with commits of these messages: ``publish("web@1.0.0", "Fixes WEB-1", at=AT)``.
Publish = Callable[..., None]


def only(database: Database, name: str) -> dict[str, Any]:
    [row] = rows(database, name)
    return row


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


def resolve(store: Store, publish: Publish) -> None:
    """WEB-1 happens in 1.0.0, and is resolved an hour later in 2.0.0."""
    store(release="web@1.0.0")
    publish("web@2.0.0", "Fixes WEB-1", at=AT + HOUR)


@pytest.mark.parametrize("release", ["web@2.0.0", "web@2.0.1"])
def test_a_resolved_issue_that_happens_after_its_fix_is_a_regression(
    store: Store, publish: Publish, database: Database, release: str
) -> None:
    resolve(store, publish)
    taken = store(release=release, at=AT + 2 * HOUR)
    issue = only(database, "issues")
    assert taken == IngestResult(issue_id=issue["id"], is_regression=True)
    assert (issue["status"], issue["substatus"]) == ("unresolved", "regressed")
    assert (issue["resolved_at"], issue["active_at"]) == (None, AT + 2 * HOUR)


@pytest.mark.parametrize("release", ["web@1.0.0", "web@1.9.0", None])
def test_a_resolved_issue_that_happens_before_its_fix_stays_resolved(
    store: Store, publish: Publish, database: Database, release: str | None
) -> None:
    resolve(store, publish)
    assert not store(release=release, at=AT + 2 * HOUR).is_regression
    issue = only(database, "issues")
    assert (issue["status"], issue["times_seen"]) == ("resolved", 2)


def test_a_regression_forgets_the_resolution(
    store: Store, publish: Publish, database: Database
) -> None:
    resolve(store, publish)
    assert counts(database)["resolutions"] == 1
    store(release="web@2.0.0", at=AT + 2 * HOUR)
    assert counts(database)["resolutions"] == 0


def test_a_regression_is_told_in_the_activity(
    store: Store, publish: Publish, database: Database
) -> None:
    resolve(store, publish)
    store(release="web@2.0.1", at=AT + 2 * HOUR, event_id="e" * 32)
    told = rows(database, "issue_activities")[-1]
    assert (told["type"], told["ident"], told["user_id"]) == ("set_regression", "e" * 32, None)
    for part in ('"web@2.0.1"', '"resolved_in_version": "web@2.0.0"', f'"{"e" * 32}"'):
        assert part in told["details"]


def test_a_regression_is_told_in_the_history_with_its_release(
    store: Store, publish: Publish, database: Database
) -> None:
    resolve(store, publish)
    store(release="web@2.0.1", at=AT + 2 * HOUR)
    seen_in = rows(database, "releases")[-1]
    assert [it["status"] for it in rows(database, "issue_history")] == ["resolved", "regressed"]
    assert rows(database, "issue_history")[-1]["release_id"] == seen_in["id"]


def test_a_regression_waits_in_the_inbox(
    store: Store, publish: Publish, database: Database
) -> None:
    resolve(store, publish)
    assert counts(database)["inbox"] == 0
    store(release="web@2.0.0", at=AT + 2 * HOUR)
    assert only(database, "inbox")["reason"] == 2


def test_a_regression_happens_once(store: Store, publish: Publish, database: Database) -> None:
    resolve(store, publish)
    told = [store(release="web@2.0.0", at=AT + hours * HOUR).is_regression for hours in (2, 3)]
    assert told == [True, False]
    assert len(rows(database, "issue_history")) == 2


@pytest.fixture
def resolved_without(store: Store, publish: Publish, database: Database, world: World) -> timedelta:
    """WEB-1 is resolved in a release that was deleted since; gives when it may happen again."""
    store()
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
    store: Store, database: Database, resolved_without: timedelta
) -> None:
    assert counts(database)["resolutions"] == 0
    assert not store(at=AT + resolved_without).is_regression
    assert only(database, "issues")["status"] == "resolved"


def test_an_issue_resolved_in_no_release_regresses_in_any(store: Store, database: Database) -> None:
    store()
    with database.transaction() as connection:
        states.resolve_now(connection, [only(database, "issues")["id"]], AT + HOUR)
    assert store(at=AT + 2 * HOUR).is_regression
    told = rows(database, "issue_activities")[-1]
    assert '"version": ""' in told["details"]
    assert "resolved_in_version" not in told["details"]


@pytest.mark.parametrize(("seconds", "is_regression"), [(0, False), (5, False), (6, True)])
def test_an_event_within_five_seconds_of_the_last_change_is_no_regression(
    store: Store, publish: Publish, database: Database, seconds: int, is_regression: bool
) -> None:
    resolve(store, publish)
    changed = only(database, "issues")["active_at"]
    taken = store(release="web@2.0.0", at=changed + timedelta(seconds=seconds))
    assert taken.is_regression is is_regression


def test_an_event_that_ships_commits_to_its_project_resolves_what_they_name(
    store: Store, publish: Publish, database: Database
) -> None:
    store()
    publish("app@2.0.0", "Fixes WEB-1", at=AT + HOUR, names=("mobile",))
    assert only(database, "issues")["status"] == "unresolved"
    store("other", release="app@2.0.0", at=AT + 2 * HOUR)
    assert [it["status"] for it in rows(database, "issues")] == ["resolved", "unresolved"]


@on_one_database
def test_a_regressed_issue_can_be_resolved_again(
    store: Store, publish: Publish, database: Database
) -> None:
    resolve(store, publish)
    store(release="web@2.0.0", at=AT + 2 * HOUR)
    publish("web@3.0.0", "Fixes WEB-1 for good", at=AT + 3 * HOUR)
    assert only(database, "issues")["status"] == "resolved"
    assert only(database, "resolutions")["release_id"] == rows(database, "releases")[-1]["id"]
