"""Who may not change anything takes no write lock."""

import re

import pytest

from shipmark.organizations.model import Role

ACME = "/organizations/acme"
OWN = {"Sec-Fetch-Site": "same-origin"}
CHANGES = [
    "/account/",
    "/account/avatar/",
    "/account/tokens/",
    "/account/tokens/1/",
    f"{ACME}/bulk-releases/",
    f"{ACME}/new-release/",
    f"{ACME}/issues/",
    f"{ACME}/getting-started/",
    f"{ACME}/issues/WEB-1/",
    f"{ACME}/issues/WEB-1/comments/",
    f"{ACME}/issues/WEB-1/comments/1/",
    f"{ACME}/releases/web%401.0.0/",
    f"{ACME}/releases/web%401.0.0/edit/",
    f"{ACME}/releases/web%401.0.0/delete/",
    f"{ACME}/settings/general/",
    f"{ACME}/settings/avatar/",
    f"{ACME}/settings/delete/",
    f"{ACME}/settings/data/",
    f"{ACME}/settings/teams/",
    f"{ACME}/settings/teams/crew/",
    f"{ACME}/settings/teams/crew/members/",
    f"{ACME}/settings/teams/crew/projects/",
    f"{ACME}/settings/teams/crew/delete/",
    f"{ACME}/settings/members/",
    f"{ACME}/settings/members/1/",
    f"{ACME}/settings/invitations/1/",
    f"{ACME}/settings/projects/",
    f"{ACME}/settings/projects/web/",
    f"{ACME}/settings/projects/web/commit-paths/",
    f"{ACME}/settings/projects/web/grouping/",
    f"{ACME}/settings/projects/web/data/scrubbing/",
    f"{ACME}/settings/projects/web/data/filters/",
    f"{ACME}/settings/projects/web/teams/",
    f"{ACME}/settings/projects/web/keys/",
    f"{ACME}/settings/projects/web/keys/{'0' * 32}/",
    f"{ACME}/settings/projects/web/thresholds/",
    f"{ACME}/settings/projects/web/thresholds/1/",
    f"{ACME}/settings/projects/web/code-mappings/",
    f"{ACME}/settings/projects/web/code-mappings/1/",
    f"{ACME}/settings/projects/web/webhook/",
    f"{ACME}/settings/projects/web/delete/",
    f"{ACME}/settings/repositories/",
    f"{ACME}/settings/repositories/1/",
    f"{ACME}/settings/repositories/1/delete/",
    f"{ACME}/settings/storage/",
    f"{ACME}/settings/jobs/1/",
    f"{ACME}/settings/quarantine/",
    f"{ACME}/settings/quarantine/1/",
    f"{ACME}/settings/tokens/",
    f"{ACME}/settings/tokens/1/",
]
ACTIONS = {"repositories/1/": "hide", "storage/": "measure", "jobs/1/": "run"}
ACTIONS |= {"quarantine/": "retry-all", "quarantine/1/": "retry"}
DATA = {
    "scope": "org:read",
    "name": "x",
    "slug": "xyz",
    "debug_files": "member",
    "email": "x@example.com",
    "role": "member",
}


def data_of(path):
    name = path.partition("/settings/")[2]
    return DATA | {"action": ACTIONS.get(name, "name")}


@pytest.mark.parametrize("path", CHANGES)
def test_an_anonymous_change_begins_no_transaction(browser, statements, path):
    answer = browser.post(path, data=data_of(path), headers=OWN)
    assert answer.headers["location"].startswith("/sign-in/")
    assert not [statement for statement in statements if "IMMEDIATE" in statement]


@pytest.mark.parametrize("path", [path for path in CHANGES if path.startswith(ACME)])
def test_a_stranger_begins_none_either(house, browser, statements, path):
    house.fail("web@1.0.0")
    house.sign_in(browser, house.person("eve@example.com", None))
    statements.clear()
    assert browser.post(path, data=data_of(path), headers=OWN).status_code == 404
    assert not [statement for statement in statements if "IMMEDIATE" in statement]


#: What only those who manage something may do, whatever is sent.
MANAGED = [
    path
    for path in CHANGES
    if re.search(
        r"settings/(general|data|avatar|delete|projects|teams/(crew/)?(projects|delete)?)", path
    )
    and not path.endswith(("members/", "thresholds/", "thresholds/1/", "code-mappings/"))
]


@pytest.mark.parametrize("path", MANAGED)
def test_a_member_without_the_right_begins_none(house, browser, statements, path):
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    statements.clear()
    assert browser.post(path, data=DATA, headers=OWN).status_code == 403
    assert not [statement for statement in statements if "IMMEDIATE" in statement]


@pytest.mark.parametrize("path", MANAGED)
def test_bad_input_without_the_right_is_forbidden_too(house, browser, path):
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    assert browser.post(path, data={"name": "", "slug": "/"}, headers=OWN).status_code == 403


def test_a_change_begins_one(house, owner, statements):
    """The statements would show it."""
    house.person("mia@example.com", Role.MEMBER)
    statements.clear()
    data = {"name": "pipeline"}
    assert owner.post(f"{ACME}/settings/tokens/", data=data, headers=OWN).status_code == 201
    assert [statement for statement in statements if "IMMEDIATE" in statement]
