"""The DSN keys of a project (auth-and-errors.md 8.7)."""

from typing import Any

import pytest
from factories import (
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    counts,
    envelope,
    error_event,
    on_one_database,
)

from shipmark.infrastructure.database import Database

KEYS = "/projects/acme/web/keys/"
FIRST = f"{1:032x}"
NO_MATCH = ["This value does not match the required pattern."]


def made(caller: Caller, **fields: object) -> dict[str, Any]:
    answer = caller.post(KEYS, fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sends(caller: Caller, world: World, public: str) -> int:
    """What an SDK with that key is answered."""
    path = f"/api/{world.projects['web']}/envelope/?sentry_key={public}"
    return caller.client.post(path, content=envelope(error_event())).status_code


def test_a_key_shows_all_that_sdks_need(alice: Caller, world: World) -> None:
    (key,) = alice.get(KEYS).json()
    project, secret = world.projects["web"], f"{17:032x}"
    api = f"https://ship.example.com/api/{project}"
    assert key == {
        "id": FIRST,
        "name": "Default",
        "label": "Default",
        "public": FIRST,
        "secret": secret,
        "projectId": project,
        "isActive": True,
        "rateLimit": None,
        "dsn": {
            "secret": f"https://{FIRST}:{secret}@ship.example.com/{project}",
            "public": f"https://{FIRST}@ship.example.com/{project}",
            "csp": f"{api}/csp-report/?sentry_key={FIRST}",
            "security": f"{api}/security/?sentry_key={FIRST}",
            "minidump": f"{api}/minidump/?sentry_key={FIRST}",
            "unreal": f"{api}/unreal/{FIRST}/",
            "cdn": f"https://ship.example.com/js-sdk-loader/{FIRST}.min.js",
        },
        "browserSdkVersion": "7.x",
        "browserSdk": key["browserSdk"],
        "dateCreated": "2026-01-05T09:00:00Z",
        "dynamicSdkLoaderOptions": {
            "hasReplay": False,
            "hasPerformance": False,
            "hasDebug": False,
        },
    }
    assert ["7.x", "7.x"] in key["browserSdk"]["choices"]
    assert alice.get(f"{KEYS}{FIRST}/").json() == key


def test_a_key_is_made_up_where_nothing_is_sent(alice: Caller, world: World) -> None:
    key = made(alice)
    assert len(key["public"]) == len(key["secret"]) == 32
    assert key["name"]
    assert sends(alice, world, key["public"]) == 200
    assert alice.get(f"{KEYS}{key['id']}/").json() == key


def test_a_key_is_what_is_sent(alice: Caller) -> None:
    key = made(
        alice, name="Mine", public="a" * 32, secret="b" * 32, rateLimit={"count": 5, "window": 60}
    )
    assert (key["name"], key["public"], key["secret"]) == ("Mine", "a" * 32, "b" * 32)
    assert key["rateLimit"] == {"count": 5, "window": 60}
    assert [it["name"] for it in alice.get(KEYS).json()] == ["Mine", "Default"]


def test_a_new_key_has_the_options_that_are_sent(alice: Caller) -> None:
    options = {"hasReplay": True, "hasPerformance": False, "hasDebug": True}
    key = made(alice, name="k", browserSdkVersion="8.x", dynamicSdkLoaderOptions=options)
    assert (key["browserSdkVersion"], key["dynamicSdkLoaderOptions"]) == ("8.x", options)
    assert alice.get(f"{KEYS}{key['id']}/").json() == key
    answer = alice.post(KEYS, {"browserSdkVersion": "1.x"})
    assert (answer.status_code, list(answer.json())) == (400, ["browserSdkVersion"])


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"public": "x"}, {"public": NO_MATCH}),
        ({"public": "A" * 32}, {"public": NO_MATCH}),
        ({"secret": ""}, {"secret": ["This field may not be blank."]}),
        ({"public": None}, {"public": ["This field may not be null."]}),
        ({"name": "n" * 65}, {"name": ["Ensure this field has no more than 64 characters."]}),
        ({"rateLimit": {"count": 5}}, {"rateLimit": {"window": ["This field is required."]}}),
        (
            {"rateLimit": {"count": -1, "window": 1}},
            {"rateLimit": {"count": ["Ensure this value is greater than or equal to 0."]}},
        ),
        (
            {"rateLimit": {"count": 1, "window": 86401}},
            {"rateLimit": {"window": ["Ensure this value is less than or equal to 86400."]}},
        ),
    ],
)
@on_one_database
def test_a_key_that_can_not_be_is_refused(
    alice: Caller, database: Database, body: object, problems: object
) -> None:
    before = counts(database)
    answer = alice.post(KEYS, body)
    assert (answer.status_code, answer.json()) == (400, problems)
    assert counts(database) == before


def test_a_public_half_is_of_one_key_only(alice: Caller, charlie: Caller) -> None:
    answer = charlie.post("/projects/globex/web/keys/", {"public": FIRST})
    assert answer.status_code == 409
    assert len(charlie.get("/projects/globex/web/keys/").json()) == 1
    assert alice.get(f"{KEYS}{FIRST}/").status_code == 200


def test_a_key_that_is_off_opens_nothing(alice: Caller, world: World) -> None:
    shown = alice.put(f"{KEYS}{FIRST}/", {"isActive": False, "name": "Old"}).json()
    assert (shown["isActive"], shown["name"]) == (False, "Old")
    assert sends(alice, world, FIRST) == 403
    alice.put(f"{KEYS}{FIRST}/", {"isActive": True})
    assert sends(alice, world, FIRST) == 200


@pytest.mark.parametrize(
    ("body", "name", "kept"),
    [
        ({"browserSdkVersion": "latest"}, "browserSdkVersion", "latest"),
        ({"rateLimit": {"count": 1, "window": 9}}, "rateLimit", {"count": 1, "window": 9}),
        ({"rateLimit": None}, "rateLimit", None),
        ({"rateLimit": {}}, "rateLimit", None),
        ({"rateLimit": {"count": 0, "window": 9}}, "rateLimit", None),
        ({"name": ""}, "name", "Default"),
        (
            {"dynamicSdkLoaderOptions": {"hasDebug": True}},
            "dynamicSdkLoaderOptions",
            {"hasReplay": False, "hasPerformance": False, "hasDebug": True},
        ),
    ],
)
@on_one_database
def test_a_key_is_changed(alice: Caller, body: object, name: str, kept: object) -> None:
    assert alice.put(f"{KEYS}{FIRST}/", body).json()[name] == kept
    assert alice.get(f"{KEYS}{FIRST}/").json()[name] == kept


@pytest.mark.parametrize(
    "body", [{"isActive": None}, {"browserSdkVersion": "1.x"}, {"dynamicSdkLoaderOptions": []}]
)
@on_one_database
def test_a_change_that_can_not_be_is_refused(alice: Caller, body: object) -> None:
    before = alice.get(KEYS).json()
    assert alice.put(f"{KEYS}{FIRST}/", body).status_code == 400
    assert alice.get(KEYS).json() == before


def test_a_key_that_is_deleted_opens_nothing(alice: Caller, world: World) -> None:
    assert alice.delete(f"{KEYS}{FIRST}/").status_code == 204
    assert alice.get(KEYS).json() == []
    assert sends(alice, world, FIRST) == 403


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("", ["on", "off", "Default"]),
        ("?status=", ["on", "off", "Default"]),
        ("?status=active", ["on", "Default"]),
        ("?status=inactive", ["off"]),
        ("?status=other", []),
        ("?per_page=1", ["on"]),
        ("?per_page=1&cursor=1:2:0", ["Default"]),
    ],
)
@on_one_database
def test_keys_are_listed_the_newest_first(alice: Caller, query: str, labels: list[str]) -> None:
    off = made(alice, name="off")
    alice.put(f"{KEYS}{off['id']}/", {"isActive": False})
    made(alice, name="on")
    assert [it["label"] for it in alice.get(KEYS + query).json()] == labels


@pytest.mark.parametrize("key", ["0" * 32, "x", "1", "9" * 40, "%00", "é", f"{4:032x}"])
@on_one_database
def test_a_key_that_is_not_the_projects_is_not_found(alice: Caller, key: str) -> None:
    path = f"{KEYS}{key}/"
    for answer in (alice.get(path), alice.put(path, {"name": "x"}), alice.delete(path)):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@on_one_database
def test_who_may_do_what_with_keys(
    anonymous: Caller, bob: Caller, charlie: Caller, organization_token: Caller, bearer: Bearer
) -> None:
    path = f"{KEYS}{FIRST}/"
    assert anonymous.get(KEYS).status_code == 401
    assert bob.get(KEYS).status_code == 200
    for caller in (charlie, organization_token, bearer(["org:admin", "project:releases"])):
        assert caller.get(KEYS).json() == NOT_ALLOWED
        assert caller.get(path).json() == NOT_ALLOWED
    for caller in (bob, charlie, organization_token, bearer(["project:read"])):
        assert caller.post(KEYS, {}).json() == NOT_ALLOWED
        assert caller.put(path, {}).json() == NOT_ALLOWED
        assert caller.delete(path).json() == NOT_ALLOWED
    assert bearer(["project:write"]).delete(path).json() == NOT_ALLOWED
    assert bearer(["project:admin"]).delete(path).status_code == 204
