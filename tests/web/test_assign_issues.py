"""Assigning issues on their pages and in their list."""

import re

import pytest

from shipmark.infrastructure.clock import now
from shipmark.issues.actions.assign import TEAM_WITHOUT_ACCESS, UNKNOWN_ASSIGNEE
from shipmark.organizations import actions as organizations
from shipmark.organizations.model import Role
from shipmark.web.view_models.people import BUTTONS_MAX

ISSUES = "/organizations/acme/issues/"
ISSUE = f"{ISSUES}WEB-1/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def shown_assignee(client):
    return re.search(r"<dt>Assignee</dt><dd>([^<]*)</dd>", client.get(ISSUE).text)[1]


def assign(client, path=ISSUE, **fields):
    return client.post(path, data=fields, headers=OWN)


def choices(text):
    """The values and names of the menu's buttons."""
    found = re.findall(r'name="assign" value="([^"]*)">(.*?)</button>', text)
    return [(value, re.sub(r"<[^>]*>", " ", inner).split()[-1]) for value, inner in found]


@pytest.fixture
def mia(house):
    return house.person("mia@example.com", Role.MEMBER, teams=("crew",))


def team(house, slug):
    with house.database.transaction() as connection:
        return organizations.create_team(connection, house.organization, slug, slug, now())


def test_the_menu_has_the_reader_members_and_teams_of_the_project(house, owner, mia):
    house.fail("web@1.0.0")
    team(house, "design")
    assert choices(owner.get(ISSUE).text) == [
        (f"user:{house.owner.id}", "Me"),
        (f"user:{mia.id}", "mia@example.com"),
        ("team:1", "#crew"),
        ("", "assignee"),
    ]


def test_an_issue_is_assigned_and_unassigned_by_buttons(house, owner, mia):
    house.fail("web@1.0.0")
    assert shown_assignee(owner) == "None"
    answer = assign(owner, assign=f"user:{mia.id}")
    assert (answer.status_code, answer.headers["location"]) == (303, ISSUE)
    assert shown_assignee(owner) == "mia@example.com"
    name = house.owner.display_name
    assert f"<b>{name}</b> assigned it to <b>mia@example.com</b>" in owner.get(ISSUE).text
    assign(owner, assign="team:1")
    assert shown_assignee(owner) == "#crew"
    assign(owner, assign="")
    assert shown_assignee(owner) == "None"
    text = owner.get(ISSUE).text
    assert f"<b>{name}</b> assigned it to <b>#crew</b>" in text
    assert f"<b>{name}</b> removed the assignee" in text


def test_who_can_not_be_the_assignee_is_refused_in_words(house, owner, mia):
    house.fail("web@1.0.0")
    team(house, "design")
    for name, problem in (
        ("#design", TEAM_WITHOUT_ACCESS),
        ("eve@example.com", UNKNOWN_ASSIGNEE),
        ("", UNKNOWN_ASSIGNEE),
    ):
        answer = assign(owner, action="assign", assignee=name)
        assert answer.status_code == 400
        assert problem in answer.text
        answer = assign(owner, ISSUES, action="assign", assignee=name, issue="1")
        assert answer.status_code == 400
        assert problem in answer.text
    assert shown_assignee(owner) == "None"


def test_of_many_members_the_menu_has_a_field(house, owner, mia):
    house.fail("web@1.0.0")
    assert "<datalist" not in owner.get(ISSUE).text
    for number in range(BUTTONS_MAX):
        house.person(f"m{number}@example.com", Role.MEMBER)
    for path in (ISSUE, ISSUES):
        text = owner.get(path).text
        assert choices(text) == [(f"user:{house.owner.id}", "Me"), ("", "assignee")]
        assert '<option value="mia@example.com">' in text
        assert '<option value="#crew">' in text
    assign(owner, action="assign", assignee="mia@example.com")
    assert shown_assignee(owner) == "mia@example.com"


def test_members_without_the_project_are_no_choices(house, owner, mia):
    house.fail("web@1.0.0")
    house.person("eve@example.com", Role.MEMBER)
    assert "eve@example.com" in owner.get(ISSUE).text
    house.close()
    names = [name for _, name in choices(owner.get(ISSUE).text)]
    assert names == ["Me", "mia@example.com", "#crew", "assignee"]


def test_the_selected_issues_are_assigned(house, owner, mia):
    ids = [house.fail("web@1.0.0", name, fingerprint=[name]) for name in ("a", "b", "c")]
    answer = owner.post(
        f"{ISSUES}?sort=new",
        data={"issue": [str(issue_id) for issue_id in ids[:2]], "assign": f"user:{mia.id}"},
        headers=OWN,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ISSUES}?sort=new")
    cells = re.findall(
        r'<td role="cell" class="c-3 hide-s">(<span.*?)</td>', owner.get(ISSUES).text
    )
    assert [name for cell in cells for name in re.findall('title="([^"]*)"', cell)].count(
        "mia@example.com"
    ) == 2
    assert "No assignee" in owner.get(ISSUES).text


def test_a_name_is_text(house, owner):
    house.fail("web@1.0.0")
    for name in ("<b>x", '" autofocus="'):
        text = assign(owner, action="assign", assignee=name).text
        assert UNKNOWN_ASSIGNEE in text
        assert name not in text


def test_the_list_takes_as_many_statements_for_many_assigned_issues(house, owner, mia, statements):
    for name in ("a", "b", "c"):
        house.fail("web@1.0.0", name, fingerprint=[name])
    owner.get(ISSUES)
    statements.clear()
    owner.get(ISSUES)
    before = len(statements)
    for number in (1, 2, 3):
        assign(owner, f"{ISSUES}WEB-{number}/", assign=f"user:{mia.id}")
    statements.clear()
    owner.get(ISSUES)
    assert len(statements) == before
