"""Signing in with an OpenID provider whose tokens and answers are wrong."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwk, jwt
from openid_sign_in import SECRET, begin, settings

from shipmark.infrastructure.clock import now
from shipmark.organizations.model import Role


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
