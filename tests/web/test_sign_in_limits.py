"""Attempts to sign in are limited by account and by address (decision 20)."""

import logging
import re
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import update
from structlog.testing import capture_logs

from shipmark.accounts import attempt_store
from shipmark.infrastructure.clock import now

PASSWORD = "correct horse battery"
OWNER = "owner@example.com"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


def sign_in(client, email=OWNER, password=PASSWORD):
    return client.post("/sign-in/", data={"email": email, "password": password}, headers=OWN_PAGE)


def fail(client, times, email=OWNER):
    return [sign_in(client, email, "not this one").status_code for _ in range(times)]


def let_pauses_pass(house):
    with house.database.transaction() as connection:
        connection.execute(
            update(attempt_store.attempts).values(blocked_until=now() - timedelta(seconds=1))
        )


@pytest.mark.parametrize("email", [OWNER, "unknown@example.com"])
def test_an_account_is_paused_after_five_failures_known_or_not(browser, email):
    assert fail(browser, 6, email) == [401, 401, 401, 401, 401, 429]
    refused = sign_in(browser, email.upper())
    assert refused.status_code == 429
    # Checking passwords takes a while on a busy machine.
    assert re.search(r"Too many tries\. Try again in \d+ seconds?\.", refused.text)
    assert 0 < int(refused.headers["retry-after"]) <= 30
    assert "set-cookie" not in refused.headers


def test_other_accounts_are_not_paused(browser):
    fail(browser, 6, "unknown@example.com")
    assert sign_in(browser).status_code == 303


def test_pauses_grow(browser, house):
    fail(browser, 6)
    let_pauses_pass(house)
    assert fail(browser, 1) == [401]
    refused = sign_in(browser)
    assert 30 < int(refused.headers["retry-after"]) <= 60
    assert "Too many tries. Try again in" in refused.text


def test_the_right_password_after_a_pause_resets_the_account(browser, house):
    fail(browser, 6)
    let_pauses_pass(house)
    assert sign_in(browser).status_code == 303
    assert fail(browser, 5) == [401] * 5


def test_an_address_is_paused_after_twenty_failures(browser):
    for number in range(20):
        assert fail(browser, 1, f"user{number}@example.com") == [401]
    assert sign_in(browser).status_code == 429


def test_signing_in_does_not_count_against_the_address(browser):
    for _ in range(22):
        assert sign_in(browser).status_code == 303


def test_a_pause_is_told_in_the_log_without_the_account(browser):
    level = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    with capture_logs() as lines:
        fail(browser, 7)
    structlog.configure(wrapper_class=level)
    (told,) = [it for it in lines if it["event"] == "Too many failed attempts to sign in"]
    assert told["sign_in.limit"] == "account"
    assert told["client.address"] == "testclient"
    assert OWNER not in str(lines)
