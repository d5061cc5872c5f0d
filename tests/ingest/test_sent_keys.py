"""The key and the project of what is sent (ingest.md 1)."""

import pytest
from factories import (
    World,
    dump,
    envelope,
    error_event,
    on_one_database,
)
from plain_sdk import Sdk, told

from shipmark.infrastructure.database import Database

REJECTED = "event submission rejected with_reason: ProjectId"


# Keys (ingest.md 1.1)


def test_the_key_may_be_in_the_query(sdk: Sdk) -> None:
    query = f"?sentry_key={sdk.key}&sentry_version=7"
    answer = sdk.envelope(envelope(error_event()), query=query, X_Nothing="")
    assert answer.status_code == 200


def test_the_key_may_be_in_the_envelope(sdk: Sdk) -> None:
    dsn = f"https://{sdk.key}@ship.example.com/{sdk.project_id}"
    answer = sdk.envelope(envelope(error_event(), dsn=dsn), X_Nothing="")
    assert answer.status_code == 200


def test_a_key_is_needed(sdk: Sdk) -> None:
    answer = sdk.envelope(envelope(error_event()), X_Nothing="")
    assert told(answer) == (401, "missing authorization information")


def test_the_key_may_not_be_in_two_places_that_differ(sdk: Sdk) -> None:
    query = f"?sentry_key={'f' * 32}"
    answer = sdk.envelope(envelope(error_event()), query=query)
    assert told(answer) == (400, "multiple authorization payloads detected")


@pytest.mark.parametrize(
    ("header", "status", "detail"),
    [
        ("Sentry sentry_version=7", 400, "bad x-sentry-auth header"),
        ("Basic abc", 400, "bad x-sentry-auth header"),
        ("Sentry sentry_key=abc", 400, "bad sentry DSN public key"),
        (f"Sentry sentry_key={'f' * 32}", 403, REJECTED),
    ],
)
def test_a_bad_key_is_refused(sdk: Sdk, header: str, status: int, detail: str) -> None:
    answer = sdk.envelope(envelope(error_event()), X_Sentry_Auth=header)
    assert told(answer) == (status, detail)


def test_the_key_of_another_project_is_refused(sdk: Sdk, world: World, database: Database) -> None:
    before = dump(database)
    answer = sdk.envelope(envelope(error_event()), project=world.projects["mobile"])
    assert told(answer) == (403, REJECTED)
    assert dump(database) == before


def test_an_inactive_key_is_refused(sdk: Sdk, database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE project_keys SET is_active = false")
    assert told(sdk.envelope(envelope(error_event()))) == (403, REJECTED)


@pytest.mark.parametrize("project", ["web", "x1", "1.5"])
@on_one_database
def test_a_project_that_is_no_number_is_refused(sdk: Sdk, project: str) -> None:
    answer = sdk.envelope(envelope(error_event()), project=project)
    assert told(answer) == (400, "bad project path parameter")


@pytest.mark.parametrize("project", ["99999", "9" * 18, "01"])
@on_one_database
def test_an_unknown_project_is_refused(sdk: Sdk, project: str) -> None:
    assert told(sdk.envelope(envelope(error_event()), project=project)) == (403, REJECTED)


@pytest.mark.parametrize("project", ["9" * 19, "9" * 5000])
@on_one_database
def test_a_number_that_no_project_can_have_is_not_found(sdk: Sdk, project: str) -> None:
    dsn = f"https://{sdk.key}@ship.example.com/{project}"
    assert sdk.envelope(envelope(error_event()), project=project).status_code == 404
    answer = sdk.envelope(envelope(error_event(), dsn=dsn), project=project, X_Nothing="")
    assert answer.status_code == 404


def test_a_dsn_of_another_project_is_refused(sdk: Sdk) -> None:
    dsn = f"https://{sdk.key}@ship.example.com/99"
    answer = sdk.envelope(envelope(error_event(), dsn=dsn))
    assert told(answer) == (400, "the project of the DSN is not the one of the address")
