"""What a person sees where there is nothing."""

import pytest

HTML = {"Accept": "text/html,application/xhtml+xml"}
NOWHERE = ("/nothing/", "/organizations/acme/nothing/", "/organizations/acme/releases/9.9.9/")
NAVIGATION = '<a href="/organizations/acme/releases/" title="Releases"'


@pytest.mark.parametrize("path", NOWHERE)
def test_somebody_who_is_signed_in_keeps_the_navigation(owner, path):
    answer = owner.get(path, headers=HTML)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    for shown in ("Page not found", NAVIGATION, "Sign out", "owner@example.com"):
        assert shown in answer.text, shown
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/nothing/", "/organizations/acme/nothing/"])
def test_a_browser_that_is_not_signed_in_gets_a_page_too(browser, path):
    answer = browser.get(path, headers=HTML)
    assert answer.status_code == 404
    assert "Page not found" in answer.text
    assert "Sign out" not in answer.text


@pytest.mark.parametrize(
    "path", ["/api/nothing/", "/api/0/nothing/", "/api/0/organizations/acme/x/"]
)
def test_below_the_api_it_is_json(owner, path):
    answer = owner.get(path, headers=HTML)
    assert (answer.status_code, answer.json()) == (
        404,
        {"detail": "The requested resource does not exist"},
    )


def test_who_does_not_ask_for_a_page_gets_json(owner):
    assert owner.get("/nothing/", headers={"Accept": "*/*"}).json()["detail"]


def test_somebody_in_no_organization_is_still_signed_in(house, browser):
    house.sign_in(browser, house.person("stranger@example.com", None))
    answer = browser.get("/organizations/acme/releases/", headers=HTML)
    assert answer.status_code == 404
    assert "Sign out" in answer.text
    assert NAVIGATION not in answer.text
