"""GET ``organizations/{org}/releases/{version}/``, and ``meta/`` (releases.md 2.6, 2.7)."""

import pytest
from factories import (
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    ago,
    commit,
    error_event,
    on_one_database,
    release_path,
    send_event,
    slugs,
    written,
)
from sqlalchemy import text

from shipmark.infrastructure.database import Database

PATH = release_path("web@1.0.0")
PATHS = pytest.mark.parametrize("path", [PATH, f"{PATH}meta/"])


@PATHS
@on_one_database
def test_a_token_without_a_scope_for_it_may_not_see_it(
    alice: Caller, bearer: Bearer, path: str
) -> None:
    alice.publish("web@1.0.0")
    answer = bearer(["org:read"]).get(path)
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


@PATHS
def test_an_unknown_release_is_not_found(alice: Caller, path: str) -> None:
    answer = alice.get(path)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@on_one_database
def test_versions_are_told_apart_by_case(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    assert alice.get(release_path("Web@1.0.0")).status_code == 404


def test_a_release_is_shown_as_it_was_published(alice: Caller, bearer: Bearer) -> None:
    made = alice.publish("web@1.0.0", "web", "mobile", commits=[commit("1")])
    answer = bearer(["project:read"]).get(PATH)
    assert (answer.status_code, answer.json()) == (200, made)


def test_a_pipeline_sees_it(alice: Caller, organization_token: Caller) -> None:
    made = alice.publish("web@1.0.0", "tools")
    assert organization_token.get(PATH).json() == made


def test_a_release_in_hidden_projects_only_is_not_found(
    alice: Caller, bob: Caller, database: Database
) -> None:
    alice.publish("web@1.0.0", "tools")
    assert bob.get(PATH).status_code == 200
    with database.transaction() as connection:
        connection.execute(text("UPDATE organizations SET is_open = false"))
    answer = bob.get(PATH)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@on_one_database
def test_a_project_that_is_not_there_is_refused(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    answer = alice.get(f"{PATH}?project=99999")
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


@on_one_database
def test_a_project_that_the_release_is_not_in_hides_it(alice: Caller, world: World) -> None:
    alice.publish("web@1.0.0", "web")
    assert alice.get(f"{PATH}?project={world.projects['web']}").status_code == 200
    assert alice.get(f"{PATH}?project={world.projects['mobile']}").status_code == 404


def test_events_show_when_it_was_seen_and_what_it_brought(alice: Caller, world: World) -> None:
    alice.publish("web@1.0.0", "web")
    moments = [written(ago(hours=hours)) for hours in (3, 2, 1)]
    for moment, value in zip(moments, ("one", "one", "two"), strict=True):
        event = error_event(value, release="web@1.0.0", timestamp=moment)
        send_event(alice.client, world.keys["web"], world.projects["web"], event)
    shown = alice.get(PATH).json()
    assert (shown["firstEvent"], shown["lastEvent"]) == (moments[0], moments[2])
    assert (shown["newGroups"], shown["projects"][0]["newGroups"]) == (2, 2)
    assert shown["projects"][0]["platforms"] == ["python"]


def test_meta_shows_the_numbers(alice: Caller) -> None:
    patch = [{"path": name, "type": "M"} for name in ("a", "b")]
    commits = [commit("1", patch_set=patch), commit("2", patch_set=patch[:1])]
    made = alice.publish("web@1.0.0", commits=commits, dateReleased="2026-01-05T10:00:00Z")
    alice.post(f"{PATH}deploys/", {"environment": "production"})
    shown = alice.get(f"{PATH}meta/").json()
    project = made["projects"][0]
    del project["hasHealthData"]
    assert shown == {
        "version": "web@1.0.0",
        "versionInfo": made["versionInfo"],
        "projects": [project],
        "newGroups": 0,
        "deployCount": 1,
        "commitCount": 2,
        "released": "2026-01-05T10:00:00Z",
        "commitFilesChanged": 2,
        "releaseFileCount": 0,
        "isArtifactBundle": False,
        "preprodBuildCount": 0,
    }


@on_one_database
def test_all_projects_are_shown(alice: Caller, bob: Caller) -> None:
    alice.publish("web@1.0.0", "web", "tools")
    assert slugs(bob.get(PATH).json()) == ["tools", "web"]
