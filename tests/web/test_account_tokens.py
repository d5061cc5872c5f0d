"""The page of the user's own tokens."""

import re

import pytest

from shipmark.organizations.model import Role

PATH = "/account/tokens/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def create(client, name="laptop", scopes=("org:read", "project:read")):
    return client.post(PATH, data={"name": name, "scope": list(scopes)}, headers=OWN)


def text_of(answer):
    return re.search(r"<code>(sntryu_[0-9a-f]{64})</code>", answer.text)[1]


def projects(browser, token):
    browser.cookies.clear()
    return browser.get("/api/0/projects/", headers={"Authorization": f"Bearer {token}"})


def test_a_token_is_shown_once_and_has_the_chosen_scopes(owner, browser):
    answer = create(owner, "my <b>laptop")
    assert answer.status_code == 201
    token = text_of(answer)
    text = owner.get(PATH).text
    assert "my &lt;b&gt;laptop" in text
    assert "org:read, project:read" in text
    assert token not in text
    assert projects(browser, token).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    refused = browser.delete("/api/0/projects/acme/web/", headers=headers)
    assert refused.status_code == 403


def test_a_revoked_token_is_refused(owner, browser):
    token = text_of(create(owner))
    address = re.search(rf'action="({PATH}\d+/)"', owner.get(PATH).text)[1]
    assert owner.post(address, headers=OWN).headers["location"] == PATH
    assert "No tokens yet" in owner.get(PATH).text
    assert owner.post(address, headers=OWN).status_code == 404
    assert projects(browser, token).status_code == 401


def test_scopes_that_no_role_has_are_not_offered(owner):
    """A token of a user with `org:ci` alone may do nothing, whatever its name promises."""
    offered = set(re.findall(r'name="scope" value="([^"]+)"', owner.get(PATH).text))
    assert offered >= {"project:releases"}
    assert offered <= Role.OWNER.scopes


@pytest.mark.parametrize(
    ("name", "scopes", "problem"),
    [
        ("", ["org:read"], "Enter a name of at most 255 characters."),
        ("x" * 256, ["org:read"], "Enter a name of at most 255 characters."),
        ("x", [], "Select at least one scope."),
        ("x", ["unknown"], "Select at least one scope."),
    ],
)
def test_what_a_token_needs_is_said(owner, name, scopes, problem):
    answer = create(owner, name, scopes)
    assert answer.status_code == 400
    assert problem in answer.text
    if scopes == ["org:read"]:
        assert 'value="org:read" checked' in answer.text
    assert "No tokens yet" in answer.text


@pytest.mark.parametrize(
    ("preset", "checked"),
    [
        ("ci", {"org:read", "project:read", "project:releases"}),
        ("unknown", set()),
    ],
)
def test_a_preset_ticks_scopes(owner, preset, checked):
    text = owner.get(f"{PATH}?preset={preset}").text
    assert set(re.findall(r'value="([^"]+)" checked', text)) == checked


def test_read_only_ticks_what_reads(owner):
    text = owner.get(f"{PATH}?preset=read-only").text
    checked = re.findall(r'value="([^"]+)" checked', text)
    assert len(checked) == 6
    assert all(scope.endswith(":read") for scope in checked)


def test_a_token_of_another_user_is_not_revoked(house, owner, open_browser):
    create(owner, "home server")
    address = re.search(rf'action="({PATH}\d+/)"', owner.get(PATH).text)[1]
    other = open_browser()
    other.cookies.clear()
    house.sign_in(other, house.person("mia@example.com", None))
    assert "home server" not in other.get(PATH).text
    assert other.post(address, headers=OWN).status_code == 404
    assert "home server" in owner.get(PATH).text


@pytest.mark.parametrize("number", ["0", "x", "9" * 30])
def test_an_unknown_token_is_not_found(owner, number):
    assert owner.post(f"{PATH}{number}/", headers=OWN).status_code == 404


def test_who_is_not_signed_in_is_sent_to_sign_in(browser):
    assert browser.get(PATH).headers["location"].startswith("/sign-in/")
    assert create(browser).headers["location"].startswith("/sign-in/")


def test_another_site_cannot_create_one(owner):
    answer = owner.post(PATH, data={"name": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_the_page_takes_the_same_statements_for_any_number_of_tokens(owner, statements):
    create(owner)
    statements.clear()
    owner.get(PATH)
    few = len(statements)
    for _ in range(4):
        create(owner)
    statements.clear()
    owner.get(PATH)
    assert len(statements) == few
