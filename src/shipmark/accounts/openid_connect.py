"""Signing in with an OpenID provider: the authorization code flow with PKCE.

OpenID Connect Core 1.0, section 3.1; Discovery 1.0; RFC 7636 (PKCE); RFC 9207 (the issuer in the answer).
"""

import base64
import hashlib
import hmac
import json
import math
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from shipmark.infrastructure.module_loading import LateModule

if TYPE_CHECKING:
    import urllib3
    from joserfc import errors as jose_errors
    from joserfc import jwk, jwt
else:
    # Few servers have a provider.
    urllib3 = LateModule("urllib3")
    jose_errors = LateModule("joserfc.errors")
    jwk, jwt = LateModule("joserfc.jwk"), LateModule("joserfc.jwt")

#: Signatures by keys that only the provider has: never "none", nor those by a secret that both have.
_ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA",
)  # fmt: skip
#: The longest name of a user at a provider (Core, section 8).
SUBJECT_MAX = 255
_SCOPE = "openid email profile"
_CLOCK_SKEW_SECONDS = 60
_CONFIGURATION_SECONDS = 3600
_RESPONSE_MAX_BYTES = 1024 * 1024
_CONNECT_SECONDS = 5
_READ_SECONDS = 10
#: Conversations with the provider at the same time in a process, so that a slow one does not take all its threads.
_CONVERSATIONS_MAX = 4


class ProviderUnavailable(Exception):
    """The provider can't be reached, or its answer can't be read. The text is for the log."""


class IdentityRefused(Exception):
    """The provider, or a check of its answer, says that this is not the user. The text is for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What a browser keeps while its user is at the provider; ``after`` is where to go then."""

    state: str
    nonce: str
    code_verifier: str
    after: str

    @classmethod
    def begin(cls, after: str) -> "AuthorizationRequest":
        """Return one with new random values, of 256 bits each."""
        state, nonce, code_verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state=state, nonce=nonce, code_verifier=code_verifier, after=after)

    def is_answered_by(self, state: str) -> bool:
        """Return True if an answer has the state of this request, so was asked for by this browser."""
        return hmac.compare_digest(self.state.encode(), state.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user as the provider knows them: ``issuer`` and ``subject`` never change. ``email`` may be empty."""

    issuer: str
    subject: str
    email: str
    is_email_verified: bool
    name: str


class OpenIdProvider:
    """A provider that the operator has chosen. What it publishes about itself is kept for an hour."""

    def __init__(
        self, *, issuer: str, client_id: str, client_secret: str, name: str, trusts_emails: bool
    ) -> None:
        """Remember the client. Nothing is requested before a user signs in.

        ``trusts_emails`` takes each address for verified, for providers that don't say so.
        """
        self.name = name
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._trusts_emails = trusts_emails
        timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
        self._pool = urllib3.PoolManager(timeout=timeout, retries=False)
        self._lock = threading.Lock()
        self._configuration: Mapping[str, object] = {}
        self._configured_at = -math.inf
        self._keys: jwk.KeySet | None = None
        self._conversations = threading.BoundedSemaphore(_CONVERSATIONS_MAX)

    def authorization_url(self, request: AuthorizationRequest, redirect_uri: str) -> str:
        """Return the address of the provider where the user signs in. Raise `ProviderUnavailable`."""
        with self._conversation():
            endpoint = self._endpoint("authorization_endpoint")
        digest = hashlib.sha256(request.code_verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": _SCOPE,
            "state": request.state,
            "nonce": request.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"

    def identify(
        self,
        request: AuthorizationRequest,
        answer: Mapping[str, str],
        redirect_uri: str,
        at: datetime,
    ) -> Identity:
        """Return who signed in, from the query parameters that the provider sent the browser back with.

        Raise `ProviderUnavailable` or `IdentityRefused`. The caller has compared the state.
        """
        if answer.get("error") or not answer.get("code"):
            raise IdentityRefused(answer.get("error") or "no code")
        with self._conversation():
            if answer.get("iss", self._issuer) != self._issuer:
                raise IdentityRefused("the answer is another issuer's")
            tokens = self._tokens(request, answer["code"], redirect_uri)
            claims = self._claims(str(tokens.get("id_token")), request.nonce, at)
            if not claims.get("email"):
                claims = claims | self._user_info(str(tokens.get("access_token")), claims["sub"])
        subject = _text(claims, "sub")
        if not 0 < len(subject) <= SUBJECT_MAX:
            raise IdentityRefused("the ID token names no subject")
        return Identity(
            issuer=self._issuer,
            subject=subject,
            email=_text(claims, "email").strip().lower(),
            # Some providers send texts where the standard has booleans.
            is_email_verified=self._trusts_emails or claims.get("email_verified") in (True, "true"),
            name=_text(claims, "name").strip(),
        )

    def _tokens(
        self, request: AuthorizationRequest, code: str, redirect_uri: str
    ) -> Mapping[str, object]:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._client_id,
            "code_verifier": request.code_verifier,
        }
        headers = {}
        methods = self._discovery_document().get("token_endpoint_auth_methods_supported")
        if isinstance(methods, list) and "client_secret_basic" not in methods:
            fields["client_secret"] = self._client_secret
        elif self._client_secret:
            # RFC 6749, section 2.3.1: both are encoded as in forms before they are joined.
            pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return self._fetch("POST", self._endpoint("token_endpoint"), fields=fields, headers=headers)

    def _claims(self, id_token: str, nonce: str, at: datetime) -> dict[str, object]:
        try:
            try:
                token = jwt.decode(id_token, self._key_set(), algorithms=_ALGORITHMS)
            except jose_errors.InvalidKeyIdError:  # the provider has changed its keys
                token = jwt.decode(id_token, self._key_set(is_new=True), algorithms=_ALGORITHMS)
            jwt.JWTClaimsRegistry(
                now=int(at.timestamp()),
                leeway=_CLOCK_SKEW_SECONDS,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(token.claims)
        except (jose_errors.JoseError, ValueError) as error:
            raise IdentityRefused(f"the ID token is wrong: {error}") from None
        is_shared = isinstance(token.claims["aud"], list) and len(token.claims["aud"]) > 1
        if is_shared and token.claims.get("azp") != self._client_id:
            raise IdentityRefused("the ID token is for another client")
        return dict(token.claims)

    def _user_info(self, access_token: str, subject: object) -> dict[str, object]:
        """Return the claims that the provider leaves out of ID tokens (Core, section 5.3)."""
        if not self._discovery_document().get("userinfo_endpoint"):
            return {}
        headers = {"Authorization": f"Bearer {access_token}"}
        claims = dict(self._fetch("GET", self._endpoint("userinfo_endpoint"), headers=headers))
        if claims.get("sub") != subject:
            raise IdentityRefused("the user info is of another user")
        return claims

    def _key_set(self, *, is_new: bool = False) -> "jwk.KeySet":
        with self._lock:
            if self._keys is not None and not is_new:
                return self._keys
        keys = self._fetch("GET", self._endpoint("jwks_uri"))
        try:
            loaded = jwk.KeySet.import_key_set({"keys": _known_keys(keys)})
        except (jose_errors.JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderUnavailable(f"its keys can't be read: {error}") from None
        with self._lock:
            self._keys = loaded
        return loaded

    def _endpoint(self, name: str) -> str:
        url = self._discovery_document().get(name)
        scheme = urlsplit(url).scheme if isinstance(url, str) else ""
        if not isinstance(url, str) or scheme not in {"https", urlsplit(self._issuer).scheme}:
            raise ProviderUnavailable(f"its {name} is no address to use: {url}")
        return url

    def _discovery_document(self) -> Mapping[str, object]:
        with self._lock:
            if time.monotonic() - self._configured_at < _CONFIGURATION_SECONDS:
                return self._configuration
        url = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        configuration = self._fetch("GET", url)
        if configuration.get("issuer") != self._issuer:
            raise ProviderUnavailable(f"{url} is of the issuer {configuration.get('issuer')}")
        with self._lock:
            self._configuration, self._configured_at = configuration, time.monotonic()
        return configuration

    def _fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Mapping[str, object]:
        """Return a JSON object. Redirects are not followed: endpoints have none."""
        body = urlencode(fields) if fields else None
        sent = {"Accept": "application/json", **(headers or {})}
        if fields:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            response = self._pool.request(
                method, url, body=body, headers=sent, preload_content=False, redirect=False
            )
            with response:
                content = response.read(_RESPONSE_MAX_BYTES, decode_content=True)
            decoded = json.loads(content)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise ProviderUnavailable(f"{url}: {error}") from None
        if not isinstance(decoded, dict) or response.status >= 500:
            raise ProviderUnavailable(f"{url} answered {response.status}")
        if response.status != 200:
            raise IdentityRefused(f"{url} answered {response.status} {decoded.get('error')}")
        return decoded

    @contextmanager
    def _conversation(self) -> Iterator[None]:
        if not self._conversations.acquire(blocking=False):
            raise ProviderUnavailable("too many users are signing in at the same time")
        try:
            yield
        finally:
            self._conversations.release()


def _known_keys(key_set: Mapping[str, object]) -> list[dict[str, str | list[str]]]:
    """Return the keys of kinds that sign; providers also publish keys for encryption, of newer kinds."""
    keys = key_set.get("keys")
    if not isinstance(keys, list):
        raise ProviderUnavailable("it has no keys")
    return [
        key
        for key in keys
        if isinstance(key, dict)
        and key.get("kty") in {"RSA", "EC", "OKP"}
        and key.get("use", "sig") == "sig"
    ]


def _text(claims: Mapping[str, object], name: str) -> str:
    """Return a claim if it is a text, without NUL characters, which PostgreSQL can't store."""
    value = claims.get(name)
    return value.replace("\x00", "") if isinstance(value, str) else ""
