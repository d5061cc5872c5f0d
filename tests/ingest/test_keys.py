"""Where the project key comes from: ingest.md 1.1."""

import pytest

from shipmark.infrastructure.errors import BadRequest, Unauthenticated
from shipmark.ingest.authorization import dsn_parts, public_key

KEY = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
DSN = f"https://{KEY}@errors.example.com/1"


@pytest.mark.parametrize(
    "value",
    [
        f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.python/2.75.0",
        f"Sentry sentry_timestamp=1795311326.6,sentry_client=cli,sentry_version=7,sentry_key={KEY}",
        f"sentry sentry_version=7, sentry_key={KEY}, sentry_secret=old",
        f"Sentry sentry_key={KEY.upper()}",
    ],
)
def test_the_header_names_the_key(value: str) -> None:
    assert public_key({"x-sentry-auth": value}, {}, None) == KEY


def test_the_authorization_header_names_the_key() -> None:
    assert public_key({"authorization": f"Sentry sentry_key={KEY}"}, {}, None) == KEY


def test_the_query_names_the_key() -> None:
    query = {"sentry_version": "7", "sentry_key": KEY, "sentry_client": "sentry.javascript.node"}
    assert public_key({}, query, None) == KEY


def test_the_dsn_of_the_envelope_names_the_key() -> None:
    assert public_key({}, {}, DSN) == KEY


def test_places_may_agree() -> None:
    headers = {"x-sentry-auth": f"Sentry sentry_key={KEY}"}
    assert public_key(headers, {"sentry_key": KEY}, DSN) == KEY


def test_header_and_query_that_disagree_are_refused() -> None:
    headers = {"x-sentry-auth": f"Sentry sentry_key={KEY}"}
    with pytest.raises(BadRequest, match="multiple authorization payloads detected"):
        public_key(headers, {"sentry_key": OTHER}, None)


def test_a_dsn_that_disagrees_with_the_request_is_refused() -> None:
    with pytest.raises(BadRequest, match="envelope dsn names another key"):
        public_key({}, {"sentry_key": OTHER}, DSN)


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer sntryu_abc"}, {"authorization": ""}]
)
def test_a_request_without_a_key_is_not_signed_in(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated, match="missing authorization information"):
        public_key(headers, {}, None)


@pytest.mark.parametrize(
    "value",
    ["", "Sentry", "Sentry sentry_version=7", f"sentry_key={KEY}", f"Basic sentry_key={KEY}"],
)
def test_a_header_that_cannot_be_read_is_refused(value: str) -> None:
    with pytest.raises(BadRequest, match="bad x-sentry-auth header"):
        public_key({"x-sentry-auth": value}, {}, None)


@pytest.mark.parametrize("key", ["", "p" * 32, KEY + "0", KEY[:-1], KEY + "\n"])
def test_a_key_that_is_not_32_digits_is_refused(key: str) -> None:
    with pytest.raises(BadRequest, match="bad sentry DSN public key"):
        public_key({}, {"sentry_key": key}, None)


@pytest.mark.parametrize(
    "dsn",
    [
        f"https://{KEY}@errors.example.com/42",
        f"http://{KEY}:secret@errors.example.com:8000/42",
        f"https://{KEY}@errors.example.com/some/path/42",
    ],
)
def test_a_dsn_names_key_and_project(dsn: str) -> None:
    assert dsn_parts(dsn) == (KEY, 42)


@pytest.mark.parametrize(
    "dsn",
    [
        "",
        "nonsense",
        "https://errors.example.com/1",
        f"https://{KEY}@errors.example.com/",
        f"https://{KEY}@errors.example.com/webapp",
        f"https://{KEY}@errors.example.com/" + "1" * 19,
        f"ftp://{KEY}@errors.example.com/1",
        f"https://{KEY}@/1",
        "https://[errors.example.com/1",
        "https://webapp@errors.example.com/1",
    ],
)
def test_a_dsn_that_cannot_be_read_is_refused(dsn: str) -> None:
    with pytest.raises(BadRequest, match="bad sentry DSN"):
        dsn_parts(dsn)
