"""Deleting the selected issues of the list, after a page that says which."""

import re

import pytest

from shipmark.organizations import model as organization_model
from shipmark.organizations.model import Role

ISSUES = "/organizations/acme/issues/"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def ids(house):
    """The ids of WEB-1, WEB-2 and WEB-3."""
    return [house.fail("web@1.0.0", name, fingerprint=[name]) for name in ("a", "b", "c")]


def press(client, ids, action, query=""):
    fields = {"action": action, "issue": [str(issue_id) for issue_id in ids]}
    return client.post(f"{ISSUES}{query}", data=fields, headers=SAME_ORIGIN)


def listed(client):
    return re.findall(r'<span class="mono">([^<]+)</span>', client.get(ISSUES).text)


def test_a_page_says_which_issues_before_any_is_deleted(owner, ids):
    assert 'value="delete"' in owner.get(ISSUES).text
    page = press(owner, ids[1:], "delete", "?tab=review")
    assert page.status_code == 200
    assert "Delete 2 issues" in page.text
    assert re.findall(r">(WEB-\d)<", page.text) == ["WEB-2", "WEB-3"]
    assert re.findall(r'name="issue" value="(\d+)"', page.text) == [str(id_) for id_ in ids[1:]]
    assert f'action="{ISSUES}?tab=review"' in page.text
    assert len(listed(owner)) == 3


def test_confirmed_issues_are_deleted(owner, ids):
    answer = press(owner, ids[1:], "confirm-delete", "?tab=review")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ISSUES}?tab=review")
    assert listed(owner) == ["WEB-1"]
    log = owner.get("/organizations/acme/settings/audit-log/").text
    assert "deleted issues WEB-2, WEB-3" in log
    # Sent again, by a press of the button in another window.
    assert press(owner, ids[1:], "confirm-delete").status_code == 400


@pytest.mark.parametrize("action", ["delete", "confirm-delete"])
def test_nothing_is_selected(owner, ids, action):
    for selected in ([], [99]):
        answer = press(owner, selected, action)
        assert answer.status_code == 400
        assert "Select at least one issue." in answer.text
    assert len(listed(owner)) == len(ids)


@pytest.mark.parametrize("action", ["delete", "confirm-delete"])
def test_it_takes_the_right_to(owner, ids, action, monkeypatch):
    scopes = frozenset({"event:read", "event:write"})
    monkeypatch.setitem(organization_model._SCOPES, Role.OWNER, scopes)
    assert 'value="delete"' not in owner.get(ISSUES).text
    assert press(owner, ids, action).status_code == 403
    assert len(listed(owner)) == 3


@pytest.mark.parametrize("action", ["delete", "confirm-delete"])
def test_issues_of_an_unseen_project_are_not_deleted(house, browser, ids, action):
    house.close()
    house.sign_in(browser, house.person("teamless@example.com", Role.MEMBER))
    answer = press(browser, ids, action)
    assert answer.status_code == 400
    assert "WEB-1" not in answer.text


def test_the_page_of_one_speaks_of_one(owner, ids):
    assert "Delete 1 issue<" in press(owner, ids[:1], "delete").text
