"""Deleting an issue from its page, also with later events of its kind, after a page that says what goes."""

import re
from html import unescape

import pytest

from shipmark.organizations import model as organization_model
from shipmark.organizations.model import Role
from shipmark.web.view_models.settings import project_data

ISSUES = "/organizations/acme/issues/"
DELETE = f"{ISSUES}WEB-1/delete/"
DISCARD = f"{ISSUES}WEB-1/discard/"
DATA = "/organizations/acme/settings/projects/web/data/"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def _broken(house):
    house.fail("web@1.0.0")


def test_a_page_says_what_goes_before_anything_is_deleted(owner):
    assert f'href="{DELETE}"' in owner.get(f"{ISSUES}WEB-1/").text
    page = owner.get(DELETE)
    assert page.status_code == 200
    assert "1 event" in page.text
    assert f'action="{DELETE}"' in page.text
    assert owner.get(f"{ISSUES}WEB-1/").status_code == 200


def test_a_confirmed_issue_is_gone(owner):
    answer = owner.post(DELETE, headers=SAME_ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, ISSUES)
    assert "WEB-1" not in owner.get(ISSUES).text
    for path in (f"{ISSUES}WEB-1/", DELETE):
        assert owner.get(path).status_code == 404
    assert owner.post(DELETE, headers=SAME_ORIGIN).status_code == 404
    log = owner.get("/organizations/acme/settings/audit-log/").text
    assert "deleted issue WEB-1" in log


def test_a_page_says_what_becomes_of_a_discarded_issue(owner):
    assert f'href="{DISCARD}"' in owner.get(f"{ISSUES}WEB-1/").text
    page = owner.get(DISCARD)
    assert page.status_code == 200
    assert "1 event" in page.text
    assert "Later events of its kind are not stored" in page.text
    assert f'href="{DATA}"' in page.text
    assert f'action="{DISCARD}"' in page.text
    assert owner.get(f"{ISSUES}WEB-1/").status_code == 200


def test_a_discarded_issue_is_gone_and_listed_in_the_settings(owner):
    answer = owner.post(DISCARD, headers=SAME_ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, ISSUES)
    for path in (f"{ISSUES}WEB-1/", DISCARD):
        assert owner.get(path).status_code == 404
    assert owner.post(DISCARD, headers=SAME_ORIGIN).status_code == 404
    listed = re.sub(r"<[^>]*>", " ", owner.get(DATA).text)
    assert re.search(r"Discarded issues.*WEB-1.*Store them again", listed, re.DOTALL)
    log = owner.get("/organizations/acme/settings/audit-log/").text
    assert "deleted issue WEB-1, whose future events are discarded" in log


def test_events_of_a_discarded_issue_are_let_in_again(house, owner):
    owner.post(DISCARD, headers=SAME_ORIGIN)
    [action] = re.findall(rf'action="({DATA}discarded-issues/\d+/)"', owner.get(DATA).text)
    answer = owner.post(action, headers=SAME_ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{DATA}?changed=discarded")
    page = owner.get(answer.headers["location"]).text
    assert "the next makes a new issue" in page
    assert "WEB-1" not in page
    assert owner.post(action, headers=SAME_ORIGIN).status_code == 404
    house.fail("web@1.0.0")
    assert owner.get(f"{ISSUES}WEB-2/").status_code == 200


def test_the_settings_list_discarded_issues_page_by_page(house, owner, monkeypatch):
    monkeypatch.setattr(project_data, "ROWS_PER_PAGE", 1)
    house.fail("web@1.0.0", "other", fingerprint=["other"])
    for name in ("WEB-1", "WEB-2"):
        owner.post(f"{ISSUES}{name}/discard/", headers=SAME_ORIGIN)
    first, second = (owner.get(f"{DATA}?page={number}").text for number in (1, 2))
    assert ("WEB-2" in first, "WEB-1" in first) == (True, False)
    assert ("WEB-2" in second, "WEB-1" in second) == (False, True)
    assert f'href="{DATA}?page=2"' in first
    assert f'href="{DATA}?page=1"' in second
    assert "None on this page." in owner.get(f"{DATA}?page=3").text


@pytest.mark.parametrize("path", [DELETE, DISCARD])
def test_another_site_deletes_nothing(owner, path):
    assert owner.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert owner.get(f"{ISSUES}WEB-1/").status_code == 200


@pytest.mark.parametrize("path", [DELETE, DISCARD])
@pytest.mark.parametrize("method", ["get", "post"])
def test_it_takes_the_right_to(owner, method, path, monkeypatch):
    scopes = frozenset({"event:read", "event:write", "org:read"})
    monkeypatch.setitem(organization_model._SCOPES, Role.OWNER, scopes)
    assert "Delete" not in owner.get(f"{ISSUES}WEB-1/").text
    assert getattr(owner, method)(path, headers=SAME_ORIGIN).status_code == 403
    assert owner.get(f"{ISSUES}WEB-1/").status_code == 200


def test_it_takes_the_right_to_let_events_in_again(owner, monkeypatch):
    owner.post(DISCARD, headers=SAME_ORIGIN)
    [action] = re.findall(rf'action="({DATA}discarded-issues/\d+/)"', owner.get(DATA).text)
    scopes = frozenset({"event:read", "event:write", "org:read", "project:read"})
    monkeypatch.setitem(organization_model._SCOPES, Role.OWNER, scopes)
    page = owner.get(DATA).text
    assert "WEB-1" in page
    assert action not in page
    assert owner.post(action, headers=SAME_ORIGIN).status_code == 403


@pytest.mark.parametrize("path", [DELETE, DISCARD])
def test_the_list_that_the_issue_was_opened_from_is_shown_again(house, owner, path):
    opened = re.search(
        r'href="([^"]*/issues/WEB-1/[^"]*)"',
        owner.get(
            ISSUES,
            params={"query": "is:unresolved", "project": "web", "sort": "freq", "period": "14d"},
        ).text,
    )
    page = owner.get(unescape(opened[1])).text
    link = re.search(rf'href="({path}[^"]*)"', page)
    confirmation = owner.get(unescape(link[1])).text
    action = re.search(rf'action="({path}[^"]*)"', confirmation)
    assert unescape(opened[1]) in unescape(confirmation), "Cancel leads back to the issue as it was"
    answer = owner.post(unescape(action[1]), headers=SAME_ORIGIN)
    assert (
        answer.headers["location"]
        == f"{ISSUES}?query=is%3Aunresolved&project=web&sort=freq&period=14d"
    )
