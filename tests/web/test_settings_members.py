"""The page of members and invitations."""

import re

import pytest

from shipmark.organizations import store as organizations
from shipmark.organizations.model import Role

MEMBERS = "/organizations/acme/settings/members/"
OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def member(house):
    """A member without rights to change others."""
    return house.person("mia@example.com", Role.MEMBER)


def member_id(house, user):
    with house.database.snapshot() as connection:
        found = organizations.member_who_is(connection, house.organization.id, user.id)
    return found.id if found else None


def role_of(house, user):
    with house.database.snapshot() as connection:
        return organizations.member_who_is(connection, house.organization.id, user.id).role


def test_members_are_listed_with_their_roles(owner, member):
    text = owner.get(MEMBERS).text
    assert "2 members" in text
    assert "mia@example.com" in text
    assert 'title="Settings"' in text


def test_who_is_not_signed_in_is_sent_to_sign_in(browser):
    assert browser.get(MEMBERS).headers["location"].startswith("/sign-in/")


def test_a_stranger_sees_nothing(house, browser):
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(MEMBERS).status_code == 404
    assert browser.post(MEMBERS, data={"email": "x@example.com"}, headers=OWN).status_code == 404


def test_a_link_of_an_invitation_is_shown_once_and_works(owner, browser):
    data = {"email": "new@example.com", "role": "admin"}
    answer = owner.post(MEMBERS, data=data, headers=OWN)
    link = re.search(r"http://[^<\s]+(/invitations/[0-9a-f]+/)</code>", answer.text)[1]
    assert answer.status_code == 201
    assert "/invitations/" not in owner.get(MEMBERS).text.replace("settings/invitations", "")
    assert "new@example.com is invited as admin" in browser.get(link).text


@pytest.mark.parametrize(
    ("email", "problem"),
    [
        ("", "Enter a valid email address."),
        ("x" * 300 + "@example.com", "Enter a valid email address."),
        ("owner@example.com", "The user owner@example.com is already a member"),
    ],
)
def test_an_address_that_cannot_be_invited_is_kept_with_the_reason(owner, email, problem):
    answer = owner.post(MEMBERS, data={"email": email, "role": "member"}, headers=OWN)
    assert answer.status_code == 400
    assert problem in answer.text
    assert f'value="{email}"' in answer.text


def test_an_unknown_role_is_refused(owner):
    answer = owner.post(MEMBERS, data={"email": "a@example.com", "role": "king"}, headers=OWN)
    assert answer.status_code == 400


def test_a_revoked_invitation_is_gone(owner):
    owner.post(MEMBERS, data={"email": "new@example.com", "role": "member"}, headers=OWN)
    address = re.search(
        r'action="(/organizations/acme/settings/invitations/\d+/)"', owner.get(MEMBERS).text
    )
    assert owner.post(address[1], headers=OWN).status_code == 303
    assert "new@example.com" not in owner.get(MEMBERS).text
    assert owner.post(address[1], headers=OWN).status_code == 404


def test_the_role_of_a_member_changes(house, owner, member):
    address = f"{MEMBERS}{member_id(house, member)}/"
    assert owner.post(address, data={"role": "manager"}, headers=OWN).status_code == 303
    assert role_of(house, member) is Role.MANAGER


def test_a_member_is_removed(house, owner, member):
    address = f"{MEMBERS}{member_id(house, member)}/"
    assert owner.post(address, data={"action": "remove"}, headers=OWN).status_code == 303
    assert member_id(house, member) is None
    assert owner.post(address, data={"action": "remove"}, headers=OWN).status_code == 404


def test_the_last_owner_stays(house, owner):
    address = f"{MEMBERS}{member_id(house, house.owner)}/"
    answer = owner.post(address, data={"action": "remove"}, headers=OWN)
    assert answer.status_code == 400
    assert "owner" in answer.text
    assert member_id(house, house.owner) is not None


def test_a_member_sees_no_buttons_but_may_leave(house, browser, member):
    house.sign_in(browser, member)
    text = browser.get(MEMBERS).text
    assert "Invite by link" not in text
    assert text.count('value="remove"') == 1
    address = f"{MEMBERS}{member_id(house, member)}/"
    answer = browser.post(address, data={"action": "remove"}, headers=OWN)
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("data", [{"action": "remove"}, {"role": "owner"}])
def test_a_member_cannot_change_others(house, browser, member, data):
    house.sign_in(browser, member)
    address = f"{MEMBERS}{member_id(house, house.owner)}/"
    assert browser.post(address, data=data, headers=OWN).status_code == 403
    invited = browser.post(MEMBERS, data={"email": "a@example.com", "role": "member"}, headers=OWN)
    assert invited.status_code == 403


@pytest.mark.parametrize("number", ["0", "x", "9" * 30, str(2**63)])
def test_a_member_that_does_not_exist_is_not_found(owner, number):
    answer = owner.post(f"{MEMBERS}{number}/", data={"action": "remove"}, headers=OWN)
    assert answer.status_code == 404


def test_a_page_takes_the_same_statements_for_any_number_of_members(house, owner, statements):
    owner.get(MEMBERS)
    before = len(statements)
    owner.get(MEMBERS)
    few = len(statements) - before
    for number in range(5):
        house.person(f"m{number}@example.com", Role.MEMBER)
    before = len(statements)
    owner.get(MEMBERS)
    assert len(statements) - before == few


def test_a_name_is_no_markup(house, owner):
    house.person('"><script>@example.com', Role.MEMBER)
    assert '"><script>' not in owner.get(MEMBERS).text
