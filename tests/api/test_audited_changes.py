"""The audit log tells of what is changed in releases, repositories, remotes, tokens, thresholds, paths and keys."""

from typing import Any

import pytest
from factories import (
    ALICE,
    RELEASES,
    REPOSITORIES,
    WEB_RELEASES,
    Caller,
    release_path,
    rows,
    statements,
)

from shipmark.infrastructure.database import Database
from shipmark.publishing.auditing import VERSIONS_MAX

LOG = "/organizations/acme/audit-logs/"
BULK = "/organizations/acme/bulk-releases/?query=web&dryRun=0"
THRESHOLDS = "/projects/acme/web/release-thresholds/"
THRESHOLD = {
    "threshold_type": "total_error_count",
    "trigger_type": "over",
    "value": 5,
    "window_in_seconds": 60,
}


def told(caller: Caller) -> list[tuple[str, str]]:
    """The entries, the oldest first."""
    return [(it["event"], it["note"]) for it in reversed(entries(caller))]


def entries(caller: Caller) -> list[dict[str, Any]]:
    answer = caller.get(LOG)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_archiving_and_reopening_a_release(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    for status in ("archived", "archived", "open"):
        assert alice.put(release_path("web@1.0.0"), {"status": status}).status_code == 200
    body = {"version": "web@1.0.0", "projects": ["web"], "status": "archived"}
    assert alice.post(RELEASES, body).status_code == 208
    assert alice.put(f"{WEB_RELEASES}web@1.0.0/", {"status": "open"}).status_code == 200
    archived = ("release.edit", "edited release web@1.0.0: status from open to archived")
    opened = ("release.edit", "edited release web@1.0.0: status from archived to open")
    assert told(alice) == [archived, opened, archived, opened]
    assert entries(alice)[0]["actor"]["email"] == ALICE


def test_publishing_without_another_status_tells_nothing(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    alice.publish("web@1.0.0", "mobile")
    assert told(alice) == []


def test_deleting_a_release(alice: Caller) -> None:
    for path in (release_path("web@1.0.0"), f"{WEB_RELEASES}web@1.0.0/"):
        alice.publish("web@1.0.0")
        assert alice.delete(path).status_code == 204
    assert told(alice) == [("release.remove", "removed release web@1.0.0")] * 2


def test_many_releases_are_one_entry_that_names_the_first(alice: Caller) -> None:
    many = VERSIONS_MAX + 2
    for number in range(many):
        alice.publish(f"web@1.0.{number:02}")
    assert alice.put(BULK, {"status": "archived"}).status_code == 200
    assert alice.delete(f"{BULK}&status=").status_code == 200
    changed, removed = reversed(entries(alice))
    assert (changed["event"], removed["event"]) == ("release.edit", "release.remove")
    assert changed["note"].endswith("web@1.0.19 and 2 more: status from open to archived")
    for entry in (changed, removed):
        assert entry["data"]["count"] == many
        assert entry["data"]["versions"] == [f"web@1.0.{it:02}" for it in range(VERSIONS_MAX)]


def test_a_dry_run_tells_nothing(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    assert alice.delete(BULK.replace("dryRun=0", "dryRun=1")).status_code == 200
    assert told(alice) == []


def test_repositories(alice: Caller) -> None:
    made = alice.post(REPOSITORIES, {"name": "acme/web"}).json()["id"]
    alice.post(REPOSITORIES, {"name": "acme/web"})
    alice.post(REPOSITORIES, {"name": "acme/web", "url": "https://example.com/web"})
    path = f"{REPOSITORIES}{made}/"
    assert alice.put(path, {"status": "hidden"}).status_code == 200
    assert alice.put(path, {"status": "hidden"}).status_code == 200
    assert alice.put(path, {"status": "active", "name": "acme/site"}).status_code == 200
    assert alice.delete(path).status_code == 202
    assert alice.delete(path).status_code == 202
    assert told(alice) == [
        ("repository.create", "added repository acme/web"),
        ("repository.edit", "edited repository acme/web: url from None to https://example.com/web"),
        ("repository.edit", "edited repository acme/web: status from active to disabled"),
        (
            "repository.edit",
            "edited repository acme/site: name from acme/web to acme/site, status from disabled to active",
        ),
        ("repository.remove", "removed repository acme/site"),
    ]


def test_a_remote_without_its_secret(alice: Caller, database: Database) -> None:
    made = alice.post(REPOSITORIES, {"name": "acme/web"}).json()["id"]
    path = f"{REPOSITORIES}{made}/remote/"
    remote = {"url": "https://hunter1@git.example.com/web", "username": "ci", "password": "hunter2"}
    assert alice.put(path, remote).status_code == 200
    assert alice.put(path, remote | {"password": "hunter3"}).status_code == 200
    assert alice.put(path, {"url": "https://git.example.com/site"}).status_code == 200
    assert alice.delete(path).status_code == 204
    assert told(alice)[1:] == [
        (
            "repository-remote.edit",
            (
                "edited the remote of repository acme/web: url from None to https://git.example.com/web,"
                " username from None to ci, has_secret from None to True, credentials set"
            ),
        ),
        (
            "repository-remote.edit",
            "edited the remote of repository acme/web: credentials replaced",
        ),
        (
            "repository-remote.edit",
            (
                "edited the remote of repository acme/web: url from https://git.example.com/web to"
                " https://git.example.com/site, username from ci to None, has_secret from True to False"
            ),
        ),
        ("repository-remote.remove", "removed the remote of repository acme/web"),
    ]
    assert "hunter" not in str(rows(database, "audit_log"))


def test_tokens_of_releases(alice: Caller, database: Database) -> None:
    token = alice.get(f"{WEB_RELEASES}token/").json()["token"]
    alice.get(f"{WEB_RELEASES}token/")
    alice.post(f"{WEB_RELEASES}token/")
    assert told(alice) == [("release-token.create", "created a release token of project web")] * 2
    assert token not in str(rows(database, "audit_log"))


def test_tokens_of_the_organization(alice: Caller) -> None:
    tokens = "/organizations/acme/org-auth-tokens/"
    path = f"{tokens}{alice.post(tokens, {'name': 'ci'}).json()['id']}/"
    alice.put(path, {"name": "ci"})
    alice.put(path, {"name": "deploys"})
    alice.delete(path)
    assert told(alice) == [
        ("org-auth-token.create", "added org auth token ci"),
        ("org-auth-token.edit", "edited org auth token deploys: name from ci to deploys"),
        ("org-auth-token.remove", "removed org auth token deploys"),
    ]


def test_commit_paths(alice: Caller) -> None:
    path = "/projects/acme/web/commit-paths/"
    for paths in (["shop"], ["shop"], []):
        assert alice.put(path, {"paths": paths}).status_code == 200
    assert told(alice) == [
        ("project.edit", "edited project settings: commitPaths from [] to ['shop']"),
        ("project.edit", "edited project settings: commitPaths from ['shop'] to []"),
    ]


def test_thresholds(alice: Caller) -> None:
    path = f"{THRESHOLDS}{alice.post(THRESHOLDS, THRESHOLD).json()['id']}/"
    assert alice.put(path, THRESHOLD).status_code == 200
    assert alice.put(path, THRESHOLD | {"value": 7}).status_code == 200
    assert alice.delete(path).status_code == 204
    assert told(alice) == [
        ("release-threshold.create", "created a release threshold of project web"),
        (
            "release-threshold.edit",
            "edited a release threshold of project web: value from 5 to 7",
        ),
        ("release-threshold.remove", "removed a release threshold of project web"),
    ]


def test_keys_say_what_was_changed(alice: Caller) -> None:
    keys = "/projects/acme/web/keys/"
    public = alice.post(keys, {"name": "mine"}).json()["public"]
    assert alice.put(f"{keys}{public}/", {"name": "ours", "isActive": False}).status_code == 200
    _, (event, note) = told(alice)
    assert event == "projectkey.edit"
    assert note.endswith(": label from mine to ours, is_active from True to False")


def test_members_and_teams_say_what_was_changed(alice: Caller) -> None:
    members = alice.get("/organizations/acme/members/").json()
    bob = next(it["id"] for it in members if it["email"] == "bob@example.com")
    body = {"orgRole": "admin", "teams": []}
    assert alice.put(f"/organizations/acme/members/{bob}/", body).status_code == 200
    assert alice.put("/teams/acme/core/", {"name": "Centre"}).status_code == 200
    (_, member), (_, team) = told(alice)
    assert member.endswith(": role from member to admin, teams from core to ")
    assert team.endswith(": name from Core to Centre")


@pytest.mark.parametrize("many", [1, 30])
def test_the_entry_is_one_statement_for_any_number(
    alice: Caller, database: Database, many: int
) -> None:
    for number in range(many):
        alice.publish(f"web@1.0.{number}")
    with statements(database) as found:
        assert alice.put(BULK, {"status": "archived"}).status_code == 200
    assert sum("INSERT INTO audit_log" in text for text in found.texts) == 1
