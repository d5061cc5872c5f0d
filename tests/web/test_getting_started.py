"""The guide from a project to its first release."""

import re
from html import unescape

import pytest

from shipmark.organizations.model import Role
from shipmark.web.setup_lines import SDKS, TOOLS

GUIDE = "/organizations/acme/getting-started/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def _state(answer):
    return re.search(r'data-state="([^"]+)"', answer.text)[1].split()


def _done(client):
    return _state(client.get(GUIDE)).count("true")


def test_steps_are_checked_as_things_arrive(house, owner):
    assert _done(owner) == 0
    assert "0 of 4" in owner.get(GUIDE).text
    house.fail("web@1.0.0")
    assert _state(owner.get(GUIDE)) == ["true", "true", "false", "false", "false", "false"]
    release = house.publish("web@1.1.0")
    assert _done(owner) == 3
    house.deploy(release, "production")
    answer = owner.get(GUIDE)
    assert _state(answer) == ["true", "true", "true", "true", "false", "false"]
    assert "4 of 4" in answer.text
    assert "First deploy received" in answer.text


def test_without_a_base_url_the_lines_name_the_server_as_the_browser_reached_it(owner):
    text = unescape(owner.get(GUIDE, headers={"Host": "192.0.2.7:8000"}).text)
    assert "@192.0.2.7:8000/" in text
    assert "127.0.0.1" not in text


def test_the_lines_name_the_server_the_project_and_its_key(owner):
    text = unescape(owner.get(GUIDE).text)
    assert re.search(
        r'sentry_sdk\.init\("http://[0-9a-f]{32}@[^"]+/\d+", release="web@1\.0\.0"\)', text
    )
    assert "export SENTRY_ORG=acme" in text
    assert "export SENTRY_PROJECT=web" in text
    assert "SENTRY_AUTH_TOKEN=YOUR_TOKEN" in text


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("tool", TOOLS)
def test_there_are_lines_for_each_choice(owner, sdk, tool):
    answer = owner.get(GUIDE, params={"sdk": sdk, "tool": tool})
    assert answer.status_code == 200
    assert f'aria-current="true">{SDKS[sdk]}<' in answer.text
    assert f'aria-current="true">{TOOLS[tool]}<' in answer.text


def test_unknown_choices_are_the_defaults(owner):
    answer = owner.get(GUIDE, params={"sdk": "<x>", "tool": "<x>", "project": "<x>"})
    assert 'aria-current="true">Python<' in answer.text
    assert "<x>" not in answer.text


def test_the_button_makes_a_token_that_works_and_is_shown_once(owner, browser):
    answer = owner.post(GUIDE, headers=OWN)
    assert answer.status_code == 201
    token = re.search(r"SENTRY_AUTH_TOKEN=(?:&#39;)?(sntrys_[\w+/=]+)", answer.text)[1]
    assert "YOUR_TOKEN" not in answer.text
    assert token not in owner.get(GUIDE).text
    browser.cookies.clear()
    headers = {"Authorization": f"Bearer {token}"}
    assert browser.get("/api/0/organizations/acme/releases/", headers=headers).status_code == 200


def test_who_may_make_no_token_is_offered_none(house, browser):
    house.close()
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER, teams=("crew",)))
    assert "Create a token" not in browser.get(GUIDE).text
    assert browser.post(GUIDE, headers=OWN).status_code == 403


def test_the_navigation_has_the_guide_until_a_release_and_an_error_arrived(house, owner):
    link = f'href="{GUIDE}" title="Get started"'
    assert link in owner.get("/organizations/acme/issues/").text
    house.publish("web@1.0.0")
    assert link in owner.get("/organizations/acme/issues/").text
    house.fail("web@1.0.0")
    assert link not in owner.get("/organizations/acme/issues/").text


@pytest.mark.parametrize("name", ["releases", "issues", "timeline"])
def test_empty_pages_lead_to_the_guide(owner, name):
    assert "Open the setup guide" in owner.get(f"/organizations/acme/{name}/").text


def test_a_member_without_projects_learns_what_is_missing(house, browser):
    house.close()
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    assert "No projects yet" in browser.get(GUIDE).text


def test_a_project_without_a_key_says_so(house, owner):
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE project_keys SET is_active = 0")
    assert "No active client key" in owner.get(GUIDE).text


def test_another_project_can_be_chosen(house, owner):
    house.extra_project("api")
    assert "Set up api" in owner.get(GUIDE, params={"project": "api"}).text
    assert "Set up web" in owner.get(GUIDE, params={"project": "web"}).text


def test_the_first_session_is_ticked(house, owner):
    assert "Sessions received" not in owner.get(GUIDE).text
    before = re.search(r'data-live="([^"]+)"', owner.get(GUIDE).text)[1]
    house.use("web@1.0.0", 3)
    text = owner.get(GUIDE).text
    assert "Sessions received" in text
    assert re.search(r'data-live="([^"]+)"', text)[1] != before


def test_the_guide_names_the_state_that_it_shows(house, owner):
    def address():
        return re.search(r'data-live="([^"]+)"', owner.get(GUIDE).text)[1]

    before = address()
    house.fail(None)
    first_error = address()
    house.fail(None)
    assert before != first_error == address()


def test_anonymous_readers_and_strangers_see_nothing(house, browser):
    assert browser.get(GUIDE).headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(GUIDE).status_code == 404
    assert browser.post(GUIDE, headers=OWN).status_code == 404


def test_the_number_of_statements_is_constant(house, owner, statements):
    house.deploy(house.publish("web@1.0.0"), "production")
    statements.clear()
    owner.get(GUIDE)
    few = len(statements)
    for number in range(5):
        house.deploy(house.publish(f"web@2.{number}.0"), "production")
        house.extra_project(f"p{number}")
    statements.clear()
    owner.get(GUIDE, params={"project": "web"})
    assert len(statements) == few
