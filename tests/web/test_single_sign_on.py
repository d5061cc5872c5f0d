"""Signing in with an OpenID provider: a real one, and one that sends wrong tokens."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from conformance.clients import PACKAGES
from openid_sign_in import begin, settings
from processes import free_port
from sqlalchemy import select

from shipmark.accounts import store as accounts
from shipmark.accounts.identity_store import identities
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Role

LIST = "/organizations/acme/releases/"
CALLBACK = "http://127.0.0.1:8000/sign-in/oidc/callback/"


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    """A certified implementation of a provider, as a process."""
    port = free_port()
    script = Path(__file__).with_name("openid_provider.mjs")
    path = f"{PACKAGES / '.bin'}:{os.environ['PATH']}"
    process = subprocess.Popen(
        ["node", script, PACKAGES, str(port), CALLBACK],
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.communicate()


def at_the_provider(address: str, login: str, *, consents: bool = True) -> str:
    """Sign in and consent as a person does; return the path that the provider sends the browser back to."""
    # Reading the certificates of the machine takes longer than the whole conversation, which is without them.
    with httpx.Client(verify=False) as client:
        answer = client.get(address)
        while True:
            while answer.is_redirect:
                target = answer.headers["location"]
                if target.startswith(CALLBACK):
                    return target.removeprefix("http://127.0.0.1:8000")
                answer = client.get(str(answer.url.join(target)))
            if not consents:
                abort = re.search(r'href="([^"]+/abort)"', answer.text)
                assert abort is not None
                answer = client.get(str(answer.url.join(abort[1])))
                continue
            action = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert action is not None
            assert prompt is not None
            form = {"prompt": prompt[1], "login": login, "password": "x"}
            answer = client.post(str(answer.url.join(action[1])), data=form)


def sign_in(browser, login, after="/"):
    return browser.get(at_the_provider(begin(browser, after), login))


def user_of(house, email):
    with house.database.snapshot() as connection:
        return accounts.by_email(connection, email)


def test_without_a_provider_there_is_no_button_and_no_page(browser):
    assert "/sign-in/oidc/" not in browser.get("/sign-in/").text
    assert browser.get("/sign-in/oidc/").status_code == 404
    assert browser.get("/sign-in/oidc/callback/?code=1&state=2").status_code == 404


def test_a_member_signs_in_and_comes_to_the_page_they_wanted(house, open_browser, issuer):
    mia = house.person("mia@example.com", Role.MEMBER)
    browser = open_browser(**settings(issuer))
    page = browser.get("/sign-in/", params={"next": LIST})
    assert f"/sign-in/oidc/?next={LIST.replace('/', '%2F')}" in page.text
    assert "Sign in with Acme ID" in page.text
    answer = sign_in(browser, "mia@example.com", LIST)
    assert (answer.status_code, answer.headers["location"]) == (303, LIST)
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "shipmark_authorization" not in browser.cookies
    assert browser.get(LIST).status_code == 200
    # The second time the provider's own name for the user decides, whatever their address is now.
    with house.database.transaction() as connection:
        own = accounts.emails.update().where(accounts.emails.c.user_id == mia.id)
        connection.execute(own.values(email="mia@acme.example"))
    assert sign_in(open_browser(**settings(issuer)), "mia@example.com").status_code == 303
    with house.database.snapshot() as connection:
        assert len(connection.execute(select(identities)).all()) == 1


def test_an_unknown_person_is_refused_and_nothing_is_kept(house, open_browser, issuer):
    answer = sign_in(open_browser(**settings(issuer)), "eve@example.com")
    assert answer.status_code == 403
    assert "There is no account for eve@example.com." in answer.text
    assert "shipmark_session" not in answer.headers.get("set-cookie", "")
    assert user_of(house, "eve@example.com") is None


def test_an_address_that_the_provider_does_not_confirm_is_nobodys(house, open_browser, issuer):
    """Else whoever writes another's address into their profile there would be them here."""
    house.person("mia@example.com", Role.OWNER)
    answer = sign_in(open_browser(**settings(issuer)), "unverified+mia@example.com")
    assert answer.status_code == 403
    assert "does not confirm that mia@example.com is your email address" in answer.text
    trusting = open_browser(**settings(issuer, oidc_trust_emails=True))
    assert sign_in(trusting, "unverified+mia@example.com").status_code == 303


def test_an_address_that_was_never_verified_here_leads_to_no_account(house, open_browser, issuer):
    """Else somebody could add another's address to their account, and be handed that person's sign-in."""
    mallory = house.person("mallory@example.com", Role.MEMBER)
    with house.database.transaction() as connection:
        row = {"user_id": mallory.id, "email": "mia@example.com", "is_verified": False}
        connection.execute(accounts.emails.insert().values(row))
    assert sign_in(open_browser(**settings(issuer)), "mia@example.com").status_code == 403


def test_a_deactivated_user_does_not_come_in(house, open_browser, issuer):
    house.person("mia@example.com", Role.MEMBER)
    with house.database.transaction() as connection:
        connection.execute(accounts.users.update().values(is_active=False))
    answer = sign_in(open_browser(**settings(issuer)), "mia@example.com")
    assert answer.status_code == 403
    assert "deactivated" in answer.text


def test_who_is_invited_joins_without_a_password(house, open_browser, issuer):
    browser = open_browser(**settings(issuer))
    house.sign_in(browser, house.owner)
    data = {"email": "new@example.com", "role": "manager"}
    own = {"Sec-Fetch-Site": "same-origin"}
    link = browser.post("/organizations/acme/settings/members/", data=data, headers=own).text
    browser.cookies.clear()
    token = re.search(r"/invitations/(\w+)/", link)[1]
    after = f"/invitations/{token}/"
    assert "Join with Acme ID" in browser.get(after).text
    assert sign_in(open_browser(**settings(issuer)), "other@example.com", after).status_code == 403
    assert sign_in(browser, "new@example.com", after).headers["location"] == "/"
    assert browser.get("/").headers["location"] == LIST
    user = user_of(house, "new@example.com")
    assert user.name == "Ada Lovelace"
    assert not user.has_password
    assert "This account has no password" in browser.get("/account/").text
    with house.database.snapshot() as connection:
        member = organizations.member_who_is(connection, house.organization.id, user.id)
    assert member.role is Role.MANAGER


def test_an_organization_may_welcome_all_whom_the_provider_knows(house, open_browser, issuer):
    browser = open_browser(**settings(issuer, oidc_organization="acme"))
    assert sign_in(browser, "new@example.com", LIST).status_code == 303
    assert browser.get(LIST).status_code == 200
    user = user_of(house, "new@example.com")
    with house.database.snapshot() as connection:
        member = organizations.member_who_is(connection, house.organization.id, user.id)
    assert member.role is Role.MEMBER
    house.sign_in(browser, house.owner)
    log = browser.get("/organizations/acme/settings/audit-log/").text
    assert "added member new@example.com" in log


def test_an_answer_counts_only_in_the_browser_that_asked(house, open_browser, issuer):
    """Else a link could sign somebody in under another's account."""
    house.person("mia@example.com", Role.MEMBER)
    one, other = (open_browser(**settings(issuer)) for _ in range(2))
    link = at_the_provider(begin(one), "mia@example.com")
    begin(other)
    for browser in (other, open_browser(**settings(issuer))):
        answer = browser.get(link)
        assert answer.status_code == 400
        assert "Start again" in answer.text
    assert one.get(link).status_code == 303
    # A code counts once, and the browser has forgotten the request.
    assert one.get(link).status_code == 400


def test_who_cancels_there_is_back_at_the_form(house, open_browser, issuer):
    browser = open_browser(**settings(issuer))
    answer = browser.get(at_the_provider(begin(browser, LIST), "", consents=False))
    assert answer.status_code == 401
    assert "Acme ID did not confirm who you are." in answer.text
    assert f'name="next" value="{LIST}"' in answer.text


def test_a_page_of_another_host_is_never_where_one_ends(open_browser, issuer):
    browser = open_browser(**settings(issuer))
    begin(browser, "https://evil.example.com/")
    browser.cookies.set("shipmark_authorization", "bm90IEpTT04=")
    assert browser.get("/sign-in/oidc/callback/?code=1&state=2").status_code == 400


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9"])
def test_a_provider_that_is_away_is_said(open_browser, issuer):
    answer = open_browser(**settings(issuer)).get("/sign-in/oidc/")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert "Acme ID cannot be reached." in answer.text
