"""``code-mappings/``: which folder of a repository the files in a project's stacks are in."""

from typing import Any

import pytest
from factories import (
    REPOSITORIES,
    Bearer,
    Caller,
    World,
    commit,
    counts,
    error_event,
    send_event,
    statements,
)
from httpx import Response

from shipmark.api.code_mappings.routes import BULK_MAX
from shipmark.infrastructure.database import Database
from shipmark.repositories.code_mappings import MAPPINGS_MAX, ROOT_MAX

PATH = "/organizations/acme/code-mappings/"
SHOP = {"stackRoot": "app/", "sourceRoot": "services/shop/src"}


def save(caller: Caller, *mappings: object, **more: object) -> Response:
    body = {"project": "web", "repository": "acme/web", "defaultBranch": "main"}
    return caller.post(f"{PATH}bulk/", body | {"mappings": list(mappings or (SHOP,))} | more)


def listed(caller: Caller, query: str = "project=-1") -> list[dict[str, Any]]:
    answer = caller.get(f"{PATH}?{query}")
    assert answer.status_code == 200, answer.text
    shown: list[dict[str, Any]] = answer.json()
    return shown


def test_mappings_are_created_then_updated(alice: Caller, world: World) -> None:
    other = {"stackRoot": "app/", "sourceRoot": "services/old/src"}
    assert save(alice, SHOP, other).json() == {
        "created": 2,
        "updated": 0,
        "errors": 0,
        "mappings": [SHOP | {"status": "created"}, other | {"status": "created"}],
    }
    answer = save(alice, SHOP, project=str(world.projects["web"]), defaultBranch="trunk")
    assert answer.json()["updated"] == 1
    [repository] = alice.get(REPOSITORIES).json()
    assert [(each["sourceRoot"], each["defaultBranch"]) for each in listed(alice)] == [
        ("services/old/src", "main"),
        ("services/shop/src", "trunk"),
    ]
    assert listed(alice)[1] | {"id": ""} == {
        **SHOP,
        "id": "",
        "projectId": str(world.projects["web"]),
        "projectSlug": "web",
        "repoId": repository["id"],
        "repoName": "acme/web",
        "integrationId": None,
        "provider": None,
        "defaultBranch": "trunk",
        "automaticallyGenerated": False,
    }


def test_names_may_be_in_snake_case(alice: Caller) -> None:
    """So does the npm client `sentry` send them."""
    body = {
        "project": "web",
        "repository": "acme/web",
        "default_branch": "trunk",
        "mappings": [{"stack_root": "app", "source_root": "src/app"}],
    }
    assert alice.post(f"{PATH}bulk/", body).json()["created"] == 1
    mapping = alice.get(PATH).json()[0]
    wanted = {"stackRoot": "app", "sourceRoot": "src/app", "defaultBranch": "trunk"}
    assert {key: mapping[key] for key in wanted} == wanted
    body["mappings"] = [{"stack_root": 7 * [1]}]
    refused = alice.post(f"{PATH}bulk/", body)
    assert refused.status_code == 400
    assert refused.json()["mappings"].keys() == {"stackRoot", "sourceRoot"}


def test_a_list_is_of_the_named_projects_and_paged(alice: Caller, world: World) -> None:
    save(alice, *({"stackRoot": f"app{n}", "sourceRoot": ""} for n in range(3)))
    save(alice, SHOP, project="tools")
    assert len(listed(alice)) == 4
    assert [each["projectSlug"] for each in listed(alice, "projectSlug=tools")] == ["tools"]
    first = alice.get(f"{PATH}?project=-1&per_page=3")
    assert len(first.json()) == 3
    assert 'rel="next"; results="true"' in first.headers["Link"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mappings": []}, "mappings"),
        ({"mappings": [SHOP] * (BULK_MAX + 1)}, "mappings"),
        ({"mappings": [{"stackRoot": "app"}]}, "sourceRoot"),
        ({"mappings": [{"stackRoot": " ", "sourceRoot": "src"}]}, "stackRoot"),
        ({"mappings": [{"stackRoot": "a" * (ROOT_MAX + 1), "sourceRoot": ""}]}, "stackRoot"),
        ({"mappings": [{"stackRoot": ["app"], "sourceRoot": ""}]}, "stackRoot"),
        ({"mappings": "app"}, "mappings"),
        ({"repository": ""}, "repository"),
        ({"project": "nope"}, "project"),
        ({"project": None}, "project"),
    ],
)
def test_bad_mappings_are_refused_by_field_and_change_nothing(
    alice: Caller, database: Database, change: dict[str, object], field: str
) -> None:
    before = counts(database)
    answer = save(alice, **change)
    assert answer.status_code == 400
    assert field in answer.text
    assert counts(database) == before


def test_a_project_has_a_limit(alice: Caller, database: Database) -> None:
    for start in range(0, MAPPINGS_MAX, BULK_MAX):
        numbers = range(start, min(start + BULK_MAX, MAPPINGS_MAX))
        assert save(
            alice, *({"stackRoot": f"app{n}", "sourceRoot": ""} for n in numbers)
        ).is_success
    refused = save(alice, SHOP)
    assert (refused.status_code, "1,000" in refused.text) == (400, True)
    assert save(alice, {"stackRoot": "app7", "sourceRoot": ""}).json()["updated"] == 1
    assert counts(database)["code_mappings"] == MAPPINGS_MAX


def test_any_number_takes_as_many_statements(alice: Caller, database: Database) -> None:
    save(alice)
    numbers = []
    for count in (1, BULK_MAX):
        with statements(database) as log:
            save(alice, *({"stackRoot": f"{count}/{n}", "sourceRoot": ""} for n in range(count)))
        numbers.append(log.count)
    assert numbers[0] == numbers[1]
    with statements(database) as log:
        listed(alice, "project=-1&per_page=100")
    assert log.count <= 8


def test_a_mapping_is_deleted(alice: Caller, database: Database) -> None:
    save(alice)
    [mapping] = listed(alice)
    assert alice.delete(f"{PATH}{mapping['id']}/").status_code == 204
    assert alice.delete(f"{PATH}{mapping['id']}/").status_code == 404
    assert alice.delete(f"{PATH}x/").status_code == 404
    assert counts(database)["code_mappings"] == 0


def test_mappings_of_other_projects_and_repositories_are_not_reached(
    alice: Caller, bob: Caller, database: Database
) -> None:
    alice.publish("tools@1.0.0", "tools", commits=[commit("1", repository="acme/tools")])
    save(alice, project="tools", repository="acme/tools")
    [mapping] = listed(alice)
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE organizations SET is_open = false")
    assert listed(bob) == []
    assert save(bob, project="tools").status_code == 403
    assert save(bob, repository="acme/tools").status_code == 403
    assert bob.delete(f"{PATH}{mapping['id']}/").status_code in {403, 404}
    assert len(listed(alice)) == 1


def test_a_token_of_a_pipeline_saves_them(organization_token: Caller, bearer: Bearer) -> None:
    assert save(organization_token).status_code == 200
    assert save(bearer(["event:read"])).status_code == 403


def test_mappings_go_with_their_project_or_repository(alice: Caller, database: Database) -> None:
    save(alice)
    with database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM repositories")
    assert counts(database)["code_mappings"] == 0


def test_a_mapped_path_leads_to_the_commit_that_changed_it(alice: Caller, world: World) -> None:
    changed = [{"path": "services/shop/src/index.js", "type": "M"}]
    alice.publish(
        "web@1.0.0",
        "web",
        commits=[commit("1", repository="acme/web", patch_set=changed)],
    )
    frame = {"filename": "app/index.js", "in_app": True, "lineno": 3}
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": [frame]}}
    event = error_event(release="web@1.0.0", exception={"values": [raised]})
    event_id = send_event(alice.client, world.keys["web"], world.projects["web"], event)
    path = f"/projects/acme/web/events/{event_id}/committers/"
    assert alice.get(path).json()["committers"] == []
    save(alice)
    [committer] = alice.get(path).json()["committers"]
    assert len(committer["commits"]) == 1
