"""Events are stored without what the options of project and organization remove."""

import json
from typing import Any

import pytest
import zstandard
from factories import Caller, World, error_event, rows, send_event

from shipmark.infrastructure.database import Database

Json = dict[str, Any]
PROJECT, ORGANIZATION = "/projects/acme/web/", "/organizations/acme/"


@pytest.fixture
def stored(alice: Caller, world: World, database: Database) -> Any:
    """Send an event with secrets, and return what is stored of it."""

    def sent() -> Json:
        event = error_event(
            extra={"password": "hunter2", "shoe_size": 43},
            user={"id": 7, "ip_address": "192.0.2.1"},
            contexts={"card": {"note": "4111 1111 1111 1111"}},
        )
        send_event(alice.client, world.keys["web"], world.projects["web"], event)
        payload: Json = json.loads(zstandard.decompress(rows(database, "events")[-1]["payload"]))
        return payload

    return sent


def test_secrets_are_removed_by_default(stored: Any) -> None:
    payload = stored()
    assert payload["extra"] == {"password": "[Filtered]", "shoe_size": 43}
    assert payload["contexts"] == {"card": {"note": "[Filtered]"}}
    assert payload["user"] == {"id": 7, "ip_address": "192.0.2.1"}


def test_a_project_can_do_without(alice: Caller, stored: Any) -> None:
    assert alice.put(PROJECT, {"dataScrubber": False}).status_code == 200
    assert stored()["extra"]["password"] == "hunter2"


def test_an_organization_can_insist(alice: Caller, stored: Any) -> None:
    alice.put(PROJECT, {"dataScrubber": False, "dataScrubberDefaults": False})
    assert alice.put(ORGANIZATION, {"dataScrubber": True}).status_code == 200
    assert stored()["extra"]["password"] == "hunter2"
    alice.put(ORGANIZATION, {"dataScrubberDefaults": True, "scrubIPAddresses": True})
    payload = stored()
    assert payload["extra"]["password"] == "[Filtered]"
    assert payload["user"] == {"id": 7}


def test_fields_of_both_count(alice: Caller, stored: Any) -> None:
    alice.put(PROJECT, {"sensitiveFields": ["shoe"]})
    alice.put(ORGANIZATION, {"safeFields": ["password"]})
    assert stored()["extra"] == {"password": "hunter2", "shoe_size": "[Filtered]"}


def test_addresses_can_be_left_out(alice: Caller, stored: Any) -> None:
    alice.put(PROJECT, {"scrubIPAddresses": True})
    assert stored()["user"] == {"id": 7}
