"""What holds for every page, whatever it shows."""

import re
from itertools import pairwise

import pytest

from shipmark.organizations.model import Role
from shipmark.web.handlers import releases
from shipmark.web.request_context import WebRequest

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PAGES = [
    "/",
    "/sign-in/",
    "/organizations/acme/releases/",
    "/organizations/acme/releases/web%401.0.0/",
    "/organizations/acme/releases/web%401.0.0/compare/",
    "/organizations/acme/releases/web%401.0.0/compare/?base=web%401.0.0",
    "/organizations/acme/releases/web%401.0.0/artifacts/",
    "/organizations/acme/releases/unknown/",
    "/organizations/acme/issues/",
    "/organizations/acme/getting-started/",
    "/organizations/acme/issues/1/",
    "/organizations/acme/issues/1/resolve/",
    "/organizations/acme/issues/1/events/",
    "/organizations/acme/issues/1/delete/",
    "/organizations/acme/issues/1/discard/",
    "/organizations/acme/delivery/",
    "/organizations/acme/settings/general/",
    "/organizations/acme/settings/delete/",
    "/organizations/acme/settings/members/",
    "/organizations/acme/settings/teams/",
    "/organizations/acme/settings/teams/crew/",
    "/organizations/acme/settings/teams/crew/delete/",
    "/organizations/acme/settings/projects/",
    "/organizations/acme/settings/projects/web/",
    "/organizations/acme/settings/projects/web/keys/",
    "/organizations/acme/settings/data/",
    "/organizations/acme/settings/projects/web/data/",
    "/organizations/acme/settings/projects/web/thresholds/",
    "/organizations/acme/settings/projects/web/code-mappings/",
    "/organizations/acme/settings/projects/web/webhook/",
    "/organizations/acme/settings/projects/web/delete/",
    "/organizations/acme/settings/repositories/",
    "/organizations/acme/settings/repositories/1/",
    "/organizations/acme/settings/repositories/1/delete/",
    "/organizations/acme/settings/tokens/",
    "/organizations/acme/settings/storage/",
    "/organizations/acme/settings/storage/?project=web&days=30",
    "/organizations/acme/settings/jobs/",
    "/organizations/acme/settings/quarantine/",
    "/organizations/acme/settings/audit-log/",
    "/organizations/acme/search/?query=web",
    "/organizations/acme/verdicts/",
    "/account/",
    "/account/avatar/",
    "/account/tokens/",
    "/keys/",
    "/api/docs/",
    "/api/docs/releases/",
]


@pytest.fixture(params=["anonymous", "owner"])
def visitor(request, house, browser):
    house.fail("web@1.0.0")
    if request.param == "owner":
        house.sign_in(browser, house.owner)
    return browser


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_the_headers_that_keep_people_safe(visitor, path):
    headers = visitor.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", PAGES[2:])
def test_a_page_breaks_no_rule_of_its_own_policy(house, owner, path):
    house.fail("web@1.0.0")
    text = owner.get(path).text
    assert not re.search(
        r"\sstyle=|\son[a-z]+=|<style|<script(?! type=\"module\" src=\"/static/)", text
    )
    assert all(
        it.startswith("/static/")
        for it in re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]*)"', text)
    )


@pytest.mark.parametrize("path", PAGES[1:])
def test_a_page_can_be_used_without_seeing_it(house, owner, path):
    house.fail("web@1.0.0")
    text = owner.get(path).text
    if not text:
        return
    assert '<html lang="en">' in text
    assert 'href="#content">Skip to content' in text
    assert text.count("<h1") == 1
    fields = re.findall(r'<(?:input|select) (?:(?!type="hidden")[^>])*id="([^"]+)"', text)
    assert all(f'for="{field}"' in text for field in fields)
    assert all('scope="' in cell for cell in re.findall(r"<th\b[^>]*>", text))
    tables = re.findall(r"<table\b[^>]*>(?:<caption)?", text)
    assert all("<caption" in table or "aria-label" in table for table in tables)
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", text.partition("<dialog")[0])]
    assert all(later - level <= 1 for level, later in pairwise([0, *levels])), "none is left out"


def test_a_bug_shows_an_id_and_nothing_of_its_inside(owner, monkeypatch):
    def broken(*_):
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(releases, "release_list", broken)
    answer = owner.get("/organizations/acme/releases/")
    assert answer.status_code == 500
    assert "This page failed" in answer.text
    assert 'aria-label="Organization"' in answer.text
    assert re.search(r"Error ID for the operator: [0-9a-f]{32}\.", answer.text)
    assert "secret inside" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


def test_a_page_that_failed_offers_to_try_again_unless_a_form_was_sent(owner, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(WebRequest, "view", broken)
    path = "/organizations/acme/settings/delete/"
    link = f'href="{path}">Try again</a>'
    assert link in owner.get(path).text
    assert link not in owner.post(path, headers={"Sec-Fetch-Site": "same-origin"}).text


def test_a_page_that_is_not_allowed_says_who_can_help(house, browser):
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    answer = browser.get("/organizations/acme/settings/jobs/")
    assert answer.status_code == 403
    assert "An owner or manager of the organization can give you a role" in answer.text


def test_a_bug_of_the_navigation_shows_an_id_too(owner, monkeypatch):
    def broken(*_):
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(releases, "release_list", broken)
    monkeypatch.setattr(WebRequest, "workspace_of", broken)
    answer = owner.get("/organizations/acme/releases/")
    assert answer.status_code == 500
    assert "This page failed" in answer.text
    assert 'aria-label="Organization"' not in answer.text


def test_an_api_error_stays_json(owner):
    answer = owner.get("/api/0/organizations/unknown/releases/")
    assert answer.headers["content-type"].startswith("application/json")


def test_a_file_is_kept_for_ever_under_the_address_of_its_content(browser):
    page = browser.get("/sign-in/").text
    address = re.search(r'href="(/static/shipmark\.css\?v=[0-9a-f]+)"', page)[1]
    answer = browser.get(address)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = browser.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_modules_import_others_under_the_addresses_of_their_contents(browser):
    page = browser.get("/sign-in/").text
    module = browser.get(re.search(r'src="(/static/shipmark\.js\?v=[0-9a-f]+)"', page)[1]).text
    imported = re.findall(r'import [^"]*"\./([^"]+)"', module)
    assert len(imported) == len(re.findall("^import", module, re.MULTILINE)) > 10
    for address in imported:
        answer = browser.get(f"/static/{address}")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("offered", "encoding"),
    [("gzip, deflate, br", "gzip"), ("identity", None), ("br, gzip;q=0", None)],
)
def test_pages_and_files_are_packed_for_browsers_that_can_unpack_them(browser, offered, encoding):
    for path in ("/sign-in/", "/static/shipmark.css", "/nothing/"):
        headers = {"Accept-Encoding": offered, "Accept": "text/html"}
        answer = browser.get(path, headers=headers)
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["vary"] == "Accept-Encoding"
        assert "Shipmark" in answer.text or "body" in answer.text


def test_a_file_is_checked_each_time_under_another_address(browser):
    assert browser.get("/static/shipmark.js").headers["cache-control"] == "public, no-cache"


@pytest.mark.parametrize("name", ["unknown.css", "..%2Ffiles.py", "shipmark.py"])
def test_nothing_else_is_served_as_a_file(browser, name):
    assert browser.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize("number", ["9" * 18, str(2**63), "9" * 5000])
def test_no_number_in_an_address_fails(house, browser, number):
    house.sign_in(browser, house.owner)
    for path in ("issues/{}/", "releases/{}/", "releases/?project={}", "releases/?page={}"):
        answer = browser.get(f"/organizations/acme/{path.format(number)}")
        assert answer.status_code in {200, 303, 404}, path
