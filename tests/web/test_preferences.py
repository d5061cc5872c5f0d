"""The theme, the time zone, the keys and the last organization of a browser."""

import re
from datetime import UTC, datetime

import pytest

from shipmark.accounts import actions as accounts
from shipmark.infrastructure.clock import now
from shipmark.organizations import actions as organizations
from shipmark.organizations.model import Role

THEME = "/preferences/theme/"
RELEASES = "/organizations/acme/releases/"
OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_comes_with_every_page(browser, theme):
    answer = browser.post(THEME, data={"theme": theme, "next": "/sign-in/"}, headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/")
    text = browser.get("/sign-in/").text
    assert f'data-theme="{theme}"' in text


@pytest.mark.parametrize("theme", ["system", "", "pink", '"><script>'])
def test_any_other_theme_is_that_of_the_system(browser, theme):
    browser.post(THEME, data={"theme": theme}, headers=OWN)
    assert "data-theme" not in browser.get("/sign-in/").text


@pytest.mark.parametrize("address", ["//evil.example.com/", "https://evil.example.com/", "x", ""])
def test_choosing_a_theme_leads_to_no_other_site(browser, address):
    answer = browser.post(THEME, data={"theme": "dark", "next": address}, headers=OWN)
    assert answer.headers["location"] == "/"


def test_another_site_cannot_choose_it(browser):
    answer = browser.post(THEME, data={"theme": "dark"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_the_buttons_lead_back_to_the_page_that_they_are_on(house, owner):
    house.publish("web@1.0.0 ü")
    text = owner.get(f"{RELEASES}?query=1.0").text
    assert f'name="next" value="{RELEASES}?query=1.0"' in text


def prefer(browser, name, **data):
    answer = browser.post(
        f"/preferences/{name}/", data=data | {"next": "/account/?changed=preferences"}, headers=OWN
    )
    assert answer.headers["location"] == "/account/?changed=preferences"


def time_of_release(house, browser):
    house.publish("web@1.0.0", at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    return browser.get("/organizations/acme/releases/web%401.0.0/").text


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "2026-07-02 00:30:00 CEST"),
        ("America/Argentina/Buenos_Aires", "2026-07-01 19:30:00 -03"),
        ("UTC", "2026-07-01 22:30:00 UTC"),
    ],
)
def test_times_are_in_the_chosen_zone(house, owner, zone, shown):
    prefer(owner, "time-zone", zone=zone)
    text = time_of_release(house, owner)
    assert f'title="{shown}"' in text
    assert f'data-zone="{zone}"' in text
    assert '#preferences" title="Time zone"' in text
    assert f'<span class="label cut">{zone}</span>' in text
    assert re.search(rf"<option[^>]* selected>{zone}</option>", owner.get("/account/").text)


@pytest.mark.parametrize("zone", ["browser", "", "Mars/Base", "../etc/passwd", '"><script>'])
def test_any_other_zone_is_the_browsers_own(house, owner, zone):
    prefer(owner, "time-zone", zone="Europe/Berlin")
    prefer(owner, "time-zone", zone=zone)
    text = time_of_release(house, owner)
    assert 'title="2026-07-01 22:30:00 UTC"' in text
    assert 'data-zone="' not in text


def test_single_keys_are_turned_off_and_on(owner):
    assert "data-single-keys" not in owner.get("/account/").text
    prefer(owner, "keys", keys="off")
    text = owner.get("/account/").text
    assert '<html lang="en" data-single-keys="off">' in text
    assert "Turn on single keys" in text
    assert "Single keys are turned off." in owner.get("/keys/").text
    prefer(owner, "keys", keys="on")
    assert "data-single-keys" not in owner.get("/account/").text


@pytest.mark.parametrize("name", ["time-zone", "keys"])
def test_another_site_cannot_choose_these(browser, name):
    answer = browser.post(f"/preferences/{name}/", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_the_keys_are_listed_on_a_page_of_their_own(owner, browser):
    text = owner.get("/keys/").text
    for shown in ("Close a menu or dialog", "Go to Timeline", "Select all rows up to this one"):
        assert text.count(shown) == 2, "the page, and the dialog of every page"
    assert "<noscript><p" in text, "without scripts, no key acts"


def test_who_is_not_signed_in_has_no_keys(browser):
    assert browser.get("/keys/").headers["location"] == "/sign-in/?next=%2Fkeys%2F"


def test_home_is_the_organization_that_the_browser_was_in_last(house, owner):
    with house.database.transaction() as connection:
        zeta = organizations.create(connection, "zeta", "Zeta", now())
        organizations.add_member(connection, zeta, house.owner, Role.OWNER, [], now())
    assert owner.get(RELEASES).status_code == 200
    assert owner.get("/").headers["location"] == RELEASES
    assert owner.get("/organizations/zeta/releases/").status_code == 200
    assert owner.get("/").headers["location"] == "/organizations/zeta/releases/"


def test_an_organization_of_others_is_not_remembered(house, owner):
    owner.cookies.set("shipmark_organization", "unknown")
    assert owner.get("/").headers["location"] == RELEASES


def test_a_user_without_an_organization_learns_how_to_join_one(house, browser):
    with house.database.transaction() as connection:
        user = accounts.create_user(connection, "new@example.com", "New", None, now())
    house.sign_in(browser, user)
    assert "You are not in an organization yet" in browser.get("/").text
