"""The page of the audit log."""

import re
from html import unescape

import pytest

from shipmark.organizations.model import Role

AUDIT_LOG = "/organizations/acme/settings/audit-log/"
TOKENS = "/organizations/acme/settings/tokens/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def create_token(client, name):
    assert client.post(TOKENS, data={"name": name}, headers=OWN).status_code == 201


def test_a_change_is_shown_with_its_actor(owner):
    create_token(owner, "<b>deploys")
    text = owner.get(AUDIT_LOG).text
    assert "Olive</a> added org auth token &lt;b&gt;deploys" in text
    assert "org-auth-token.create</code>" in text


def test_only_one_event_is_shown(owner):
    create_token(owner, "deploys")
    data = {"email": "new@example.com", "role": "member"}
    owner.post("/organizations/acme/settings/members/", data=data, headers=OWN)
    text = owner.get(AUDIT_LOG, params={"event": "member.invite"}).text
    assert "invited member new@example.com" in text
    assert "added org auth token" not in text


def test_the_name_of_a_user_leads_to_their_changes(house, owner, open_browser):
    manager = open_browser()
    house.sign_in(manager, house.person("mia@example.com", Role.MANAGER))
    create_token(owner, "deploys")
    create_token(manager, "of-mia")
    [address] = re.findall(
        r'href="([^"]+)" title="Only changes by Olive"', owner.get(AUDIT_LOG).text
    )
    text = owner.get(unescape(address)).text
    assert "added org auth token deploys" in text
    assert "of-mia" not in text
    assert 'By <b class="break">Olive</b>' in text
    [everything] = re.findall(r'href="([^"]+)">Show all users', text)
    assert "of-mia" in owner.get(unescape(everything)).text


def test_the_name_of_a_user_elsewhere_is_not_told(house, owner):
    elsewhere = house.person("eve@example.com", None)
    text = owner.get(AUDIT_LOG, params={"actor": elsewhere.id}).text
    assert "No entries by this user" in text
    assert "eve@example.com" not in text


@pytest.mark.parametrize(
    "query", ["actor=x", "actor=0", "event=unknown", "cursor=x", "cursor=999999999999999999:0:0"]
)
def test_what_cannot_be_read_is_ignored(owner, query):
    create_token(owner, "deploys")
    assert owner.get(f"{AUDIT_LOG}?{query}").status_code == 200


def test_older_entries_are_on_the_next_page(owner):
    for number in range(51):
        create_token(owner, f"token-{number}")
    first = owner.get(AUDIT_LOG).text
    assert "token-50" in first
    assert "token-0<" not in first
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    text = owner.get(older).text
    assert "token-0<" in text
    assert 'rel="prev"' in text


def test_a_member_does_not_see_it(house, browser):
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    assert browser.get(AUDIT_LOG).status_code == 403
    assert AUDIT_LOG not in browser.get(TOKENS).text


def test_strangers_see_nothing(house, browser):
    assert browser.get(AUDIT_LOG).headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(AUDIT_LOG).status_code == 404
