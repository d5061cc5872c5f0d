"""Facts of the queue of jobs, on each database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from factories import counts, rows

from shipmark.infrastructure import job_records, jobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.jobs import JobKind

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Gone(Exception):
    """The transaction fails."""


def put(database: Database, kind: str = "mail", **more: object) -> None:
    with database.transaction() as connection:
        jobs.enqueue(connection, kind, {"to": kind}, **({"now": NOW} | more))  # type: ignore[arg-type]


def claim(database: Database, at: datetime = NOW) -> jobs.Job | None:
    with database.transaction() as connection:
        return jobs.claim(connection, at)


def test_a_job_of_a_transaction_that_fails_is_never_there(empty_database: Database) -> None:
    def fail() -> None:
        with empty_database.transaction() as connection:
            jobs.enqueue(connection, "mail", {}, now=NOW)
            raise Gone

    with pytest.raises(Gone):
        fail()
    assert counts(empty_database)["jobs"] == 0


def test_a_job_is_claimed_once(empty_database: Database) -> None:
    put(empty_database)
    job = claim(empty_database)
    assert job is not None
    assert (job.kind, job.details, job.attempts) == ("mail", {"to": "mail"}, 1)
    assert claim(empty_database) is None


def test_many_workers_claim_each_job_once(empty_database: Database) -> None:
    for number in range(20):
        put(empty_database, f"mail{number}")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: claim(empty_database), range(30)))
    kinds = [job.kind for job in found if job is not None]
    assert sorted(kinds) == sorted({f"mail{number}" for number in range(20)})


def test_the_longest_due_is_claimed_first(empty_database: Database) -> None:
    for minutes, kind in ((1, "late"), (2, "later"), (0, "first")):
        put(empty_database, kind, run_at=NOW + timedelta(minutes=minutes))
    at = NOW + timedelta(hours=1)
    kinds = [job.kind for job in (claim(empty_database, at) for _ in range(3)) if job]
    assert kinds == ["first", "late", "later"]


def test_a_job_is_not_due_before_its_time(empty_database: Database) -> None:
    put(empty_database, run_at=NOW + timedelta(minutes=1))
    with empty_database.snapshot() as connection:
        assert not jobs.is_due(connection, NOW)
        assert jobs.is_due(connection, NOW + timedelta(minutes=1))
    assert claim(empty_database) is None


def test_a_job_that_was_left_is_claimed_again_after_its_lease(empty_database: Database) -> None:
    put(empty_database)
    claim(empty_database)
    assert claim(empty_database, NOW + jobs.LEASE - timedelta(seconds=1)) is None
    again = claim(empty_database, NOW + jobs.LEASE)
    assert again is not None
    assert again.attempts == 2


def test_a_job_that_is_finished_is_forgotten(empty_database: Database) -> None:
    put(empty_database)
    job = claim(empty_database)
    assert job is not None
    with empty_database.transaction() as connection:
        jobs.finish(connection, job)
    assert counts(empty_database)["jobs"] == 0


def test_a_job_that_fails_waits_twice_as_long_each_time(empty_database: Database) -> None:
    put(empty_database)
    at, pauses = NOW, []
    while True:
        job = claim(empty_database, at)
        assert job is not None
        with empty_database.transaction() as connection:
            again = jobs.retry_later(connection, job, "boom", at)
        if again is None:
            break
        pauses.append((again - at).total_seconds())
        at = again
    assert pauses == [10 * 2**number for number in range(jobs.ATTEMPTS_MAX - 1)]
    assert claim(empty_database, at + timedelta(days=9)) is None
    with empty_database.snapshot() as connection:
        assert jobs.failed(connection, limit=10) == [("mail", "boom")]


def test_a_long_error_is_cut(empty_database: Database) -> None:
    put(empty_database)
    job = claim(empty_database)
    assert job is not None
    with empty_database.transaction() as connection:
        jobs.retry_later(connection, job, "x" * 10_000, NOW)
    assert len(rows(empty_database, "jobs")[0]["error"]) == 2000


def test_a_key_keeps_a_second_job_out(empty_database: Database) -> None:
    for kind in ("one", "two"):
        put(empty_database, kind, key="k")
    put(empty_database, "three")
    assert [it["kind"] for it in rows(empty_database, "jobs")] == ["one", "three"]


def test_a_kind_that_waits_is_not_enqueued_again(empty_database: Database) -> None:
    for _ in range(2):
        with empty_database.transaction() as connection:
            jobs.enqueue_once(connection, JobKind.TIDY, {}, now=NOW)
    assert counts(empty_database)["jobs"] == 1


def fail_for_good(database: Database, key: str | None = None) -> None:
    put(database, key=key)
    for _ in range(jobs.ATTEMPTS_MAX):
        job = claim(database, NOW + timedelta(days=9))
        assert job is not None
        with database.transaction() as connection:
            jobs.retry_later(connection, job, "boom", NOW)


def test_a_job_that_failed_for_good_is_begun_anew_when_it_is_wanted_again(
    empty_database: Database,
) -> None:
    fail_for_good(empty_database, key="k")
    assert claim(empty_database, NOW + timedelta(days=9)) is None
    put(empty_database, key="k", run_at=NOW + timedelta(hours=1))
    [row] = rows(empty_database, "jobs")
    assert (row["attempts"], row["error"]) == (0, None)
    assert row["run_at"] == NOW + timedelta(hours=1)


@pytest.mark.parametrize(("minutes", "left"), [(-5, -5), (5, 0)])
def test_a_job_that_waits_is_done_at_the_earlier_moment(
    empty_database: Database, minutes: int, left: int
) -> None:
    put(empty_database, key="k", run_at=NOW)
    put(empty_database, key="k", run_at=NOW + timedelta(minutes=minutes))
    [row] = rows(empty_database, "jobs")
    assert row["run_at"] == NOW + timedelta(minutes=left)


def test_a_job_that_runs_keeps_its_lease_when_it_is_wanted_again(empty_database: Database) -> None:
    put(empty_database, key="k")
    job = claim(empty_database)
    assert job is not None
    put(empty_database, key="k", run_at=NOW - timedelta(minutes=1))
    assert claim(empty_database) is None
    with empty_database.transaction() as connection:
        assert jobs.finish(connection, job)


def test_a_worker_whose_lease_ran_out_decides_nothing(empty_database: Database) -> None:
    put(empty_database)
    slow = claim(empty_database)
    assert slow is not None
    quick = claim(empty_database, NOW + jobs.LEASE)
    assert quick is not None
    later = NOW + jobs.LEASE * 2
    with empty_database.transaction() as connection:
        assert not jobs.finish(connection, slow)
        assert jobs.retry_later(connection, slow, "boom", later) is None
        jobs.extend(connection, slow, later)
        assert not jobs.still_owned(connection, slow)
        assert jobs.still_owned(connection, quick)
    [row] = rows(empty_database, "jobs")
    assert (row["error"], row["run_at"]) == (None, NOW + jobs.LEASE * 2)
    with empty_database.transaction() as connection:
        assert jobs.finish(connection, quick)
    assert counts(empty_database)["jobs"] == 0


def test_a_job_without_a_limit_is_tried_for_ever_and_told(empty_database: Database) -> None:
    put(empty_database)
    at, pauses = NOW, []
    for _ in range(3 * jobs.ATTEMPTS_MAX):
        job = claim(empty_database, at)
        assert job is not None
        with empty_database.transaction() as connection:
            again = jobs.retry_later(connection, job, "boom", at, attempts_max=None)
        assert again is not None
        pauses.append(again - at)
        at = again
    assert pauses[:3] == [timedelta(seconds=10 * 2**number) for number in range(3)]
    assert max(pauses) == pauses[-1] == jobs.PAUSE_MAX
    with empty_database.snapshot() as connection:
        assert jobs.failed(connection, limit=10) == [("mail", "boom")]


def test_a_job_of_an_organization_is_listed_with_its_state(empty_database: Database) -> None:
    put(empty_database, "mine", organization_id=7)
    later = NOW + timedelta(days=1)
    put(empty_database, "others", organization_id=8, run_at=later)
    put(empty_database, "of_the_server", run_at=later)
    assert states(empty_database) == [("mine", "waiting")]
    job = claim(empty_database)
    assert states(empty_database) == [("mine", "running")]
    # A worker whose lease ran out does not run it any more.
    assert states(empty_database, NOW + jobs.LEASE) == [("mine", "waiting")]
    assert job is not None
    with empty_database.transaction() as connection:
        jobs.retry_later(connection, job, "Away", NOW)
    assert states(empty_database) == [("mine", "retrying")]
    job = claim(empty_database, NOW + timedelta(hours=1))
    assert job is not None
    with empty_database.transaction() as connection:
        jobs.retry_later(connection, job, "Away", NOW, attempts_max=1)
    assert states(empty_database) == [("mine", "failed")]


def states(database: Database, at: datetime = NOW) -> list[tuple[str, str]]:
    with database.snapshot() as connection:
        page = job_records.page_of(connection, 7, limit=9)
    return [(job.kind, job.state(at).value) for job in page]


def test_running_a_job_now_leaves_its_last_claim_unowned(empty_database: Database) -> None:
    put(empty_database, organization_id=7)
    before = claim(empty_database)
    assert before is not None
    with empty_database.transaction() as connection:
        jobs.retry_later(connection, before, "Away", NOW)
        job_records.run_now(connection, 7, before.id, NOW)
    again = claim(empty_database)
    assert again is not None
    with empty_database.transaction() as connection:
        assert not jobs.finish(connection, before)
        assert jobs.finish(connection, again)


def test_jobs_of_other_organizations_are_not_found(empty_database: Database) -> None:
    put(empty_database, organization_id=8)
    with empty_database.transaction() as connection:
        for act in (job_records.run_now, job_records.discard):
            with pytest.raises(NotFound):
                act(connection, 7, 1, NOW)
