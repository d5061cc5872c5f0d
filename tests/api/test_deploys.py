"""``…/releases/{version}/deploys/`` (releases.md 2.12)."""

import json
from datetime import UTC, datetime

import pytest
from factories import (
    MASK,
    NOT_ALLOWED,
    NOT_FOUND,
    RELEASES,
    Bearer,
    Caller,
    World,
    commit,
    dump,
    masked,
    on_one_database,
    release_path,
    rows,
)
from sqlalchemy import text

from shipmark.infrastructure.database import Database

RELEASE = release_path("web@1.0.0")
PATH = f"{RELEASE}deploys/"
GOOD = {"environment": "production"}


def test_a_token_that_only_reads_may_not_record(alice: Caller, bearer: Bearer) -> None:
    alice.publish("web@1.0.0")
    reader = bearer(["project:read"])
    assert reader.get(PATH).status_code == 200
    answer = reader.post(PATH, GOOD)
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_an_unknown_release_is_not_found(alice: Caller) -> None:
    for answer in (alice.get(PATH), alice.post(PATH, GOOD)):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_deploy_is_recorded_and_shown(alice: Caller, organization_token: Caller) -> None:
    alice.publish("web@1.0.0")
    answer = organization_token.post(
        PATH,
        {
            "environment": "production",
            "name": "blue",
            "url": "https://example.com/blue",
            "dateStarted": "2026-01-05T10:00:00Z",
            "dateFinished": "2026-01-05T10:05:00Z",
        },
    )
    assert (answer.status_code, masked(answer.json(), "id")) == (
        201,
        {
            "id": MASK,
            "environment": "production",
            "dateStarted": "2026-01-05T10:00:00Z",
            "dateFinished": "2026-01-05T10:05:00Z",
            "name": "blue",
            "url": "https://example.com/blue",
        },
    )
    assert isinstance(answer.json()["id"], str)
    assert alice.get(PATH).json() == [answer.json()]
    release = alice.get(RELEASE).json()
    assert (release["deployCount"], release["lastDeploy"]) == (1, answer.json())


@pytest.mark.parametrize("more", [{}, {"dateFinished": None, "name": None, "url": ""}])
def test_a_deploy_without_an_end_ended_now(alice: Caller, more: dict[str, object]) -> None:
    alice.publish("web@1.0.0")
    before = datetime.now(UTC)
    shown = alice.post(PATH, GOOD | more).json()
    assert before <= datetime.fromisoformat(shown["dateFinished"]) <= datetime.now(UTC)
    assert shown["dateStarted"] is None


def test_the_last_finished_come_first(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    for day in (2, 3, 1):
        body = {"environment": f"e{day}", "dateFinished": f"2026-01-0{day}T00:00:00Z"}
        alice.post(PATH, body)
    assert [it["environment"] for it in alice.get(PATH).json()] == ["e3", "e2", "e1"]
    page = alice.get(f"{PATH}?per_page=2&cursor=2:1:0")
    assert [it["environment"] for it in page.json()] == ["e1"]


def test_each_project_of_the_release_is_told(
    alice: Caller, world: World, database: Database
) -> None:
    alice.publish("web@1.0.0", "web", "mobile", commits=[commit("1")])
    alice.post(PATH, GOOD | {"projects": ["web"], "dateFinished": "2026-01-05T10:00:00Z"})
    told = [(it["project_id"], it["type"]) for it in rows(database, "release_activities")]
    assert told == [(world.projects["web"], "deploy"), (world.projects["mobile"], "deploy")]
    [deploy] = rows(database, "deploys")
    assert deploy["release_id"] == alice.get(RELEASE).json()["id"]


def test_a_deploy_is_recorded_by_its_user_or_by_the_token_of_the_organization(
    alice: Caller, organization_token: Caller, database: Database
) -> None:
    alice.publish("web@1.0.0")
    for caller in (alice, organization_token):
        caller.post(PATH, GOOD)
    [by_user, by_token] = rows(database, "release_activities")
    assert by_user["user_id"]
    assert "token_id" not in json.loads(by_user["details"])
    assert by_token["user_id"] is None
    [token] = rows(database, "organization_tokens")
    assert json.loads(by_token["details"])["token_id"] == token["id"]


def test_projects_can_be_named_by_id(alice: Caller, world: World) -> None:
    alice.publish("web@1.0.0", "web", "mobile")
    body = GOOD | {"projects": [str(world.projects["web"]), world.projects["mobile"], "web"]}
    assert alice.post(PATH, body).status_code == 201


BAD_MOMENT = [
    (
        "Datetime has wrong format. Use one of these formats instead:"
        " YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
    )
]

WRONG: list[tuple[object, object]] = [
    ({}, {"environment": ["This field is required."]}),
    ({"environment": None}, {"environment": ["This field may not be null."]}),
    ({"environment": " "}, {"environment": ["This field may not be blank."]}),
    (
        {"environment": "a" * 65},
        {"environment": ["Ensure this field has no more than 64 characters."]},
    ),
    ({"environment": "a/b"}, {"environment": ["Invalid value for environment"]}),
    ({"environment": "a\nb"}, {"environment": ["Invalid value for environment"]}),
    (
        GOOD | {"name": "a" * 65, "url": "x", "dateStarted": "x", "dateFinished": "y"},
        {
            "name": ["Ensure this field has no more than 64 characters."],
            "url": ["Enter a valid URL."],
            "dateStarted": BAD_MOMENT,
            "dateFinished": BAD_MOMENT,
        },
    ),
    (GOOD | {"projects": []}, {"projects": ["This list may not be empty."]}),
    (
        GOOD | {"projects": "web"},
        {"projects": ['Expected a list of items but got type "str".']},
    ),
    (GOOD | {"projects": ["initech"]}, {"projects": ["Invalid project"]}),
    (
        GOOD | {"projects": ["web", "tools", "mobile"]},
        {
            "detail": {
                "code": "parameter-validation-error",
                "message": "Invalid projects (mobile, tools) for release web@1.0.0",
                "extra": {"context": ""},
            }
        },
    ),
]


@pytest.mark.parametrize(
    ("seconds", "at"),
    [
        ("1795640000", "2026-11-25T20:53:20Z"),
        (1795640000, "2026-11-25T20:53:20Z"),
        (" 1795640000 ", "2026-11-25T20:53:20Z"),
        (1795640000.5, "2026-11-25T20:53:20.500000Z"),
        ("1795640000.25", "2026-11-25T20:53:20.250000Z"),
        (1795640000250, "2026-11-25T20:53:20.250000Z"),
        ("1795640000250", "2026-11-25T20:53:20.250000Z"),
        (1795640000250.5, "2026-11-25T20:53:20.250500Z"),
    ],
)
def test_moments_may_be_seconds_or_milliseconds_since_1970(
    alice: Caller, seconds: object, at: str
) -> None:
    """What `@sentry/webpack-plugin` documents, and its command line passes on."""
    alice.publish("web@1.0.0")
    answer = alice.post(PATH, GOOD | {"dateStarted": seconds, "dateFinished": seconds})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["dateStarted"], answer.json()["dateFinished"]) == (at, at)


@pytest.mark.parametrize(
    "seconds", [True, 5, "12345678", "-1795640000", "1e9", "9" * 12, "9" * 14, ""]
)
def test_other_numbers_are_no_moments(alice: Caller, seconds: object) -> None:
    alice.publish("web@1.0.0")
    answer = alice.post(PATH, GOOD | {"dateFinished": seconds})
    assert (answer.status_code, answer.json()) == (400, {"dateFinished": BAD_MOMENT})


@pytest.mark.parametrize("host", ["jenkins", "jenkins:8080", "ci_runner.test", "ci-runner", "ci."])
def test_an_address_may_be_one_of_an_intranet(alice: Caller, host: str) -> None:
    url = f"http://{host}/job/1"
    answer = alice.post(RELEASES, {"version": "web@1.0.0", "projects": ["web"], "url": url})
    assert (answer.status_code, answer.json()["url"]) == (201, url)
    answer = alice.post(PATH, GOOD | {"url": url})
    assert (answer.status_code, answer.json()["url"]) == (201, url)


@pytest.mark.parametrize(("body", "told"), WRONG)
@on_one_database
def test_a_bad_body_is_refused_and_changes_nothing(
    alice: Caller, database: Database, body: object, told: object
) -> None:
    alice.publish("web@1.0.0")
    before = dump(database)
    answer = alice.post(PATH, body)
    assert (answer.status_code, answer.json()) == (400, told)
    assert dump(database) == before


def test_a_release_that_is_also_in_a_hidden_project_takes_no_deploy(
    alice: Caller, bob: Caller, database: Database
) -> None:
    alice.publish("web@1.0.0", "web", "tools")
    with database.transaction() as connection:
        connection.execute(text("UPDATE organizations SET is_open = false"))
    assert bob.get(PATH).status_code == 200
    answer = bob.post(PATH, GOOD)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
