"""Signing in with an OpenID provider: a real one, and one that sends wrong tokens."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from conformance.clients import PACKAGES
from joserfc import jwk, jwt
from processes import free_port
from sqlalchemy import select

from shipmark.accounts import store as accounts
from shipmark.accounts.identity_store import identities
from shipmark.infrastructure.clock import now
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Role

LIST = "/organizations/acme/releases/"
CALLBACK = "http://127.0.0.1:8000/sign-in/oidc/callback/"
SECRET = "a secret: with %"


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


def settings(issuer: str, **more: Any) -> dict[str, Any]:
    return {
        "oidc_issuer": issuer,
        "oidc_client_id": "shipmark",
        "oidc_client_secret": SECRET,
        "oidc_name": "Acme ID",
    } | more


def begin(browser, after="/"):
    """Ask to sign in; return the address at the provider."""
    answer = browser.get("/sign-in/oidc/", params={"next": after})
    assert answer.status_code == 303
    return answer.headers["location"]


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


@dataclass
class Liar:
    """A provider whose answers a test decides."""

    key: jwk.RSAKey
    url: str = ""
    documents: dict[str, Any] = field(default_factory=dict)
    forms: list[dict[str, list[str]]] = field(default_factory=list)

    def claims(self, nonce: str, **more: object) -> dict[str, object]:
        at = int(now().timestamp())
        said = {"iss": self.url, "aud": "shipmark", "sub": "7", "nonce": nonce, "iat": at}
        said |= {"exp": at + 60, "email": "mia@example.com", "email_verified": True}
        return {name: value for name, value in (said | more).items() if value is not None}

    def hands_out(self, claims: dict[str, object], *, key: jwk.Key | None = None, alg="RS256"):
        header = {"alg": alg, "kid": "one"}
        token = jwt.encode(header, claims, key or self.key, algorithms=[alg])
        self.documents["/token"] = {"access_token": "a", "id_token": token}


@pytest.fixture
def liar() -> Iterator[Liar]:
    lies = Liar(jwk.RSAKey.generate_key(2048, {"kid": "one"}))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = lies.documents.get(self.path)
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(200 if document is not None else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            lies.forms.append(parse_qs(sent.decode()))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    lies.url = f"http://127.0.0.1:{server.server_port}"
    lies.documents["/.well-known/openid-configuration"] = {
        "issuer": lies.url,
        "authorization_endpoint": f"{lies.url}/authorize",
        "token_endpoint": f"{lies.url}/token",
        "jwks_uri": f"{lies.url}/keys",
        "userinfo_endpoint": f"{lies.url}/me",
    }
    lies.documents["/keys"] = {"keys": [lies.key.as_dict(private=False)]}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield lies
    server.shutdown()
    server.server_close()


def asked(browser) -> dict[str, str]:
    query = parse_qs(urlsplit(begin(browser)).query)
    return {name: values[0] for name, values in query.items()}


def back(browser, state, **more):
    return browser.get("/sign-in/oidc/callback/", params={"code": "c", "state": state} | more)


def test_the_right_token_is_let_in(house, open_browser, liar):
    house.person("mia@example.com", Role.MEMBER)
    browser = open_browser(**settings(liar.url))
    query = asked(browser)
    liar.hands_out(liar.claims(query["nonce"]))
    assert back(browser, query["state"], iss=liar.url).status_code == 303
    assert liar.forms[0]["code_verifier"][0] not in json.dumps(query)
    assert query["code_challenge_method"] == "S256"


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": ["shipmark", "another"]},
        {"aud": ["shipmark", "another"], "azp": "another"},
        {"iss": "https://login.example.com"},
        {"exp": 1},
        {"exp": None},
        {"iat": 9_999_999_999},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": 7},
    ],
    ids=repr,
)
def test_a_token_with_wrong_claims_is_refused(house, open_browser, liar, wrong):
    house.person("mia@example.com", Role.MEMBER)
    browser = open_browser(**settings(liar.url))
    query = asked(browser)
    claims = liar.claims(query["nonce"]) | wrong
    liar.hands_out({name: value for name, value in claims.items() if value is not None})
    assert back(browser, query["state"]).status_code == 401


def test_a_token_that_somebody_else_signed_is_refused(house, open_browser, liar):
    house.person("mia@example.com", Role.MEMBER)
    browser = open_browser(**settings(liar.url))
    query = asked(browser)
    liar.hands_out(liar.claims(query["nonce"]), key=jwk.RSAKey.generate_key(2048))
    assert back(browser, query["state"]).status_code == 401
    query = asked(browser)
    # A key that everybody knows, as a secret: the old trick with public keys.
    secret = jwk.OctKey.import_key(SECRET.ljust(32))
    liar.hands_out(liar.claims(query["nonce"]), key=secret, alg="HS256")
    assert back(browser, query["state"]).status_code == 401
    query = asked(browser)
    liar.documents["/token"] = {"id_token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiI3In0."}
    assert back(browser, query["state"]).status_code == 401


def test_a_new_key_of_the_provider_is_found(house, open_browser, liar):
    house.person("mia@example.com", Role.MEMBER)
    browser = open_browser(**settings(liar.url))
    query = asked(browser)
    liar.hands_out(liar.claims(query["nonce"]))
    assert back(browser, query["state"]).status_code == 303
    new = jwk.RSAKey.generate_key(2048, {"kid": "two"})
    liar.documents["/keys"] = {"keys": [new.as_dict(private=False), {"kty": "AKP", "kid": "x"}]}
    query = asked(browser)
    token = jwt.encode({"alg": "RS256", "kid": "two"}, liar.claims(query["nonce"]), new)
    liar.documents["/token"] = {"access_token": "a", "id_token": token}
    assert back(browser, query["state"]).status_code == 303


def test_claims_that_tokens_leave_out_are_asked_for(house, open_browser, liar):
    house.person("mia@example.com", Role.MEMBER)
    browser = open_browser(**settings(liar.url))
    query = asked(browser)
    liar.hands_out(liar.claims(query["nonce"], email=None, email_verified=None))
    liar.documents["/me"] = {"sub": "8", "email": "mia@example.com", "email_verified": True}
    assert back(browser, query["state"]).status_code == 401
    query = asked(browser)
    liar.hands_out(liar.claims(query["nonce"], email=None, email_verified=None))
    liar.documents["/me"] |= {"sub": "7", "email_verified": "true"}
    assert back(browser, query["state"]).status_code == 303


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/.well-known/openid-configuration", {"issuer": "https://login.example.com"}),
        ("/.well-known/openid-configuration", b"<html>"),
        ("/.well-known/openid-configuration", []),
        ("/.well-known/openid-configuration", b"\xff" * 2_000_000),
        ("/keys", {"keys": "none"}),
        ("/keys", {"keys": [{"kty": "RSA", "n": 7}]}),
        ("/token", b"[1"),
    ],
)
def test_answers_that_cannot_be_read_are_said(open_browser, liar, path, document):
    browser = open_browser(**settings(liar.url))
    liar.hands_out(liar.claims("n"))
    if not path.startswith("/.well"):
        query = asked(browser)
        liar.documents[path] = document
        assert back(browser, query["state"]).status_code == 503
    else:
        liar.documents[path] = document
        assert browser.get("/sign-in/oidc/").status_code == 503


def test_an_endpoint_without_encryption_is_not_asked(open_browser, liar):
    liar.documents["/.well-known/openid-configuration"]["authorization_endpoint"] = "javascript:x"
    assert open_browser(**settings(liar.url)).get("/sign-in/oidc/").status_code == 503


def test_an_answer_of_another_issuer_is_refused(house, open_browser, liar):
    browser = open_browser(**settings(liar.url))
    query = asked(browser)
    liar.hands_out(liar.claims(query["nonce"]))
    assert back(browser, query["state"], iss="https://evil.example.com").status_code == 401
    assert not liar.forms
