"""Withdrawing releases: what issues keep of them, whatever their number, and whoever writes meanwhile."""

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from factories import (
    ALICE,
    BEGINNING,
    NOT_FOUND,
    Caller,
    World,
    commit,
    counts,
    error_event,
    ingest,
    publish_context,
    release_path,
    rows,
    send_event,
    statements,
)
from httpx import Client
from structlog.testing import capture_logs

from shipmark.deletion.release_deletion import Hold, delete_releases, holds
from shipmark.events import parsing
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.actions.ingest_events import IngestResult
from shipmark.projects import store as projects
from shipmark.publishing import actions as publishing
from shipmark.publishing.model import CommitsAndRefs, ReleaseInput
from shipmark.releases.model import Release
from shipmark.releases.store import releases
from shipmark.repositories.model import CommitInput

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Room:
    """Publishes, fails and withdraws in acme, each in a unit of work of its own; hours are counted from ``AT``."""

    def __init__(self, database: Database, world: World) -> None:
        self.database = database
        self.world = world

    def publish(
        self, version: str, hour: int, *messages: str, names: Iterable[str] = ("web",)
    ) -> Release:
        with self.database.transaction() as connection:
            found = projects.by_ids(connection, [self.world.projects[name] for name in names])
            commits = tuple(
                CommitInput(sha=f"{version}-{number}", repository="acme/web", message=message)
                for number, message in enumerate(messages)
            )
            publication = ReleaseInput(
                version=version,
                projects=tuple(found.values()),
                code=CommitsAndRefs(commits=commits),
            )
            return publishing.publish(
                connection,
                publication,
                publish_context(self.database, self.world, AT + hour * HOUR),
            ).release

    def fail(self, value: str, hour: int, **more: object) -> IngestResult:
        payload: dict[str, Any] = error_event(value, **more)
        payload["timestamp"] = (AT + hour * HOUR).timestamp()
        received = AT + hour * HOUR
        event = parsing.read(payload, event_id=payload["event_id"], received_at=received)
        with self.database.transaction() as connection:
            found = projects.by_key(connection, self.world.keys["web"])
            assert found is not None
            return ingest(connection, found.project, event)

    def withdraw(self, *versions: str, is_forced: bool = True) -> None:
        with self.database.transaction() as connection:
            acme = self.world.organizations["acme"]
            given = [releases.by_version(connection, acme, each) for each in versions]
            found = [it for it in given if it is not None]
            delete_releases(
                connection,
                found,
                publish_context(self.database, self.world, AT),
                is_forced=is_forced,
            )

    def resolved_in(self) -> list[str]:
        versions = {it["id"]: it["version"] for it in rows(self.database, "releases")}
        return [versions[it["release_id"]] for it in rows(self.database, "resolutions")]


@pytest.fixture
def room(database: Database, world: World) -> Room:
    return Room(database, world)


def test_a_resolution_moves_to_the_next_release_of_the_project(room: Room) -> None:
    room.fail("boom", 0)
    room.publish("web@2.0.0", 1, "Fixes WEB-1")
    room.publish("app@7.0.0", 2, names=["mobile"])
    room.publish("web@2.1.0", 3)
    room.publish("web@2.2.0", 4)
    room.withdraw("web@2.0.0")
    assert room.resolved_in() == ["web@2.1.0"]


def test_a_backport_does_not_stand_in_for_the_fix(room: Room) -> None:
    """It shipped later, but it is of an older version: the fix is not in it."""
    room.fail("boom", 0, release="web@1.0.0")
    room.publish("web@2.0.0", 1, "Fixes WEB-1")
    room.publish("web@1.9.1", 2)
    room.publish("web@2.0.1", 3)
    room.withdraw("web@2.0.0")
    assert room.resolved_in() == ["web@2.0.1"]


def test_old_events_stay_covered_and_newer_ones_regress(room: Room) -> None:
    room.fail("boom", 0, release="web@1.0.0")
    room.publish("web@2.0.0", 1, "Fixes WEB-1")
    room.publish("web@2.1.0", 2)
    room.withdraw("web@2.0.0")
    assert not room.fail("boom", 3, release="web@1.0.0").is_regression
    assert room.fail("boom", 4, release="web@2.1.0").is_regression


def test_without_a_next_release_it_stays_resolved_until_the_commit_ships(
    room: Room, database: Database
) -> None:
    room.fail("boom", 0)
    room.publish("web@2.0.0", 1, "Fixes WEB-1")
    room.withdraw("web@2.0.0")
    assert room.resolved_in() == []
    assert rows(database, "issues")[0]["status"] == "resolved"
    assert not room.fail("boom", 2, release="web@1.0.0").is_regression
    room.publish("web@2.0.0", 3, "Fixes WEB-1")
    assert room.fail("boom", 5, release="web@2.0.0").is_regression


def test_without_a_next_release_only_newer_ones_reopen_it(room: Room, database: Database) -> None:
    room.fail("boom", 0)
    room.publish("web@2.0.0", 1, "Fixes WEB-1")
    with database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM issue_commits")
    room.withdraw("web@2.0.0")
    assert rows(database, "issues")[0]["status"] == "resolved"
    assert not room.fail("boom", 2, release="web@1.0.0").is_regression
    assert room.fail("boom", 3, release="web@3.0.0").is_regression


def test_a_commit_that_is_in_another_release_stays_linked(room: Room, database: Database) -> None:
    room.fail("boom", 0)
    room.publish("web@2.0.0", 1, "Fixes WEB-1")
    room.publish("web@2.1.0", 2)
    with database.transaction() as connection:
        known = {it["version"]: it["id"] for it in rows(database, "releases")}
        connection.exec_driver_sql(
            f"INSERT INTO release_commits SELECT {known['web@2.1.0']}, commit_id, 0 FROM release_commits"
        )
    room.withdraw("web@2.0.0")
    assert counts(database)["issue_commits"] == 1


def test_the_history_keeps_what_happened(room: Room, database: Database) -> None:
    room.fail("boom", 0)
    room.publish("web@2.0.0", 1, "Fixes WEB-1")
    room.fail("boom", 2, release="web@2.0.0")
    room.withdraw("web@2.0.0")
    history = [(it["status"], it["release_id"]) for it in rows(database, "issue_history")]
    assert history == [("resolved", None), ("regressed", None)]
    told = [it["details"] for it in rows(database, "issue_activities")]
    assert any("web@2.0.0" in details for details in told)


def test_several_at_once_are_skipped_together(room: Room, database: Database) -> None:
    """Nothing moves to a release that goes too."""
    for hour, version in enumerate(("web@1.0.0", "web@2.0.0", "web@3.0.0")):
        room.fail("boom", hour, release=version)
    room.publish("web@4.0.0", 4, "Fixes WEB-1")
    room.publish("web@5.0.0", 5)
    room.publish("web@6.0.0", 6)
    room.withdraw("web@1.0.0", "web@2.0.0", "web@4.0.0", "web@5.0.0")
    versions = {it["id"]: it["version"] for it in rows(database, "releases")}
    assert set(versions.values()) == {"web@3.0.0", "web@6.0.0"}
    assert versions[rows(database, "issues")[0]["first_release_id"]] == "web@3.0.0"
    assert room.resolved_in() == ["web@6.0.0"]


def test_one_that_is_referenced_keeps_all_of_them_without_force(
    room: Room, database: Database
) -> None:
    room.publish("web@1.0.0", 0)
    room.fail("boom", 1, release="web@2.0.0")
    with pytest.raises(BadRequest):
        room.withdraw("web@1.0.0", "web@2.0.0", is_forced=False)
    assert counts(database)["releases"] == 2
    with database.snapshot() as connection:
        found = releases.by_ids(connection, [it["id"] for it in rows(database, "releases")])
        [(held, hold)] = holds(connection, list(found.values()), BEGINNING).items()
    assert (found[held].version, hold) == ("web@2.0.0", Hold.ISSUES)


def test_one_that_is_gone_already_is_no_harm(room: Room, database: Database) -> None:
    release = room.publish("web@1.0.0", 0)
    for _ in range(2):
        with database.transaction() as connection:
            delete_releases(
                connection,
                [release],
                publish_context(room.database, room.world, AT),
                is_forced=True,
            )
    assert counts(database)["release_activities"] == 1


def test_the_number_of_statements_does_not_depend_on_what_goes(
    room: Room, database: Database
) -> None:
    found = []
    for size in (1, 12):
        for number in range(size):
            version = f"{size}.{number}.0"
            for value in range(size):
                room.fail(f"{size} {number} {value}", 0, release=version, environment="production")
            room.publish(version, 1, *(f"Fixes WEB-{it}" for it in range(1, 200)))
        room.publish(f"{size}.99.0", 2)
        with statements(database) as seen:
            room.withdraw(*(f"{size}.{number}.0" for number in range(size)))
        # The room looks each of them up before.
        found.append(seen.count - size)
    assert found[0] == found[1]
    assert found[1] < 30


def test_the_log_says_who_deleted_what(room: Room, world: World) -> None:
    room.publish("web@1.0.0", 0)
    room.fail("boom", 1, release="web@2.0.0")
    level = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    try:
        with capture_logs() as lines:
            room.withdraw("web@1.0.0", "web@2.0.0")
    finally:
        structlog.configure(wrapper_class=level)
    [line] = lines
    assert line["event"] == "release.delete"
    assert line["release.version"] == "web@1.0.0, web@2.0.0"
    assert (line["release.count"], line["issues.count"]) == (2, 1)
    assert (line["user.id"], line["release.is_forced"]) == (world.users[ALICE], True)


#: Sends an event of web@1.0.0 and says the status.
Send = Callable[[str], str]


@pytest.fixture
def send(client: Client, world: World) -> Send:
    def sent(value: str) -> str:
        event = error_event(value, release="web@1.0.0", environment="production")
        return send_event(client, world.keys["web"], world.projects["web"], event)

    return sent


def meanwhile(room: Room, *acts: Callable[[], Any]) -> list[Any]:
    """What acts come to that begin while web@1.0.0 is being deleted."""
    is_deleting = threading.Event()

    def deleting() -> None:
        with room.database.transaction() as connection:
            acme = room.world.organizations["acme"]
            found = releases.by_version(connection, acme, "web@1.0.0")
            assert found is not None
            delete_releases(
                connection, [found], publish_context(room.database, room.world, AT), is_forced=True
            )
            is_deleting.set()
            threading.Event().wait(0.3)

    with ThreadPoolExecutor(4) as pool:
        deleted = pool.submit(deleting)
        assert is_deleting.wait(20)
        done = [pool.submit(act) for act in acts]
        deleted.result()
        return [it.result() for it in done]


def test_an_event_that_comes_while_its_release_is_deleted_is_kept(
    room: Room, database: Database, send: Send
) -> None:
    send("boom")
    assert all(meanwhile(room, lambda: send("boom"), lambda: send("new")))
    assert counts(database)["events"] == 3
    [made] = rows(database, "releases")
    kept = [it["release_id"] for it in rows(database, "events")]
    assert kept == [None, made["id"], made["id"]]


def test_a_publish_that_comes_while_it_is_deleted_makes_it_anew(
    room: Room, database: Database, alice: Caller
) -> None:
    old = room.publish("web@1.0.0", 0, "Old")
    [made] = meanwhile(room, lambda: alice.publish("web@1.0.0", commits=[commit("1")]))
    [kept] = rows(database, "releases")
    assert kept["id"] == made["id"] != old.id
    assert kept["commit_count"] == 1


@pytest.mark.parametrize(
    ("child", "body"),
    [("deploys/", {"environment": "production"}), ("", {"ref": "main"})],
)
def test_who_changes_it_while_it_is_deleted_finds_nothing(
    room: Room, database: Database, alice: Caller, child: str, body: dict[str, str]
) -> None:
    room.publish("web@1.0.0", 0)
    path = release_path("web@1.0.0", child)
    change = alice.post if child else alice.put
    [answer] = meanwhile(room, lambda: change(path, body))
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert counts(database)["deploys"] == 0


def test_events_and_deletions_in_a_crowd_never_fail(
    room: Room, database: Database, send: Send
) -> None:
    room.fail("boom 0", 0)
    room.publish("web@0.9.0", 1, "Fixes WEB-1")

    def act(number: int) -> str:
        if number % 4 == 0:
            room.withdraw("web@1.0.0", "web@0.9.0")
            room.publish("web@0.9.0", 1, "Fixes WEB-1")
            return ""
        return send(f"boom {number % 3}")

    with ThreadPoolExecutor(8) as pool:
        sent = [each for each in pool.map(act, range(60)) if each]
    assert counts(database)["events"] == len(sent) + 1
    seen = sum(it["times_seen"] for it in rows(database, "issues"))
    assert seen == len(sent) + 1
