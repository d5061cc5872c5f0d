"""The tags of an issue: keys, values and how often, first and last they were seen (groups-api.md 5)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from factories import NOT_FOUND, Caller, World, error_event, send_event

WEB_1 = "/organizations/acme/issues/WEB-1/"
TAGS = f"{WEB_1}tags/"


def moment(number: int) -> str:
    """The moment of an event: five, four or three days ago."""
    return f"{datetime.now(UTC) - timedelta(days=5 - number):%Y-%m-%d}T10:00:00Z"


@pytest.fixture(autouse=True)
def _seen(alice: Caller, world: World) -> None:
    for number, region in enumerate(("eu", "eu", "us")):
        more: dict[str, Any] = {
            "tags": {"region": region},
            "user": {"id": "7", "email": "eve@example.com"},
            "release": "web@1.0.0",
            "timestamp": moment(number),
        }
        event = error_event("one", **more)
        send_event(alice.client, world.keys["web"], world.projects["web"], event)


def value_of(value: str, count: int, *, first: int, last: int) -> dict[str, Any]:
    """A value of the tag region as it is shown."""
    moments = {"firstSeen": moment(first), "lastSeen": moment(last)}
    shown = {"key": "region", "name": value, "value": value, "query": f'region:"{value}"'}
    return shown | moments | {"count": count}


def test_an_issue_shows_its_tags_by_name(alice: Caller) -> None:
    assert alice.get(WEB_1).json()["tags"] == [
        {"key": key, "name": name, "uniqueValues": values, "totalValues": 3}
        for key, name, values in (
            ("level", "Level", 1),
            ("region", "Region", 2),
            ("release", "Release", 1),
            ("user", "User", 1),
        )
    ]


def test_tags_can_be_left_out_of_an_issue(alice: Caller) -> None:
    assert "tags" not in alice.get(f"{WEB_1}?collapse=tags").json()


def test_releases_can_be_left_out_of_an_issue(alice: Caller) -> None:
    releases = {"firstRelease", "lastRelease"}
    assert releases <= alice.get(WEB_1).json().keys()
    assert releases.isdisjoint(alice.get(f"{WEB_1}?collapse=release").json())


def test_a_tag_has_its_most_frequent_values(alice: Caller) -> None:
    assert alice.get(f"{TAGS}region/").json() == {
        "key": "region",
        "name": "Region",
        "uniqueValues": 2,
        "totalValues": 3,
        "topValues": [
            value_of("eu", 2, first=0, last=1),
            value_of("us", 1, first=2, last=2),
        ],
    }
    assert alice.get(TAGS).json()[1]["topValues"] == alice.get(f"{TAGS}region/").json()["topValues"]


def test_a_user_is_shown_without_the_kind_of_its_identifier(alice: Caller) -> None:
    [user] = alice.get(f"{TAGS}sentry:user/").json()["topValues"]
    assert (user["value"], user["name"], user["query"]) == ("id:7", "7", 'user.id:"7"')


@pytest.mark.parametrize(
    ("sort", "values"),
    [("", ["us", "eu"]), ("?sort=count", ["eu", "us"]), ("?sort=age", ["us", "eu"])],
)
def test_values_are_listed_in_an_order(alice: Caller, sort: str, values: list[str]) -> None:
    listed = alice.get(f"{TAGS}region/values/{sort}").json()
    assert [each["value"] for each in listed] == values


def test_values_are_listed_a_page_at_a_time(alice: Caller) -> None:
    first = alice.get(f"{TAGS}region/values/?sort=count&per_page=1")
    assert [each["value"] for each in first.json()] == ["eu"]
    following = first.links["next"]["cursor"]
    second = alice.get(f"{TAGS}region/values/?sort=count&per_page=1&cursor={following}")
    assert [each["value"] for each in second.json()] == ["us"]
    assert second.links["next"]["results"] == "false"


def test_an_issue_is_also_reached_by_its_id_alone(alice: Caller) -> None:
    issue = alice.get(WEB_1).json()["id"]
    assert alice.get(f"/issues/{issue}/tags/").json() == alice.get(TAGS).json()


def test_what_a_new_rule_removes_is_not_shown(alice: Caller) -> None:
    alice.put("/projects/acme/web/", {"sensitiveFields": ["region"]})
    region = alice.get(f"{TAGS}region/").json()
    assert (region["topValues"], region["totalValues"]) == ([], 3)
    assert alice.get(f"{TAGS}region/values/").json() == []
    assert alice.get(f"{TAGS}level/").json()["topValues"] != []


def test_a_tag_that_no_event_has_is_not_found(alice: Caller) -> None:
    for path in (f"{TAGS}colour/", f"{TAGS}colour/values/"):
        answer = alice.get(path)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_an_unknown_order_is_refused(alice: Caller) -> None:
    answer = alice.get(f"{TAGS}region/values/?sort=size")
    assert answer.status_code == 400


def test_strangers_see_no_tags(charlie: Caller, alice: Caller) -> None:
    issue = alice.get(WEB_1).json()["id"]
    for path in ("", "region/", "region/values/"):
        assert charlie.get(f"/issues/{issue}/tags/{path}").status_code == 404
