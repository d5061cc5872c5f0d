"""GET ``organizations/{org}/releases/{version}/compare/?base=``: the issues of both releases."""

from compared_releases import Fail, close, compared, made, path
from factories import ADDRESS, Caller

from shipmark.infrastructure.database import Database


def test_issues_are_those_of_each(alice: Caller, fail: Fail) -> None:
    fail("old", release="1")
    fail("back", release="1")
    alice.publish("2", commits=[made("1", message="Fixes WEB-1 and fixes WEB-2")])
    fail("new", release="2")
    fail("back", release="2")
    shown = compared(alice, "2", "1")["issues"]
    names = {
        side: {
            kind: sorted(it["metadata"]["value"] for it in shown[side][kind])
            for kind in ("new", "resolved", "regressed")
        }
        for side in ("base", "head")
    }
    assert names["base"] == {"new": ["back", "old"], "resolved": [], "regressed": []}
    assert names["head"] == {"new": ["new"], "resolved": ["back", "old"], "regressed": []}
    assert shown["head"]["resolvedCount"] == 2
    assert shown["base"]["newCount"] == 2


def test_an_issue_that_came_back_is_regressed_there(
    alice: Caller, fail: Fail, database: Database
) -> None:
    fail("back", release="1")
    alice.publish("2", commits=[made("1", message="Fixes WEB-1")])
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE issues SET active_at = '2026-01-01 00:00:00'")
    fail("back", release="2")
    shown = compared(alice, "2", "1")["issues"]["head"]
    assert [it["shortId"] for it in shown["regressed"]] == ["WEB-1"]
    assert shown["regressedCount"] == 1


def test_issues_are_shown_as_everywhere(alice: Caller, fail: Fail) -> None:
    fail("boom", release="1")
    alice.publish("2")
    shown = compared(alice, "2", "1")["issues"]["base"]["new"]
    list_of_project = alice.get("/projects/acme/web/issues/?statsPeriod=").json()
    assert shown == list_of_project
    assert shown[0]["permalink"].startswith(ADDRESS)


def test_issues_of_projects_that_one_may_not_see_are_left_out(
    alice: Caller, bob: Caller, fail: Fail, database: Database
) -> None:
    alice.publish("1", "web", "tools")
    alice.publish("2", "web", "tools")
    fail("hidden", "tools", release="2")
    fail("seen", release="2")
    assert compared(bob, "2", "1")["issues"]["head"]["newCount"] == 2
    close(database)
    shown = compared(bob, "2", "1")["issues"]["head"]
    assert [it["metadata"]["value"] for it in shown["new"]] == ["seen"]
    assert shown["newCount"] == 1


def test_only_the_asked_project_counts(alice: Caller, fail: Fail) -> None:
    for version in ("1", "2"):
        alice.publish(version, "web", "mobile")
    fail("web", release="2")
    fail("mobile", "mobile", release="2")
    shown = alice.get(f"{path('2', '1')}&projectSlug=mobile").json()["issues"]["head"]
    assert [it["project"]["slug"] for it in shown["new"]] == ["mobile"]
