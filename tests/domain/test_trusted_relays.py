"""Trusted relays, as pure rules: what is taken, and what becomes of what is kept."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from shipmark.organizations import trusted_relays
from shipmark.organizations.trusted_relays import RelayError, RelayInput

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
KEYS = [base64.urlsafe_b64encode(bytes([it]) * 32).decode().rstrip("=") for it in range(4)]


def given(*names: str, description: str | None = None) -> list[RelayInput]:
    return [
        RelayInput(name=name, public_key=KEYS[place], description=description)
        for place, name in enumerate(names)
    ]


def test_new_relays_begin_now() -> None:
    kept = trusted_relays.merge_relays([], given("a", "b"), NOW)
    assert kept == [
        {
            "name": name,
            "description": None,
            "public_key": KEYS[place],
            "created": "2026-01-05T09:00:00Z",
            "last_modified": "2026-01-05T09:00:00Z",
        }
        for place, name in enumerate("ab")
    ]


def test_the_same_relays_are_no_change() -> None:
    kept = trusted_relays.merge_relays([], given("a", "b"), NOW)
    assert kept is not None
    assert trusted_relays.merge_relays(kept, given("a", "b"), LATER) is None
    assert trusted_relays.merge_relays(kept, given("a", "b")[::-1], LATER) is None
    assert trusted_relays.merge_relays([], [], NOW) is None


@pytest.mark.parametrize(
    "changed", [given("x", "b"), given("a", "b", description="new"), given("a", "x")]
)
def test_a_change_is_dated_and_the_beginning_stays(changed: list[RelayInput]) -> None:
    kept = trusted_relays.merge_relays([], given("a", "b"), NOW)
    assert kept is not None
    after = trusted_relays.merge_relays(kept, changed, LATER)
    assert after is not None
    assert {it["created"] for it in after} == {"2026-01-05T09:00:00Z"}
    assert "2026-01-05T10:00:00Z" in {it["last_modified"] for it in after}


def test_one_less_is_a_change_that_dates_nothing() -> None:
    kept = trusted_relays.merge_relays([], given("a", "b"), NOW)
    assert kept is not None
    after = trusted_relays.merge_relays(kept, given("a"), LATER)
    assert after == kept[:1]
    assert trusted_relays.merge_relays(kept, [], LATER) == []


def test_a_relay_that_comes_back_begins_again() -> None:
    kept = trusted_relays.merge_relays([], given("a"), NOW)
    assert kept is not None
    gone = trusted_relays.merge_relays(kept, [], NOW)
    assert gone == []
    back = trusted_relays.merge_relays(gone, given("a"), LATER)
    assert back is not None
    assert back[0]["created"] == "2026-01-05T10:00:00Z"


def test_entries_are_read() -> None:
    found = trusted_relays.parse_relays(
        [
            {"name": " a ", "publicKey": f" {KEYS[1]} ", "description": " d "},
            {"name": "b", "publicKey": KEYS[2] + "=", "more": 1},
        ]
    )
    assert found == [
        RelayInput(name="a", public_key=KEYS[1], description="d"),
        RelayInput(name="b", public_key=KEYS[2] + "=", description=None),
    ]


@pytest.mark.parametrize(
    "key",
    ["a", "a" * 42, "a" * 44, "a" * 86, "+" * 43, "a" * 42 + "\u00e9", "a" * 21 + " " + "a" * 21],
)
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(RelayError, match="Invalid public key"):
        trusted_relays.parse_relays([{"name": "a", "publicKey": key}])


@pytest.mark.parametrize("entry", [{"name": "\ud800", "publicKey": KEYS[1]}, 7, "x", [1]])
def test_what_can_not_be_kept_is_refused(entry: object) -> None:
    with pytest.raises(RelayError, match="Bad structure"):
        trusted_relays.parse_relays([entry])
