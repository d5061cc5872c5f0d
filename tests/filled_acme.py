"""An acme with a few rows in most tables, and what its plans are looked at with."""

from uuid import NAMESPACE_DNS, uuid5

from artifacts import built, bundle, js_event, upload
from bundling import zipped
from factories import ALICE, Caller, World, commit, error_event, release_path, send_event
from httpx import Response
from sessions import send_sessions, session


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
    "/organizations/acme/releases/?query=release:latest",
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
    "/organizations/acme/issues/?release=latest",
    "/organizations/acme/issues/?release=web@1.1.0&project=web&sort=freq",
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
    "/organizations/acme/issues/2000/resolve/",
    "/organizations/acme/issues/1/events/",
    "/organizations/acme/issues/1/events/?cursor=1710000000000000:3:0",
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
