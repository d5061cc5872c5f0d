"""The sessions of a user on the account page, and when their use is written."""

from datetime import timedelta

import pytest

from shipmark.accounts import store
from shipmark.accounts.user_agents import device
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.ids import digest

ACCOUNT = "/account/"
OWN = {"Sec-Fetch-Site": "same-origin"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def elsewhere(house, open_browser):
    """Another browser of the same user, which signed in with the form."""
    client = open_browser()
    client.cookies.clear()
    data = {"email": "owner@example.com", "password": "correct horse battery"}
    headers = OWN | {"User-Agent": FIREFOX}
    assert client.post("/sign-in/", data=data, headers=headers).status_code == 303
    return client


def cookie(client):
    return client.cookies["shipmark_session"]


def end(client, session):
    return client.post(ACCOUNT, data={"action": "session", "session": session}, headers=OWN)


def test_sessions_are_listed_with_their_device(owner, elsewhere):
    text = owner.get(ACCOUNT).text
    assert "Firefox on Linux" in text
    assert "Unknown device" in text
    assert text.index("This browser") < text.index("Firefox on Linux")
    assert cookie(elsewhere) not in text


def test_one_session_ends(owner, elsewhere):
    answer = end(owner, digest(cookie(elsewhere)))
    assert answer.headers["location"] == "/account/?changed=session"
    assert "Ended the session." in owner.get(answer.headers["location"]).text
    assert elsewhere.get(ACCOUNT).headers["location"].startswith("/sign-in/")
    assert end(owner, digest(cookie(elsewhere))).status_code == 404


def test_ending_ones_own_signs_out(owner):
    answer = end(owner, digest(cookie(owner)))
    assert answer.headers["location"] == "/sign-in/"
    assert owner.get(ACCOUNT).status_code == 303


@pytest.mark.parametrize("session", ["", "x", "0" * 64])
def test_an_unknown_session_is_not_found(owner, session):
    assert end(owner, session).status_code == 404


def test_a_session_of_another_user_is_not_ended(house, owner, open_browser):
    other = open_browser()
    other.cookies.clear()
    house.sign_in(other, house.person("mia@example.com", None))
    assert end(owner, digest(cookie(other))).status_code == 404
    assert other.get(ACCOUNT).status_code == 200


def test_the_name_of_a_browser_is_escaped_and_cut(house, open_browser, owner):
    with house.database.transaction() as connection:
        store.add_session(
            connection,
            house.owner.id,
            "d" * 64,
            now(),
            now() + timedelta(days=1),
            store.Client(ip_address="::1", user_agent="<b>" + "x" * 900),
        )
    assert "&lt;b&gt;" in owner.get(ACCOUNT).text


def used_at(house, client):
    with house.database.snapshot() as connection:
        return store.user_of_session(connection, digest(cookie(client)), now())[1]


def set_used_at(house, client, at):
    with house.database.engine.begin() as connection:
        connection.execute(
            store.sessions.update()
            .where(store.sessions.c.digest == digest(cookie(client)))
            .values(last_used_at=at)
        )


@pytest.mark.parametrize("before", [timedelta(hours=2), None])
def test_the_use_of_a_session_is_written_after_an_hour(house, owner, statements, before):
    set_used_at(house, owner, now() - before if before else None)
    assert owner.get(ACCOUNT).status_code == 200
    assert now() - used_at(house, owner) < timedelta(minutes=1)
    statements.clear()
    owner.get(ACCOUNT)
    assert not [statement for statement in statements if "IMMEDIATE" in statement]


def test_within_the_hour_no_page_writes(house, owner, statements):
    at = now() - timedelta(minutes=50)
    set_used_at(house, owner, at)
    statements.clear()
    assert owner.get("/organizations/acme/releases/").status_code == 200
    assert not [statement for statement in statements if "IMMEDIATE" in statement]
    assert used_at(house, owner) == at


def test_a_page_does_not_fail_if_its_use_can_t_be_written(house, owner, monkeypatch):
    set_used_at(house, owner, None)
    monkeypatch.setattr(house.database, "_lock_wait_seconds", 0.01)
    with house.database.transaction():
        assert owner.get(ACCOUNT).status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
            ),
            "Edge on Windows",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Chrome/140.0.0.0 Mobile Safari/537.36"
            ),
            "Chrome on Android",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
                " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15", "Safari on macOS"),
        ("curl/8.9.1", "curl"),
        ("", "Unknown device"),
        (None, "Unknown device"),
    ],
)
def test_a_device_is_named_by_its_browser_and_system(user_agent, name):
    assert device(user_agent) == name
