"""Every setting is described, and can be set."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from shipmark.infrastructure.settings import (
    PREFIX,
    Settings,
    SettingsError,
    from_environment,
    to_environment,
)

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
NAMES = [field.name for field in fields(Settings)]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_described(name: str) -> None:
    assert re.search(rf"\b{PREFIX}{name.upper()}\b", PAGE.read_text()) is not None


def test_nothing_is_described_that_is_no_setting() -> None:
    known = {PREFIX + name.upper() for name in NAMES}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", PAGE.read_text())) <= known


def test_without_variables_the_defaults_count() -> None:
    assert from_environment({"SHIPMARK_PORT": ""}) == Settings()


def test_each_variable_sets_its_setting() -> None:
    wanted = replace(
        Settings(),
        data=Path("/srv/shipmark"),
        port=9000,
        base_url="https://ship.example.com",
        lock_wait_seconds=2.5,
        metrics=False,
    )
    assert from_environment(to_environment(wanted)) == wanted


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("PORT", "x", "SHIPMARK_PORT must be a number, not 'x'."),
        ("LOCK_WAIT_SECONDS", "x", "SHIPMARK_LOCK_WAIT_SECONDS must be a number, not 'x'."),
        ("METRICS", "maybe", "SHIPMARK_METRICS must be true or false, not 'maybe'."),
    ],
)
def test_a_bad_value_is_told(name: str, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)):
        from_environment({PREFIX + name: text})


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "example.com", "port": 80}, "http://example.com:80"),
        ({"base_url": "https://ship.example.com/"}, "https://ship.example.com"),
        ({"base_url": "http://10.0.0.1:8000"}, "http://10.0.0.1:8000"),
        ({"host": "0.0.0.0"}, "http://127.0.0.1:8000"),
        ({"host": "::"}, "http://[::1]:8000"),
        ({"host": "::1", "port": 80}, "http://[::1]:80"),
        ({"host": "0.0.0.0", "base_url": "https://ship.example.com"}, "https://ship.example.com"),
    ],
)
def test_the_address_is_where_clients_reach_the_server(
    given: dict[str, object], address: str
) -> None:
    assert replace(Settings(), **given).address == address  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.com/shipmark", "must have a scheme and a host only"),
        ("https://example.com/?a=b", "must have a scheme and a host only"),
        ("https://example.com/#a", "must have a scheme and a host only"),
        ("https://user@example.com", "must have a scheme and a host only"),
        ("ship.example.com", "must be a URL such as https://ship.example.com"),
        ("ftp://ship.example.com", "must be a URL such as https://ship.example.com"),
        ("https://", "must be a URL such as https://ship.example.com"),
        ("https://example.com:port", "is not a URL"),
        ("http://0.0.0.0:8000", "must be the address that clients connect to"),
    ],
)
def test_a_base_url_that_clients_cannot_use_is_refused(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)):
        from_environment({"SHIPMARK_BASE_URL": url})


def test_it_is_known_whether_others_can_reach_the_server() -> None:
    assert Settings(host="0.0.0.0").is_reached_locally_only
    assert not Settings().is_reached_locally_only
    assert not Settings(host="::", base_url="https://example.com").is_reached_locally_only
