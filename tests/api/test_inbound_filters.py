"""``projects/{org}/{project}/filters/`` and the filters in a project's options: events that are dropped."""

from typing import Any

import pytest
from factories import Bearer, Caller, World, error_event, on_one_database, rows, send_event

from shipmark.infrastructure.database import Database

WEB = "/projects/acme/web/"
FILTERS = f"{WEB}filters/"
OFF = [
    {"id": "browser-extensions", "active": False},
    {"id": "legacy-browsers", "active": []},
    {"id": "localhost", "active": False},
    {"id": "web-crawlers", "active": False},
]


@pytest.fixture
def stored(alice: Caller, world: World, database: Database) -> Any:
    """Send an event, and return the number of stored ones."""

    def sent(**event: object) -> int:
        send_event(alice.client, world.keys["web"], world.projects["web"], error_event(**event))
        return len(rows(database, "events"))

    return sent


def test_all_filters_are_off_at_first(alice: Caller) -> None:
    assert alice.get(FILTERS).json() == OFF


def test_a_filter_is_turned_on_and_off(alice: Caller) -> None:
    for name in ("browser-extensions", "localhost", "web-crawlers"):
        answer = alice.put(f"{FILTERS}{name}/", {"active": True})
        assert (answer.status_code, answer.content) == (204, b"")
        assert {"id": name, "active": True} in alice.get(FILTERS).json()
        alice.put(f"{FILTERS}{name}/", {"active": False})
    assert alice.get(FILTERS).json() == OFF


def test_old_browsers_are_a_list(alice: Caller) -> None:
    browsers = f"{FILTERS}legacy-browsers/"
    assert alice.put(browsers, {"subfilters": ["ie", "chrome", "ie"]}).status_code == 204
    assert {"id": "legacy-browsers", "active": ["chrome", "ie"]} in alice.get(FILTERS).json()
    assert alice.put(browsers, {"active": True}).status_code == 204
    assert len(alice.get(FILTERS).json()[1]["active"]) == 17
    alice.put(browsers, {"active": False})
    assert alice.get(FILTERS).json() == OFF


@on_one_database
def test_wrong_states_are_refused(alice: Caller) -> None:
    answer = alice.put(f"{FILTERS}legacy-browsers/", {"subfilters": ["lynx"]})
    assert (answer.status_code, answer.json()) == (
        400,
        {"subfilters": ['"lynx" is not a valid choice.']},
    )
    answer = alice.put(f"{FILTERS}localhost/", {})
    assert (answer.status_code, answer.json()) == (400, {"active": ["This field is required."]})
    assert alice.put(f"{FILTERS}localhost/", {"active": "x"}).status_code == 400
    assert alice.put(f"{FILTERS}odd/", {"active": True}).status_code == 404
    assert alice.get(FILTERS).json() == OFF


def test_who_may_change_filters(
    alice: Caller, charlie: Caller, anonymous: Caller, bearer: Bearer
) -> None:
    path, body = f"{FILTERS}localhost/", {"active": True}
    assert anonymous.put(path, body).status_code == anonymous.get(FILTERS).status_code == 401
    assert charlie.put(path, body).status_code in {403, 404}
    assert charlie.get(FILTERS).status_code in {403, 404}
    assert bearer(["project:read"]).put(path, body).status_code == 403
    assert bearer(["project:read"]).get(FILTERS).status_code == 200
    assert alice.get(FILTERS).json() == OFF


def test_lists_are_options_of_the_project(alice: Caller) -> None:
    sent = {
        "filters:blacklisted_ips": "192.0.2.7\n\n198.51.100.0/24 ",
        "filters:releases": "web@1.*",
        "filters:error_messages": "*: a, b\nx",
        "other": 7,
    }
    answer = alice.put(WEB, {"options": sent})
    assert answer.status_code == 200, answer.text
    kept = {name: text for name, text in sent.items() if name != "other"}
    kept["filters:blacklisted_ips"] = "192.0.2.7\n198.51.100.0/24"
    assert answer.json()["options"] == alice.get(WEB).json()["options"] == kept
    alice.put(WEB, {"options": {"filters:releases": None}})
    assert alice.get(WEB).json()["options"] == kept | {"filters:releases": ""}


@on_one_database
@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("filters:blacklisted_ips", "192.0.2.7\nx", '"x" is not valid.'),
        ("filters:releases", "[z-a]", '"[z-a]" is not valid.'),
        ("filters:releases", 7, "not a text."),
        ("filters:error_messages", "a" * 1001, "an entry has at most 1000 characters."),
        ("filters:error_messages", "\n".join(map(str, range(501))), "more than 500 entries."),
    ],
)
def test_wrong_lists_are_refused(alice: Caller, name: str, text: object, problem: str) -> None:
    answer = alice.put(WEB, {"options": {name: text}})
    assert (answer.status_code, answer.json()) == (400, {"options": [f"{name}: {problem}"]})


def test_filtered_events_are_not_stored(alice: Caller, stored: Any, database: Database) -> None:
    alice.put(WEB, {"options": {"filters:error_messages": "*disk*", "filters:releases": "web@1.*"}})
    alice.put(f"{FILTERS}localhost/", {"active": True})
    assert stored(value="disk is full") == 0
    assert stored(release="web@1.0.0") == 0
    assert stored(request={"url": "http://localhost/"}) == 0
    assert rows(database, "issues") == rows(database, "releases") == []
    assert stored(release="web@2.0.0") == 1
    counted = alice.client.get("/metrics").text
    assert 'shipmark_counted_total{kind="error-message",what="events_filtered"}' in counted
