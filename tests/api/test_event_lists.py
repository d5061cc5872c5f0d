"""Lists of events, of a project and of an issue, and empty lists of what is not kept."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import (
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    ago,
    error_event,
    on_one_database,
    send_event,
    statements,
    written,
)

from shipmark.api.events import routes
from shipmark.infrastructure.database import Database
from shipmark.issues import event_search
from shipmark.releases.search import BOOLEAN

EVENTS = "/projects/acme/web/events/"
Send = Callable[..., str]


@pytest.fixture
def send(alice: Caller, world: World) -> Send:
    def sent(project: str = "web", *, hours: int = 0, **more: Any) -> str:
        event = error_event() | {"timestamp": written(ago(hours=hours))} | more
        return send_event(alice.client, world.keys[project], world.projects[project], event)

    return sent


def ids(caller: Caller, path: str = EVENTS) -> list[str]:
    return [each["eventID"] for each in caller.get(path).json()]


def test_events_of_a_project_are_listed_newest_first(alice: Caller, send: Send) -> None:
    old, new, middle = send(hours=5), send(hours=1, message="other"), send(hours=3)
    send("mobile")
    assert ids(alice) == [new, middle, old]


def test_events_of_an_issue_are_listed_newest_first(alice: Caller, send: Send) -> None:
    old, new = send(hours=5), send(hours=1)
    send(fingerprint=["another"])
    issue_id = alice.get(f"{EVENTS}{old}/").json()["groupID"]
    short_id = alice.get(f"/issues/{issue_id}/").json()["shortId"]
    for prefix in ("", "/organizations/acme"):
        assert ids(alice, f"{prefix}/issues/{issue_id}/events/") == [new, old]
    assert ids(alice, f"/organizations/acme/issues/{short_id}/events/") == [new, old]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "abc"),
        ("tenant:t1", "a"),
        ("!tenant:t1", "bc"),
        ("tenant:[t1,%20%22t%202%22]", "ab"),
        ("tenant:T*", "ab"),
        ("tenant:T1", ""),
        ("has:tenant", "ab"),
        ("!has:tenant", "c"),
        ("tenant:%22%22", "c"),
        ("!tenant:%22%22", "ab"),
        ("tags[tenant]:t1", "a"),
        ("!tags[tenant]:t1", "bc"),
        ("tags[platform]:ios", "c"),
        ("platform:ios", ""),
        ("tags[app:tier]:web", "c"),
        ("%22app:tier%22:%22web%22", "c"),
        ("has:app:tier", "c"),
        ("user.email:ada@example.com", "a"),
        ("user.email:*@EXAMPLE.com", "ab"),
        ("user.id:7", "b"),
        ("user.ip:192.0.2.7", "b"),
        ("release:web@1.0.0", "a"),
        ("environment:production+!tenant:t1", "b"),
        ("no%20SUCH", "abc"),
        ("%22no%20such%20row%20x%22", ""),
        ("message:%22no%20such%20row%22", "abc"),
        ("title:*+level:error", "abc"),
        ("event.type:[error,csp]", "abc"),
        ("level:info", ""),
        ("path:%22C:%5Ctemp%22", "b"),
        ("Rack::Timeout", ""),
        ("https://shop.example.com/", ""),
    ],
)
def test_events_of_an_issue_are_searched(alice: Caller, send: Send, query: str, found: str) -> None:
    ada = {"email": "ada@example.com", "id": "1"}
    made = {
        "a": send(message="no such row", tags={"tenant": "t1"}, user=ada, release="web@1.0.0"),
        "b": send(
            message="no such row",
            tags={"tenant": "t 2", "path": "C:\\temp"},
            environment="production",
            user={"id": 7, "ip_address": "192.0.2.7", "email": "bob@example.com"},
        ),
        "c": send(message="no such row", tags={"platform": "ios", "app:tier": "web"}),
    }
    issue_id = alice.get(f"{EVENTS}{made['a']}/").json()["groupID"]
    names = {event_id: name for name, event_id in made.items()}
    listed = ids(alice, f"/issues/{issue_id}/events/?query={query}")
    assert sorted(names[event_id] for event_id in listed) == list(found)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("is:unresolved", "is: is no property of an event."),
        ("a:b+OR+c:d", BOOLEAN),
        ("tenant:", "tenant: takes a value."),
        ("tenant:[]", "tenant: takes a list of values."),
        ("+".join(["a:b"] * 21), "A query has no more than 20 terms."),
        ("a" * 5000, "A query has no more than 4096 characters."),
    ],
)
@on_one_database
def test_a_search_of_events_that_can_not_be_read_is_refused(
    alice: Caller, send: Send, query: str, detail: str
) -> None:
    issue_id = alice.get(f"{EVENTS}{send()}/").json()["groupID"]
    answer = alice.get(f"/issues/{issue_id}/events/?query={query}")
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_a_search_of_events_has_pages_and_looks_at_a_part_at_a_time(
    alice: Caller, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_search, "EXAMINED_MAX", 4)
    monkeypatch.setattr(event_search, "_BATCH", 2)
    made = [send(hours=hours, tags={"n": str(hours % 3)}) for hours in range(9)]
    issue_id = alice.get(f"{EVENTS}{made[0]}/").json()["groupID"]
    path = f"/issues/{issue_id}/events/?query=n:2&per_page=2"
    pages, at = [], path
    while at:
        answer = alice.get(at)
        pages.append([each["eventID"] for each in answer.json()])
        following = answer.links["next"]
        at = f"{path}&cursor={following['cursor']}" if following["results"] == "true" else ""
    assert pages == [[made[2]], [made[5]], [made[8]]]
    back = alice.get(f"{path}&cursor={answer.links['previous']['cursor']}")
    assert [each["eventID"] for each in back.json()] == [made[5]]


@pytest.mark.parametrize("is_of_project", [False, True])
def test_events_are_those_of_a_period(alice: Caller, send: Send, is_of_project: bool) -> None:
    made = {hours: send(hours=hours) for hours in (1, 30, 60)}
    issue_id = alice.get(f"{EVENTS}{made[1]}/").json()["groupID"]
    path = EVENTS if is_of_project else f"/issues/{issue_id}/events/"
    assert ids(alice, f"{path}?statsPeriod=24h") == [made[1]]
    period = f"start={written(ago(hours=61))}&end={written(ago(hours=29))}".replace("+", "%2B")
    assert ids(alice, f"{path}?{period}") == [made[30], made[60]]
    assert ids(alice, f"{path}?{period}&query=level:error") == [made[30], made[60]]
    assert ids(alice, f"{path}?{period}&query=level:info") == []
    assert ids(alice, f"{path}?start=1900-01-01T00:00:00.0Z&end=2100-01-01&full=true") == [
        *made.values()
    ]
    assert alice.get(f"{path}?statsPeriod=soon").status_code == 400
    assert alice.get(f"{path}?query=is:unresolved").status_code == 400


def test_events_of_an_issue_are_those_of_the_environments(alice: Caller, send: Send) -> None:
    made = {name: send(environment=name) for name in ("production", "staging")} | {"": send()}
    send(environment="production", fingerprint=["another"])
    issue_id = alice.get(f"{EVENTS}{made['']}/").json()["groupID"]
    for prefix in ("", "/organizations/acme"):
        path = f"{prefix}/issues/{issue_id}/events/"
        assert ids(alice, f"{path}?environment=staging") == [made["staging"]]
        both = ids(alice, f"{path}?environment=staging&environment=production")
        assert set(both) == {made["staging"], made["production"]}
        assert set(ids(alice, path)) == set(made.values())
        answer = alice.get(f"{path}?environment=nowhere")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_pages_of_an_environment_have_its_events_only(alice: Caller, send: Send) -> None:
    made = [send(environment=("b", "a")[n % 2], hours=10 - n) for n in range(6)][::-1]
    issue_id = alice.get(f"{EVENTS}{made[0]}/").json()["groupID"]
    path = f"/issues/{issue_id}/events/?environment=a&per_page=2"
    first = alice.get(path)
    assert [each["eventID"] for each in first.json()] == made[0:4:2]
    cursor = first.headers["Link"].rpartition('cursor="')[2].rstrip('"')
    assert ids(alice, f"{path}&cursor={cursor}") == made[4:5]


def test_an_event_in_a_list_says_what_it_says_by_itself(alice: Caller, send: Send) -> None:
    user = {"id": "7", "email": "ann@example.com", "ip_address": "192.0.2.1"}
    event_id = send(tags={"region": "eu"}, user=user, platform="python", extra={"password": "x"})
    [listed] = alice.get(EVENTS).json()
    shown = alice.get(f"{EVENTS}{event_id}/").json()
    same = listed.keys() & shown.keys()
    assert {name: listed[name] for name in same} == {name: shown[name] for name in same}
    assert listed["event.type"] == shown["type"]
    assert listed["user"]["id"] == "7"
    assert {"key": "region", "value": "eu"} in listed["tags"]
    assert set(listed) - same == {"event.type", "crashFile"}
    assert listed["crashFile"] is None


@pytest.mark.parametrize("search", ["", "&query=message:*"])
def test_whole_events_are_listed_if_asked_for(alice: Caller, send: Send, search: str) -> None:
    event_id = send(message="broken", extra={"attempt": 3})
    issue_id = alice.get(f"{EVENTS}{event_id}/").json()["groupID"]
    alone = alice.get(f"{EVENTS}{event_id}/").json()
    for path in (EVENTS, f"/issues/{issue_id}/events/"):
        [listed] = alice.get(f"{path}?full=true{search}").json()
        assert listed == alone
        assert {"entries", "contexts"} <= listed.keys()
        assert listed["context"] == {"attempt": 3}
        for no in ("", "full=", "full=false", "full=0"):
            [short] = alice.get(f"{path}?{no}{search}").json()
            assert "entries" not in short


@pytest.mark.parametrize("search", ["", "&query=tenant:t1"])
def test_pages_of_whole_events_are_small(
    alice: Caller, send: Send, monkeypatch: pytest.MonkeyPatch, search: str
) -> None:
    monkeypatch.setattr(routes, "_FULL_MAX", 2)
    sent = [send(hours=hours, tags={"tenant": "t1"}) for hours in range(3)]
    first = alice.get(f"{EVENTS}?full=true&per_page=100{search}")
    assert [each["eventID"] for each in first.json()] == sent[:2]
    second = alice.client.get(first.links["next"]["url"], headers=alice.headers)
    assert [each["eventID"] for each in second.json()] == sent[2:]
    assert "entries" in second.json()[0]
    assert len(ids(alice, f"{EVENTS}?full=true&per_page=1{search}")) == 1


def test_pages_follow_each_other(alice: Caller, send: Send) -> None:
    sent = [send(hours=hours) for hours in range(5)]
    pages, cursor = list[list[str]](), ""
    for _ in range(3):
        answer = alice.get(f"{EVENTS}?per_page=2&cursor={cursor}")
        pages.append([each["eventID"] for each in answer.json()])
        cursor = answer.links["next"]["cursor"]
    assert pages == [sent[:2], sent[2:4], sent[4:]]
    assert answer.links["next"]["results"] == "false"


@pytest.mark.parametrize("query", ["cursor=x", "per_page=101", "cursor=1:2:3"])
def test_a_page_that_can_not_be_read_is_refused(alice: Caller, query: str) -> None:
    assert alice.get(f"{EVENTS}?{query}").status_code == 400


def test_lists_take_the_same_statements_for_any_number(
    alice: Caller, send: Send, database: Database
) -> None:
    send()
    with statements(database) as few:
        ids(alice)
    for hours in range(6):
        send(hours=hours)
    with statements(database) as many:
        assert len(ids(alice)) == 7
    assert many.count == few.count


@pytest.mark.parametrize(
    "path", [EVENTS, "/organizations/acme/monitors/", "/organizations/acme/integrations/"]
)
def test_lists_are_for_those_who_may_read(
    path: str, anonymous: Caller, charlie: Caller, bearer: Bearer
) -> None:
    assert anonymous.get(path).status_code == 401
    assert charlie.get(path).status_code == 403
    assert bearer(["member:read"]).get(path).status_code == 403


def test_events_of_what_is_missing_are_not_found(alice: Caller) -> None:
    answer = alice.get("/projects/acme/nothing/events/")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert alice.get("/issues/99/events/").status_code == 404


def test_nothing_is_listed_of_what_is_not_kept(alice: Caller) -> None:
    assert alice.get("/organizations/acme/monitors/?cursor=").json() == []
    integrations = "/organizations/acme/integrations/?includeConfig=0&per_page=25"
    assert alice.get(integrations).json() == []
    logs = "/organizations/acme/events/?dataset=logs&field=trace&per_page=100&sort=-timestamp"
    assert alice.get(logs).json() == {"data": []}


@pytest.mark.parametrize("child", ["integrations/?per_page=100", "external-issues/"])
def test_an_issue_has_no_links_to_other_trackers(
    bob: Caller, charlie: Caller, send: Send, child: str
) -> None:
    send()
    for path in ("/issues/1/", "/organizations/acme/issues/WEB-1/"):
        answer = bob.get(f"{path}{child}")
        assert (answer.status_code, answer.json()) == (200, [])
    assert bob.get(f"/issues/99/{child}").status_code == 404
    assert charlie.get(f"/issues/1/{child}").status_code == 404


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "Invalid dataset parameter."),
        (
            "dataset=discover",
            'There is no dataset "discover". Events are listed in their project or issue.',
        ),
    ],
)
def test_other_data_are_refused(alice: Caller, query: str, problem: str) -> None:
    answer = alice.get(f"/organizations/acme/events/?{query}")
    assert (answer.status_code, answer.json()) == (400, {"detail": problem})
