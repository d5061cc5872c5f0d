"""DELETE of a release with ``force``: an owner removes what issues refer to (releases.md 2.6, 7)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from factories import (
    ALICE,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    ago,
    commit,
    counts,
    dump,
    error_event,
    release_path,
    rows,
    send_event,
    written,
)

from shipmark.infrastructure.database import Database
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Role

REFUSED = {"detail": "This release is referenced by active issues and cannot be removed."}
BOTH = (release_path("web@1.0.0"), "/projects/acme/web/releases/web@1.0.0/")

each_route = pytest.mark.parametrize("path", BOTH)

#: Lets an SDK of project web send an error: ``fail("boom", release="web@1.0.0")``.
Fail = Callable[..., str]


@pytest.fixture
def fail(alice: Caller, world: World) -> Fail:
    def failed(value: str = "boom", **more: object) -> str:
        event = error_event(value, **{"release": "web@1.0.0"} | more)
        return send_event(alice.client, world.keys["web"], world.projects["web"], event)

    return failed


def only(database: Database, name: str) -> dict[str, Any]:
    [row] = rows(database, name)
    return row


def versions(database: Database) -> dict[int, str]:
    return {it["id"]: it["version"] for it in rows(database, "releases")}


@each_route
def test_an_owner_removes_a_release_that_issues_refer_to(
    fail: Fail, alice: Caller, database: Database, path: str
) -> None:
    fail()
    answer = alice.delete(f"{path}?force=1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert rows(database, "releases") == []
    assert only(database, "issues")["first_release_id"] is None
    assert only(database, "events")["release_id"] is None


@each_route
@pytest.mark.parametrize("query", ["", "?force=0", "?force=false", "?force=1&force=0"])
def test_without_force_it_is_refused_and_nothing_changes(
    fail: Fail, alice: Caller, database: Database, path: str, query: str
) -> None:
    fail()
    before = dump(database)
    answer = alice.delete(path + query)
    assert (answer.status_code, answer.json()) == (400, REFUSED)
    assert dump(database) == before


@each_route
@pytest.mark.parametrize("value", ["", "yes", "2", "-1", "%F0%9F%98%80", "1" * 5000])
def test_another_word_for_force_is_refused_by_name(
    fail: Fail, alice: Caller, path: str, value: str
) -> None:
    fail()
    answer = alice.delete(f"{path}?force={value}")
    detail = {"detail": "Invalid force parameter. Use 1 or 0."}
    assert (answer.status_code, answer.json()) == (400, detail)


@pytest.mark.parametrize("value", ["1", "true", "True", "TRUE"])
def test_force_has_a_few_spellings(fail: Fail, alice: Caller, value: str) -> None:
    fail()
    assert alice.delete(f"{BOTH[0]}?force={value}").status_code == 204


@each_route
def test_a_member_may_not_force(
    fail: Fail, bob: Caller, alice: Caller, path: str, database: Database
) -> None:
    fail()
    before = dump(database)
    answer = bob.delete(f"{path}?force=1")
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert dump(database) == before
    assert alice.delete(f"{path}?force=1").status_code == 204


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER])
def test_no_other_role_may_force(
    fail: Fail, bob: Caller, world: World, database: Database, role: Role
) -> None:
    fail()
    with database.transaction() as connection:
        connection.exec_driver_sql(
            f"UPDATE members SET role = '{role.value}'"
            f" WHERE user_id = {world.users['bob@example.com']}"
        )
        known = organizations.organization_and_role(
            connection, "acme", world.users["bob@example.com"]
        )
    assert known is not None
    assert known[1] is role
    assert bob.delete(f"{BOTH[0]}?force=1").status_code == 403


@each_route
def test_neither_strangers_nor_pipelines_nor_nobody_may_force(
    fail: Fail, charlie: Caller, organization_token: Caller, anonymous: Caller, path: str
) -> None:
    fail()
    told = [it.delete(f"{path}?force=1") for it in (charlie, organization_token, anonymous)]
    assert [it.status_code for it in told] == [403, 403, 401]
    assert [it.json() for it in told] == [NOT_ALLOWED, NOT_ALLOWED, NO_CREDENTIALS]


def test_the_scope_of_an_owner_s_token_still_counts(fail: Fail, bearer: Bearer) -> None:
    fail()
    assert bearer(["project:read"]).delete(f"{BOTH[0]}?force=1").status_code == 403
    assert bearer(["project:releases"]).delete(f"{BOTH[0]}?force=1").status_code == 204


def test_an_unknown_release_is_not_found_with_force_either(alice: Caller) -> None:
    answer = alice.delete(f"{BOTH[0]}?force=1")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("version", ["a b", "100%", "a#b?c", "é+@☃", "%zz", "9" * 200])
def test_odd_versions_are_removed_by_force(fail: Fail, alice: Caller, version: str) -> None:
    fail(release=version)
    path = release_path(quote(version, safe=""))
    assert alice.delete(f"{path}?force=1").status_code == 204
    assert alice.get(path).status_code == 404


def test_an_issue_begins_with_the_release_that_it_was_seen_in_next(
    fail: Fail, alice: Caller, database: Database
) -> None:
    for version in ("web@1.0.0", "web@3.0.0", "web@2.0.0"):
        fail(release=version)
    alice.delete(f"{BOTH[0]}?force=1")
    first = only(database, "issues")["first_release_id"]
    assert versions(database)[first] == "web@3.0.0"
    shown = {
        it["version"]: it["newGroups"] for it in alice.get("/organizations/acme/releases/").json()
    }
    assert shown == {"web@3.0.0": 1, "web@2.0.0": 0}


def test_so_it_does_in_each_environment(fail: Fail, alice: Caller, database: Database) -> None:
    fail(environment="production")
    fail(environment="staging")
    fail(environment="staging", release="web@2.0.0")
    fail(environment="production", release="web@3.0.0")
    alice.delete(f"{BOTH[0]}?force=1")
    names = {it["id"]: it["name"] for it in rows(database, "environments")}
    known = versions(database)
    found = {
        names[it["environment_id"]]: known[it["first_release_id"]]
        for it in rows(database, "issue_environments")
    }
    assert found == {"production": "web@3.0.0", "staging": "web@2.0.0"}
    brought = {
        (known[it["release_id"]], names[it["environment_id"]]): it["new_issue_count"]
        for it in rows(database, "release_environments")
    }
    assert brought == {("web@2.0.0", "staging"): 1, ("web@3.0.0", "production"): 1}


def test_nothing_of_the_release_is_left(fail: Fail, alice: Caller, database: Database) -> None:
    fail()
    before = counts(database)
    fail("other", release="web@2.0.0", environment="production")
    alice.post(release_path("web@2.0.0", "deploys/"), {"environment": "production"})
    alice.delete(f"{release_path('web@2.0.0')}?force=1")
    after = counts(database)
    for name in (
        "releases",
        "release_projects",
        "release_environments",
        "issue_releases",
        "deploys",
    ):
        assert after[name] == before[name], name


def test_who_deleted_it_is_kept_under_the_version(
    fail: Fail, alice: Caller, world: World, database: Database
) -> None:
    fail()
    alice.publish("web@1.0.0", "web", "mobile")
    alice.delete(f"{BOTH[0]}?force=1")
    found = rows(database, "release_activities")
    assert {(it["type"], it["version"], it["user_id"]) for it in found} == {
        ("deleted", "web@1.0.0", world.users[ALICE])
    }
    slugs = {world.projects["web"], world.projects["mobile"]}
    assert {it["project_id"] for it in found} == slugs


def test_an_event_of_the_version_makes_it_anew(fail: Fail, alice: Caller) -> None:
    fail()
    alice.delete(f"{BOTH[0]}?force=1")
    fail()
    assert alice.get(BOTH[0]).json()["newGroups"] == 0
    [shown] = alice.get("/organizations/acme/issues/").json()
    assert shown["count"] == "2"


def test_without_a_later_release_events_of_older_ones_do_not_reopen_its_issues(
    fail: Fail, alice: Caller
) -> None:
    """An event of the version that was deleted makes the release anew, and the fix was in it."""
    fail("boom", release="web@1.0.0", timestamp=written(ago(hours=5)))
    fixes = commit("1", message="Fixes WEB-1")
    alice.publish("web@2.0.0", commits=[fixes])
    alice.publish("mobile@1.0.0", "mobile", commits=[fixes])
    assert alice.delete(release_path("web@2.0.0", "?force=1")).status_code == 204
    fail("boom", release="web@1.0.0", timestamp=written(ago(hours=4)))
    fail("boom", timestamp=written(ago(hours=3)))
    issue = alice.get("/organizations/acme/issues/WEB-1/").json()
    assert (issue["status"], issue["statusDetails"]) == ("resolved", {})
    fail("boom", release="web@3.0.0")
    issue = alice.get("/organizations/acme/issues/WEB-1/").json()
    assert (issue["status"], issue["substatus"]) == ("unresolved", "regressed")
    assert issue["activity"][0]["data"]["resolved_in_version"] == "web@2.0.0"


def test_what_waits_for_the_next_release_still_does_without_the_newest(
    fail: Fail, alice: Caller
) -> None:
    fail("boom", release=None, timestamp=written(ago(hours=5)))
    alice.publish("one")
    in_next = {"status": "resolvedInNextRelease"}
    assert alice.put("/organizations/acme/issues/WEB-1/", in_next).status_code == 200
    assert alice.delete(release_path("one", "?force=1")).status_code == 204
    fail("boom", release="older", timestamp=written(ago(hours=3)))
    assert alice.get("/organizations/acme/issues/WEB-1/").json()["status"] == "resolved"
    alice.publish("two")
    fail("boom", release="two")
    assert alice.get("/organizations/acme/issues/WEB-1/").json()["status"] == "unresolved"
