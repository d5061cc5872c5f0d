"""DELETE of issues (groups-api.md 4.6): gone at once by all paths, and soon nothing is left of them."""

import pytest
from client_fixtures import Happen
from factories import NOT_FOUND, Bearer, Caller, World, counts, release_path, rows, statements
from httpx import Client
from issues_at_work import id_of, run_jobs
from sent_attachments import attachment_item, send_attachment

from shipmark.infrastructure.database import Database
from shipmark.issues.store import deletion, moved_rows, retention

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"
LOG = "/organizations/acme/audit-logs/?event=issue.delete"
#: What an issue may leave.
TRACES = (
    "issues", "events", "event_attachments", "files", "issue_users", "issue_tags", "issue_hashes",
    "issue_activities", "issue_history", "issue_releases", "issue_environments", "inbox",
    "resolutions", "merged_issues", "stored_event_counts", "user_reports", "issue_commits",
)  # fmt: skip


def listed(caller: Caller, path: str = f"{LIST}?query=") -> list[str]:
    return sorted(issue["shortId"] for issue in caller.get(path).json())


def selection(*ids: str, path: str = LIST) -> str:
    return path + "?" + "&".join(f"id={each}" for each in ids)


@pytest.fixture
def broken(alice: Caller, happen: Happen) -> str:
    """The id of WEB-1, which is known by everything that finds issues; there is a WEB-2 beside it."""
    for number in range(3):
        happen(release="web@1.0.0", environment="production", user={"id": number})
    happen(value="other", release="web@1.0.0")
    return id_of(alice, "WEB-1")


@pytest.mark.parametrize("path", ["/issues/{}/", f"{LIST}{{}}/", f"{LIST}WEB-1/"])
def test_an_issue_is_gone_at_once(
    alice: Caller, database: Database, broken: str, path: str
) -> None:
    answer = alice.delete(path.format(broken))
    assert (answer.status_code, answer.content) == (202, b"")
    for _ in range(2):
        assert listed(alice) == listed(alice, WEB_LIST) == ["WEB-2"]
        for gone in (f"/issues/{broken}/", f"{LIST}{broken}/", f"{LIST}WEB-1/"):
            assert alice.get(gone).json() == NOT_FOUND
            assert alice.delete(gone).status_code == 404
            assert alice.put(gone, {"status": "resolved"}).status_code == 404
        assert alice.get("/organizations/acme/shortids/WEB-1/").status_code == 404
        assert alice.put(f"{LIST}?id={broken}", {"status": "resolved"}).status_code == 204
        run_jobs(database)


def test_nothing_is_left_of_it(
    alice: Caller, happen: Happen, database: Database, world: World, client: Client
) -> None:
    before = {name: counts(database)[name] for name in TRACES}
    sent = [
        happen(release="web@1.0.0", environment="production", user={"id": number})
        for number in range(3)
    ]
    for each in sent:
        send_attachment(
            client, world.keys["web"], world.projects["web"], each, attachment_item(each.encode())
        )
    number = id_of(alice, "WEB-1")
    alice.post(f"/issues/{number}/comments/", {"text": "Why?"})
    assert counts(database)["event_attachments"] == counts(database)["files"] == 3
    alice.delete(f"/issues/{number}/")
    run_jobs(database)
    assert {name: counts(database)[name] for name in TRACES} == before
    assert not any(row["kind"] == "remove_issues" for row in rows(database, "jobs"))


@pytest.mark.parametrize("size", [1, 2])
def test_rows_are_deleted_in_batches(
    alice: Caller,
    happen: Happen,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
) -> None:
    monkeypatch.setattr(deletion, "DETAILS_BATCH", size)
    monkeypatch.setattr(retention, "BATCH", size)
    for number in range(5):
        happen(user={"id": number})
    happen(value="kept", user={"id": 1})
    alice.delete(f"{LIST}WEB-1/")
    run_jobs(database)
    assert listed(alice) == ["WEB-2"]
    assert counts(database)["events"] == counts(database)["issue_users"] == 1


def test_a_later_event_of_its_kind_is_a_new_issue(
    alice: Caller, happen: Happen, database: Database, broken: str
) -> None:
    alice.delete(f"/issues/{broken}/")
    happen()
    assert listed(alice) == ["WEB-2", "WEB-3"]
    run_jobs(database)
    assert alice.get(f"{LIST}WEB-3/").json()["count"] == "1"


def test_releases_no_longer_know_it(alice: Caller, broken: str) -> None:
    resolving = {"status": "resolved", "statusDetails": {"inRelease": "web@1.0.0"}}
    assert alice.put(f"/issues/{broken}/", resolving).status_code == 200
    resolved = release_path("web@1.0.0", "resolved/")
    assert len(alice.get(resolved).json()) == 1
    found = f"{LIST}?query=firstRelease:web@1.0.0"
    assert listed(alice, found) == ["WEB-1", "WEB-2"]
    alice.delete(f"/issues/{broken}/")
    assert alice.get(resolved).json() == []
    assert listed(alice, found) == ["WEB-2"]
    assert listed(alice, f"{LIST}?query=is:for_review") == ["WEB-2"]
    assert listed(alice, f"{LIST}?query=issue:WEB-1") == []
    count = alice.get("/organizations/acme/issues-count/?query=is:resolved").json()
    assert count == {"is:resolved": 0}


def test_its_events_are_gone_too(alice: Caller, happen: Happen) -> None:
    event_id = happen()
    number = id_of(alice, "WEB-1")
    assert alice.get(f"/projects/acme/web/events/{event_id}/").status_code == 200
    alice.delete(f"/issues/{number}/")
    assert alice.get("/projects/acme/web/events/").json() == []
    for path in (
        f"/projects/acme/web/events/{event_id}/",
        f"/organizations/acme/eventids/{event_id}/",
        f"/issues/{number}/events/",
        f"/issues/{number}/events/latest/",
    ):
        assert alice.get(path).status_code == 404
    assert alice.get(f"{LIST}?query={event_id}").json() == []


@pytest.mark.parametrize("batch", [1, 1000])
def test_what_was_merged_into_it_goes_with_it(
    alice: Caller,
    happen: Happen,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
) -> None:
    monkeypatch.setattr(moved_rows, "BATCH", batch)  # one: events are left to be moved
    for value in "aaabb":
        happen(value=value, user={"id": value})
    first, second = id_of(alice, "WEB-1"), id_of(alice, "WEB-2")
    alice.put(selection(first, second), {"merge": True})
    alice.delete(f"/issues/{second}/")
    for _ in range(2):
        for name in (first, second, "WEB-1", "WEB-2"):
            assert alice.get(f"{LIST}{name}/").status_code == 404
        assert alice.get("/projects/acme/web/events/").json() == []
        run_jobs(database)
    assert not any(counts(database)[name] for name in TRACES)
    assert rows(database, "jobs") == []


@pytest.mark.parametrize("path", [LIST, WEB_LIST])
def test_many_are_deleted_by_their_ids(
    alice: Caller, happen: Happen, database: Database, path: str
) -> None:
    for value in "abc":
        happen(value=value)
    ids = [id_of(alice, f"WEB-{number}") for number in (1, 2)]
    assert alice.delete(selection(*ids, "999", path=path)).status_code == 204
    assert listed(alice) == ["WEB-3"]
    assert alice.delete(selection(*ids, path=path)).status_code == 204
    assert len(alice.get(LOG).json()["rows"]) == 1
    run_jobs(database)
    assert counts(database)["issues"] == 1


@pytest.mark.parametrize(
    "path",
    [
        LIST,
        WEB_LIST,
        f"{LIST}?project=-1",
        f"{LIST}?query=",
        f"{WEB_LIST}?query=%20",
        f"{WEB_LIST}?query=&status=",
    ],
)
def test_a_list_without_ids_and_search_is_refused(alice: Caller, happen: Happen, path: str) -> None:
    happen(value="a")
    answer = alice.delete(path)
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "Name the issues to delete by id, or find them by query or status."},
    )
    assert len(alice.get(LIST).json()) == 1


def test_without_ids_those_that_the_search_finds(alice: Caller, happen: Happen) -> None:
    for value in ("shop a", "shop b", "cart"):
        happen(value=value)
    alice.put(f"{LIST}WEB-1/", {"status": "resolved"})
    assert alice.delete(f"{LIST}?query=shop is:unresolved").status_code == 204
    assert listed(alice) == ["WEB-1", "WEB-3"]
    assert alice.delete(f"{WEB_LIST}?query=shop").status_code == 204
    assert listed(alice) == ["WEB-3"]
    assert alice.delete(f"{LIST}?query=nothing").status_code == 204
    assert alice.delete(f"{LIST}?query=unknown:").status_code == 400
    assert alice.delete(f"{LIST}?id=x").status_code == 400
    assert listed(alice) == ["WEB-3"]


def test_issues_of_others_are_left(
    alice: Caller, bob: Caller, charlie: Caller, broken: str
) -> None:
    assert charlie.delete(f"/issues/{broken}/").status_code == 404
    assert charlie.delete(f"{LIST}?id={broken}").status_code in {403, 404}
    assert alice.delete(f"/projects/acme/mobile/issues/?id={broken}").status_code == 204
    assert listed(bob) == ["WEB-1", "WEB-2"]


def test_it_takes_the_scope(alice: Caller, bearer: Bearer, broken: str) -> None:
    writer = bearer(["event:write", "event:read", "org:read", "project:admin"])
    for path in (f"/issues/{broken}/", f"{LIST}{broken}/", f"{LIST}?id={broken}"):
        assert writer.delete(path).status_code == 403
    assert writer.delete(f"{WEB_LIST}?id={broken}").status_code == 403
    assert bearer(["event:admin"]).delete(f"/issues/{broken}/").status_code == 202
    assert listed(alice) == ["WEB-2"]


def test_members_may_unless_the_organization_withholds_it(
    alice: Caller, bob: Caller, broken: str
) -> None:
    assert alice.put("/organizations/acme/", {"eventsMemberAdmin": False}).status_code == 200
    assert bob.delete(f"{LIST}{broken}/").status_code == 403
    assert alice.put("/organizations/acme/", {"eventsMemberAdmin": True}).status_code == 200
    assert bob.delete(f"/issues/{broken}/").status_code == 202


def test_the_audit_log_names_the_short_ids(alice: Caller, happen: Happen, broken: str) -> None:
    alice.delete(f"/issues/{broken}/")
    for number in range(22):
        happen(value=f"many {number}")
    alice.delete(f"{LIST}?query=many")
    many, one = alice.get(LOG).json()["rows"]
    assert (one["note"], one["targetObject"]) == ("deleted issue WEB-1", int(broken))
    assert many["data"]["count"] == 22
    assert many["note"].endswith(" and 2 more")


def test_the_number_of_statements_does_not_depend_on_that_of_issues(
    alice: Caller, happen: Happen, database: Database
) -> None:
    numbers: list[tuple[int, int]] = []
    for size in (2, 50):
        for value in range(size):
            happen(value=f"{size}-{value}", release="web@1.0.0", user={"id": value})
        ids = [issue["id"] for issue in alice.get(f"{LIST}?query={size}-").json()]
        assert len(ids) == size
        with statements(database) as requested:
            assert alice.delete(selection(*ids)).status_code == 204
        with statements(database) as removed:
            run_jobs(database)
        numbers.append((len(requested.texts), len(removed.texts)))
    assert counts(database)["issues"] == 0
    assert numbers[0] == numbers[1]
    assert numbers[0][0] <= 30
