"""An acme with something behind every address of the API, for tests that walk all of them."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from artifacts import BUNDLE_ID, bundle, upload
from factories import REPOSITORIES, WEB_RELEASES, Caller, World, commit, error_event, send_event
from sent_attachments import send_attachment

from shipmark.events import digest_store
from shipmark.events.digest_store import QuarantinedFrame
from shipmark.events.sender import UNKNOWN_SENDER
from shipmark.infrastructure.database import Database

ORGANIZATION_VERSION = "web@1.0.0"
PROJECT_VERSION = "web@2.0.0"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What stands for the parts of paths."""

    parts: dict[str, str]

    def path(self, template: str) -> str:
        """An address where there is something."""
        for name in self.parts:
            template = template.replace(f"{{{name}}}", self.part(name, template))
        return template

    def part(self, name: str, template: str) -> str:
        """What stands for a part of a path. Projects have a release of their own, which they may delete."""
        if name == "version" and "/projects/" in template:
            return PROJECT_VERSION
        if name == "file_id" and "/artifact-bundles/" in template:
            return self.parts["member_id"]
        if name == "file_id" and "/projects/" in template:
            return self.parts["project_file_id"]
        # The address for builds knows projects by their id alone.
        if name == "project" and "/hooks/" in template:
            return self.parts["project_id"]
        return self.parts[name]


def quarantine_event(database: Database, world: World, payload: bytes = b"[]") -> str:
    """Put an event of project web into quarantine, as only a fault of the server does; says its id."""
    event_id = uuid4().hex
    frame = QuarantinedFrame(
        organization_id=world.organizations["acme"],
        project_id=world.projects["web"],
        type="event",
        event_id=event_id,
        received_at=datetime.now(UTC),
        sent_at=None,
        sender=UNKNOWN_SENDER,
        payload=payload,
        error="ValueError: it was not understood",
    )
    with database.transaction() as connection:
        digest_store.quarantine(connection, [frame])
    return event_id


def seed(alice: Caller, world: World, database: Database) -> Seeded:
    """Fill acme by the API itself: releases, commits, deploys, an issue, thresholds, a repository."""
    for number, version in enumerate((ORGANIZATION_VERSION, PROJECT_VERSION), start=1):
        alice.publish(version, "web", commits=[commit(str(number), message="Fixes WEB-1")])
        deploy = {"environment": "production"}
        alice.post(f"/organizations/acme/releases/{version}/deploys/", deploy)
    event = error_event(release=ORGANIZATION_VERSION, environment="production")
    event_id = send_event(alice.client, world.keys["web"], world.projects["web"], event)
    listed = f"/projects/acme/web/events/{event_id}/attachments/"
    send_attachment(alice.client, world.keys["web"], world.projects["web"], event_id)
    threshold = alice.post(
        "/projects/acme/web/release-thresholds/",
        {"threshold_type": "total_error_count", "trigger_type": "over", "value": 1}
        | {"window_in_seconds": 60, "environment": "production"},
    ).json()
    kept = upload(alice, bundle(debug_id=BUNDLE_ID), version=ORGANIZATION_VERSION)
    assert kept["state"] == "ok", kept
    files = {
        version: alice.post(
            f"/organizations/acme/releases/{version}/files/",
            data={"name": "~/app.js"},
            files={"file": ("app.js", b"x()", "text/javascript")},
        ).json()["id"]
        for version in (ORGANIZATION_VERSION, PROJECT_VERSION)
    }
    issue = alice.get("/organizations/acme/issues/").json()[0]["id"]
    note = alice.post(f"/issues/{issue}/comments/", {"text": "It is known."}).json()
    unwanted = error_event("unwanted")
    send_event(alice.client, world.keys["web"], world.projects["web"], unwanted)
    alice.put("/organizations/acme/issues/WEB-2/", {"discard": True})
    tombstone = alice.get("/projects/acme/web/tombstones/").json()[0]["id"]
    quarantine_event(database, world)
    quarantined = alice.get("/organizations/acme/quarantined-events/").json()
    mapping = {"stackRoot": "app/", "sourceRoot": "src/"}
    mapped = {"project": "web", "repository": "acme/web", "mappings": [mapping]}
    assert alice.post("/organizations/acme/code-mappings/bulk/", mapped).status_code == 200
    repository = alice.get(REPOSITORIES).json()[0]
    hook = alice.get(f"{WEB_RELEASES}token/").json()["webhookUrl"].rstrip("/").split("/")
    return Seeded(
        {
            "organization": "acme",
            "version": ORGANIZATION_VERSION,
            "project": "web",
            "project_id": str(world.projects["web"]),
            "repository": repository["id"],
            "mapping": alice.get("/organizations/acme/code-mappings/?project=-1").json()[0]["id"],
            "issue": issue,
            "note": note["id"],
            "tombstone": tombstone,
            "short_id": "WEB-1",
            "share_id": alice.put(f"/issues/{issue}/", {"isPublic": True}).json()["shareId"],
            "event": event_id,
            "tag_key": "level",
            "attachment": alice.get(listed).json()[0]["id"],
            "threshold": threshold["id"],
            "filter_id": "localhost",
            "bundle_id": BUNDLE_ID,
            "file_id": files[ORGANIZATION_VERSION],
            "project_file_id": files[PROJECT_VERSION],
            "member_id": urlsafe_b64encode(b"files/_/_/app.js").decode(),
            "member": "me",
            "user": "me",
            "team": "core",
            "token": alice.get("/organizations/acme/org-auth-tokens/").json()[0]["id"],
            "key": world.keys["web"],
            "quarantined": quarantined[0]["id"],
            "plugin": hook[-3],
            "signature": hook[-1],
        }
    )
