"""DELETE of a project: hidden at once, its slug free, and a day later nothing left of it."""

from datetime import UTC, datetime, timedelta

import pytest
from artifacts import BUNDLE_ID, bundle, upload
from bundling import BUILT, zipped
from click.testing import CliRunner, Result
from factories import (
    BOB,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    commit,
    counts,
    error_event,
    give_role,
    masked,
    on_one_database,
    rows,
    send_event,
    statements,
)
from pictures import picture, sent
from sessions import drop_orphans

from shipmark.cli import main as cli
from shipmark.deletion import project_deletion
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict, NotFound
from shipmark.issues.store import deletion as issue_deletion
from shipmark.organizations.model import Role
from shipmark.worker import scheduler

WEB = "/projects/acme/web/"
RELEASES = "/organizations/acme/releases/"
PATCH = [{"path": "a.py", "type": "M"}]
#: What remembers a project, or is of the organization.
OTHERS = {
    "alembic_version", "audit_log", "jobs", "environments", "repositories", "authors", "commits",
    "changed_files", "blobs", "blob_removals", "blob_owners",
}  # fmt: skip


def run_jobs(database: Database, **later: int) -> None:
    """Run all that is due after a while, again and again: most of it is done in batches."""
    at = datetime.now(UTC) + timedelta(**later)
    while scheduler.run_due(database, at):
        pass
    drop_orphans(database)


def fill(alice: Caller, world: World, *, count: int = 2) -> None:
    """Give web something of everything that is its own."""
    key, number = world.keys["web"], world.projects["web"]
    for each in range(count):
        version = f"web@{each}.0.0"
        commits = [commit(str(each), patch_set=PATCH, message="Fixes WEB-1")]
        alice.publish(version, "web", commits=commits)
        alice.post(f"{RELEASES}{version}/deploys/", {"environment": "production"})
        event = error_event(f"broken {each}", release=version, environment="production")
        send_event(alice.client, key, number, event | {"user": {"id": f"user-{each}"}})
    script = {"file": ("a.js", b"js", "application/javascript")}
    alice.post(f"{RELEASES}web@0.0.0/files/", data={"name": "~/a.js"}, files=script)
    upload(alice, bundle(debug_id=BUNDLE_ID))
    name = "proguard/dac1a4b8-2254-55a4-bff8-8f4bc80197df.txt"
    mapping = zipped([(name, (BUILT / "mapping.txt").read_bytes())])
    alice.post(f"{WEB}files/dsyms/", files={"file": ("a.zip", mapping)})
    threshold = {"threshold_type": "total_error_count", "trigger_type": "over", "value": 1}
    threshold |= {"window_in_seconds": 60, "environment": "production"}
    alice.post(f"{WEB}release-thresholds/", threshold)
    alice.get(f"{WEB}releases/token/")
    photo = {"avatar_type": "upload", "avatar_photo": sent(picture("PNG", 256))}
    assert alice.put(f"{WEB}avatar/", photo).status_code == 200
    alice.put(WEB, {"resolveAge": 720})
    alice.post(f"{WEB}keys/", {"name": "more"})


def without_others(found: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in found.items() if name not in OTHERS and number}


def test_a_project_is_hidden_at_once(
    alice: Caller, bob: Caller, world: World, database: Database
) -> None:
    alice.publish("shared@1", "web", "mobile")
    alice.publish("own@1", "web")
    answer = alice.delete(WEB)
    assert (answer.status_code, answer.content) == (204, b"")
    for caller in (alice, bob):
        assert caller.get(WEB).json() == NOT_FOUND
        assert caller.get(f"/projects/acme/{world.projects['web']}/").json() == NOT_FOUND
        for path in ("/projects/", "/organizations/acme/projects/", "/teams/acme/core/projects/"):
            assert "web" not in [it["slug"] for it in caller.get(path).json()]
    assert [it["version"] for it in alice.get(RELEASES).json()] == ["shared@1"]
    shared = alice.get(f"{RELEASES}shared@1/").json()
    assert [it["slug"] for it in shared["projects"]] == ["mobile"]
    assert alice.get(f"{RELEASES}own@1/").status_code == 404
    path = f"/api/{world.projects['web']}/store/?sentry_key={world.keys['web']}"
    assert alice.client.post(path, json=error_event()).status_code == 403
    assert [it["event"] for it in rows(database, "audit_log")] == [32]


def test_a_release_of_another_project_can_still_be_changed(alice: Caller, bob: Caller) -> None:
    alice.publish("shared@1", "web", "mobile")
    alice.delete(WEB)
    for caller in (alice, bob):
        assert caller.put(f"{RELEASES}shared@1/", {"ref": "main"}).status_code == 200


def test_its_slug_is_free(alice: Caller) -> None:
    alice.delete(WEB)
    made = alice.post("/teams/acme/core/projects/", {"name": "Web", "slug": "web"})
    assert (made.status_code, made.json()["slug"]) == (201, "web")
    assert alice.delete(WEB).status_code == 204


def test_everything_that_is_its_own_is_deleted_a_day_later(
    alice: Caller, world: World, database: Database
) -> None:
    alice.publish("mobile@1", "mobile")
    before = without_others(counts(database))
    fill(alice, world)
    assert alice.delete(WEB).status_code == 204
    run_jobs(database, hours=23)
    assert counts(database)["issues"] == 2
    run_jobs(database, hours=25)
    gone = {"projects": 1, "project_keys": 1, "project_teams": 1}
    expected = {name: number - gone.get(name, 0) for name, number in before.items()}
    assert without_others(counts(database)) == without_others(expected)
    assert alice.get(f"{RELEASES}mobile@1/").status_code == 200


def test_releases_of_other_projects_lose_what_is_of_this_one(
    alice: Caller, world: World, database: Database
) -> None:
    alice.publish("shared@1", "web", "mobile")
    for slug in ("web", "mobile"):
        event = error_event(slug, release="shared@1", environment="production")
        send_event(alice.client, world.keys[slug], world.projects[slug], event)
    alice.delete(WEB)
    run_jobs(database, hours=25)
    shown = alice.get(f"{RELEASES}shared@1/").json()
    assert (shown["newGroups"], [it["slug"] for it in shown["projects"]]) == (1, ["mobile"])
    for table in ("release_projects", "release_environments", "issues"):
        assert {it["project_id"] for it in rows(database, table)} == {world.projects["mobile"]}


def test_it_is_deleted_in_batches(
    alice: Caller, world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EVENTS_BATCH", "DETAILS_BATCH", "ISSUES_BATCH"):
        monkeypatch.setattr(issue_deletion, name, 2)
    monkeypatch.setattr(project_deletion, "BATCH", 2)
    fill(alice, world, count=5)
    alice.delete(WEB)
    with statements(database) as found:
        run_jobs(database, hours=25)
    issues = [it for it in found.texts if it.startswith("DELETE FROM issues")]
    releases = [it for it in found.texts if it.startswith("DELETE FROM releases")]
    # Five issues, two at a time; where two users are as many as are deleted at a time, they come first.
    assert (len(issues), len(releases)) == (3, 3)
    assert counts(database)["releases"] == 0
    assert not [it for it in rows(database, "jobs") if it["kind"] == "remove_project"]


def test_an_organization_is_deleted_with_its_deleted_projects(
    charlie: Caller, database: Database
) -> None:
    photo = {"avatar_type": "upload", "avatar_photo": sent(picture("PNG", 256))}
    charlie.put("/projects/globex/web/avatar/", photo)
    charlie.delete("/projects/globex/web/")
    charlie.delete("/organizations/globex/")
    run_jobs(database, hours=25)
    assert counts(database)["avatars"] == 0


@on_one_database
def test_deleting_it_twice_is_not_found(alice: Caller, database: Database) -> None:
    assert alice.delete(WEB).status_code == 204
    assert alice.delete(WEB).json() == NOT_FOUND
    assert len([it for it in rows(database, "jobs") if it["kind"] == "remove_project"]) == 1


def test_who_may_delete(
    alice: Caller,
    anonymous: Caller,
    bob: Caller,
    organization_token: Caller,
    bearer: Bearer,
    database: Database,
    world: World,
) -> None:
    assert anonymous.delete(WEB).status_code == 401
    for caller in (bob, organization_token, bearer(["project:write", "project:read"])):
        answer = caller.delete(WEB)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    give_role(database, world, BOB, Role.ADMIN)
    alice.put("/organizations/acme/", {"openMembership": False})
    assert bob.delete(WEB).status_code == 204


def test_an_operator_restores_it(alice: Caller, world: World, database: Database) -> None:
    fill(alice, world)
    before = counts(database)
    shown = masked(alice.get(WEB).json(), "latestRelease")
    alice.delete(WEB)
    assert restore(world, database).output.endswith("Restored project web.\n")
    run_jobs(database, hours=25)
    assert masked(alice.get(WEB).json(), "latestRelease") == shown
    after = counts(database)
    assert without_others(after) == without_others(before)
    with pytest.raises(NotFound):
        restore(world, database)


def test_a_slug_that_is_taken_meanwhile_needs_another(
    alice: Caller, world: World, database: Database
) -> None:
    alice.delete(WEB)
    alice.post("/teams/acme/core/projects/", {"name": "Web", "slug": "web"})
    with pytest.raises(Conflict, match="--slug"):
        restore(world, database)
    assert restore(world, database, "--slug", "old-web").exit_code == 0
    shown = alice.get("/projects/acme/old-web/").json()
    assert shown["id"] == str(world.projects["web"])


def restore(world: World, database: Database, *more: str) -> Result:
    words = ("project", "restore", str(world.projects["web"]), "--org", "acme", *more)
    return CliRunner().invoke(
        cli.shipmark, [*words, "--database-url", database.url], catch_exceptions=False
    )
