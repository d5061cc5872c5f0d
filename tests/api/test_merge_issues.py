"""Merging issues (groups-api.md 4.1): `merge` of a change of issues, and what the ids of merged issues lead to."""

import pytest
from client_fixtures import Happen
from factories import BOB, Bearer, Caller, rows, statements
from httpx import Response
from issues_at_work import id_of, run_jobs

from shipmark.infrastructure.database import Database
from shipmark.issues.store import moved_rows

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"
TOO_FEW = {"merge": ["At least two issues are needed to merge them."]}


def merge(caller: Caller, *ids: str, path: str = LIST, **more: object) -> Response:
    query = "&".join(f"id={each}" for each in ids)
    return caller.put(f"{path}?{query}", {"merge": True, **more})


@pytest.fixture
def pair(bob: Caller, happen: Happen) -> tuple[str, str]:
    """The ids of two issues: WEB-1 with one event, and WEB-2 with two."""
    happen(value="a", release="web@1.0.0", environment="production", user={"id": "1"})
    happen(value="b", release="web@2.0.0", environment="production", user={"id": "1"})
    happen(value="b", release="web@2.0.0", environment="staging", user={"id": "2"})
    return id_of(bob, "WEB-1"), id_of(bob, "WEB-2")


def activity_of(caller: Caller, issue_id: str) -> list[tuple[str, dict[str, object], str | None]]:
    entries = caller.get(f"/issues/{issue_id}/").json()["activity"]
    return [
        (entry["type"], entry["data"], entry["user"] and entry["user"]["email"])
        for entry in entries
    ]


@pytest.mark.parametrize("path", [LIST, WEB_LIST])
def test_the_issue_with_the_most_events_survives(
    bob: Caller, pair: tuple[str, str], path: str
) -> None:
    first, second = pair
    answer = merge(bob, first, second, path=path)
    assert (answer.status_code, answer.json()) == (
        200,
        {"merge": {"parent": second, "children": [first]}},
    )
    [issue] = bob.get(LIST).json()
    assert (issue["shortId"], issue["count"], issue["userCount"]) == ("WEB-2", "3", 2)


def test_of_equal_issues_the_first_seen_one_survives(bob: Caller, happen: Happen) -> None:
    for value in "abc":
        happen(value=value)
    ids = [id_of(bob, f"WEB-{number}") for number in (1, 2, 3)]
    assert merge(bob, *ids).json() == {"merge": {"parent": ids[0], "children": ids[1:]}}


def test_what_was_seen_first_and_last_is_of_all(bob: Caller, pair: tuple[str, str]) -> None:
    before = [bob.get(f"/issues/{each}/").json() for each in pair]
    merge(bob, *pair)
    after = bob.get(f"/issues/{pair[1]}/").json()
    assert (after["firstSeen"], after["lastSeen"]) == (
        before[0]["firstSeen"],
        before[1]["lastSeen"],
    )
    assert after["firstRelease"]["version"] == "web@1.0.0"
    assert after["lastRelease"]["version"] == "web@2.0.0"
    found = bob.get(f"{LIST}?query=firstRelease:web@1.0.0&environment=production").json()
    assert [each["id"] for each in found] == [pair[1]]
    assert bob.get(f"{LIST}?query=firstRelease:web@2.0.0&environment=production").json() == []
    tags = {tag["key"]: tag["totalValues"] for tag in after["tags"]}
    assert tags["release"] == tags["user"] == 3
    assert sum(count for _, count in after["stats"]["30d"]) == 3


def test_the_id_of_a_merged_issue_is_as_good_as_the_survivors(
    bob: Caller, pair: tuple[str, str]
) -> None:
    merge(bob, *pair)
    first, second = pair
    for path in (f"/issues/{first}/", f"{LIST}{first}/", f"{LIST}WEB-1/"):
        assert bob.get(path).json()["id"] == second
    short = bob.get("/organizations/acme/shortids/WEB-1/").json()
    assert (short["groupId"], short["shortId"]) == (second, "WEB-2")
    for selection in (f"group={first}", "query=issue:WEB-1", f"query=issue.id:{first}"):
        assert [each["id"] for each in bob.get(f"{LIST}?{selection}").json()] == [second]
    assert len(bob.get(f"/issues/{first}/events/").json()) == 3
    assert bob.put(f"{LIST}?id={first}", {"status": "resolved"}).status_code == 200
    assert bob.get(f"/issues/{second}/").json()["status"] == "resolved"


def test_events_of_the_same_kind_are_of_the_survivor(
    bob: Caller, happen: Happen, pair: tuple[str, str]
) -> None:
    merge(bob, *pair)
    happen(value="a")
    [issue] = bob.get(LIST).json()
    assert (issue["id"], issue["count"]) == (pair[1], "4")


def test_a_merge_is_an_activity_of_the_survivor(bob: Caller, pair: tuple[str, str]) -> None:
    first, second = pair
    bob.post(f"/issues/{first}/comments/", {"text": "Mine"})
    merge(bob, *pair)
    assert activity_of(bob, second) == [
        ("merge", {"issues": [{"id": first}]}, BOB),
        ("note", {"text": "Mine"}, BOB),
        ("first_seen", {}, None),
    ]
    assert bob.get(f"/issues/{second}/").json()["numComments"] == 1


def test_status_and_assignee_of_the_survivor_stay(bob: Caller, pair: tuple[str, str]) -> None:
    first, second = pair
    bob.put(f"/issues/{first}/", {"status": "resolved", "statusDetails": {"inRelease": "latest"}})
    bob.put(f"/issues/{first}/", {"assignedTo": BOB})
    ignored = {"status": "ignored", "statusDetails": {"ignoreCount": 5, "ignoreUserCount": 5}}
    bob.put(f"/issues/{second}/", ignored)
    before = bob.get(f"/issues/{second}/").json()
    merge(bob, *pair)
    after = bob.get(f"/issues/{second}/").json()
    for name in ("status", "substatus", "statusDetails", "assignedTo", "inbox"):
        assert after[name] == before[name]
    assert (after["statusDetails"]["ignoreCount"], after["assignedTo"]) == (5, None)


def test_a_merged_issue_is_no_longer_shared(
    bob: Caller, pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moved_rows, "BATCH", 1)  # so that it is there until a job runs
    first, second = pair
    share_id = bob.put(f"/issues/{first}/", {"isPublic": True}).json()["shareId"]
    merge(bob, *pair)
    assert bob.get(f"/shared/issues/{share_id}/").status_code == 404
    assert bob.get(f"/issues/{second}/").json()["shareId"] is None


def test_what_users_have_marked_moves(bob: Caller, alice: Caller, pair: tuple[str, str]) -> None:
    first, second = pair
    bob.put(f"/issues/{first}/", {"hasSeen": True, "isBookmarked": True})
    alice.put(f"/issues/{second}/", {"isSubscribed": False})
    alice.put(f"/issues/{first}/", {"isSubscribed": True})
    merge(bob, *pair)
    shown = bob.get(f"/issues/{second}/").json()
    assert (shown["hasSeen"], shown["isBookmarked"], shown["isSubscribed"]) == (True, True, True)
    assert not alice.get(f"/issues/{second}/").json()["isSubscribed"]
    assert [each["id"] for each in bob.get(f"{LIST}?query=bookmarks:me").json()] == [second]


def test_reports_of_users_move(bob: Caller, alice: Caller, happen: Happen) -> None:
    event_id = happen(value="a")
    for _ in range(2):
        happen(value="b")
    report = {"event_id": event_id, "name": "N", "email": "n@example.com", "comments": "c"}
    assert alice.post("/projects/acme/web/user-feedback/", report).status_code == 200
    second = id_of(bob, "WEB-2")
    merge(bob, id_of(bob, "WEB-1"), second)
    assert bob.get(f"/issues/{second}/").json()["userReportCount"] == 1
    [shown] = bob.get("/projects/acme/web/user-feedback/").json()
    assert shown["issue"]["id"] == second


def test_issues_that_were_merged_before_lead_to_the_last_survivor(
    bob: Caller, happen: Happen, pair: tuple[str, str]
) -> None:
    merge(bob, *pair)
    for _ in range(9):
        happen(value="c")
    third = id_of(bob, "WEB-3")
    # By the id that was merged before.
    answer = merge(bob, pair[0], third)
    assert answer.json() == {"merge": {"parent": third, "children": [pair[1]]}}
    for name in (*pair, "WEB-1", "WEB-2"):
        assert bob.get(f"{LIST}{name}/").json()["id"] == third
    happen(value="a")
    assert bob.get(f"/issues/{third}/").json()["count"] == "13"


def test_a_commit_that_names_a_merged_issue_resolves_the_survivor(
    bob: Caller, alice: Caller, pair: tuple[str, str]
) -> None:
    merge(bob, *pair)
    commits = [{"id": "a" * 40, "repository": "acme/web", "message": "Fixes WEB-1"}]
    alice.publish("web@3.0.0", "web", commits=commits)
    issue = bob.get(f"/issues/{pair[1]}/").json()
    assert (issue["status"], issue["statusDetails"]["inRelease"]) == ("resolved", "web@3.0.0")


def test_commits_that_name_a_merged_issue_resolve_the_survivor_when_they_ship(
    bob: Caller, alice: Caller, pair: tuple[str, str]
) -> None:
    commits = [{"id": "a" * 40, "repository": "acme/web", "message": "Fixes WEB-1"}]
    alice.publish("mobile@3.0.0", "mobile", commits=commits)
    merge(bob, *pair)
    alice.publish("mobile@3.0.0", "web")
    assert bob.get(f"/issues/{pair[1]}/").json()["status"] == "resolved"


def test_other_changes_come_first(bob: Caller, pair: tuple[str, str]) -> None:
    answer = merge(bob, *pair, status="resolved")
    assert answer.json() == {
        "status": "resolved",
        "statusDetails": {},
        "substatus": None,
        "inbox": None,
        "merge": {"parent": pair[1], "children": [pair[0]]},
    }
    assert bob.get(f"/issues/{pair[1]}/").json()["status"] == "resolved"


def test_issues_of_several_projects_are_not_merged(bob: Caller, happen: Happen) -> None:
    happen("web")
    happen("mobile")
    ids = [id_of(bob, "WEB-1"), id_of(bob, "MOBILE-1")]
    answer = merge(bob, *ids, status="resolved")
    detail = {"detail": "Merging across multiple projects is not supported"}
    assert (answer.status_code, answer.json()) == (200, detail)
    assert {issue["status"] for issue in bob.get(LIST).json()} == {"unresolved"}
    # A list of one project leaves out the other's.
    assert merge(bob, *ids, path=WEB_LIST).status_code == 400


def test_an_issue_has_the_hashes_of_all(
    bob: Caller, charlie: Caller, bearer: Bearer, pair: tuple[str, str]
) -> None:
    def hashes(issue: str, query: str = "") -> list[str]:
        answer = bob.get(f"/issues/{issue}/hashes/{query}")
        assert all(each["latestEvent"] is None for each in answer.json())
        return [each["id"] for each in answer.json()]

    before = sorted(hashes(pair[0]) + hashes(pair[1]))
    parent = merge(bob, *pair).json()["merge"]["parent"]
    assert hashes(pair[0]) == hashes(pair[1]) == before
    assert all(len(each) == 32 for each in before)
    assert hashes(parent, "?per_page=1&cursor=1:1:0") == before[1:2]
    path = f"{LIST}{parent}/hashes/"
    assert bob.delete(f"{path}?id={before[0]}").status_code == 405
    assert charlie.get(path).status_code == 403
    assert bearer(["org:read"]).get(path).status_code == 403
    assert bob.get("/issues/999999/hashes/").status_code == 404


def test_fewer_than_two_issues_are_not_merged(bob: Caller, pair: tuple[str, str]) -> None:
    for answer in (
        merge(bob, pair[0]),
        merge(bob, pair[0], pair[0]),
        merge(bob, pair[0], "999999"),
        bob.put(f"{LIST}?query=", {"merge": True}),
        bob.put(f"/issues/{pair[0]}/", {"merge": True}),
    ):
        assert (answer.status_code, answer.json()) == (400, TOO_FEW)
    assert merge(bob, "999999").status_code == 204
    merge(bob, *pair)
    assert merge(bob, *pair).json() == TOO_FEW


def test_merge_false_changes_nothing(bob: Caller, pair: tuple[str, str]) -> None:
    assert merge(bob, *pair, merge=False).json() == {}
    answer = merge(bob, *pair, merge=False, status="ignored")
    assert "merge" not in answer.json()
    assert len(bob.get(f"{LIST}?query=").json()) == 2
    assert merge(bob, *pair, merge="never").status_code == 400


def test_strangers_and_readers_can_not_merge(
    charlie: Caller, bob: Caller, bearer: Bearer, pair: tuple[str, str]
) -> None:
    assert merge(charlie, *pair).status_code in {403, 404}
    assert merge(bearer(scopes=["event:read"], user=BOB), *pair).status_code == 403
    assert len(bob.get(LIST).json()) == 2


def test_many_events_move_batch_by_batch(
    bob: Caller,
    happen: Happen,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moved_rows, "BATCH", 2)
    event_ids = {happen(value="a", user={"id": number}) for number in range(5)}
    event_ids |= {happen(value="b") for _ in range(6)}
    first, second = id_of(bob, "WEB-1"), id_of(bob, "WEB-2")
    merge(bob, first, second)
    assert len(rows(database, "issues")) == 2
    # Numbers and names are those of the whole at once, and each event leads to the survivor.
    [issue] = bob.get(f"{LIST}?query=").json()
    assert (issue["id"], issue["count"]) == (second, "11")
    for event_id in event_ids:
        event = bob.get(f"/projects/acme/web/events/{event_id}/").json()
        assert event["groupID"] == second
        assert bob.get(f"/issues/{second}/events/{event_id}/").status_code == 200
    assert bob.get(f"/issues/{first}/").json()["id"] == second
    run_jobs(database)
    assert [str(row["id"]) for row in rows(database, "issues")] == [second]
    listed = bob.get(f"/issues/{second}/events/").json()
    assert {event["eventID"] for event in listed} == event_ids
    assert bob.get(f"/issues/{second}/").json()["userCount"] == 5
    assert rows(database, "issue_users")[0]["issue_id"] == int(second)


def test_issues_whose_events_are_being_moved_are_merged_too(
    bob: Caller, happen: Happen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moved_rows, "BATCH", 1)
    for value, number in (("a", 3), ("b", 4), ("c", 5)):
        for _ in range(number):
            happen(value=value, user={"id": f"{value}{number}"})
    ids = [id_of(bob, f"WEB-{number}") for number in (1, 2, 3)]
    merge(bob, ids[0], ids[1])
    merge(bob, ids[1], ids[2])
    run_jobs(database)
    assert [str(row["id"]) for row in rows(database, "issues")] == [ids[1]]
    assert {str(row["issue_id"]) for row in rows(database, "events")} == {ids[1]}
    assert len(rows(database, "events")) == 12


def test_a_project_is_deleted_with_issues_that_were_merged(
    bob: Caller,
    alice: Caller,
    pair: tuple[str, str],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moved_rows, "BATCH", 1)
    merge(bob, *pair)
    assert alice.delete("/projects/acme/web/").status_code == 204
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE jobs SET run_at = created_at")
    run_jobs(database)
    assert rows(database, "issues") == rows(database, "merged_issues") == []


def test_the_number_of_statements_does_not_depend_on_that_of_issues(
    bob: Caller, happen: Happen, database: Database
) -> None:
    numbers: list[int] = []
    for size in (2, 50):
        for value in range(size):
            happen(value=f"{size}-{value}", release="web@1.0.0", user={"id": value})
        ids = [issue["id"] for issue in bob.get(f"{LIST}?query={size}-").json()]
        assert len(ids) == size
        with statements(database) as sent:
            assert merge(bob, *ids).status_code == 200
        numbers.append(len(sent.texts))
    assert numbers[0] == numbers[1] <= 49
