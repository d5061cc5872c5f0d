"""The pages of teams: their members, projects, names and deletion."""

import re

import pytest
from page_forms import post

from shipmark.infrastructure.clock import now
from shipmark.organizations import actions as organizations
from shipmark.organizations import store
from shipmark.organizations.model import Role
from shipmark.projects import store as projects
from shipmark.web.view_models.settings import members

TEAMS = "/organizations/acme/settings/teams/"
CREW = f"{TEAMS}crew/"


@pytest.fixture
def mia(house):
    """A member on no team."""
    return house.person("mia@example.com", Role.MEMBER)


@pytest.fixture
def member(house, open_browser, mia):
    """The browser of a member on no team."""
    client = open_browser()
    house.sign_in(client, mia)
    return client


def on_crew(house):
    """The addresses of the members of the team crew."""
    with house.database.snapshot() as connection:
        rows = connection.exec_driver_sql(
            "SELECT users.email FROM team_members JOIN members ON members.id = member_id"
            " JOIN users ON users.id = user_id JOIN teams ON teams.id = team_id WHERE teams.slug = 'crew'"
        )
        return {email for (email,) in rows}


def owned(house):
    with house.database.snapshot() as connection:
        team = store.team_by_slug(connection, house.organization.id, "crew")
        return projects.ids_of_team(connection, team.id)


def test_teams_are_listed_with_their_numbers(owner):
    text = owner.get(TEAMS).text
    assert f'href="{CREW}"' in text
    assert "Joined" in text
    assert re.search(r'num">1</span><span class="only-narrow faint"> member<', text)
    assert re.search(r'num">1</span><span class="only-narrow faint"> project<', text)


@pytest.mark.parametrize("path", [TEAMS, CREW, f"{CREW}delete/"])
def test_strangers_see_nothing(house, browser, path):
    assert browser.get(path).headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("path", [f"{TEAMS}nothing/", f"{TEAMS}nothing/delete/", f"{TEAMS}%00/"])
def test_an_unknown_team_is_not_found(owner, path):
    assert owner.get(path).status_code == 404
    assert post(owner, f"{TEAMS}nothing/", name="x", slug="x").status_code == 404


def test_a_team_is_created_with_its_creator(owner):
    answer = post(owner, TEAMS, name="Check <b> out")
    assert answer.headers["location"] == f"{TEAMS}check-b-out/"
    text = owner.get(answer.headers["location"]).text
    assert "Check &lt;b&gt; out" in text
    assert "Leave team" in text


def test_a_name_without_latin_letters_gets_a_slug(owner):
    answer = post(owner, TEAMS, name="王小")
    assert re.fullmatch(rf"{TEAMS}[0-9a-f]{{12}}/", answer.headers["location"])


@pytest.mark.parametrize(
    ("name", "status", "problem"),
    [
        ("", 400, "Enter a name of at most 64 characters."),
        ("x" * 65, 400, "Enter a name of at most 64 characters."),
        ("Crew", 409, "A team with this slug already exists."),
    ],
)
def test_a_team_that_cannot_be_created(owner, name, status, problem):
    answer = post(owner, TEAMS, name=name)
    assert answer.status_code == status
    assert problem in answer.text
    assert f'value="{name}"' in answer.text


def test_a_team_is_renamed(owner):
    answer = post(owner, CREW, name="The crew", slug="the_crew")
    assert answer.headers["location"] == f"{TEAMS}the_crew/"
    assert owner.get(CREW).status_code == 404
    assert "The crew" in owner.get(TEAMS).text


@pytest.mark.parametrize(
    ("data", "status", "problem"),
    [
        ({"name": "", "slug": "crew"}, 400, "Enter a name"),
        ({"name": "x", "slug": "A B"}, 400, "Use lower case letters"),
        ({"name": "x", "slug": "12"}, 400, "Use lower case letters"),
        ({"name": "x", "slug": "other"}, 409, "A team with this slug already exists."),
    ],
)
def test_a_name_or_slug_that_cannot_be_taken(house, owner, data, status, problem):
    with house.database.transaction() as connection:
        organizations.create_team(connection, house.organization, "other", "Other", now())
    answer = post(owner, CREW, **data)
    assert answer.status_code == status
    assert problem in answer.text
    assert f'value="{data["slug"]}"' in answer.text


def test_members_join_and_leave_teams_of_an_open_organization(house, member):
    assert "Join" in member.get(TEAMS).text
    answer = post(member, f"{CREW}members/", action="join", next=TEAMS)
    assert answer.headers["location"] == TEAMS
    assert on_crew(house) == {"owner@example.com", "mia@example.com"}
    assert post(member, f"{CREW}members/", action="leave").headers["location"] == CREW
    assert on_crew(house) == {"owner@example.com"}


def test_members_cannot_join_teams_of_a_closed_one(house, member):
    house.close()
    assert "Join" not in member.get(TEAMS).text
    assert "Join team" not in member.get(CREW).text
    assert post(member, f"{CREW}members/", action="join").status_code == 403


def test_a_page_elsewhere_is_not_returned_to(member):
    answer = post(member, f"{CREW}members/", action="join", next="https://example.com/")
    assert answer.headers["location"] == CREW


def test_who_manages_members_adds_and_removes_them(house, owner, mia):
    assert 'value="mia@example.com"' in owner.get(CREW).text
    assert post(owner, f"{CREW}members/", action="add", email="Mia@example.com").status_code == 303
    assert "mia@example.com" in on_crew(house)
    number = re.search(r'name="member" value="(\d+)"', owner.get(CREW).text)[1]
    assert post(owner, f"{CREW}members/", action="remove", member=number).status_code == 303
    assert on_crew(house) == {"owner@example.com"}


@pytest.mark.parametrize("email", ["", "nobody@example.com", "eve@example.com"])
def test_only_members_of_the_organization_are_added(house, owner, email):
    house.person("eve@example.com", None)
    answer = post(owner, f"{CREW}members/", action="add", email=email)
    assert answer.status_code == 400
    assert "No member of the organization has this address." in answer.text
    assert f'value="{email}" aria-invalid="true"' in answer.text


def test_members_add_nobody_else(house, member):
    assert "Add a member" not in member.get(CREW).text
    answer = post(member, f"{CREW}members/", action="add", email="owner@example.com")
    assert answer.status_code == 403


@pytest.mark.parametrize(("action", "number"), [("remove", "x"), ("remove", "999999")])
def test_an_unknown_member_is_not_found(owner, action, number):
    assert post(owner, f"{CREW}members/", action=action, member=number).status_code == 404


def test_an_unknown_action_is_refused(owner):
    assert post(owner, f"{CREW}members/", action="dance").status_code == 400


def test_projects_are_added_and_removed(house, owner):
    extra = house.extra_project("extra")
    assert '<option value="extra">' in owner.get(CREW).text
    assert post(owner, f"{CREW}projects/", action="add", project="extra").status_code == 303
    assert owned(house) == {house.project.id, extra.id}
    assert post(owner, f"{CREW}projects/", action="remove", project="web").status_code == 303
    assert owned(house) == {extra.id}
    assert post(owner, f"{CREW}projects/", action="add", project="nothing").status_code == 404


def test_who_is_not_on_a_team_of_a_closed_organization_changes_nothing(house, browser):
    house.close()
    house.sign_in(browser, house.person("adam@example.com", Role.ADMIN))
    text = browser.get(CREW).text
    for button in ("Add project", "Save team", "Delete team", "Add member", "Remove"):
        assert button not in text, button
    assert post(browser, CREW, name="x", slug="x").status_code == 403
    assert post(browser, f"{CREW}projects/", action="add", project="web").status_code == 403
    assert browser.get(f"{CREW}delete/").status_code == 403
    assert post(browser, f"{CREW}delete/").status_code == 403


def test_a_team_without_projects_is_deleted_without_a_word_of_them(owner):
    post(owner, TEAMS, name="Empty")
    text = owner.get(f"{TEAMS}empty/delete/").text
    assert "1 member will stay" in text
    assert "project will stay" not in text
    assert "projects will stay" not in text


def test_a_team_is_deleted_and_its_projects_stay(house, owner):
    assert "1 project will stay" in owner.get(f"{CREW}delete/").text
    assert post(owner, f"{CREW}delete/").headers["location"] == TEAMS
    assert "No teams yet" in owner.get(TEAMS).text
    assert "web" in owner.get("/organizations/acme/settings/projects/").text


def test_a_member_manages_no_team(member):
    text = member.get(CREW).text
    for button in ("Add project", "Save team", "Delete team", "Add member", "Create a team"):
        assert button not in text + member.get(TEAMS).text, button
    assert post(member, TEAMS, name="x").status_code == 403


@pytest.mark.parametrize("path", [TEAMS, CREW])
def test_pages_take_the_same_statements_for_any_number_of_rows(house, owner, statements, path):
    owner.get(path)
    statements.clear()
    owner.get(path)
    few = len(statements)
    for number in range(4):
        house.extra_project(f"p{number}")
        house.person(f"p{number}@example.com", Role.MEMBER, teams=("crew",))
        with house.database.transaction() as connection:
            organizations.create_team(connection, house.organization, f"t{number}", "T", now())
    statements.clear()
    owner.get(path)
    assert len(statements) == few


def test_a_team_of_many_projects_lists_the_first_and_says_so(house, owner, monkeypatch):
    post(owner, f"{CREW}projects/", action="add", project=house.extra_project("extra").slug)
    assert "are shown" not in owner.get(CREW).text
    monkeypatch.setattr(members, "TEAM_PROJECTS_MAX", 1)
    text = owner.get(CREW).text
    assert "The first 1 are shown." in text
    assert '<span class="count">2</span>' in text
    assert text.count('name="project" value=') == 1
