"""How many attempts to sign in are free, and how long the pauses after them are."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from shipmark.accounts import attempt_store, sign_in_attempts
from shipmark.accounts.password_checks import PasswordChecks, hasher
from shipmark.accounts.sign_in_limits import (
    AttemptLimit,
    Attempts,
    TooManyAttempts,
    after_failure,
    limits_of,
    too_many,
    without_failure,
)
from shipmark.infrastructure.database import Database

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
LIMIT = AttemptLimit(kind="account", key="k", free_failures=3)


def failed(times: int, *, apart: timedelta = timedelta(0)) -> Attempts:
    count = None
    for number in range(times):
        count = after_failure(LIMIT, count, NOW + number * apart)
    assert count is not None
    return count


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(1, 0), (2, 0), (3, 30), (4, 60), (5, 120), (7, 480), (8, 900), (99, 900)],
)
def test_pauses_double_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert failed(failures).wait_seconds(NOW) == seconds


def test_failures_are_forgotten_after_an_hour() -> None:
    assert failed(9, apart=timedelta(minutes=61)).failures == 1


def test_a_success_takes_back_its_own_failure_only() -> None:
    assert without_failure(LIMIT, failed(3)).wait_seconds(NOW) == 0
    assert without_failure(LIMIT, failed(4)).wait_seconds(NOW) == 60


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (61, "2 minutes"), (900, "15 minutes")],
)
def test_the_wait_is_told_in_words(seconds: int, words: str) -> None:
    assert too_many(seconds).detail == f"Too many tries. Try again in {words}."


def test_a_client_has_a_network_of_ipv6_addresses_and_one_of_ipv4() -> None:
    def key(address: str) -> str:
        (found,) = [it.key for it in limits_of("a@example.com", address) if it.kind == "address"]
        return found

    assert key("2001:db8::1") == key("2001:db8::ffff:1")
    assert key("2001:db8::1") != key("2001:db8:0:1::1")
    assert key("192.0.2.1") == key("::ffff:192.0.2.1")
    assert key("192.0.2.1") != key("192.0.2.2")


def test_attempts_at_the_same_moment_are_counted_one_by_one(database: Database) -> None:
    limits = limits_of("a@example.com", "192.0.2.1")
    refused = []

    def attempt() -> None:
        try:
            with database.transaction() as connection:
                sign_in_attempts.begin(connection, limits, "192.0.2.1", NOW)
        except TooManyAttempts as error:
            refused.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 12 - 5


def test_old_counts_are_removed(database: Database) -> None:
    with database.transaction() as connection:
        sign_in_attempts.begin(connection, limits_of("a@example.com", None), None, NOW)
        assert attempt_store.remove_older(connection, NOW) == 0
        assert attempt_store.remove_older(connection, NOW + timedelta(seconds=1)) == 1


def test_only_so_many_checks_are_taken_on() -> None:
    checks = PasswordChecks(checks_max=1)
    with checks.place(), pytest.raises(TooManyAttempts) as caught, checks.place():
        pass
    assert caught.value.retry_after_seconds > 0
    with checks.place():
        assert checks.is_right(hasher.hash("a password"), "a password")
        assert not checks.is_right(None, "a password")
