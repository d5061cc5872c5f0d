"""Merging the selected issues of the list, after a page that says which one stays."""

import re

import pytest

from shipmark.organizations import model as organization_model
from shipmark.organizations.model import Role

ISSUES = "/organizations/acme/issues/"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def fail(house, name):
    return house.fail("web@1.0.0", name, fingerprint=[name])


@pytest.fixture
def ids(house):
    """The ids of WEB-1, WEB-2 and WEB-3; the second one has two events."""
    made = [fail(house, name) for name in ("a", "b", "c")]
    fail(house, "b")
    return made


def press(client, ids, action, query="", headers=SAME_ORIGIN):
    fields = {"action": action, "issue": [str(issue_id) for issue_id in ids]}
    return client.post(f"{ISSUES}{query}", data=fields, headers=headers)


def listed(client, query=""):
    return re.findall(r'<span class="mono">([^<]+)</span>', client.get(f"{ISSUES}?{query}").text)


def test_a_page_says_which_issue_stays_before_anything_is_merged(owner, ids):
    assert 'value="merge"' in owner.get(ISSUES).text
    page = press(owner, ids[:2], "merge", "?tab=review")
    assert page.status_code == 200
    stays, _, others = page.text.partition("Merged into it")
    assert "WEB-2" in stays
    assert "WEB-1" not in stays.partition("<h1>")[2]
    assert "WEB-1" in others
    assert f'action="{ISSUES}?tab=review"' in page.text
    assert len(listed(owner)) == 3


def test_confirmed_issues_are_merged(owner, ids):
    answer = press(owner, ids, "confirm-merge")
    assert (answer.status_code, answer.headers["location"]) == (303, ISSUES)
    assert listed(owner) == ["WEB-2"]
    page = owner.get(f"{ISSUES}WEB-2/").text
    assert "merged 2 issues into it" in page
    assert re.search(r">4</b>|4 events", page)


@pytest.mark.parametrize("name", ["WEB-1", "{id}"])
def test_pages_of_merged_issues_show_the_survivor(owner, ids, name):
    press(owner, ids, "confirm-merge")
    page = owner.get(f"{ISSUES}{name.format(id=ids[0])}/")
    assert page.status_code == 200
    assert '<span class="mono">WEB-2</span>' in page.text


@pytest.mark.parametrize("action", ["merge", "confirm-merge"])
def test_a_single_issue_is_not_merged(owner, ids, action):
    answer = press(owner, ids[:1], action)
    assert answer.status_code == 400
    assert "At least two issues are needed to merge them." in answer.text
    assert f'value="{ids[0]}" aria-label="Select WEB-1" checked' in answer.text


@pytest.mark.parametrize("action", ["merge", "confirm-merge"])
def test_issues_of_several_projects_are_not_merged(house, owner, ids, action):
    house.project = house.extra_project("api")
    answer = press(owner, [*ids, fail(house, "d")], action)
    assert answer.status_code == 400
    assert "Issues of several projects can&#39;t be merged." in answer.text
    assert len(listed(owner)) == 4


@pytest.mark.parametrize("action", ["merge", "confirm-merge"])
def test_a_member_without_the_right_merges_nothing(owner, ids, action, monkeypatch):
    monkeypatch.setitem(organization_model._SCOPES, Role.OWNER, frozenset({"event:read"}))
    assert press(owner, ids, action).status_code == 403
    assert len(listed(owner)) == 3


@pytest.mark.parametrize("action", ["merge", "confirm-merge"])
def test_issues_of_an_unseen_project_are_not_merged(house, browser, ids, action):
    house.close()
    house.sign_in(browser, house.person("teamless@example.com", Role.MEMBER))
    answer = press(browser, ids, action)
    assert answer.status_code == 400
    assert "WEB-1" not in answer.text


def test_a_commit_that_named_a_merged_issue_shows_the_survivor(house, owner, ids):
    house.publish("web@1.1.0", message="Mend it\n\nFixes WEB-1")
    press(owner, ids, "confirm-merge")
    text = owner.get("/organizations/acme/releases/web%401.1.0/").text
    assert "Fixes WEB-2" in re.sub(r"<[^>]*>", "", text)
