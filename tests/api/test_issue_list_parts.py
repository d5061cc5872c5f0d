"""What lists of an organization show beside its issues: `lifetime`, `filtered`, `owners`, `sessionCount`."""

from urllib.parse import quote

import pytest
from client_fixtures import Happen
from factories import Caller, World, ago, statements
from sessions import aggregates, send_sessions

from shipmark.infrastructure.database import Database

LIST = "/organizations/acme/issues/"


def shown(caller: Caller, query: str = "") -> list[dict[str, object]]:
    answer = caller.get(f"{LIST}?{query}")
    assert answer.status_code == 200, answer.text
    issues: list[dict[str, object]] = answer.json()
    return issues


def test_lifetime_has_the_numbers_of_the_issue(bob: Caller, happen: Happen) -> None:
    happen(user={"id": "1"})
    happen(user={"id": "2"})
    [issue] = shown(bob)
    assert issue["lifetime"] == {
        "count": "2",
        "userCount": 2,
        "firstSeen": issue["firstSeen"],
        "lastSeen": issue["lastSeen"],
        "stats": None,
    }
    assert issue["filtered"] is None
    collapsed = shown(bob, "collapse=lifetime&collapse=filtered")[0]
    assert collapsed == {name: issue[name] for name in issue.keys() - {"lifetime", "filtered"}}
    assert not {"lifetime", "filtered"} & bob.get("/projects/acme/web/issues/").json()[0].keys()


@pytest.mark.parametrize(
    ("query", "is_filtered"),
    [
        ("", False),
        ("is:unresolved", False),
        ("timesSeen:>0 firstRelease:web@1.0.0 assigned:none", False),
        ("release:web@1.0.0", True),
        ("release.version:>0", True),
        ("plan:pro", True),
        ("boom", True),
        ("level:error", True),
        ("error.unhandled:false", True),
        ("environment:production", True),
    ],
)
def test_a_search_of_events_has_no_numbers_of_them(
    bob: Caller, happen: Happen, query: str, *, is_filtered: bool
) -> None:
    happen(release="web@1.0.0", environment="production", tags={"plan": "pro"})
    [issue] = shown(bob, f"query={quote(query)}")
    assert ("filtered" not in issue) is is_filtered
    assert "filtered" not in shown(bob, "environment=production")[0]


def test_sessions_are_those_of_the_project(bob: Caller, world: World, happen: Happen) -> None:
    happen("web")
    happen("mobile")
    entry = {"exited": 3}
    send_sessions(bob.client, world, aggregates(entry))
    send_sessions(bob.client, world, aggregates(entry, release="web@2.0.0", environment="staging"))
    send_sessions(bob.client, world, aggregates({"exited": 2, "started": ago(days=3).isoformat()}))

    def counts(query: str = "") -> list[object]:
        return [issue["sessionCount"] for issue in shown(bob, f"expand=sessions&{query}")]

    assert counts() == [None, 8]
    assert counts("statsPeriod=1d") == [None, 6]
    assert counts("group=1&environment=staging") == [3]
    assert all("sessionCount" not in issue for issue in shown(bob))


def test_owners_are_suggested_by_nothing(bob: Caller, happen: Happen) -> None:
    happen()
    assert shown(bob, "expand=owners&expand=inbox")[0]["owners"] is None
    assert "owners" not in shown(bob)[0]


def test_the_number_of_statements_is_constant(
    bob: Caller, happen: Happen, database: Database
) -> None:
    numbers = []
    for project in ("web", "mobile"):
        happen(project)
        with statements(database) as seen:
            shown(bob, "expand=sessions&expand=owners")
        numbers.append(seen.count)
    assert numbers[0] == numbers[1]
