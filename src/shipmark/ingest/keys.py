"""Parsing of the project key of a request from an SDK.

Four places can contain it (ingest.md 1.1): the header ``X-Sentry-Auth``, ``Authorization: Sentry``,
the query, and the ``dsn`` of the envelope. The key is not looked up here.
"""

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from shipmark.infrastructure.errors import BadRequest, Unauthenticated
from shipmark.infrastructure.ids import id_of

_KEY = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


def request_key(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """Return the key in headers or query, in lower case, or None; raise `BadRequest` if several differ."""
    keys = {_checked(key) for key in _sent_keys(headers, query)}
    if len(keys) > 1:
        raise BadRequest("multiple authorization payloads detected")
    return keys.pop() if keys else None


def public_key(headers: Mapping[str, str], query: Mapping[str, str], dsn: str | None) -> str:
    """Return the key in lower case; raise `BadRequest` if several keys differ."""
    key = request_key(headers, query)
    if dsn is not None:
        of_dsn = dsn_parts(dsn)[0]
        if key not in {None, of_dsn}:
            raise BadRequest("envelope dsn names another key than the request")
        key = of_dsn
    if key is None:
        raise Unauthenticated("missing authorization information")
    return key


def dsn_parts(dsn: str) -> tuple[str, int]:
    """Return public key and project id of ``https://key@host/path/1``; a secret is ignored."""
    address = _address(dsn)
    number = id_of(address.path.rpartition("/")[2])
    if number is None:
        raise BadRequest("bad sentry DSN project id")
    return _checked(address.username or ""), number


def _sent_keys(headers: Mapping[str, str], query: Mapping[str, str]) -> list[str]:
    keys: list[str] = []
    if "x-sentry-auth" in headers:
        keys.append(_key_of_header(headers["x-sentry-auth"]))
    # Other schemes in this header, such as a token of the API, are ignored.
    if _scheme(headers.get("authorization", "")) == "sentry":
        keys.append(_key_of_header(headers["authorization"]))
    if "sentry_key" in query:
        keys.append(query["sentry_key"])
    return keys


def _key_of_header(value: str) -> str:
    """Return ``sentry_key`` of ``Sentry sentry_key=…, sentry_version=7``."""
    pairs = (pair.partition("=") for pair in value.strip().partition(" ")[2].split(","))
    parameters = {name.strip(): text.strip() for name, _, text in pairs}
    if _scheme(value) != "sentry" or "sentry_key" not in parameters:
        raise BadRequest("bad x-sentry-auth header")
    return parameters["sentry_key"]


def _scheme(value: str) -> str:
    return value.strip().partition(" ")[0].lower()


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise BadRequest("bad sentry DSN public key")
    return key.lower()


def _address(dsn: str) -> SplitResult:
    try:
        address = urlsplit(dsn)
    except ValueError as error:
        raise BadRequest("bad sentry DSN") from error
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise BadRequest("bad sentry DSN")
    return address
