"""The pages of organization tokens and of projects."""

import re

import pytest

from shipmark.organizations.model import Role

TOKENS = "/organizations/acme/settings/tokens/"
PROJECTS = "/organizations/acme/settings/projects/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def create(client, name="pipeline"):
    answer = client.post(TOKENS, data={"name": name}, headers=OWN)
    assert answer.status_code == 201
    return re.search(r"(sntrys_[A-Za-z0-9+/=]+_[A-Za-z0-9+/]+)</code>", answer.text)[1]


def test_a_new_token_is_shown_once_and_works(owner, browser):
    token = create(owner)
    text = owner.get(TOKENS).text
    assert "pipeline" in text
    assert token not in text
    browser.cookies.clear()
    answer = browser.get(
        "/api/0/organizations/acme/releases/", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200


def test_a_revoked_token_is_refused(owner, browser):
    token = create(owner)
    address = re.search(rf'action="({TOKENS}\d+/)"', owner.get(TOKENS).text)[1]
    assert owner.post(address, headers=OWN).status_code == 303
    assert "No tokens yet" in owner.get(TOKENS).text
    browser.cookies.clear()
    headers = {"Authorization": f"Bearer {token}"}
    assert browser.get("/api/0/organizations/acme/releases/", headers=headers).status_code == 401


@pytest.mark.parametrize("name", ["", " ", "x" * 65])
def test_a_token_needs_a_name(owner, name):
    answer = owner.post(TOKENS, data={"name": name}, headers=OWN)
    assert answer.status_code == 400
    assert "Enter a name of at most 64 characters." in answer.text


def test_a_member_revokes_only_tokens_of_their_own(house, owner, member):
    create(owner)
    address = re.search(rf'action="({TOKENS}\d+/)"', owner.get(TOKENS).text)[1]
    assert member.post(address, headers=OWN).status_code == 403


@pytest.mark.parametrize("number", ["0", "x", "9" * 30])
def test_an_unknown_token_is_not_found(owner, number):
    assert owner.post(f"{TOKENS}{number}/", headers=OWN).status_code == 404


@pytest.mark.parametrize("path", [TOKENS, PROJECTS])
def test_strangers_see_nothing(house, browser, path):
    assert browser.get(path).headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(path).status_code == 404
    assert browser.post(path, data={"name": "x"}, headers=OWN).status_code == 404


@pytest.mark.parametrize("path", [TOKENS, PROJECTS])
def test_another_site_cannot_post(owner, path):
    answer = owner.post(path, data={"name": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_projects_are_shown_with_their_dsn(owner):
    assert re.search(r"http://[0-9a-f]{32}@[^<]+/\d+</code>", owner.get(PROJECTS).text)


def test_a_project_is_created_with_a_key(owner):
    data = {"name": "Shop App <1>", "team": "crew", "platform": "python-django"}
    answer = owner.post(PROJECTS, data=data, headers=OWN)
    assert answer.headers["location"] == f"{PROJECTS}shop-app-1/keys/"
    assert re.search(
        "<details[^>]* open><summary[^>]*>.*Python", owner.get(answer.headers["location"]).text
    )
    text = owner.get(PROJECTS).text
    assert "shop-app-1" in text
    assert "Shop App &lt;1&gt;" in text
    assert len(re.findall(r"http://[0-9a-f]{32}@", text)) == 2


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"name": "", "team": "crew"}, "Enter a name of at most 200 characters."),
        ({"name": "x" * 201, "team": "crew"}, "Enter a name of at most 200 characters."),
        ({"name": "x", "team": "unknown"}, "Select a team."),
        ({"name": "x", "team": "crew", "platform": "p" * 65}, "Enter at most 64 characters."),
    ],
)
def test_what_a_project_needs_is_said(owner, data, problem):
    answer = owner.post(PROJECTS, data=data, headers=OWN)
    assert answer.status_code == 400
    assert problem in answer.text


def test_what_was_typed_stays(owner):
    data = {"name": "<b>", "team": "unknown", "platform": "go"}
    text = owner.post(PROJECTS, data=data, headers=OWN).text
    assert 'value="&lt;b&gt;"' in text
    assert 'value="go"' in text
    assert 'aria-describedby="team-problem"' in text


def test_teams_that_would_be_refused_are_not_offered(house, browser):
    house.close()
    house.sign_in(browser, house.person("adam@example.com", Role.ADMIN))
    assert '<option value="crew"' not in browser.get(PROJECTS).text


def test_a_member_creates_no_project(member):
    assert "Create a project" not in member.get(PROJECTS).text
    answer = member.post(PROJECTS, data={"name": "x", "team": "crew"}, headers=OWN)
    assert answer.status_code == 403


def test_a_page_takes_the_same_statements_for_any_number_of_projects(house, owner, statements):
    owner.get(PROJECTS)
    before = len(statements)
    owner.get(PROJECTS)
    few = len(statements) - before
    for number in range(4):
        house.extra_project(f"p{number}")
    before = len(statements)
    owner.get(PROJECTS)
    assert len(statements) - before == few


def test_a_closed_organization_gives_members_no_tokens(house, member):
    house.close()
    assert member.post(TOKENS, data={"name": "x"}, headers=OWN).status_code == 403


def test_a_token_is_in_the_audit_log(house, owner):
    create(owner, "deploys")
    with house.database.snapshot() as connection:
        rows = connection.exec_driver_sql("SELECT data FROM audit_log").all()
    assert any("deploys" in str(row) for row in rows)
