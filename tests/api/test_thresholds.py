"""``release-thresholds/`` of projects and of organizations (releases.md 2.22)."""

from typing import Any

import pytest
from factories import (
    MASK,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    counts,
    dump,
    error_event,
    masked,
    on_one_database,
    send_event,
    statements,
)

from shipmark.infrastructure.database import Database
from shipmark.releases.thresholds import THRESHOLDS_MAX

PATH = "/projects/acme/web/release-thresholds/"
ALL = "/organizations/acme/release-thresholds/"
GOOD: dict[str, Any] = {
    "threshold_type": "total_error_count",
    "trigger_type": "over",
    "value": 100,
    "window_in_seconds": 1800,
}


@pytest.fixture(autouse=True)
def _environments(alice: Caller, world: World) -> None:
    for name in ("production", "staging"):
        event = error_event(release="web@1.0.0", environment=name)
        send_event(alice.client, world.keys["web"], world.projects["web"], event)


def added(caller: Caller, path: str = PATH, **more: object) -> dict[str, Any]:
    answer = caller.post(path, GOOD | more)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def one(shown: dict[str, Any]) -> str:
    return f"{PATH}{shown['id']}/"


def test_a_threshold_is_added_and_shown(alice: Caller, world: World) -> None:
    made = added(alice, environment="production")
    assert masked(made, "id", "date_added") == GOOD | {
        "id": MASK,
        "date_added": MASK,
        "environment": {"id": MASK, "name": "production", "isHidden": False},
        "project": {"id": MASK, "slug": "web", "name": "web", "platform": None},
    }
    assert made["project"]["id"] == str(world.projects["web"])
    assert alice.get(PATH).json() == [made]
    assert alice.get(one(made)).json() == made


@pytest.mark.parametrize("environment", [None, ""])
def test_without_an_environment_it_counts_in_all(alice: Caller, environment: str | None) -> None:
    assert added(alice, environment=environment)["environment"] is None
    assert added(alice)["environment"] is None


@pytest.mark.parametrize("value", [0, 2**31 - 1, "7"])
def test_numbers_may_be_none_large_or_texts(alice: Caller, value: object) -> None:
    made = added(alice, value=value, window_in_seconds=value)
    assert (made["value"], made["window_in_seconds"]) == (int(str(value)),) * 2


TYPES = [
    "total_error_count", "new_issue_count", "unhandled_issue_count", "regressed_issue_count",
    "failure_rate", "crash_free_session_rate", "crash_free_user_rate",
]  # fmt: skip


def test_all_types_and_triggers_are_kept(alice: Caller) -> None:
    for trigger in ("over", "under"):
        for kind in TYPES:
            made = added(alice, threshold_type=kind, trigger_type=trigger)
            assert (made["threshold_type"], made["trigger_type"]) == (kind, trigger)
    assert len(alice.get(PATH).json()) == 14


WRONG: list[tuple[dict[str, object], dict[str, list[str]]]] = [
    ({"threshold_type": "x"}, {"threshold_type": ['"x" is not a valid choice.']}),
    ({"threshold_type": 0}, {"threshold_type": ['"0" is not a valid choice.']}),
    ({"trigger_type": "absolute_over"}, {"trigger_type": ['"absolute_over" is not a valid choice.']}),
    ({"trigger_type": None}, {"trigger_type": ["This field may not be null."]}),
    ({"value": -1}, {"value": ["Ensure this value is greater than or equal to 0."]}),
    ({"value": 2**31}, {"value": ["Ensure this value is less than or equal to 2147483647."]}),
    ({"value": True}, {"value": ["A valid integer is required."]}),
    ({"value": 1.5, "window_in_seconds": "x"},
     {"value": ["A valid integer is required."], "window_in_seconds": ["A valid integer is required."]}),
    ({"window_in_seconds": None}, {"window_in_seconds": ["This field may not be null."]}),
    ({"environment": "nope"}, {"environment": ["Invalid environment"]}),
    ({"environment": ["production"]}, {"environment": ["Not a valid string."]}),
    ({"environment": "e" * 65}, {"environment": ["Ensure this field has no more than 64 characters."]}),
]  # fmt: skip


@pytest.mark.parametrize(("more", "told"), WRONG)
@on_one_database
def test_a_bad_body_is_refused_and_changes_nothing(
    alice: Caller, database: Database, more: dict[str, object], told: object
) -> None:
    made = added(alice)
    before = dump(database)
    for answer in (alice.post(PATH, GOOD | more), alice.put(one(made), GOOD | more)):
        assert (answer.status_code, answer.json()) == (400, told)
    assert dump(database) == before


@pytest.mark.parametrize("name", GOOD)
@on_one_database
def test_all_but_the_environment_must_be_said(alice: Caller, name: str) -> None:
    made = added(alice)
    body = {key: value for key, value in GOOD.items() if key != name}
    for answer in (alice.post(PATH, body), alice.put(one(made), body)):
        assert (answer.status_code, answer.json()) == (400, {name: ["This field is required."]})


@on_one_database
def test_a_body_that_is_no_object_is_refused(alice: Caller) -> None:
    told = {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}
    assert alice.post(PATH, []).json() == told
    headers = {"Content-Type": "application/json"}
    assert alice.post(PATH, content=b"{", headers=headers).status_code == 400


@on_one_database
def test_a_project_has_only_so_many(alice: Caller, database: Database) -> None:
    for _ in range(THRESHOLDS_MAX):
        added(alice)
    answer = alice.post(PATH, GOOD)
    told = {"non_field_errors": ["A project has no more than 100 thresholds."]}
    assert (answer.status_code, answer.json()) == (400, told)
    added(alice, PATH.replace("web", "mobile"))
    assert counts(database)["release_thresholds"] == THRESHOLDS_MAX + 1


def test_a_threshold_is_changed_as_a_whole(alice: Caller) -> None:
    made = added(alice, environment="production")
    new = GOOD | {"threshold_type": "new_issue_count", "trigger_type": "under", "value": 5}
    answer = alice.put(one(made), new)
    assert (answer.status_code, answer.json()) == (200, made | new)
    assert alice.get(one(made)).json() == made | new


@pytest.mark.parametrize(("given", "name"), [("staging", "staging"), (None, None), ("", None)])
def test_its_environment_is_changed_where_one_is_said(
    alice: Caller, given: str | None, name: str | None
) -> None:
    made = added(alice, environment="production")
    changed = alice.put(one(made), GOOD | {"environment": given}).json()
    assert (changed["environment"] or {}).get("name") == name


def test_a_deleted_threshold_is_gone(alice: Caller) -> None:
    made, other = added(alice), added(alice)
    assert alice.delete(one(made)).status_code == 204
    assert alice.get(PATH).json() == [other]
    for answer in (alice.get(one(made)), alice.put(one(made), GOOD), alice.delete(one(made))):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("name", ["99999", "x", "9" * 40, "-1", "１"])
@on_one_database
def test_an_unknown_threshold_is_not_found(alice: Caller, name: str) -> None:
    path = f"{PATH}{name}/"
    for answer in (alice.get(path), alice.put(path, GOOD), alice.delete(path)):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_threshold_of_another_project_is_not_found(alice: Caller, charlie: Caller) -> None:
    path = one(added(alice))
    assert alice.get(path.replace("web", "mobile")).status_code == 404
    assert charlie.get(path.replace("acme", "globex")).status_code == 404
    assert charlie.put(path.replace("acme", "globex"), GOOD).status_code == 404


@pytest.mark.parametrize(
    ("scope", "lists", "adds", "shows", "changes"),
    [
        ("project:read", 200, 403, 200, 403),
        ("project:releases", 200, 201, 403, 403),
        ("project:write", 200, 201, 200, 200),
        ("alerts:read", 403, 403, 200, 403),
        ("alerts:write", 403, 403, 200, 200),
        ("org:read", 403, 403, 403, 403),
    ],
)
def test_which_scopes_open_what(
    alice: Caller, bearer: Bearer, scope: str, lists: int, adds: int, shows: int, changes: int
) -> None:
    path, caller = one(added(alice)), bearer([scope])
    assert caller.get(PATH).status_code == lists
    assert caller.post(PATH, GOOD).status_code == adds
    assert caller.get(path).status_code == shows
    assert caller.put(path, GOOD).status_code == changes
    assert caller.delete(path).status_code == (204 if changes == 200 else 403)


def test_thresholds_are_listed_by_environment(alice: Caller) -> None:
    made = {name: added(alice, environment=name) for name in ("production", "staging", None)}
    assert alice.get(PATH).json() == list(made.values())
    assert alice.get(f"{PATH}?environment=staging").json() == [made["staging"]]
    assert alice.get(f"{PATH}?environment=nope").json() == []


def test_those_of_several_projects_are_listed_by_age(alice: Caller, world: World) -> None:
    web, mobile, last = (added(alice, PATH.replace("web", it)) for it in ("web", "mobile", "web"))
    query = f"?project={world.projects['web']}&project=mobile"
    assert alice.get(f"{ALL}{query}").json() == [web, mobile, last]
    assert alice.get(f"{ALL}?project=mobile").json() == [mobile]
    page = alice.get(f"{ALL}{query}&per_page=2&cursor=2:1:0")
    assert page.json() == [last]
    assert 'rel="next"; results="false"' in page.headers["link"]


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("", 400, {"project": ["This field is required."]}),
        ("?project=-1", 400, {"detail": "Invalid project"}),
        ("?project=web&project=-1", 400, {"detail": "Invalid project"}),
        ("?project=999", 403, NOT_ALLOWED),
        ("?project=web&per_page=x", 400, {"detail": "Invalid per_page parameter."}),
    ],
)
@on_one_database
def test_projects_must_be_named(alice: Caller, query: str, status: int, told: object) -> None:
    answer = alice.get(f"{ALL}{query}")
    assert (answer.status_code, answer.json()) == (status, told)


def test_more_thresholds_take_no_more_statements(alice: Caller, database: Database) -> None:
    many = []
    for _ in range(2):
        added(alice)
        with statements(database) as seen:
            alice.get(PATH)
            alice.get(f"{ALL}?project=web")
        many.append(seen.count)
    assert many[0] == many[1]
