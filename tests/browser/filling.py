"""What every page needs to have something to show: people, settings and files, beside releases and issues."""

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit
from uuid import uuid4

from browser import servers
from browser.app_sessions import fill_health, fill_health_awkwardly
from browser.servers import CHINESE_NAME, EMAIL, LONG_NAME, PASSWORD, RELEASES, Server
from conformance.servers import shipmark
from sqlalchemy import insert, select

from shipmark.events import digest_store
from shipmark.events.digest_store import QuarantinedFrame
from shipmark.events.sender import UNKNOWN_SENDER
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import ATTEMPTS_MAX, JobKind, jobs
from shipmark.organizations.store import organizations
from shipmark.projects.store import projects

#: A member of acme without further rights, and a user of no organization.
MEMBER, NEWCOMER = "mia@example.com", "noa@example.com"
#: Ids and paths that are known only when a server is filled.
Places = dict[str, str]


def run(server: Server, *words: str) -> str:
    """Run an operator's command on the server's data."""
    return shipmark(*words, "--data", str(server.data))


def upload(server: Server, version: str, name: str) -> None:
    """Upload a file of a release."""
    boundary = uuid4().hex
    lines = (
        f"--{boundary}",
        'Content-Disposition: form-data; name="name"',
        "",
        name,
        f"--{boundary}",
        'Content-Disposition: form-data; name="file"; filename="app.js"',
        "",
        "pay();",
        f"--{boundary}--",
        "",
    )
    request = urllib.request.Request(
        f"{server.address}{RELEASES}{quote(version, safe='')}/files/",
        "\r\n".join(lines).encode(),
        {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Authorization": f"Bearer {server.token}",
        },
    )
    with urllib.request.urlopen(request, timeout=120):
        pass


def fail_job(server: Server, error: str) -> None:
    """Add a job of acme that failed permanently, long before the server could bring one to that."""
    database = Database(f"sqlite:///{server.data / 'shipmark.db'}")
    with database.transaction() as connection:
        query = select(organizations.c.id).where(organizations.c.slug == "acme")
        organization_id = connection.execute(query).scalar_one()
        job = {
            "kind": JobKind.MEASURE_STORAGE,
            "details": json.dumps({"organization_id": organization_id}),
            "organization_id": organization_id,
            "attempts": ATTEMPTS_MAX,
            "error": error,
            "created_at": datetime.now(UTC),
        }
        connection.execute(insert(jobs).values(job))
    database.close()


def quarantine_event(server: Server, error: str) -> None:
    """Put an event of the first project into quarantine, as only a fault of the server does."""
    database = Database(f"sqlite:///{server.data / 'shipmark.db'}")
    with database.transaction() as connection:
        query = select(projects.c.id, projects.c.organization_id).order_by(projects.c.id).limit(1)
        project_id, organization_id = connection.execute(query).one()
        frame = QuarantinedFrame(
            organization_id=organization_id,
            project_id=project_id,
            type="event",
            event_id=uuid4().hex,
            received_at=datetime.now(UTC),
            sent_at=None,
            sender=UNKNOWN_SENDER,
            payload=b"[]",
            error=error,
        )
        digest_store.quarantine(connection, [frame])
    database.close()


def fill_all(server: Server) -> Places:
    """Add releases and issues, people of each kind, and all that settings show."""
    servers.fill(server)
    conditions = {"ignoreDuration": 1440, "ignoreCount": 100, "ignoreUserCount": 50}
    server.send(
        "PUT", "/api/0/organizations/acme/issues/WEB-3/", {"status": "ignored"} | conditions
    )
    for name in ("~/static/app.js", "~/static/app.js.map"):
        upload(server, "web@2.0.0", name)
    _fill_people(server)
    _fill_issue(
        server, "Only with the new cart. See https://shop.example.com/cart\nIt is turned off."
    )
    _discard(server, "ResizeObserver loop limit exceeded", "shop/cart")
    fill_health(server)
    week_ago = (datetime.now(UTC) - timedelta(days=7)).date().isoformat()
    return _fill_settings(server, "acme/mobile", "Mobile") | {"week_ago": week_ago}


def fill_all_awkwardly(server: Server) -> Places:
    """Add all that shows names, with names that are hard to show."""
    servers.fill_with_awkward_names(server)
    upload(server, "web@1.0.0", f"~/{'deep/' * 30}{CHINESE_NAME}.js")
    _fill_issue(server, f"{LONG_NAME}\n{CHINESE_NAME * 3}\nhttps://example.com/{'deep/' * 60}")
    _discard(server, f"{LONG_NAME} {CHINESE_NAME}", "t" * 200)
    fail_job(server, f"{LONG_NAME} {CHINESE_NAME * 3}")
    fill_health_awkwardly(server)
    return _fill_settings(server, "acme/" + "n" * 190, LONG_NAME)


def _fill_issue(server: Server, comment: str) -> None:
    """Assign each issue, and comment on it."""
    issues = "/api/0/organizations/acme/issues/"
    user = server.send("GET", "/api/0/")["user"]["id"]
    for issue in server.send("GET", issues):
        server.send("PUT", f"{issues}{issue['id']}/", {"assignedTo": user})
        server.send("POST", f"{issues}{issue['id']}/comments/", {"text": comment})


def _discard(server: Server, message: str, transaction: str) -> None:
    """Send an event, and discard its issue."""
    server.send_event(message=message, transaction=transaction, fingerprint=["unwanted"])
    [issue] = server.send("GET", "/api/0/organizations/acme/issues/?sort=new")[:1]
    server.send("PUT", f"/api/0/organizations/acme/issues/{issue['id']}/", {"discard": True})


def _fill_people(server: Server) -> None:
    """Add a member, a user of no organization, and a second organization, which has nothing."""
    run(server, "user", "create", MEMBER, "--password", PASSWORD, "--name", "Mia", "--org", "acme")
    run(server, "user", "create", NEWCOMER, "--password", PASSWORD)
    run(server, "org", "create", "empty")
    run(
        server, "user", "create", EMAIL, "--password", PASSWORD, "--org", "empty", "--role", "owner"
    )


def _fill_settings(server: Server, repository: str, team: str) -> Places:
    """Add a repository with a remote that can't be reached, a team, a threshold and an invitation."""
    acme = "/api/0/organizations/acme"
    for error in ("ValueError: it was not understood", f"KeyError: {'long_name_' * 30}"):
        quarantine_event(server, error)
    made = server.send("POST", f"{acme}/repos/", {"name": repository})
    remote = {"url": f"https://git.example.invalid/{repository}.git", "username": "reader"}
    server.send("PUT", f"{acme}/repos/{made['id']}/remote/", remote | {"password": "secret"})
    roots = {"stackRoot": f"{team}/", "sourceRoot": f"{repository}/src"}
    mapped = {"project": "web", "repository": repository, "mappings": [roots]}
    server.send("POST", f"{acme}/code-mappings/bulk/", mapped | {"defaultBranch": "main"})
    refs = [{"repository": repository, "commit": "c" * 40}]
    server.publish("web@2.1.0-rc.2", refs=refs)
    server.send("POST", f"{acme}/teams/", {"slug": "crew", "name": team})
    limit = {"threshold_type": "new_issue_count", "trigger_type": "over", "value": 3}
    limit |= {"window_in_seconds": 3600}
    threshold = server.send("POST", "/api/0/projects/acme/web/release-thresholds/", limit)
    person = {"email": f"{'x' * 60}@example.com", "role": "member"}
    invited = server.send("POST", f"{acme}/members/", person)
    shared = server.send("PUT", f"{acme}/issues/WEB-1/", {"isPublic": True})
    return {
        "shared_issue": f"/share/issue/{shared['shareId']}/",
        "repository": made["id"],
        "threshold": threshold["id"],
        "invitation": urlsplit(invited["inviteLink"]).path,
    }
