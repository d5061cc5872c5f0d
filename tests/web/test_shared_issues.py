"""Issues that are public, on their page and to anyone."""

import re

import pytest
from sqlalchemy import update

from shipmark.issues.store.issues import issues
from shipmark.organizations.model import Flag
from shipmark.organizations.store import organizations

ISSUE = "/organizations/acme/issues/WEB-1/"
OWN = {"Sec-Fetch-Site": "same-origin"}
SECRET = "only-for-us"


@pytest.fixture
def anyone(open_browser):
    """A browser of a person who is not signed in."""
    return open_browser()


def change(client, action):
    answer = client.post(ISSUE, data={"action": action}, headers=OWN)
    assert answer.status_code == 303, answer.text
    return client.get(ISSUE).text


def address_in(text):
    return re.search(r'href="[^"]*(/share/issue/[0-9a-f]{32}/)"', text)[1]


def test_a_shared_issue_is_shown_to_anyone_until_it_is_private(house, owner, anyone):
    house.fail("web@1.0.0")
    assert "/share/issue/" not in owner.get(ISSUE).text
    address = address_in(change(owner, "share"))
    answer = anyone.get(address)
    assert answer.status_code == 200
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    for shown in ("ValueError: something is None", "WEB-1", "shop/cart.py:41", "Unresolved"):
        assert shown in answer.text, shown
    assert "/share/issue/" not in change(owner, "unshare")
    assert anyone.get(address).status_code == 404
    assert address_in(change(owner, "share")) != address


def test_nothing_about_users_is_shown(house, owner, anyone):
    house.fail(
        "web@1.0.0",
        user={"id": SECRET, "email": f"{SECRET}@example.com"},
        request={"url": f"https://example.com/{SECRET}"},
        breadcrumbs={"values": [{"message": SECRET}]},
        tags={"account": SECRET},
        environment=SECRET,
        server_name=SECRET,
    )
    text = anyone.get(address_in(change(owner, "share"))).text
    for hidden in (SECRET, "hunter2", "web@1.0.0", "<dt>Users", "<dt>Events", owner_name(house)):
        assert hidden not in text, hidden


def owner_name(house):
    return house.owner.display_name


def test_an_event_without_a_stack_has_its_message(house, owner, anyone):
    house.fail(
        "web@1.0.0", exception=None, logentry={"formatted": "It is <b>gone", "params": [SECRET]}
    )
    text = anyone.get(address_in(change(owner, "share"))).text
    assert '<p class="break pre-line">It is &lt;b&gt;gone</p>' in text
    assert SECRET not in text


def test_an_organization_that_shares_nothing_has_no_public_issues(house, owner, anyone):
    house.fail("web@1.0.0")
    address = address_in(change(owner, "share"))
    with house.database.transaction() as connection:
        flags = int(Flag.DISABLE_SHARED_ISSUES)
        connection.execute(update(organizations).values(flags=flags))
    assert anyone.get(address).status_code == 404
    text = owner.get(ISSUE).text
    assert "/share/issue/" not in text
    assert "Share with the public" not in text
    with house.database.transaction() as connection:
        connection.execute(update(issues).values(share_id=None))
    answer = owner.post(ISSUE, data={"action": "share"}, headers=OWN)
    assert answer.status_code == 400
    assert "This organization does not share issues." in answer.text


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("share_id", ["0" * 32, "unknown", "%00", "x" * 300])
def test_an_unknown_id_is_not_found(anyone, share_id):
    answer = anyone.get(f"/share/issue/{share_id}/")
    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_the_number_of_statements_is_small(house, owner, anyone, statements):
    house.fail("web@1.0.0")
    address = address_in(change(owner, "share"))
    statements.clear()
    anyone.get(address)
    assert len([each for each in statements if "SELECT" in each]) <= 5
