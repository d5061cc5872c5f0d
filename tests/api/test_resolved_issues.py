"""GET ``…/releases/{version}/resolved/`` (releases.md 2.11)."""

import pytest
from factories import (
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    commit,
    error_event,
    on_one_database,
    release_path,
    rows,
    send_event,
)
from issue_answers import names

from shipmark.infrastructure.database import Database

PATH = release_path("web@1.1.0", "resolved/")
WEB_PATH = "/projects/acme/web/releases/web@1.1.0/resolved/"
PATHS = pytest.mark.parametrize("path", [PATH, WEB_PATH])


@pytest.fixture(autouse=True)
def _happened(alice: Caller, world: World) -> None:
    for project in ("web", "mobile"):
        send_event(alice.client, world.keys[project], world.projects[project], error_event())


@PATHS
@on_one_database
def test_a_token_without_a_scope_for_it_may_not_list(bearer: Bearer, path: str) -> None:
    assert bearer(["event:read"]).get(path).status_code == 403


@PATHS
@on_one_database
def test_an_unknown_release_is_not_found(alice: Caller, path: str) -> None:
    answer = alice.get(path)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@PATHS
def test_resolved_issues_are_listed(alice: Caller, path: str) -> None:
    alice.publish("web@1.1.0", commits=[commit("1", message="Fixes WEB-1")])
    assert names(alice, path) == ["WEB-1"]


@PATHS
def test_a_release_that_resolves_none_lists_none(alice: Caller, path: str) -> None:
    alice.publish("web@1.1.0", commits=[commit("1")])
    assert names(alice, path) == []


def test_a_project_lists_only_its_own(alice: Caller) -> None:
    fixes = [commit("1", message="Fixes WEB-1, MOBILE-1")]
    alice.publish("web@1.1.0", "web", "mobile", commits=fixes)
    assert names(alice, PATH) == ["WEB-1", "MOBILE-1"]
    assert names(alice, WEB_PATH) == ["WEB-1"]


def test_commits_of_before_resolve_issues_of_a_project_that_is_attached_later(
    alice: Caller, database: Database
) -> None:
    fixes = [commit("1", message="Fixes WEB-1, MOBILE-1")]
    alice.publish("web@1.1.0", "web", commits=fixes)
    assert [it["status"] for it in rows(database, "issues")].count("resolved") == 1
    alice.publish("web@1.1.0", "mobile")
    assert [it["status"] for it in rows(database, "issues")].count("resolved") == 2


def test_an_issue_that_is_named_and_still_open_is_listed_too(alice: Caller, world: World) -> None:
    alice.publish("web@1.1.0", "web", commits=[commit("1", message="Fixes MOBILE-1")])
    assert names(alice, PATH) == ["MOBILE-1"]
    assert names(alice, f"{PATH}?project={world.projects['web']}") == []
