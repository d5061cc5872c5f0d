"""Who may not change anything takes no write lock."""

import pytest

from shipmark.organizations.model import Role

ACME = "/organizations/acme"
OWN = {"Sec-Fetch-Site": "same-origin"}
CHANGES = [
    "/account/",
    f"{ACME}/bulk-releases/",
    f"{ACME}/new-release/",
    f"{ACME}/issues/",
    f"{ACME}/getting-started/",
    f"{ACME}/issues/WEB-1/",
    f"{ACME}/releases/web%401.0.0/",
    f"{ACME}/releases/web%401.0.0/edit/",
    f"{ACME}/releases/web%401.0.0/delete/",
    f"{ACME}/settings/members/",
    f"{ACME}/settings/members/1/",
    f"{ACME}/settings/invitations/1/",
    f"{ACME}/settings/projects/",
    f"{ACME}/settings/tokens/",
    f"{ACME}/settings/tokens/1/",
]
DATA = {"action": "name", "name": "x", "email": "x@example.com", "role": "member"}


@pytest.mark.parametrize("path", CHANGES)
def test_an_anonymous_change_begins_no_transaction(browser, statements, path):
    answer = browser.post(path, data=DATA, headers=OWN)
    assert answer.headers["location"].startswith("/sign-in/")
    assert not [statement for statement in statements if "IMMEDIATE" in statement]


@pytest.mark.parametrize("path", CHANGES[1:])
def test_a_stranger_begins_none_either(house, browser, statements, path):
    house.fail("web@1.0.0")
    house.sign_in(browser, house.person("eve@example.com", None))
    statements.clear()
    assert browser.post(path, data=DATA, headers=OWN).status_code == 404
    assert not [statement for statement in statements if "IMMEDIATE" in statement]


def test_a_change_begins_one(house, owner, statements):
    """The statements would show it."""
    house.person("mia@example.com", Role.MEMBER)
    statements.clear()
    data = {"name": "pipeline"}
    assert owner.post(f"{ACME}/settings/tokens/", data=data, headers=OWN).status_code == 201
    assert [statement for statement in statements if "IMMEDIATE" in statement]
