"""The pages of a project's keys, and its rate limits, in the settings."""

import re

import pytest
from page_forms import post

from shipmark.projects import store

PROJECTS = "/organizations/acme/settings/projects/"

WEB = f"{PROJECTS}web/"

KEYS = f"{WEB}keys/"


def keys(house):
    with house.database.snapshot() as connection:
        return store.keys_of(connection, house.project.id)


def test_a_key_is_created_renamed_disabled_and_deleted(house, owner):
    answer = post(owner, KEYS, name="Mobile <b>")
    new = keys(house)[0]
    assert answer.headers["location"] == f"{KEYS}?key={new.public_key}"
    text = owner.get(answer.headers["location"]).text
    assert "Mobile &lt;b&gt;" in text
    assert f'dsn: "http://{new.public_key}@' in text
    path = f"{KEYS}{new.public_key}/"
    assert post(owner, path, action="rename", name="App").headers["location"] == KEYS
    post(owner, path, action="disable")
    assert (keys(house)[0].label, keys(house)[0].is_active) == ("App", False)
    assert "Disabled" in owner.get(KEYS).text
    post(owner, path, action="enable")
    assert keys(house)[0].is_active
    post(owner, path, action="delete")
    assert "removed project key" in house.newest_note()
    assert [key.label for key in keys(house)] == ["Default"]


def test_a_key_without_a_name_gets_one(house, owner):
    post(owner, KEYS, name=" ")
    assert re.fullmatch("Key [0-9a-f]{6}", keys(house)[0].label)


def test_a_name_of_a_key_that_is_too_long(house, owner):
    path = f"{KEYS}{keys(house)[0].public_key}/"
    for answer in (post(owner, KEYS, name="x" * 65), post(owner, path, action="rename", name="")):
        assert answer.status_code == 400
        assert "Enter a name of at most 64 characters." in answer.text
    assert [key.label for key in keys(house)] == ["Default"]


def test_unknown_keys_and_actions_are_refused(house, owner):
    other = house.extra_project("extra")
    with house.database.snapshot() as connection:
        of_other = store.keys_of(connection, other.id)[0].public_key
    assert post(owner, f"{KEYS}{'0' * 32}/", action="disable").status_code == 404
    assert post(owner, f"{KEYS}{of_other}/", action="delete").status_code == 404
    assert post(owner, f"{KEYS}{keys(house)[0].public_key}/", action="dance").status_code == 400


def test_without_an_active_key_no_sdk_is_set_up(house, owner):
    post(owner, f"{KEYS}{keys(house)[0].public_key}/", action="disable")
    assert "Set up an SDK" not in owner.get(KEYS).text


def test_a_key_gets_a_rate_limit_and_loses_it(house, owner):
    path = f"{KEYS}{keys(house)[0].public_key}/"
    assert post(owner, path, action="limit", count=" 100 ", window="60").headers["location"] == KEYS
    assert keys(house)[0].rate_limit == (100, 60)
    text = owner.get(KEYS).text
    assert "At most 100 events per minute are accepted with this key." in text
    assert '<option value="60" selected>minute</option>' in text
    assert "rate_limit" in house.newest_note()
    post(owner, path, action="limit", count="", window="60")
    assert keys(house)[0].rate_limit is None
    assert "are accepted with this key" not in owner.get(KEYS).text


def test_a_window_that_the_api_set_can_be_chosen_again(house, owner):
    public = keys(house)[0].public_key
    with house.database.transaction() as connection:
        store.change_key(connection, public, {"rate_limit_count": 1, "rate_limit_window": 7200})
    text = owner.get(KEYS).text
    assert "At most 1 event per 7,200 seconds is accepted with this key." in text
    assert '<option value="7200" selected>7,200 seconds</option>' in text


@pytest.mark.parametrize(
    ("count", "window"),
    [("0", "60"), ("-1", "60"), ("x", "60"), ("2147483648", "60"), ("1" * 99, "60"), ("٣", "60")],
)
def test_what_is_no_number_of_events_is_refused_and_stays_typed(house, owner, count, window):
    for path in (f"{KEYS}{keys(house)[0].public_key}/", f"{WEB}rate-limit/"):
        answer = post(owner, path, action="limit", count=count, window=window)
        assert answer.status_code == 400
        assert "Enter a number from 1 to 2,147,483,647, or nothing for no limit." in answer.text
        assert f'value="{count}"' in answer.text
    assert keys(house)[0].rate_limit is None


@pytest.mark.parametrize("window", ["", "0", "86401", "x", "9" * 30])
def test_what_is_no_window_is_refused(house, owner, window):
    for path in (f"{KEYS}{keys(house)[0].public_key}/", f"{WEB}rate-limit/"):
        answer = post(owner, path, action="limit", count="5", window=window)
        assert answer.status_code == 400
        assert "Select a window." in answer.text


def test_a_project_gets_a_rate_limit_and_loses_it(house, owner, member):
    answer = post(owner, f"{WEB}rate-limit/", count="5000", window="3600")
    text = owner.get(answer.headers["location"]).text
    assert "Saved the rate limit." in text
    assert 'value="5000"' in text
    assert "rateLimit" in house.newest_note()
    assert "At most 5,000 events per hour." in member.get(WEB).text
    post(owner, f"{WEB}rate-limit/", count="", window="3600")
    assert "All events are accepted." in member.get(WEB).text
    assert post(member, f"{WEB}rate-limit/", count="1", window="60").status_code == 403
