"""Marking the verdict on a release, on its page."""

import re

import pytest

from shipmark.organizations import model
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Role

PAGE = "/organizations/acme/releases/web%402.0.0/"
OURS = {"Sec-Fetch-Site": "same-origin"}
HEALTHY = {"action": "mark", "environment": "production", "verdict": "healthy"}


@pytest.fixture
def member(house, browser):
    """A member, and a release that regressed in production."""
    house.publish("web@1.0.0")
    house.publish("web@2.0.0")
    house.regress()
    house.sign_in(browser, house.person("member@example.com", Role.MEMBER))
    return browser


def _post(client, **fields):
    return client.post(PAGE, data=fields, headers=OURS)


def _verdicts(client):
    """The verdict of each environment, with what may be done to it."""
    text = client.get(PAGE).text
    found = {}
    for banner in re.findall(r'<section class="verdict .*?</section>', text, re.DOTALL):
        word = re.search(r"<h2>([\w ]+?) <small[^>]*>in (\S+?)<", banner)
        found[word[2]] = [word[1], *re.findall(r'name="verdict" value="(\w+)"', banner)]
    return found


def _audit(house):
    with house.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT event FROM audit_log ORDER BY id")
        return [row[0] for row in rows]


def test_a_member_marks_a_release_and_takes_it_back(house, member):
    assert _verdicts(member) == {"production": ["Regressed", "healthy"]}
    answer = _post(member, **HEALTHY)
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert _verdicts(member) == {"production": ["Healthy", "none"]}
    page = member.get(PAGE).text
    assert "A person marked the release as healthy." in page
    assert re.search(r"<p>Marked <time", page)
    assert "marked as <b>healthy</b>" in page
    assert "To go back" not in page
    assert _post(member, **HEALTHY | {"verdict": "none"}).status_code == 303
    assert _verdicts(member) == {"production": ["Regressed", "healthy"]}
    assert _audit(house).count(AuditEvent.RELEASE_MARK) == 2


def test_other_environments_keep_their_verdicts(house, member):
    house.regress("staging")
    _post(member, **HEALTHY)
    assert _verdicts(member) == {
        "production": ["Healthy", "none"],
        "staging": ["Regressed", "healthy"],
    }


def test_other_projects_keep_their_verdicts(house, owner):
    api = house.extra_project("api")
    for project in (house.project, api):
        house.regress(project=project)
    assert _post(owner, **HEALTHY | {"project": "api"}).status_code == 303
    with house.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT project_id, marked FROM release_verdicts")
        marked = {project_id for project_id, mark in rows if mark == "healthy"}
    assert marked == {api.id}


def test_a_release_without_a_verdict_may_be_marked_either_way(house, member):
    house.use("web@2.0.0", 10, environment="staging")
    assert _verdicts(member)["staging"] == ["Not enough data", "healthy", "regressed"]
    _post(member, **HEALTHY | {"environment": "staging", "verdict": "regressed"})
    assert _verdicts(member)["staging"] == ["Regressed", "none"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"verdict": "undecided"}, 400),
        ({"verdict": ""}, 400),
        ({"environment": "nowhere"}, 404),
        ({"project": "nothing"}, 404),
    ],
)
def test_a_mark_that_makes_no_sense_is_refused(member, changes, status):
    assert _post(member, **HEALTHY | changes).status_code == status
    assert _verdicts(member) == {"production": ["Regressed", "healthy"]}


def test_members_without_the_right_see_no_buttons_and_are_refused(monkeypatch, member):
    scopes = model._SCOPES[Role.MEMBER] - {"project:releases"}
    monkeypatch.setitem(model._SCOPES, Role.MEMBER, scopes)
    assert _verdicts(member) == {"production": ["Regressed"]}
    assert _post(member, **HEALTHY).status_code == 403


def test_strangers_are_refused(house, member):
    house.sign_in(member, house.person("eve@example.com", None))
    assert _post(member, **HEALTHY).status_code == 404
    member.cookies.clear()
    assert _post(member, **HEALTHY).status_code == 303
    house.sign_in(member, house.owner)
    assert _verdicts(member) == {"production": ["Regressed", "healthy"]}
