"""Merging issues while others are at work on them, and what is left of rows that an issue may have many of."""

import pytest
import sqlalchemy as sa
from factories import World, rows
from issues_at_work import AT, in_a_thread, ingest, merge

from shipmark.events.attachments import store as attachment_store
from shipmark.files.store.files import files
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict, NotFound
from shipmark.issues.actions import merge_issues
from shipmark.issues.actions.update_issue import update_issues
from shipmark.issues.model import IssueStatus, StatusChange, Substatus
from shipmark.issues.snooze import SnoozeConditions
from shipmark.issues.store import comments, issues, moved_rows, states, tag_counts
from shipmark.issues.tags import VALUES_MAX


@pytest.mark.parametrize("kind", ["postgresql"])
def test_an_event_that_is_being_stored_is_counted_by_the_survivor(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    def merging() -> None:
        with database.transaction() as connection:
            merge(connection, world, *pair)

    with database.transaction() as connection:
        assert ingest(connection, world, "b") == [pair[1]]
        merged = in_a_thread(merging)
        assert not merged.done()
    merged.result(10)
    [issue] = rows(database, "issues")
    assert (issue["id"], issue["times_seen"]) == (pair[0], 4)
    assert {row["issue_id"] for row in rows(database, "events")} == {pair[0]}


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("batch", [1, 1000])
def test_an_event_whose_issue_is_merged_meanwhile_is_stored_again(
    database: Database,
    world: World,
    pair: tuple[int, int],
    batch: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moved_rows, "BATCH", batch)

    def storing() -> list[int]:
        with database.transaction() as connection:
            return ingest(connection, world, "b")

    with database.transaction() as connection:
        merge(connection, world, *pair)
        stored = in_a_thread(storing)
        assert not stored.done()
    with pytest.raises(Conflict):
        stored.result(10)
    assert storing() == [pair[0]]


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_comment_that_is_being_written_moves(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    def merging() -> None:
        with database.transaction() as connection:
            merge(connection, world, *pair)

    with database.transaction() as connection:
        comments.add(connection, pair[1], None, "Mine", AT)
        merged = in_a_thread(merging)
        assert not merged.done()
    merged.result(10)
    kinds = {row["type"]: row["issue_id"] for row in rows(database, "issue_activities")}
    assert kinds == {"note": pair[0], "merge": pair[0]}


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_comment_on_an_issue_that_is_merged_meanwhile_is_refused(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    def writing() -> None:
        with database.transaction() as connection:
            comments.add(connection, pair[1], None, "Mine", AT)

    with database.transaction() as connection:
        merge(connection, world, *pair)
        written = in_a_thread(writing)
        assert not written.done()
    with pytest.raises(NotFound):
        written.result(10)


def test_a_comment_on_an_issue_whose_events_are_being_moved_comes_with_the_last_batch(
    database: Database, world: World, pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moved_rows, "BATCH", 1)
    with database.transaction() as connection:
        merge(connection, world, *pair)
        comments.add(connection, pair[1], None, "Mine", AT)
    for _ in range(20):
        with database.transaction() as connection:
            merge_issues.go_on(connection, pair[0], AT)
    assert [row["id"] for row in rows(database, "issues")] == [pair[0]]
    kinds = {row["type"]: row["issue_id"] for row in rows(database, "issue_activities")}
    assert kinds == {"note": pair[0], "merge": pair[0]}


def test_what_was_cancelled_meanwhile_does_not_come_back(
    database: Database, world: World, pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moved_rows, "BATCH", 1)
    user_id = next(iter(world.users.values()))
    with database.transaction() as connection:
        connection.execute(
            sa.text("INSERT INTO issue_bookmarks (issue_id, user_id) VALUES (:issue, :user)"),
            {"issue": pair[1], "user": user_id},
        )
        merge(connection, world, *pair)
    assert [row["issue_id"] for row in rows(database, "issue_bookmarks")] == [pair[0]]
    with database.transaction() as connection:
        connection.execute(sa.text("DELETE FROM issue_bookmarks"))
    for _ in range(20):
        with database.transaction() as connection:
            merge_issues.go_on(connection, pair[0], AT)
    assert rows(database, "issue_bookmarks") == []


def test_a_job_of_an_issue_that_was_merged_or_deleted_does_nothing(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    with database.transaction() as connection:
        merge(connection, world, *pair)
        for issue_id in (*pair, 999):
            merge_issues.go_on(connection, issue_id, AT)
    assert rows(database, "jobs") == []


def test_a_snooze_ends_no_earlier_for_what_is_merged(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    conditions = SnoozeConditions(event_count=2, user_count=2)
    ignored = StatusChange(status=IssueStatus.IGNORED, conditions=conditions)
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        update_issues(connection, states.locked(connection, acme, pair[:1]), ignored, None, AT)
        merge(connection, world, *pair)
    [snooze] = rows(database, "snoozes")
    assert (snooze["times_seen"], snooze["users_seen"]) == (3, 2)
    with database.transaction() as connection:
        ingest(connection, world, "b")
        assert issues.lock(connection, pair[:1]) == {pair[0]: IssueStatus.IGNORED}
        ingest(connection, world, "b")
        assert issues.lock(connection, pair[:1]) == {pair[0]: IssueStatus.UNRESOLVED}


def test_an_issue_escalates_by_the_larger_limit(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    substatus = Substatus.ARCHIVED_UNTIL_ESCALATING
    ignored = StatusChange(status=IssueStatus.IGNORED, substatus=substatus)
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        ingest(connection, world, *["b"] * 20, *["a"] * 20)
        update_issues(connection, states.locked(connection, acme, pair[:1]), ignored, None, AT)
        merge(connection, world, *pair)
    [snooze] = rows(database, "snoozes")
    # Twice the events of the busiest hour, which has those of both.
    assert snooze["hourly_event_count"] == 2 * 43


def test_attachments_and_counts_of_thinned_events_move(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    web = world.projects["web"]
    with database.transaction() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO thinned_event_counts (issue_id, project_id, minute, event_count)"
                " VALUES (:issue, :project, '2026-02-01 12:00:00', 3)"
            ),
            {"issue": pair[1], "project": web},
        )
        file_id = connection.execute(
            sa.insert(files)
            .values(name="a", kind="x", headers="{}", size=1, sha1="a" * 40, created_at=AT)
            .returning(files.c.id)
        ).scalar_one()
        connection.execute(
            sa.insert(attachment_store.event_attachments).values(
                project_id=web, event_id="1" * 32, issue_id=pair[1], file_id=file_id, name="a",
                type="event.attachment", content_type="text/plain", sha1="a" * 40, size=1,
                created_at=AT,
            )
        )  # fmt: skip
        merge(connection, world, *pair)
    for table in ("event_attachments", "thinned_event_counts"):
        assert [row["issue_id"] for row in rows(database, table)] == [pair[0]]


def test_of_too_many_values_of_a_tag_the_survivor_keeps_the_most_frequent(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    second = int(AT.timestamp())
    with database.transaction() as connection:
        tag_counts.count(
            connection,
            [
                (issue_id, "k", f"{name}{number}", world.projects["web"], 1, second, second)
                for issue_id, name in zip(pair, "ab", strict=True)
                for number in range(VALUES_MAX - 10)
            ],
        )
        merge(connection, world, *pair)
    found = [row for row in rows(database, "issue_tags") if row["key"] == "k"]
    assert {row["issue_id"] for row in found} == {pair[0]}
    assert sum(row["event_count"] for row in found) == 2 * (VALUES_MAX - 10)
    assert sum(row["value"] != "" for row in found) == VALUES_MAX


def test_stored_events_are_counted_where_they_are(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    with database.transaction() as connection:
        ingest(connection, world, *["b"] * 120, *["a"] * 130)
        merge(connection, world, *pair)
    [counted] = rows(database, "stored_event_counts")
    assert counted["issue_id"] == pair[0]
    assert 253 - 100 < counted["event_count"] <= 253 + 100
