"""What others do while a job fetches commits: newer refs and commits of clients count, and nobody waits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from factories import commit, release_path, rows
from fetch_desk import Desk, activities

from shipmark.worker import external_jobs


def test_later_refs_supersede_earlier_ones(desk: Desk) -> None:
    one, two = desk.origin.commit("one"), desk.origin.commit("two")
    desk.refer("web@1.0.0", (one, None))
    desk.refer("web@1.0.0", (two, one))
    desk.work()
    assert desk.states("web@1.0.0") == ["done", "superseded"]
    assert desk.commits("web@1.0.0") == ["two"]


def during(desk: Desk, act: Callable[[], object]) -> None:
    """Have something happen while the commits are being fetched."""

    def once() -> None:
        desk.git.on_request = None
        act()

    desk.git.on_request = once


def test_commits_that_a_client_sets_meanwhile_count(desk: Desk) -> None:
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
    during(desk, lambda: desk.alice.publish("web@1.0.0", commits=[commit("7", message="mine")]))
    desk.work()
    assert desk.commits("web@1.0.0") == ["mine"]
    assert desk.states("web@1.0.0") == ["superseded"]
    assert activities(desk.database) == []


def test_refs_that_come_meanwhile_count(desk: Desk) -> None:
    one, two = desk.origin.commit("one"), desk.origin.commit("two")
    desk.refer("web@1.0.0", (one, None))
    during(desk, lambda: desk.refer("web@1.0.0", (two, one)))
    desk.work()
    assert desk.commits("web@1.0.0") == ["two"]
    assert desk.states("web@1.0.0") == ["done", "superseded"]


def test_a_release_that_is_deleted_meanwhile_stays_deleted(desk: Desk) -> None:
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
    during(desk, lambda: desk.alice.delete(release_path("web@1.0.0")))
    desk.work()
    assert rows(desk.database, "releases") == rows(desk.database, "jobs") == []


def test_others_write_while_the_network_is_waited_for(desk: Desk) -> None:
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
    during(desk, lambda: desk.alice.publish("web@2.0.0"))
    desk.work()
    assert desk.commits("web@1.0.0") == ["one"]
    assert len(rows(desk.database, "releases")) == 2


def test_a_slow_fetch_is_not_claimed_by_another(desk: Desk) -> None:
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
    found = []
    later = datetime.now(UTC) + timedelta(minutes=10)
    during(
        desk,
        lambda: found.append(external_jobs.run_due(desk.database, later, desk.settings)),
    )
    desk.work()
    assert found == [False]


def test_who_was_too_slow_changes_nothing(desk: Desk) -> None:
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
    later = datetime.now(UTC) + timedelta(hours=1)
    during(
        desk,
        lambda: external_jobs.run_due(desk.database, later, desk.settings),
    )
    desk.work()
    assert desk.commits("web@1.0.0") == ["one"]
    assert activities(desk.database) == ["commits_fetched"]
