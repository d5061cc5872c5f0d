"""The stream of changes: who may follow, how many, and what the list of releases gives to its script."""

import asyncio
import re
import threading
import time

import pytest
from litestar.testing import TestClient

from shipmark.infrastructure.errors import TooManyRequests
from shipmark.organizations.model import Role
from shipmark.web.handlers import live as live_handler
from shipmark.web.live_updates import STREAMS_MAX, STREAMS_PER_USER_MAX, LiveUpdates

RELEASES = "/organizations/acme/releases/"
LIVE = "/organizations/acme/live/"


def test_an_anonymous_reader_is_sent_to_sign_in(browser):
    answer = browser.get(LIVE)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in/")


def test_a_stranger_finds_nothing(house, browser):
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(LIVE).status_code == 404


def test_a_list_without_cursor_names_the_state_that_it_shows(house, owner):
    before = _address(owner)
    house.publish("web@1.0.0")
    published = _address(owner)
    house.deploy(house.publish("web@1.0.0"), "production")
    assert len({before, published, _address(owner)}) == 3
    assert _address(owner) == _address(owner)


def test_rows_say_which_release_they_are(house, owner):
    release = house.publish("web@1.0.0")
    page = owner.get(RELEASES).text
    assert f'data-row="{release.id}" data-created="{release.created_at.isoformat()}"' in page


def test_changes_arrive_until_the_server_stops(house):
    async def follow():
        live = LiveUpdates()
        mark = await _current(house)
        followers = [
            live.open(house.database, user, house.organization.id, mark) for user in (1, 2)
        ]
        assert not await followers[0].wait(0.05)
        await asyncio.to_thread(house.publish, "web@1.0.0")
        assert [await each.wait(60) for each in followers] == [True, True]
        assert followers[0].mark == followers[1].mark != mark
        live.stop()
        assert [await each.wait(60) for each in followers] == [True, True]
        assert all(each.is_over for each in followers)
        assert live.open(house.database, 1, house.organization.id, mark).is_over

    asyncio.run(follow())


def test_a_browser_that_connects_again_learns_of_what_it_missed(house):
    async def follow():
        live = LiveUpdates()
        mark = await _current(house)
        await asyncio.to_thread(house.publish, "web@1.0.0")
        assert await live.open(house.database, 1, house.organization.id, mark).wait(60)
        live.stop()

    asyncio.run(follow())


def test_nothing_is_read_while_there_are_no_streams(house, statements, monkeypatch):
    monkeypatch.setattr("shipmark.web.live_updates.POLL_SECONDS", 0.01)

    async def follow():
        live = LiveUpdates()
        followers = [live.open(house.database, user, house.organization.id, "x") for user in (1, 2)]
        await followers[0].wait(60)
        for each in followers:
            live.close(each)
        count = -1
        # What has begun is done first.
        while count != len(statements):
            count = len(statements)
            await asyncio.sleep(0.2)
        await asyncio.sleep(0.1)
        assert len(statements) == count
        assert await live.open(house.database, 1, house.organization.id, "x").wait(60)
        live.stop()

    asyncio.run(follow())


def test_one_statement_serves_all_streams(house, statements):
    async def follow():
        live = LiveUpdates()
        followers = [
            live.open(house.database, user, house.organization.id, "x") for user in range(9)
        ]
        for each in followers:
            assert await each.wait(60)
        live.stop()

    asyncio.run(follow())
    assert sum("sum(" in statement for statement in statements) == 1


def test_a_user_and_a_process_have_limited_streams(house):
    async def follow():
        live = LiveUpdates()
        opened = [live.open(house.database, 1, 1, "") for _ in range(STREAMS_PER_USER_MAX)]
        with pytest.raises(TooManyRequests):
            live.require_capacity(1)
        live.require_capacity(2)
        live.close(opened[0])
        live.require_capacity(1)
        for user in range(100, 100 + STREAMS_MAX):
            live.open(house.database, user, 1, "")
        with pytest.raises(TooManyRequests):
            live.require_capacity(2)
        live.stop()

    asyncio.run(follow())


def test_beyond_the_limit_it_is_429(owner, monkeypatch):
    monkeypatch.setattr("shipmark.web.live_updates.STREAMS_PER_USER_MAX", 0)
    assert owner.get(LIVE).status_code == 429


def test_the_stream_of_a_removed_member_ends(house, browser, statements, monkeypatch):
    monkeypatch.setattr(live_handler, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(live_handler, "AUTHORIZED_SECONDS", 0.0)
    mia = house.person("mia@example.com", Role.MEMBER)
    house.sign_in(browser, mia)
    removing = threading.Thread(target=_remove_meanwhile, args=(house, mia, statements))
    removing.start()
    # The client of the tests returns when the stream has ended.
    text = browser.get(LIVE, params={"after": "x"}).text
    removing.join()
    assert text.startswith("retry: ")
    assert re.search(r"^id: [-\d]+\ndata: changed$", text, re.MULTILINE)
    assert "\n:\n" in text


def _remove_meanwhile(house, user, statements):
    """Remove a member whose stream has sent something: each time it is asked again who that is."""
    many = len(statements) + 24
    while len(statements) < many:
        time.sleep(0.01)
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM members WHERE user_id = ?", (user.id,))


def _address(client: TestClient) -> str:
    return re.search(r'data-live="([^"]+)"', client.get(RELEASES).text)[1]


async def _current(house) -> str:
    live = LiveUpdates()
    follower = live.open(house.database, 1, house.organization.id, "")
    assert await follower.wait(60)
    live.stop()
    return follower.mark
