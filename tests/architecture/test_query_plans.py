"""No hot statement scans a table that grows, reads a whole project to answer a page, or sorts more than a page."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import large_tables
import pytest
from artifacts import DEBUG_ID, built, bundle, js_event, upload
from bundling import zipped
from factories import ALICE, Caller, World, commit, error_event, release_path, rows, send_event
from httpx import Client, Response
from sample_data import quarantine_event
from sessions import fold, health_update, send_sessions, session
from sqlalchemy import event, text
from statement_costs import SMALL, Cost, costs

from shipmark.accounts import actions as accounts
from shipmark.artifacts import actions
from shipmark.deletion import organization_deletion
from shipmark.events import quarantine_store
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.issues.actions import age_changes, delete_issues, expire_events
from shipmark.issues.store import late_symbolications, release_counts, retention, tag_counts
from shipmark.organizations import store
from shipmark.release_health import actions as health
from shipmark.release_health import compaction
from shipmark.symbolication import waits
from shipmark.symbolication.waits import Target
from shipmark.verdicts import actions as verdicts
from shipmark.worker import retention_jobs, scheduler

SQLITE = pytest.mark.parametrize("kind", ["sqlite"])

Copies = Callable[..., AbstractContextManager[Database]]
Save = Callable[[Database, str], str]
Serve = Callable[..., Client]
People = Callable[[str], World]
BlobsOf = Callable[[str], Blobs]
Large = Callable[[str], str]

Plans = dict[str, list[str]]


@contextmanager
def plans(database: Database) -> Iterator[Plans]:
    """The plan of each statement of the block."""
    seen: list[tuple[str, Any]] = []
    found: Plans = {}

    def note(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    with database.engine.connect() as connection:
        for statement, parameters in seen:
            if statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found[statement] = [row[3] for row in rows]


def scans(found: Plans) -> list[tuple[str, str]]:
    return [
        (step, statement)
        for statement, steps in found.items()
        for step in steps
        if step.startswith("SCAN ") and not SMALL.match(step.removeprefix("SCAN "))
    ]


@pytest.fixture
def _filled(alice: Caller, world: World) -> None:
    fill_acme(alice, world)


def fill_acme(alice: Caller, world: World) -> None:
    """Put a few rows into most tables."""
    for number in range(3):
        event_of = error_event(
            str(number), release="web@1.0.0", environment="production", user={"id": "1"}
        )
        send_event(alice.client, world.keys["web"], world.projects["web"], event_of)
    alice.publish("web@1.0.5", "web", "mobile", commits=[fix("1")])
    alice.publish("web@1.1.0", "web", "mobile", commits=[fix("1")], owner=ALICE)
    frames = [{"filename": "a.py", "in_app": True}]
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": frames}}
    broken = error_event("broken", release="web@1.1.0", exception={"values": [raised]})
    send_event(alice.client, world.keys["web"], world.projects["web"], broken)
    alice.post(release_path("web@1.1.0", "deploys/"), {"environment": "production"})
    upload(alice, bundle(built()), version="web@1.1.0")
    alice.put("/organizations/acme/issues/WEB-1/", {"assignedTo": ALICE})
    alice.post("/issues/1/comments/", {"text": "It is known."})
    alice.put("/organizations/acme/issues/WEB-1/", MARKED)
    alice.put("/organizations/acme/", {"name": "ACME"})
    send_sessions(alice.client, world, session("web@1.1.0", did="ann"), session("web@1.0.0"))


def fix(key: str) -> dict[str, object]:
    patch = [{"path": "a.py", "type": "M"}]
    return commit(key, message="Fixes WEB-1", author_email=ALICE, patch_set=patch)


def minified(alice: Caller, world: World) -> str:
    """Where it is told why a stack is not the original one."""
    event = js_event(221, url="https://shop.example.com/other/app.js", release="web@1.1.0")
    event_id = send_event(alice.client, world.keys["web"], world.projects["web"], event)
    return f"/projects/acme/web/events/{event_id}/source-map-debug/"


MARKED = {"hasSeen": True, "isBookmarked": True, "isSubscribed": True}
EVENTS_OF_WEB = "/projects/acme/web/events/"
RESOLVED_IN_COMMIT = {
    "status": "resolved",
    "statusDetails": {"inCommit": {"commit": fix("1")["id"], "repository": "acme/web"}},
}


def repository_id(alice: Caller) -> str:
    found: str = alice.get("/organizations/acme/repos/").json()[0]["id"]
    return found


def judged(alice: Caller) -> Response:
    for kind in ("total_error_count", "new_issue_count"):
        for environment in (None, "production"):
            body = THRESHOLD | {"threshold_type": kind, "environment": environment}
            assert alice.post(THRESHOLDS, body).is_success
    return alice.get(
        "/organizations/acme/release-threshold-statuses/?project=-1"
        "&start=2026-01-01T00:00:00&end=2100-01-01T00:00:00"
    )


#: What all issues have, one in two hundred, and one: see large_tables.py.
TAG_QUERIES = (
    "browser.name:Firefox",
    "browser.name:Fire*",
    "tenant:t7",
    "tenant:[t7,t8]+browser.name:Firefox",
    "user.id:5",
    "user.id:50*",
    "user.id:5*",
    "!tenant:t7",
    "has:tenant",
    "!has:plan",
    "has:plan",
    "tenant:t7+release:web@1.0.0+is:unresolved",
)
CART = b"com.acme.Cart -> a.b:\n"
MAPPING = zipped([("mapping.txt", CART)])
MAPPING_ID = str(uuid5(uuid5(NAMESPACE_DNS, "guardsquare.com"), CART.decode()))
PROGUARD = "/projects/acme/web/files/proguard-artifact-releases"
THRESHOLDS = "/projects/acme/web/release-thresholds/"
THRESHOLD = {
    "threshold_type": "total_error_count",
    "trigger_type": "over",
    "value": 1,
    "window_in_seconds": 60,
}
REFS = [{"repository": "acme/web", "commit": "b" * 40}]
REMOTE_REPOSITORY = {"name": "acme/web", "url": "https://example.com/acme/web"}
PAGES = (
    "/organizations/acme/releases/",
    "/organizations/acme/releases/?environment=production&period=30d&sort=version",
    "/organizations/acme/releases/?query=release.version:>=web@3",
    "/organizations/acme/timeline/",
    "/organizations/acme/delivery/",
    "/organizations/acme/delivery/?period=12m&project=web",
    "/organizations/acme/timeline/?days=90&project=web&environment=production",
    "/organizations/acme/timeline/?days=90&until=2026-01-01&deploys=all",
    release_path("web@1.1.0"),
    release_path("web@5.0.0+2000"),
    release_path("web@5.0.0+2000", "compare/"),
    release_path("web@1.1.0", "artifacts/"),
    "/organizations/acme/getting-started/",
    "/organizations/acme/issues/",
    "/organizations/acme/issues/?tab=regressed&project=web",
    "/organizations/acme/issues/?environment=production",
    "/organizations/acme/settings/projects/web/code-mappings/",
    "/organizations/acme/issues/?tab=review&project=web",
    "/organizations/acme/issues/?tab=review",
    "/organizations/acme/issues/?tab=regressed",
    "/organizations/acme/issues/?tab=resolved",
    "/organizations/acme/issues/?tab=resolved&sort=freq",
    "/organizations/acme/issues/?sort=user&project=web",
    "/organizations/acme/issues/?sort=new&cursor=1710000000000000:3:0",
    "/organizations/acme/issues/1/",
    "/organizations/acme/issues/2000/",
    "/organizations/acme/issues/1/?period=90d",
    "/organizations/acme/issues/1/?tab=unresolved",
    "/organizations/acme/issues/1/?tab=resolved&sort=freq&project=web",
    "/organizations/acme/issues/1/?tab=review",
    "/organizations/acme/settings/repositories/",
    "/organizations/acme/settings/repositories/1/",
    "/organizations/acme/settings/storage/",
    "/organizations/acme/settings/jobs/",
    "/organizations/acme/settings/quarantine/",
    "/account/",
    "/account/tokens/",
)
RELEASE_TERM_LISTS = (
    "/organizations/acme/issues/?query=release.version:>=1.1+release.package:web",
    "/organizations/acme/issues/?query=release.stage:adopted&environment=production",
    "/projects/acme/web/issues/?query=release.build:7",
)
SESSION = "s" * 43
COOKIE = {"Cookie": f"shipmark_session={SESSION}"}
ACTS: dict[str, Callable[[Caller, World], object]] = {
    "publish": lambda alice, _: alice.publish(
        "web@1.2.0", "web", "mobile", commits=[fix("1"), fix("2")], refs=REFS, owner=ALICE
    ),
    "publish again": lambda alice, _: alice.publish(
        "web@1.1.0", "web", "mobile", commits=[fix("1")], status="archived"
    ),
    "publish to the project": lambda alice, _: alice.post(
        "/projects/acme/web/releases/", {"version": "web@1.2.0", "commits": [fix("2")]}
    ),
    "amend": lambda alice, _: alice.put(
        release_path("web@1.1.0"),
        {"commits": [fix("2")], "refs": REFS, "dateReleased": "2026-01-05T10:00:00Z"},
    ),
    "clear": lambda alice, _: alice.put(release_path("web@1.1.0"), {"refs": []}),
    "delete": lambda alice, _: alice.delete(release_path("web@1.0.5")),
    "delete by force": lambda alice, _: alice.delete(release_path("web@1.0.0", "?force=1")),
    "delete by force what resolved": lambda alice, _: alice.delete(
        release_path("web@1.1.0", "?force=1")
    ),
    "deploy": lambda alice, _: alice.post(
        release_path("web@1.1.0", "deploys/"), {"environment": "staging"}
    ),
    "ask for commits": lambda alice, _: (
        alice.post("/organizations/acme/repos/", REMOTE_REPOSITORY),
        alice.put("/organizations/acme/repos/1/remote/", {"url": "https://git.example.com/x"}),
        alice.publish("web@1.1.0", refs=REFS),
        alice.publish("web@1.2.0", "web", refs=REFS),
        alice.post(release_path("web@1.2.0", "deploys/"), {"environment": "staging"}),
        alice.post(release_path("web@1.2.0", "commit-fetches/")),
        alice.publish("web@1.2.0", commits=[fix("3")]),
    ),
    "event": lambda alice, world: send_event(
        alice.client,
        world.keys["web"],
        world.projects["web"],
        error_event("0", release="web@1.1.0", environment="production", user={"id": "1"}),
    ),
    "sessions": lambda alice, world: send_sessions(
        alice.client, world, session("web@1.1.0", did="bob"), session("web@9.0.0", did="cid")
    ),
    "new issue": lambda alice, world: send_event(
        alice.client,
        world.keys["web"],
        world.projects["web"],
        error_event("new", release="web@9.0.0", environment="new"),
    ),
    "assemble debug files": lambda alice, _: alice.post(
        "/projects/acme/web/files/difs/assemble/",
        {"a" * 40: {"name": "x", "chunks": ["a" * 40]}},
    ),
    "tie a mapping": lambda alice, _: (
        alice.post("/projects/acme/web/files/dsyms/", files={"file": ("a", MAPPING)}),
        alice.post(PROGUARD, {"release_name": "shop@1", "proguard_uuid": MAPPING_ID}),
        alice.get(f"{PROGUARD}?proguard_uuid={MAPPING_ID}"),
        alice.delete("/projects/acme/web/files/dsyms/?id=1"),
    ),
    "event of minified JavaScript": lambda alice, world: send_event(
        alice.client,
        world.keys["web"],
        world.projects["web"],
        js_event(200, 221, release="web@1.1.0", debug_id=DEBUG_ID),
    ),
    "search for its map": lambda alice, world: alice.get(minified(alice, world)),
    "hide repository": lambda alice, _: alice.put(
        f"/organizations/acme/repos/{repository_id(alice)}/", {"status": "hidden"}
    ),
    "ask for a repository's end": lambda alice, _: alice.delete(
        f"/organizations/acme/repos/{repository_id(alice)}/"
    ),
    "add threshold": lambda alice, _: alice.post(THRESHOLDS, THRESHOLD),
    "judge thresholds": lambda alice, _: judged(alice),
    "release by address": lambda alice, _: alice.client.post(
        alice.get("/projects/acme/web/releases/token/").json()["webhookUrl"],
        json={"version": "web@1.3.0"},
    ),
    "change an organization": lambda alice, _: alice.put(
        "/organizations/acme/",
        {"name": "More", "slug": "more", "eventsMemberAdmin": False, "openMembership": False},
    ),
    "change a project": lambda alice, _: (
        alice.put("/projects/acme/web/", {"slug": "site", "resolveAge": 3}),
        alice.get("/projects/acme/web/"),
        alice.post("/projects/acme/site/keys/", {"name": "More"}),
        alice.get("/projects/acme/site/keys/"),
    ),
    "change teams": lambda alice, _: (
        alice.post("/organizations/acme/teams/", {"name": "More"}),
        alice.put("/teams/acme/more/", {"name": "Less"}),
        alice.post("/teams/acme/more/projects/", {"name": "Site"}),
        alice.post("/organizations/acme/members/me/teams/core/"),
        alice.delete("/organizations/acme/members/me/teams/core/"),
        alice.put("/organizations/acme/members/2/", {"orgRole": "owner", "teams": ["more"]}),
        alice.delete("/organizations/acme/members/2/"),
        alice.delete("/teams/acme/more/"),
    ),
    "change tokens": lambda alice, _: (
        alice.post("/organizations/acme/org-auth-tokens/", {"name": "x"}),
        alice.put("/organizations/acme/org-auth-tokens/2/", {"name": "y"}),
        alice.delete("/organizations/acme/org-auth-tokens/2/"),
        alice.post("/api-tokens/", {"scopes": ["org:read"], "name": "x"}),
    ),
    "change issues": lambda alice, _: (
        alice.put("/organizations/acme/issues/WEB-2/", {"status": "resolvedInNextRelease"}),
        alice.put("/organizations/acme/issues/WEB-3/", {"status": "resolved"}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"status": "ignored"}),
        alice.put("/projects/acme/web/issues/?query=boom", {"status": "unresolved"}),
        alice.put("/organizations/acme/issues/WEB-2/", {"status": "resolvedInNextRelease"}),
        alice.publish("web@9.0.0"),
        alice.put("/organizations/acme/issues/WEB-3/", RESOLVED_IN_COMMIT),
        alice.put(
            "/organizations/acme/issues/?query=&id=1&id=2", {"status": "ignored", "ignoreCount": 5}
        ),
        alice.get("/organizations/acme/issues/?query=is:until_condition_met"),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"status": "unresolved"}),
        alice.post("/issues/1/comments/", {"text": "It is known.", "mentions": ["#core"]}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"assignedTo": "#core"}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"assignedTo": ALICE}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", MARKED),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", dict.fromkeys(MARKED, False)),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"assignedTo": ""}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"inbox": True}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"priority": "low"}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"isPublic": True}),
        alice.client.get(
            f"/api/0/shared/issues/{alice.get('/issues/1/').json()['shareId']}/"
        ).json()["latestEvent"],
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"isPublic": False}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"inbox": False}),
    ),
    "merge issues": lambda alice, _: (
        alice.put("/projects/acme/web/issues/?id=1&id=2&id=3", {"merge": True}),
        alice.put("/projects/acme/web/issues/?id=2&id=1001&id=1002", {"merge": True}),
        *(
            alice.get(f"/organizations/acme/issues/{name}")
            for name in ("2/", "WEB-2/", "1001/", "?group=2&group=1001")
        ),
    ),
    "discard issues": lambda alice, _: (
        alice.put("/organizations/acme/issues/WEB-2/", {"discard": True}),
        alice.put("/organizations/acme/issues/?id=1001&id=1002&id=1003", {"discard": True}),
        alice.get("/projects/acme/web/tombstones/"),
        alice.get("/projects/acme/web/tombstones/?cursor=1700000000000000:1:0"),
        alice.delete("/projects/acme/web/tombstones/1/"),
    ),
    "delete issues": lambda alice, _: (
        alice.put("/projects/acme/web/issues/?id=1&id=2", {"merge": True}),
        alice.delete("/organizations/acme/issues/WEB-2/"),
        alice.delete("/organizations/acme/issues/?id=1001&id=1002&id=1003"),
        alice.delete("/projects/acme/web/issues/?query=is:unresolved+issue:[WEB-5,WEB-6]"),
        *(
            alice.get(path)
            for path in (
                "/organizations/acme/issues/",
                "/organizations/acme/issues/WEB-2/",
                "/projects/acme/web/issues/",
                EVENTS_OF_WEB,
            )
        ),
    ),
    "find event": lambda alice, _: alice.get(
        f"/organizations/acme/eventids/{alice.get(EVENTS_OF_WEB).json()[0]['eventID']}/"
    ),
    "add repository": lambda alice, _: alice.post(
        "/organizations/acme/repos/", {"name": "acme/x", "url": "https://example.com/x"}
    ),
} | {
    path: lambda alice, _, path=path: alice.get(path)  # type: ignore[misc]
    for path in (
        "/organizations/acme/releases/?project=-1",
        "/organizations/acme/releases/?environment=production",
        "/organizations/acme/releases/?project=-1&flatten=1&status=",
        "/organizations/acme/releases/?project=-1&sort=semver",
        "/organizations/acme/releases/?project=-1&sort=build",
        "/organizations/acme/releases/?sort=semver&query=release.package:web",
        "/organizations/acme/releases/?query=release.version:>1&cursor=1795328720287509:5:0",
        "/organizations/acme/releases/stats/",
        "/organizations/acme/delivery/",
        "/organizations/acme/delivery/?project=web&start=2023-12-20T00:00:00Z&end=2023-12-25T00:00:00Z",
        release_path("web@5.0.0+2000", "commits/"),
        release_path("web@5.0.0+2000", "resolved/"),
        "/projects/acme/web/releases/",
        "/organizations/acme/repos/",
        "/projects/acme/web/files/dsyms/?query=x",
        "/projects/acme/web/files/dsyms/?debug_id=1&code_id=2&file_formats=elf",
        "/projects/acme/web/files/dsyms/unknown/?checksums=1",
        "/organizations/acme/repos/1/commits/",
        "/organizations/acme/repos/1/commits/?cursor=1767225600000000:5:1",
        "/projects/acme/web/commits/",
        "/projects/acme/web/commits/?cursor=1767225600000000:5:0",
        "/projects/acme/web/commits/?query=1f",
        "/projects/acme/web/releases/completion/",
        "/projects/acme/web/releases/token/",
        "/projects/acme/web/releases/web@1.1.0/stats/",
        "/organizations/acme/releases/?health=1&adoptionStages=1",
        "/organizations/acme/releases/?health=1&flatten=1&sort=sessions&project=1",
        "/organizations/acme/releases/?health=1&flatten=1&sort=crash_free_users&environment=production",
        "/organizations/acme/releases/?flatten=1&sort=users_24h&query=web&cursor=100:3:0",
        "/organizations/acme/releases/?sort=adoption&adoptionStages=1",
        "/organizations/acme/releases/?sort=adoption&flatten=1&environment=production",
        "/organizations/acme/sessions/?field=sum(session)&statsPeriod=7d",
        "/organizations/acme/sessions/?field=count_unique(user)&statsPeriod=1d&query=release:web@1.1.0",
        THRESHOLDS,
        "/organizations/acme/release-thresholds/?project=web",
        "/organizations/acme/code-mappings/?project=-1",
        "/organizations/acme/issues/WEB-1/current-release/",
        "/organizations/acme/issues/WEB-1/current-release/?environment=production",
        "/organizations/acme/issues/WEB-1/first-last-release/",
        "/organizations/acme/members/me/unreleased-commits/",
        "/teams/acme/core/release-count/",
        "/organizations/acme/commit-fetches/?state=failed",
        "/organizations/acme/issues/",
        "/organizations/acme/issues/?statsPeriodStart=14d&statsPeriodEnd=7d&expand=sessions",
        "/organizations/acme/issues/?statsPeriod=14d&sort=freq&project=1",
        "/organizations/acme/issues/WEB-1/",
        "/organizations/acme/issues/?limit=2&query=release:web@1.0.0+firstRelease:latest",
        "/organizations/acme/issues/?query=regressed_in_release:web@1.1.0",
        *RELEASE_TERM_LISTS,
        "/organizations/acme/issues/?query=",
        "/organizations/acme/issues/?query=is:resolved&cursor=1710000000000000:3:0",
        "/organizations/acme/issues/?query=&cursor=1710000000000000:3:1",
        *(
            f"{path}?sort={sort}&cursor={cursor}"
            for path in ("/organizations/acme/issues/", "/projects/acme/web/issues/")
            for sort, cursor in (
                ("new", ""),
                ("new", "1710000000000000:3:0"),
                ("freq", ""),
                ("freq", "1:10000:0"),
                ("freq", "1:10000:1"),
                ("user", "1:10000:0"),
                ("user", "1:10000:1"),
            )
        ),
        "/organizations/acme/issues/?sort=inbox&query=is:for_review",
        "/organizations/acme/issues/?sort=inbox&query=is:for_review&cursor=1710000000000000:3:0",
        "/organizations/acme/issues/?sort=inbox&query=is:for_review&cursor=1710000000000000:3:1",
        "/projects/acme/web/issues/?sort=inbox&query=is:for_review",
        "/organizations/acme/issues/?sort=freq&query=release:web@1.0.0",
        "/organizations/acme/issues/?group=1001&group=1002&group=1003&sort=user",
        "/organizations/acme/issues/?environment=production",
        "/organizations/acme/issues/?environment=production&query=firstRelease:web@1.0.0",
        "/organizations/acme/issues/?query=level:error+lastSeen:-24h+timesSeen:>0",
        "/organizations/acme/issues/?query=is:new",
        "/organizations/acme/issues-count/?query=is:unresolved&query=",
        "/organizations/acme/issues/?query=is:regressed",
        "/organizations/acme/issues/?query=!release:web@1.0.0",
        "/organizations/acme/issues/?query=release:[web@1.0.0,latest]+!regressed_in_release:latest",
        "/organizations/acme/issues/?query=!firstRelease:web@1.0.0+environment:production",
        "/projects/acme/web/issues/?query=!release:latest+!environment:staging+error.handled:true",
        "/organizations/acme/issues/?query=is:for_review",
        "/organizations/acme/issues/?query=bookmarks:me",
        "/organizations/acme/issues/?query=!bookmarks:me",
        *(
            f"{path}/issues/?query={query}"
            for path in ("/organizations/acme", "/projects/acme/web")
            for query in (
                "bookmarks:alice@example.com",
                "subscribed:me",
                "!subscribed:me",
                "issue:[WEB-1,WEB-2]",
                "!issue.id:1+project:web",
                "platform:python+error.type:ValueError",
                "is:unresolved+issue.priority:[high,medium]",
                "!issue.priority:low",
            )
        ),
        "/organizations/acme/issues/WEB-1/hashes/",
        "/organizations/acme/issues/WEB-1/comments/",
        "/organizations/acme/issues/WEB-1/comments/?per_page=1&cursor=1710000000000000:3:0",
        "/organizations/acme/issues/?query=is:assigned",
        "/organizations/acme/issues/?query=is:unassigned",
        "/organizations/acme/issues/?query=assigned:[me,my_teams,Alice,alice@example.com,%23core]",
        "/organizations/acme/issues/?query=assigned:[me,none]+!assigned:%23core",
        "/projects/acme/web/issues/?query=assigned:me&sort=freq",
        "/projects/acme/web/issues/?query=is:unassigned",
        *(
            f"{path}/issues/?query={query}"
            for path in ("/organizations/acme", "/projects/acme/web")
            for query in TAG_QUERIES
        ),
        "/organizations/acme/issues/?sort=freq&query=tenant:t7",
        "/organizations/acme/issues/?sort=user&query=browser.name:Firefox&cursor=1:10000:0",
        "/projects/acme/web/issues/?environment=production",
        "/projects/acme/web/issues/",
        "/projects/acme/web/issues/?query=is:unresolved",
        "/projects/acme/web/issues/?query=release:web@1.0.0",
        "/organizations/acme/issues/WEB-4/committers/",
        *(
            f"/organizations/acme/issues/WEB-1/tags/{part}"
            for part in ("", "level/", "level/values/", "level/values/?sort=count")
        ),
        "/organizations/acme/stats_v2/?field=sum(quantity)&groupBy=outcome&statsPeriod=14d&interval=1d",
        "/projects/acme/web/stats/",
        "/organizations/acme/tags/",
        "/organizations/acme/tags/tenant/values/?query=t7",
        "/projects/acme/web/tags/",
        "/projects/acme/web/tags/tenant/values/?query=t7",
        "/projects/acme/web/tags/level/values/",
        "/organizations/acme/issues/WEB-1/events/latest/",
        "/organizations/acme/issues/WEB-1/events/oldest/",
        "/organizations/acme/projects/",
        "/organizations/acme/",
        "/organizations/acme/audit-logs/?event=org.edit&actor=1&statsPeriod=1d",
        "/organizations/acme/audit-logs/?cursor=1767225600000000:5:0",
        "/organizations/acme/org-auth-tokens/",
        "/api-tokens/",
        "/organizations/acme/members/",
        "/organizations/acme/members/me/",
        "/organizations/acme/teams/",
        "/teams/acme/core/members/",
        "/projects/",
        "/projects/?query=dsn:x",
        "/projects/acme/web/",
        "/projects/acme/web/teams/",
        "/projects/acme/web/keys/",
        "/projects/acme/web/environments/",
        "/organizations/acme/environments/",
        "/organizations/",
        "/organizations/?owner=1",
        "/auth/",
        *(
            release_path("web@1.1.0", child)
            for child in (
                "",
                "meta/",
                "commits/",
                "commitfiles/",
                "previous-with-commits/",
                "resolved/",
                "compare/?base=web@1.0.0",
                "deploys/",
                "commit-fetches/",
                "?health=1&project=1",
                "verdict/?environment=production",
            )
        ),
    )
}


ACTS |= {
    f"page {path}": lambda alice, _, path=path: alice.client.get(path, headers=COOKIE)  # type: ignore[misc]
    for path in PAGES
}

#: What may read or sort more than a page, and why: the act (or all of them), a part of the statement, the reason.
ALLOWED = (
    *(
        (
            f"page /organizations/acme/timeline/{query}",
            "ix_issues_resolved",
            "The issues of twelve weeks are counted in indexes, of a project's week at most 1000.",
        )
        for query in (
            "",
            "?days=90&project=web&environment=production",
            "?days=90&until=2026-01-01&deploys=all",
        )
    ),
    (
        "change issues",
        "lower(issues.title) LIKE",
        "A text may be anywhere: the project's issues are read until there are enough, the last seen first.",
    ),
    ("change issues", 'issues.title COLLATE "C" ILIKE', "The same on PostgreSQL."),
    (
        "/organizations/acme/issues/?statsPeriod=14d&sort=freq&project=1",
        "issues.last_seen_at >=",
        "The issues of the period are sorted, of which a large project has far fewer than of its whole life.",
    ),
    (
        "page /organizations/acme/issues/?tab=review",
        "inbox",
        "The projects' issues of the inbox are read and sorted; it forgets what is older than a week.",
    ),
    ("page /organizations/acme/issues/?tab=review&project=web", "inbox", "The same."),
    ("page /organizations/acme/issues/1/?tab=review", "inbox", "The same, for its place there."),
    ("/organizations/acme/issues/?query=is:for_review", "inbox", "The same."),
    *(
        (
            f"/{path}",
            "inbox",
            "The index of the inbox is read from its end, until there are enough.",
        )
        for path in (
            "organizations/acme/issues/?sort=inbox&query=is:for_review",
            "organizations/acme/issues/?sort=inbox&query=is:for_review&cursor=1710000000000000:3:0",
            "organizations/acme/issues/?sort=inbox&query=is:for_review&cursor=1710000000000000:3:1",
            "projects/acme/web/issues/?sort=inbox&query=is:for_review",
        )
    ),
    *(
        (
            f"/{path}/issues/?environment=production",
            "SELECT count(*)",
            "A thousand issues are counted, and of each that it was in the environment.",
        )
        for path in ("organizations/acme", "projects/acme/web")
    ),
    *(
        (
            f"/{path}",
            "SELECT count(*)",
            "A thousand issues are counted, and of each that it was not in a release or environment, or not assigned.",
        )
        for path in (
            "organizations/acme/issues/?query=!release:web@1.0.0",
            "organizations/acme/issues/?query=assigned:[me,none]+!assigned:%23core",
            "organizations/acme/issues/?query=!firstRelease:web@1.0.0+environment:production",
            "projects/acme/web/issues/?query=!release:latest+!environment:staging+error.handled:true",
        )
    ),
    *(
        (
            f"/{path}/issues/?query={query}",
            part,
            reason,
        )
        for path in ("organizations/acme", "projects/acme/web")
        for query, part, reason in (
            (
                "user.id:5*",
                "issue_tags",
                "One issue in eighteen has it, too many to sort: the list is read until there are enough.",
            ),
            (
                "user.id:5*",
                "wanted_ids",
                "In one of the projects they are a thousand, the most that are sorted.",
            ),
            (
                "subscribed:me",
                "SELECT count(*)",
                "A thousand issues are counted, and of each that the user is subscribed.",
            ),
            ("!subscribed:me", "SELECT count(*)", "The same, where the user is not."),
            (
                "has:tenant",
                "SELECT count(*)",
                "A thousand issues are counted, and of each that it has the tag.",
            ),
        )
    ),
    *(
        (path, "SELECT releases.id", "At most a thousand releases are read and sorted.")
        for path in RELEASE_TERM_LISTS
    ),
    *(
        (
            path,
            "releases_0_rows",
            "The issues of a page, and a thousand that are counted, are looked up in a list of a thousand releases.",
        )
        for path in RELEASE_TERM_LISTS
    ),
    (
        "/organizations/acme/issues/?query=bookmarks:me",
        "issue_bookmarks",
        "PostgreSQL prefers reading as few issues as there are here to looking up two hundred.",
    ),
    *(
        (
            f"/organizations/acme/issues/?query={query}",
            "issue_assignments",
            "The issues of these assignees are sorted, and PostgreSQL prefers reading as few issues as there are here.",
        )
        for query in (
            "is:assigned",
            "assigned:[me,my_teams,Alice,alice@example.com,%23core]",
        )
    ),
    (
        "/organizations/acme/issues/?query=release:[web@1.0.0,latest]+!regressed_in_release:latest",
        "releases_0_rows",
        "PostgreSQL takes the releases for a hundred, and so prefers reading as few issues as there are here.",
    ),
    (
        "/organizations/acme/issues/?sort=freq&query=release:web@1.0.0",
        "releases_0_rows",
        "PostgreSQL takes the releases for a hundred, and so prefers reading as few issues as there are here.",
    ),
    (
        "/organizations/acme/issues/?query=is:new",
        "issues.substatus =",
        "A rare substatus is read for along the index of the list, as a text is. That of regressed issues has its own.",
    ),
    (
        "delete by force what resolved",
        "other.shipped_at >= start.shipped_at",
        "A deleted backport looks through the later versions that shipped before it; no list asks for that.",
    ),
    *(
        (
            f"page /organizations/acme/releases/{page}",
            "of_releases_rows",
            "PostgreSQL takes the releases for a hundred, and so prefers reading as few issues as there are here.",
        )
        for page in ("web@1.1.0/", "web@5.0.0+2000/", "web@5.0.0+2000/compare/")
    ),
    (
        "page /organizations/acme/releases/web@1.1.0/",
        "other.shipped_at >= start.shipped_at",
        "The page of a backport does so, too, for the link to the next release; others read a few rows.",
    ),
    *(
        (
            "/organizations/acme/delivery/?project=web&start=2023-12-20T00:00:00Z&end=2023-12-25T00:00:00Z",
            part,
            "A metric is computed from all deploys of its time, here 2,500, and from their commits.",
        )
        for part in (
            "last_deploy_id >= deploys.id",
            "judged_rows",
            "shipped_rows",
            "issue_history",
            "issue_environments",
        )
    ),
    (
        "/organizations/acme/releases/stats/",
        "FROM releases JOIN",
        "It answers a thousand releases at once, a fifth of those here.",
    ),
)


@pytest.fixture(scope="session")
def large(copies: Copies, save: Save, serve_on: Serve, people: People, blobs_of: BlobsOf) -> Large:
    """Make an acme with real numbers of rows, once for each kind."""

    @cache
    def made(kind: str) -> str:
        with copies(kind) as database:
            client = serve_on(database, blobs_of(kind))
            fill_acme(Caller(client, people(kind).tokens[ALICE]), people(kind))
            large_tables.fill(database)
            with database.transaction() as connection:
                accounts.sign_in(connection, people(kind).users[ALICE], SESSION, datetime.now(UTC))
            return save(database, "large")

    return made


@pytest.fixture(scope="session")
def to_read(copies: Copies, save: Save, large: Large) -> Iterator[Callable[[str], Database]]:
    """Make the copy that all acts share that only read, once for each kind."""
    with ExitStack() as stack:

        @cache
        def made(kind: str) -> Database:
            with copies(kind, template=large(kind)) as copy:
                database = Database(save(copy, "large_to_read"))
            stack.callback(database.close)
            return database

        yield made


@pytest.fixture
def large_database(
    kind: str, name: str, copies: Copies, large: Large, to_read: Callable[[str], Database]
) -> Iterator[Database]:
    """Give acts that write a copy of their own."""
    if name.startswith(("/", "page /")):
        yield to_read(kind)
        return
    with copies(kind, template=large(kind)) as database:
        yield database


@pytest.mark.parametrize("name", ACTS)
def test_what_a_statement_reads_and_sorts_is_bounded(
    kind: str, name: str, large_database: Database, serve_on: Serve, blobs_of: BlobsOf, world: World
) -> None:
    alice = Caller(serve_on(large_database, blobs_of(kind)), world.tokens[ALICE])
    with costs(large_database) as found:
        done = ACTS[name](alice, world)
    assert not isinstance(done, Response) or done.is_success, done.text
    assert found, "nothing was asked"
    assert [
        problem for cost in found if not is_allowed(name, cost) for problem in cost.problems()
    ] == []


def is_allowed(name: str, cost: Cost) -> bool:
    return any(name == act and part in cost.statement for act, part, _ in ALLOWED)


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_deleting_an_organization_scans_nothing_either(
    charlie: Caller, world: World, database: Database
) -> None:
    # Nothing of globex was filled: the rows are made here, by those who may.
    charlie.post("/organizations/globex/releases/", {"version": "1", "projects": ["web"]})
    assert charlie.delete("/organizations/globex/").status_code == 202
    with plans(database) as found:
        while scheduler.run_due(database, datetime.now(UTC) + timedelta(days=2)):
            pass
    assert charlie.get("/organizations/globex/").status_code == 404
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_deleting_a_project_scans_nothing_either(
    alice: Caller, world: World, database: Database
) -> None:
    alice.post("/projects/acme/web/files/dsyms/", files={"file": ("a", MAPPING)})
    with plans(database) as found:
        assert alice.delete("/projects/acme/web/").status_code == 204
        while scheduler.run_due(database, datetime.now(UTC) + timedelta(days=2)):
            pass
    assert world.projects["web"] not in [it["id"] for it in rows(database, "projects")]
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_deleting_issues_scans_nothing_either(alice: Caller, database: Database) -> None:
    with plans(database) as found:
        assert alice.delete("/organizations/acme/issues/?query=").status_code == 204
        while scheduler.run_due(database, datetime.now(UTC)):
            pass
    assert rows(database, "issues") == []
    assert scans(found) == []


def test_deleting_issues_reads_no_more_than_a_batch(
    large: Large, copies: Copies, serve_on: Serve, blobs_of: BlobsOf, world: World, kind: str
) -> None:
    acme = world.organizations["acme"]
    with copies(kind, template=large(kind)) as database:
        before = len(rows(database, "issues"))
        alice = Caller(serve_on(database, blobs_of(kind)), world.tokens[ALICE])
        alice.delete("/organizations/acme/issues/?query=is:unresolved")
        with costs(database) as found:
            for _ in range(3):
                with database.transaction() as connection:
                    assert delete_issues.remove_some(connection, acme, datetime.now(UTC))
        assert len(rows(database, "issues")) < before
    finding = [cost for cost in found if not cost.statement.startswith("DELETE")]
    assert [problem for cost in finding for problem in cost.problems()] == []
    assert [scan for cost in found for scan in cost.scans] == []


def test_counting_issues_of_releases_reads_no_others(
    large: Large, copies: Copies, kind: str
) -> None:
    with copies(kind, template=large(kind)) as database:
        with database.snapshot() as connection:
            release_ids = release_counts.releases_of(connection, [1, 1001])
        with costs(database) as found, database.transaction() as connection:
            release_counts.releases_of(connection, [1, 1001])
            release_counts.count(connection, release_ids)
    assert release_ids
    assert [problem for cost in found for problem in cost.problems()] == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_deleting_a_repository_scans_nothing_either(alice: Caller, database: Database) -> None:
    path = f"/organizations/acme/repos/{repository_id(alice)}/"
    assert alice.delete(path).is_success
    with plans(database) as found:
        while scheduler.run_due(database, datetime.now(UTC) + timedelta(hours=2)):
            pass
    assert alice.get(f"{path}commits/").status_code == 404
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_letting_artifacts_go_scans_nothing(alice: Caller, database: Database) -> None:
    path = release_path("web@1.1.0", "files/")
    assert alice.post(path, files={"file": ("a.js", b"x")}).is_success
    later = datetime.now(UTC) + timedelta(days=900)
    with plans(database) as found, database.transaction() as connection:
        for project_id in (None, 1):
            actions.remove_unused(connection, later, timedelta(days=90), project_id)
        actions.schedule_pruning(connection, later)
    assert scans(found) == []


def test_deleting_events_reads_no_more_than_a_step(large: Large, copies: Copies, kind: str) -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    with copies(kind, template=large(kind)) as database:
        with database.transaction() as connection:
            retention.set_stored(connection, 1, 10**6)
            connection.execute(
                retention.stored_event_counts.insert().values(issue_id=1, event_count=10**6)
            )
        with costs(database) as found:
            for step in (
                lambda connection: expire_events.remove_old(connection, later, later),
                lambda connection: expire_events.thin_out(connection, 100, later),
                lambda connection: expire_events.schedule(connection, later),
            ):
                with database.transaction() as connection:
                    step(connection)
    assert len(found) > 8
    # A step looks at the limit and a thousand events more, each with its report, and sorts what it adds.
    own = ("has_report", "thinned_rows", "DELETE FROM events")
    problems = [problem for cost in found for problem in cost.problems()]
    assert [each for each in problems if not any(part in each for part in own)] == []
    assert [scan for cost in found for scan in cost.scans] == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_events_that_wait_for_files_are_found_without_a_scan(
    alice: Caller, world: World, database: Database
) -> None:
    sent = js_event(221, release="web@1.1.0", url="https://shop.example.com/other.js")
    send_event(alice.client, world.keys["web"], world.projects["web"], sent)
    target = Target(project_id=world.projects["web"], key="r:web@1.1.0")
    with plans(database) as found, database.transaction() as connection:
        release_id = 3
        assert waits.targets_of_bundle(connection, 1) == [target]
        waits.targets_of_release(connection, release_id)
        issue_id = waits.next_issue(connection, target, 0)
        assert issue_id is not None
        [row_id] = waits.newest_of(connection, target, issue_id, limit=50)
        waits.count_of_release(connection, [world.projects["web"]], "web@1.1.0", limit=1000)
        late_symbolications.of_release(connection, release_id)
        waits.remove(connection, row_id)
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_tags_are_trimmed_without_a_scan(database: Database) -> None:
    with plans(database) as found, database.transaction() as connection:
        counted = [(1, "k", value, 1, 1, 0, 0) for value in "ab"]
        tag_counts.count(connection, counted)
        tag_counts.trim(connection, [1], keys_max=10, values_max=1)
    assert len(found) == 4
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_what_is_in_quarantine_is_found_without_a_scan(database: Database, world: World) -> None:
    quarantine_event(database, world)
    acme, at = world.organizations["acme"], datetime.now(UTC)
    with plans(database) as found, database.transaction() as connection:
        quarantine_store.page_of(connection, acme, limit=50)
        quarantine_store.count_of(connection, acme)
        quarantine_store.request_all(connection, acme, at)
        [(frame_id, _)] = quarantine_store.requested(connection, limit=20)
        quarantine_store.record_failure(connection, frame_id, "again")
        quarantine_store.set_organizations(connection)
        quarantine_store.is_any_older(connection, at)
        quarantine_store.remove_received_before(connection, at)
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_the_end_of_an_organization_scans_nothing(
    alice: Caller, world: World, database: Database
) -> None:
    path = release_path("web@1.1.0", "files/")
    assert alice.post(path, files={"file": ("a.js", b"x")}).is_success
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        store.change(connection, acme, {"status": "pending_deletion"})
    with plans(database) as found, database.transaction() as connection:
        assert organization_deletion.finish(connection, acme, datetime.now(UTC))
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_sessions_are_folded_compacted_and_deleted_without_a_scan(
    world: World, database: Database
) -> None:
    at = datetime.now(UTC)
    updates = [health_update(session(did="u1", status="crashed", duration=1), at)]
    with plans(database) as found:
        with database.transaction() as connection:
            fold(connection, world.projects["web"], updates, at)
        for days in (4, 30, 100):
            for step in compaction.STEPS.values():
                retention_jobs.take(database, step, at + timedelta(days=days), most=10)
        with database.transaction() as connection:
            health.with_sessions(connection, [1], at)
            health.remove_of_releases(connection, [1])
    assert len(found) > 20
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_judging_releases_scans_nothing(alice: Caller, world: World, database: Database) -> None:
    for version in ("web@1.0.0", "web@1.1.0"):
        send_sessions(alice.client, world, session(version))
    later = datetime.now(UTC) + timedelta(minutes=30)
    with plans(database) as found:
        for at in (datetime.now(UTC), later):
            with database.transaction() as connection:
                verdicts.evaluate_due(connection, at)
        answer = alice.get(release_path("web@1.1.0", "verdict/?environment=production"))
    assert answer.json()["projects"]
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_reopening_ignored_issues_scans_nothing(
    alice: Caller, world: World, database: Database
) -> None:
    body = {"status": "ignored", "ignoreCount": 2, "ignoreWindow": 60, "ignoreDuration": 60}
    assert alice.put("/organizations/acme/issues/?query=", body).status_code == 200
    later = datetime.now(UTC) + timedelta(hours=2)
    with plans(database) as found:
        for value in ("0", "0", "1"):
            send_event(alice.client, world.keys["web"], world.projects["web"], error_event(value))
        with database.transaction() as connection:
            scheduler.reopen_issues(connection, {}, later)
    assert {row["status"] for row in rows(database, "issues")} == {"unresolved"}
    assert scans(found) == []


def test_resolving_by_age_reads_no_more_than_a_batch(
    large: Large, copies: Copies, serve_on: Serve, blobs_of: BlobsOf, world: World, kind: str
) -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    with copies(kind, template=large(kind)) as database:
        alice = Caller(serve_on(database, blobs_of(kind)), world.tokens[ALICE])
        for project in ("web", "mobile"):
            alice.put(f"/projects/acme/{project}/", {"resolveAge": 24})
        with costs(database) as found:
            for at in (later, later, datetime(2000, 1, 1, tzinfo=UTC)):
                with database.transaction() as connection:
                    scheduler.resolve_by_age(connection, {}, at)
        is_resolved = [row["auto_resolved_at"] == later for row in rows(database, "issues")]
    assert sum(is_resolved) == 2 * age_changes.BATCH
    assert batch_problems(found) == []


def test_issues_become_ongoing_by_reading_no_more_than_a_batch(
    large: Large, copies: Copies, kind: str
) -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    with copies(kind, template=large(kind)) as database:
        with database.transaction() as connection:
            connection.execute(
                text("UPDATE issues SET substatus = 'new' WHERE status = 'unresolved'")
            )
        with costs(database) as found:
            for at in (later, later, datetime(2000, 1, 1, tzinfo=UTC)):
                with database.transaction() as connection:
                    scheduler.set_ongoing(connection, {}, at)
        entries = [row["status"] for row in rows(database, "issue_history")]
    assert entries.count("ongoing") == 2 * age_changes.BATCH
    assert batch_problems(found) == []


def batch_problems(found: list[Cost]) -> list[str]:
    """What is wrong with the statements of jobs that change a batch: what changes and locks it takes all its rows."""
    finding = [cost for cost in found if cost.statement.startswith("SELECT")]
    own = [cost for cost in finding if "issues.title" in cost.statement]
    assert len(own) < len(finding)
    problems = [problem for cost in finding if cost not in own for problem in cost.problems()]
    return problems + [f"scans {scan}" for cost in found for scan in cost.scans]
