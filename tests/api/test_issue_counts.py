"""GET ``organizations/{org}/issues-count/`` (groups-api.md 7.7)."""

import pytest
from client_fixtures import Happen
from factories import (
    NO_CREDENTIALS,
    NOT_ALLOWED,
    Bearer,
    Caller,
    World,
    on_one_database,
    statements,
)

from shipmark.infrastructure.database import Database

PATH = "/organizations/acme/issues-count/"


def test_each_query_is_counted(bob: Caller, happen: Happen) -> None:
    for value in ("one", "two", "three"):
        happen(value=value)
    happen("mobile")
    bob.put("/organizations/acme/issues/WEB-1/", {"status": "resolved"})
    queries = "query=is:unresolved&query=is:resolved&query=&query=is:unresolved&query=two"
    assert bob.get(f"{PATH}?{queries}").json() == {
        "is:unresolved": 3,
        "is:resolved": 1,
        "": 4,
        "two": 1,
    }


def test_only_issues_of_the_named_projects_are_counted(
    alice: Caller, happen: Happen, world: World
) -> None:
    happen()
    happen("mobile", "one")
    happen("mobile", "two")
    path = f"{PATH}?query=is:unresolved&project={world.projects['mobile']}"
    assert alice.get(path).json() == {"is:unresolved": 2}


def test_a_count_stops(bob: Caller, happen: Happen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipmark.api.issues.count_routes.COUNT_MAX", 2)
    for value in ("one", "two", "three"):
        happen(value=value)
    assert bob.get(f"{PATH}?query=&query=is:unresolved").json() == {"": 2, "is:unresolved": 2}


@on_one_database
def test_without_queries_nothing_is_counted(bob: Caller, happen: Happen) -> None:
    happen()
    assert bob.get(PATH).json() == {}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (
            "&".join(f"query={number}" for number in range(11)),
            "query: takes no more than 10 values.",
        ),
        ("query=is:nonsense", "Invalid value"),
    ],
)
@on_one_database
def test_bad_queries_are_refused(bob: Caller, happen: Happen, query: str, reason: str) -> None:
    happen()
    answer = bob.get(f"{PATH}?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(reason)


@on_one_database
def test_a_caller_who_may_not_read_issues_is_refused(
    anonymous: Caller, charlie: Caller, bearer: Bearer
) -> None:
    assert anonymous.get(PATH).json() == NO_CREDENTIALS
    assert charlie.get(PATH).status_code == 403
    answer = bearer(["project:read"]).get(PATH)
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_the_number_of_statements_does_not_depend_on_the_number_of_issues(
    bob: Caller, happen: Happen, database: Database
) -> None:
    numbers = []
    for size in (1, 5):
        for number in range(size):
            happen(value=f"{size} {number}")
        with statements(database) as seen:
            bob.get(f"{PATH}?query=is:unresolved&query=is:resolved")
        numbers.append(seen.count)
    assert numbers[0] == numbers[1]
