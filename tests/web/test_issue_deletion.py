"""Deleting an issue from its page, after one that says what goes."""

import pytest

from shipmark.organizations import model as organization_model
from shipmark.organizations.model import Role

ISSUES = "/organizations/acme/issues/"
DELETE = f"{ISSUES}WEB-1/delete/"
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


def test_another_site_deletes_nothing(owner):
    assert owner.post(DELETE, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert owner.get(f"{ISSUES}WEB-1/").status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_it_takes_the_right_to(owner, method, monkeypatch):
    scopes = frozenset({"event:read", "event:write", "org:read"})
    monkeypatch.setitem(organization_model._SCOPES, Role.OWNER, scopes)
    assert "Delete…" not in owner.get(f"{ISSUES}WEB-1/").text
    assert getattr(owner, method)(DELETE, headers=SAME_ORIGIN).status_code == 403
    assert owner.get(f"{ISSUES}WEB-1/").status_code == 200
