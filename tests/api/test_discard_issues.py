"""``discard`` of issues (groups-api.md 4.1, ingest.md 9): deleted, and no event of their kind is stored any more."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from client_fixtures import Happen
from digesting import discarded
from factories import (
    ALICE,
    MASK,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    counts,
    envelope,
    error_event,
    masked,
    rows,
    send_event,
    statements,
)
from httpx import Client
from issues_at_work import id_of, run_jobs
from sent_attachments import attachment_item, send_attachment

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.worker import scheduler

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"
TOMBSTONES = "/projects/acme/web/tombstones/"
LOG = "/organizations/acme/audit-logs/?event=issue.discard"
DISCARD = {"discard": True}


def listed(caller: Caller) -> list[str]:
    return sorted(issue["shortId"] for issue in caller.get(f"{LIST}?query=").json())


@pytest.mark.parametrize("path", ["/issues/{}/", f"{LIST}{{}}/", f"{LIST}WEB-1/"])
def test_a_discarded_issue_is_deleted_and_so_are_later_events(
    alice: Caller, happen: Happen, database: Database, path: str
) -> None:
    for value in ("a", "a", "b"):
        happen(value=value)
    number = id_of(alice, "WEB-1")
    answer = alice.put(path.format(number), DISCARD)
    assert (answer.status_code, answer.content) == (204, b"")
    for _ in range(2):
        assert listed(alice) == ["WEB-2"]
        assert alice.get(f"/issues/{number}/").json() == NOT_FOUND
        assert alice.put(f"/issues/{number}/", DISCARD).status_code == 404
        happen(value="a", release="web@9", environment="new")
        assert listed(alice) == ["WEB-2"]
        run_jobs(database)
    assert counts(database)["events"] == counts(database)["issues"] == 1
    # What is discarded leaves nothing but its number.
    assert rows(database, "releases") == []
    assert discarded(database) == [("filtered", "discarded-hash", "error", 2)]
    happen(value="b")
    assert alice.get(f"{LIST}WEB-2/").json()["count"] == "2"


def test_a_batch_with_both_stores_the_others(
    alice: Caller, happen: Happen, database: Database, world: World, client: Client
) -> None:
    happen(value="a")
    alice.put(f"{LIST}WEB-1/", DISCARD)
    first = error_event("a")
    for event in (first, error_event("b"), first, error_event("a"), error_event("b")):
        send_event(client, world.keys["web"], world.projects["web"], event)
    assert alice.get(f"{LIST}WEB-2/").json()["count"] == "2"
    assert discarded(database) == [("filtered", "discarded-hash", "error", 3)]


def test_the_first_hash_that_leads_anywhere_decides(alice: Caller, happen: Happen) -> None:
    """An event has a hash of the frames of the app, then one of all."""

    def fail(*names: str, own: str = "") -> None:
        frames = [
            {"function": name, "module": name, "filename": f"{name}.py", "in_app": name == own}
            for name in names
        ]
        raised = {"type": "E", "value": "x", "stacktrace": {"frames": frames}}
        happen(exception={"values": [raised]}, fingerprint=None)

    fail("cart", "library")
    alice.put(f"{LIST}WEB-1/", DISCARD)
    fail("cart", "library", own="cart")
    assert listed(alice) == []
    fail("cart", "other", own="cart")
    fail("cart", "library", own="cart")
    assert alice.get(f"{LIST}WEB-2/").json()["count"] == "2"


def test_attachments_of_discarded_events_are_not_stored(
    alice: Caller, happen: Happen, database: Database, world: World, client: Client
) -> None:
    happen(value="a")
    alice.put(f"{LIST}WEB-1/", DISCARD)
    run_jobs(database)
    headers = {"X-Sentry-Auth": f"Sentry sentry_key={world.keys['web']}"}
    content = envelope(error_event("a"), attachment_item())
    path = f"/api/{world.projects['web']}/envelope/"
    assert client.post(path, content=content, headers=headers).status_code == 200
    assert counts(database)["event_attachments"] == counts(database)["files"] == 0
    send_attachment(client, world.keys["web"], world.projects["web"], "e" * 32)
    waiting = error_event("a", event_id="e" * 32)
    send_event(client, world.keys["web"], world.projects["web"], waiting)
    assert counts(database)["event_attachments"] == 0
    assert discarded(database) == [
        ("filtered", "discarded-hash", "attachment", 1),
        ("filtered", "discarded-hash", "error", 2),
        ("filtered", "event_filtered", "attachment", 1),
    ]


def test_reports_of_browsers_count_in_their_category(
    alice: Caller, happen: Happen, database: Database
) -> None:
    report = {"effective_directive": "script-src", "blocked_uri": "https://cdn.example.com/x.js"}
    happen(exception=None, csp=report)
    alice.put(f"{LIST}WEB-1/", DISCARD)
    happen(exception=None, csp=report)
    assert discarded(database) == [("filtered", "discarded-hash", "security", 1)]


def test_all_hashes_of_merged_issues_are_discarded(alice: Caller, happen: Happen) -> None:
    for value in "aab":
        happen(value=value)
    alice.put(f"{LIST}?id={id_of(alice, 'WEB-1')}&id={id_of(alice, 'WEB-2')}", {"merge": True})
    assert alice.put(f"{LIST}WEB-2/", DISCARD).status_code == 204
    for value in "ab":
        happen(value=value)
    assert listed(alice) == []
    assert [each["shortId"] for each in alice.get(TOMBSTONES).json()] == ["WEB-1"]


@pytest.mark.parametrize("path", [LIST, WEB_LIST])
def test_many_are_discarded_by_id_or_search(
    alice: Caller, bob: Caller, happen: Happen, path: str
) -> None:
    for value in ("shop a", "shop b", "cart", "cat"):
        happen(value=value)
    ids = f"?id={id_of(alice, 'WEB-4')}&id=999"
    for query in (ids, ids, "?query=shop", "?query=nothing"):
        answer = alice.put(f"{path}{query}", DISCARD)
        assert (answer.status_code, answer.content) == (204, b"")
    assert listed(bob) == ["WEB-3"]
    for value in ("shop a", "shop b", "cat"):
        happen(value=value)
    assert listed(bob) == ["WEB-3"]
    assert [row["note"] for row in alice.get(LOG).json()["rows"]] == [
        "deleted issues WEB-1, WEB-2, whose future events are discarded",
        "deleted issue WEB-4, whose future events are discarded",
    ]
    assert alice.put(path, DISCARD).status_code == 400
    assert listed(bob) == ["WEB-3"]


@pytest.mark.parametrize("path", [f"{LIST}WEB-1/", f"{LIST}?id=1", f"{WEB_LIST}?id=1"])
def test_nothing_else_may_be_changed_with_it(alice: Caller, happen: Happen, path: str) -> None:
    happen()
    refusal = ["This can't be changed together with discard."]
    beside = {"status": "resolved", "hasSeen": False, "assignedTo": None}
    answer = alice.put(path, DISCARD | beside)
    assert (answer.status_code, answer.json()) == (400, dict.fromkeys(sorted(beside), refusal))
    assert alice.put(path, {"discard": "x"}).json().keys() == {"discard"}
    assert alice.put(path, {"discard": False}).status_code == 200
    assert alice.put(path, {"discard": False, "hasSeen": True}).status_code == 200
    assert listed(alice) == ["WEB-1"]


def test_it_takes_the_scope(
    alice: Caller, bob: Caller, charlie: Caller, bearer: Bearer, happen: Happen
) -> None:
    happen()
    number = id_of(alice, "WEB-1")
    paths = (
        f"/issues/{number}/",
        f"{LIST}WEB-1/",
        f"{LIST}?id={number}",
        f"{WEB_LIST}?id={number}",
    )
    writer = bearer(["event:write", "event:read", "org:read", "project:admin"])
    for path in paths:
        assert writer.put(path, DISCARD).status_code == 403
        assert charlie.put(path, DISCARD).status_code in {403, 404}
    assert alice.put("/organizations/acme/", {"eventsMemberAdmin": False}).status_code == 200
    assert bob.put(paths[0], DISCARD).status_code == 403
    assert listed(alice) == ["WEB-1"]
    assert bearer(["event:admin"]).put(paths[0], DISCARD).status_code == 204


def test_discarded_issues_are_listed_page_by_page(alice: Caller, happen: Happen) -> None:
    for value in "abc":
        happen(value=value, level="warning", transaction="cart.pay")
        alice.put(f"{LIST}?query={value}", DISCARD)
    page = alice.get(f"{TOMBSTONES}?per_page=2")
    assert [each["shortId"] for each in page.json()] == ["WEB-3", "WEB-2"]
    [cursor] = re.findall(r'rel="next"; results="true"; cursor="([^"]+)"', page.headers["Link"])
    following = alice.get(f"{TOMBSTONES}?per_page=2&cursor={cursor}")
    [first] = following.json()
    assert first["actor"]["email"] == ALICE
    assert masked(first, "actor", "dateAdded", "id", "metadata") == {
        "id": MASK,
        "shortId": "WEB-1",
        "type": "error",
        "title": "ValueError: a",
        "message": "ValueError: a",
        "culprit": "cart.pay",
        "level": "warning",
        "metadata": MASK,
        "actor": MASK,
        "dateAdded": MASK,
    }
    assert first["metadata"] == {"type": "ValueError", "value": "a"}
    assert alice.get("/projects/acme/mobile/tombstones/").json() == []


def test_events_are_let_in_again(
    alice: Caller, charlie: Caller, bearer: Bearer, happen: Happen, database: Database
) -> None:
    happen(value="a")
    alice.put(f"{LIST}WEB-1/", DISCARD)
    [entry] = alice.get(TOMBSTONES).json()
    path = f"{TOMBSTONES}{entry['id']}/"
    assert bearer(["event:write", "project:admin"]).delete(path).status_code == 403
    assert charlie.delete(path).status_code in {403, 404}
    assert alice.delete(f"/projects/acme/mobile/tombstones/{entry['id']}/").status_code == 404
    assert (alice.delete(path).status_code, alice.delete(path).status_code) == (204, 404)
    assert alice.get(TOMBSTONES).json() == []
    assert rows(database, "discarded_hashes") == []
    happen(value="a")
    assert listed(alice) == ["WEB-2"]
    [row] = alice.get("/organizations/acme/audit-logs/?event=discarded-issue.remove").json()["rows"]
    assert row["note"] == "ended discarding events of issue WEB-1"
    for name in ("0", "x", "9" * 30, quote("1/2")):
        assert alice.delete(f"{TOMBSTONES}{name}/").status_code == 404


def test_it_may_be_discarded_again(alice: Caller, happen: Happen) -> None:
    for short_id in ("WEB-1", "WEB-2"):
        happen(value="a")
        alice.put(f"{LIST}{short_id}/", DISCARD)
        [entry] = alice.get(TOMBSTONES).json()
        assert entry["shortId"] == short_id
        alice.delete(f"{TOMBSTONES}{entry['id']}/")


def test_an_entry_of_a_deleted_user_has_no_actor(
    alice: Caller, happen: Happen, database: Database
) -> None:
    happen(value="a")
    alice.put(f"{LIST}WEB-1/", DISCARD)
    with database.transaction() as connection:
        connection.execute(sa.text("UPDATE discarded_issues SET user_id = NULL"))
    [entry] = alice.get(TOMBSTONES).json()
    assert entry["actor"] is None


def test_a_deleted_project_takes_its_discarded_issues(
    alice: Caller, happen: Happen, database: Database
) -> None:
    happen(value="a")
    alice.put(f"{LIST}WEB-1/", DISCARD)
    alice.delete("/projects/acme/web/")
    assert alice.get(TOMBSTONES).status_code == 404
    while scheduler.run_due(database, now() + timedelta(days=2)):
        pass
    assert rows(database, "discarded_issues") == rows(database, "discarded_hashes") == []


def test_the_number_of_statements_does_not_depend_on_that_of_issues(
    alice: Caller, happen: Happen, database: Database
) -> None:
    numbers: list[tuple[int, int]] = []
    for size in (2, 20):
        for value in range(size):
            happen(value=f"{size}-{value}")
        with statements(database) as discarding:
            assert alice.put(f"{LIST}?query={size}-", DISCARD).status_code == 204
        with statements(database) as listing:
            assert len(alice.get(f"{TOMBSTONES}?per_page={size}").json()) == size
        numbers.append((len(discarding.texts), len(listing.texts)))
    assert numbers[0] == numbers[1]
