"""Buttons of the page of an issue mark it for the user: bookmarks and subscriptions."""

from datetime import timedelta

import pytest

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Conflict
from shipmark.issues.actions.share import set_sharing
from shipmark.issues.model import SharingChange
from shipmark.issues.store import states, views
from shipmark.organizations.model import Role
from shipmark.web import after_response

ISSUE = "/organizations/acme/issues/WEB-1/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def press(client, action, path=ISSUE):
    return client.post(path, data={"action": action}, headers=OWN)


def offered(client, actions):
    """Which of the buttons the page has."""
    text = client.get(ISSUE).text
    return [action for action in actions if f'value="{action}"' in text]


@pytest.mark.parametrize(
    ("action", "opposite"), [("bookmark", "remove-bookmark"), ("subscribe", "unsubscribe")]
)
def test_a_button_marks_the_issue_and_another_takes_it_back(house, owner, action, opposite):
    house.fail("web@1.0.0")
    both = (action, opposite)
    assert offered(owner, both) == [action]
    answer = press(owner, action)
    assert (answer.status_code, answer.headers["location"]) == (303, ISSUE)
    assert offered(owner, both) == [opposite]
    press(owner, opposite)
    assert offered(owner, both) == [action]


def test_a_bookmark_subscribes_and_is_no_activity(house, owner):
    house.fail("web@1.0.0")
    before = owner.get(ISSUE).text.count('<li><span class="dot')
    press(owner, "bookmark")
    assert offered(owner, ["unsubscribe"]) == ["unsubscribe"]
    assert owner.get(ISSUE).text.count('<li><span class="dot') == before


def test_marks_are_of_the_user_alone(house, owner, open_browser):
    house.fail("web@1.0.0")
    press(owner, "bookmark")
    mia = open_browser()
    house.sign_in(mia, house.person("mia@example.com", Role.MEMBER, teams=("crew",)))
    assert offered(mia, ["bookmark", "subscribe"]) == ["bookmark", "subscribe"]


def seen_by(house):
    with house.database.snapshot() as connection:
        return views.of_issue(connection, 1, limit=10)


@pytest.fixture
def _fresh():
    after_response._recorded_views.clear()


@pytest.mark.usefixtures("_fresh")
def test_opening_the_page_marks_the_issue_as_seen(house, owner):
    house.fail("web@1.0.0")
    assert seen_by(house) == {}
    owner.get(ISSUE)
    first = seen_by(house)
    assert list(first) == [house.owner.id]
    owner.get(ISSUE)
    assert seen_by(house) == first
    with house.database.transaction() as connection:
        views.put(connection, [1], house.owner.id, now() - timedelta(hours=2))
    after_response._recorded_views.clear()
    owner.get(ISSUE)
    assert seen_by(house)[house.owner.id] >= first[house.owner.id]


@pytest.mark.usefixtures("_fresh")
def test_a_page_is_not_held_up_by_what_it_records(house, owner, monkeypatch):
    house.fail("web@1.0.0")
    monkeypatch.setattr(after_response.states, "locked", _is_busy)
    assert owner.get(ISSUE).status_code == 200
    monkeypatch.undo()
    owner.get(ISSUE)
    assert list(seen_by(house)) == [house.owner.id]


def _is_busy(*_):
    raise Conflict("busy")


def test_who_shared_an_issue_is_shown(house, owner):
    issue_id = house.fail("web@1.0.0")
    for is_public in (True, False):
        with house.database.transaction() as connection:
            locked = states.locked(connection, house.organization.id, [issue_id])
            change = SharingChange(is_public=is_public, secret="s")
            set_sharing(connection, locked, change, house.owner.id, now())
    text, name = owner.get(ISSUE).text, house.owner.display_name
    assert f"<b>{name}</b> shared it with the public" in text
    assert f"<b>{name}</b> ended sharing it" in text
