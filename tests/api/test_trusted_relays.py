"""The relays that an organization trusts (files-and-avatars.md 1.4.3)."""

import base64
from typing import Any

import pytest
from factories import Caller, on_one_database, rows

from shipmark.infrastructure.database import Database

PATH = "/organizations/acme/"
KEY, OTHER = (base64.urlsafe_b64encode(bytes([it]) * 32).decode().rstrip("=") for it in (1, 2))


def relay(name: object = "edge", key: object = KEY, **more: object) -> dict[str, object]:
    return {"name": name, "publicKey": key, **more}


def trusted(caller: Caller, *relays: object) -> list[dict[str, Any]]:
    answer = caller.put(PATH, {"trustedRelays": list(relays)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["trustedRelays"]
    return found


def test_relays_are_kept_and_shown(alice: Caller) -> None:
    shown = trusted(alice, relay(description="at the door"), relay("inner", OTHER))
    assert [(it["name"], it["publicKey"]) for it in shown] == [("edge", KEY), ("inner", OTHER)]
    assert shown[0]["description"] == "at the door"
    assert "description" not in shown[1]
    assert all(it["created"] == it["lastModified"] for it in shown)
    assert alice.get(PATH).json()["trustedRelays"] == shown


def test_a_list_takes_the_place_of_another(alice: Caller) -> None:
    trusted(alice, relay(), relay("inner", OTHER))
    assert [it["name"] for it in trusted(alice, relay("inner", OTHER))] == ["inner"]
    assert trusted(alice) == []


def test_a_relay_that_is_known_keeps_when_it_came(alice: Caller) -> None:
    first = trusted(alice, relay())[0]
    same, added = trusted(alice, relay(), relay("inner", OTHER))
    assert same == first
    assert added["created"] > first["created"]
    renamed = trusted(alice, relay("edge 2"), relay("inner", OTHER))[0]
    assert renamed["created"] == first["created"]
    assert renamed["lastModified"] > first["lastModified"]


def test_what_is_the_same_is_neither_written_nor_told(alice: Caller, database: Database) -> None:
    trusted(alice, relay(), relay("inner", OTHER))
    trusted(alice, relay("inner", OTHER), relay())
    assert len(rows(database, "audit_log")) == 1
    assert len(rows(database, "organization_options")) == 1


def test_no_relays_at_first_are_no_change(alice: Caller, database: Database) -> None:
    trusted(alice)
    assert rows(database, "organization_options") == []


@pytest.mark.parametrize(
    ("relays", "message"),
    [
        (["edge"], "Bad structure received for Trusted Relays"),
        ([None], "Bad structure received for Trusted Relays"),
        ([[]], "Bad structure received for Trusted Relays"),
        ([relay(["edge"])], "Bad structure received for Trusted Relays"),
        ([relay(key=7)], "Bad structure received for Trusted Relays"),
        ([relay("\x00")], "Bad structure received for Trusted Relays"),
        ([relay(description="x" * 2001)], "Bad structure received for Trusted Relays"),
        ([{"publicKey": KEY}], "Relay key info with missing name in Trusted Relays"),
        ([relay(None)], "Relay key info with missing name in Trusted Relays"),
        ([relay("  ")], "Relay key info with empty name in Trusted Relays"),
        (
            [{"name": "edge"}],
            "Missing public key for relay key info with name:'edge' in Trusted Relays",
        ),
        (
            [relay(key="")],
            "Missing public key for relay key info with name:'edge' in Trusted Relays",
        ),
        (
            [relay(key="short")],
            "Invalid public key for relay key info with name:'edge' in Trusted Relays",
        ),
        (
            [relay(key="é" * 43)],
            "Invalid public key for relay key info with name:'edge' in Trusted Relays",
        ),
        (
            [relay(key=KEY + "AAAA")],
            "Invalid public key for relay key info with name:'edge' in Trusted Relays",
        ),
        ([relay(), relay("inner")], f"Duplicated key in Trusted Relays: '{KEY}'"),
    ],
)
@on_one_database
def test_relays_that_can_not_be_trusted_are_refused(
    alice: Caller, relays: list[object], message: str
) -> None:
    answer = alice.put(PATH, {"trustedRelays": relays})
    assert (answer.status_code, answer.json()) == (400, {"trustedRelays": [message]})
    assert alice.get(PATH).json()["trustedRelays"] == []


@pytest.mark.parametrize("sent", [None, "x", {}, 7])
@on_one_database
def test_what_is_no_list_is_refused(alice: Caller, sent: object) -> None:
    answer = alice.put(PATH, {"trustedRelays": sent})
    assert (answer.status_code, set(answer.json())) == (400, {"trustedRelays"})


@on_one_database
def test_a_key_may_be_padded(alice: Caller) -> None:
    assert trusted(alice, relay(key=KEY + "="))[0]["publicKey"] == KEY + "="
