"""DELETE of an organization: a day to restore it, and nothing left behind (files-and-avatars.md 1.8)."""

from datetime import UTC, datetime, timedelta

import pytest
from factories import (
    CHARLIE,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    commit,
    counts,
    error_event,
    on_one_database,
    rows,
    send_event,
    statements,
)
from sessions import drop_orphans

from shipmark.infrastructure.database import Database
from shipmark.worker import scheduler

PATH = "/organizations/globex/"
DEFAULT = {"detail": "You cannot remove the default organization."}
PATCH = [{"path": "a.py", "type": "M"}]
#: What stays when an organization goes: people, and what is of nobody.
OTHERS = {"alembic_version", "jobs", "user_emails", "user_tokens", "users", "sessions"}


def run_jobs(database: Database, **later: int) -> None:
    """Run all that is due after a while."""
    at = datetime.now(UTC) + timedelta(**later)
    while scheduler.run_due(database, at):
        pass


def fill(charlie: Caller, world: World) -> None:
    """Give globex something of everything."""
    releases = f"{PATH}releases/"
    for number in range(2):
        body = {
            "version": f"web@{number}",
            "projects": ["web"],
            "commits": [commit(str(number), patch_set=PATCH, message="Fixes SITE-1")],
        }
        assert charlie.post(releases, body).status_code == 201
        charlie.post(f"{releases}web@{number}/deploys/", {"environment": "production"})
        event = error_event(str(number), release=f"web@{number}", environment="production")
        send_event(charlie.client, world.keys["globex/web"], world.projects["globex/web"], event)
    charlie.put(f"{releases}web@1/", {"refs": [{"repository": "acme/web", "commit": "b" * 40}]})
    threshold = {"threshold_type": "total_error_count", "trigger_type": "over", "value": 1}
    threshold |= {"window_in_seconds": 60, "environment": "production"}
    charlie.post("/projects/globex/web/release-thresholds/", threshold)
    charlie.get("/projects/globex/web/releases/token/")
    charlie.put(PATH, {"sensitiveFields": ["a"], "name": "Globex 2"})
    charlie.put("/projects/globex/web/", {"slug": "site", "resolveAge": 3})
    charlie.post(f"{PATH}org-auth-tokens/", {"name": "x"})
    charlie.post(f"{PATH}teams/", {"name": "x"})


def test_an_organization_goes_with_all_that_is_its_own(
    charlie: Caller, alice: Caller, world: World, database: Database
) -> None:
    alice.publish("web@1.0.0", "web", commits=[commit("7")])
    before = counts(database)
    fill(charlie, world)
    assert charlie.delete(PATH).status_code == 202
    run_jobs(database, days=2)
    assert charlie.get(PATH).json() == NOT_FOUND
    drop_orphans(database)
    after = counts(database)
    gone = {"organizations": 1, "projects": 1, "teams": 1, "members": 1, "team_members": 1}
    gone |= {"project_teams": 1, "project_keys": 1}
    expected = {name: number - gone.get(name, 0) for name, number in before.items()}
    assert {it: n for it, n in after.items() if it not in OTHERS} == {
        it: n for it, n in expected.items() if it not in OTHERS
    }
    assert charlie.get("/auth/").status_code == 200
    assert alice.get("/organizations/acme/releases/web@1.0.0/").status_code == 200
    assert world.users[CHARLIE]


def test_it_is_shown_that_it_goes(charlie: Caller) -> None:
    answer = charlie.delete(PATH)
    assert answer.status_code == 202
    shown = answer.json()
    assert shown["status"] == {"id": "pending_deletion", "name": "pending deletion"}
    assert {"teams", "projects", "access"} <= shown.keys()
    assert charlie.get(PATH).json() == shown
    assert charlie.get("/organizations/?query=status:pending_deletion").json()[0]["slug"] == (
        "globex"
    )


def test_nothing_goes_before_its_time(charlie: Caller, database: Database) -> None:
    charlie.delete(PATH)
    run_jobs(database, hours=23)
    assert charlie.get(PATH).status_code == 200


def test_asking_again_changes_nothing(charlie: Caller, database: Database) -> None:
    first = charlie.delete(PATH).json()
    again = charlie.delete(PATH)
    assert (again.status_code, again.json()) == (202, first)
    assert [it["event"] for it in rows(database, "audit_log")] == [12]
    assert len([it for it in rows(database, "jobs") if it["kind"] == "remove_organization"]) == 1


@pytest.mark.parametrize("sent", [True, False])
def test_an_owner_may_restore_it(charlie: Caller, database: Database, sent: object) -> None:
    charlie.delete(PATH)
    shown = charlie.put(PATH, {"cancelDeletion": sent, "name": "Back"}).json()
    assert (shown["status"]["id"], shown["name"]) == ("active", "Back")
    run_jobs(database, days=2)
    assert charlie.get(PATH).status_code == 200
    log = rows(database, "audit_log")
    assert [it["event"] for it in log] == [12, 13]


def test_once_restored_it_can_be_deleted_again(charlie: Caller, database: Database) -> None:
    charlie.delete(PATH)
    charlie.put(PATH, {"cancelDeletion": True})
    charlie.delete(PATH)
    run_jobs(database, days=2)
    assert charlie.get(PATH).status_code == 404


@on_one_database
def test_restoring_what_does_not_go_changes_nothing(charlie: Caller, database: Database) -> None:
    assert charlie.put(PATH, {"cancelDeletion": True}).status_code == 200
    assert rows(database, "audit_log") == []


@on_one_database
def test_other_changes_let_it_go_on_going(charlie: Caller, database: Database) -> None:
    charlie.delete(PATH)
    shown = charlie.put(PATH, {"name": "Still going"}).json()
    assert shown["status"]["id"] == "pending_deletion"
    assert [it["event"] for it in rows(database, "audit_log")] == [12, 11]
    run_jobs(database, days=2)
    assert charlie.get(PATH).status_code == 404


@on_one_database
def test_a_job_that_comes_twice_does_nothing(charlie: Caller, database: Database) -> None:
    with database.transaction() as connection:
        for organization_id in (2, 999):
            details: dict[str, object] = {"organization_id": organization_id}
            scheduler.remove_organization(connection, details, datetime.now(UTC))
    assert charlie.get(PATH).status_code == 200


@on_one_database
def test_the_default_organization_stays(alice: Caller) -> None:
    answer = alice.delete("/organizations/acme/")
    assert (answer.status_code, answer.json()) == (400, DEFAULT)
    assert alice.get("/organizations/acme/").json()["status"]["id"] == "active"


@on_one_database
def test_who_may_delete(
    anonymous: Caller, bob: Caller, organization_token: Caller, bearer: Bearer
) -> None:
    assert anonymous.delete(PATH).status_code == 401
    few = bearer(["org:write", "org:read"], user=CHARLIE)
    for caller in (bob, organization_token, few):
        assert (caller.delete(PATH).status_code, caller.delete(PATH).json()) == (403, NOT_ALLOWED)
    assert bearer(["org:admin"], user=CHARLIE).delete(PATH).status_code == 202


def test_more_of_everything_takes_no_more_statements(
    charlie: Caller, world: World, database: Database
) -> None:
    fill(charlie, world)
    charlie.delete(PATH)
    with statements(database) as found:
        run_jobs(database, days=2)
    deleted = [it for it in found.texts if it.startswith("DELETE FROM organizations")]
    assert len(deleted) == 1
    assert len([it for it in found.texts if it.startswith("DELETE")]) <= 16
