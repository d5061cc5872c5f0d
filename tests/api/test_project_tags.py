"""The tags of the issues of projects: keys and values, without counts."""

import pytest
from client_fixtures import Happen
from factories import Caller, World, on_one_database, statements

from shipmark.infrastructure.database import Database
from shipmark.issues.store import project_tags

ORGANIZATION = "/organizations/acme/tags/"
WEB = "/projects/acme/web/tags/"


def keys(caller: Caller, path: str) -> list[str]:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.text
    return [tag["key"] for tag in answer.json()]


def values(caller: Caller, key: str, path: str = WEB, **params: str) -> list[str]:
    answer = caller.get(f"{path}{key}/values/", params=params)
    assert answer.status_code == 200, answer.text
    return [value["value"] for value in answer.json()]


@pytest.fixture
def _tagged(happen: Happen) -> None:
    user = {"id": "7", "email": "eve@example.com"}
    for number, plan in enumerate(("pro", "free", "private", "pro")):
        happen("web", str(number), tags={"plan": plan, "server_name": "web-1"}, user=user)
    happen("mobile", tags={"device": "x"})
    happen("tools", tags={"secret": "x"})


@pytest.mark.usefixtures("_tagged")
def test_keys_are_those_of_the_projects(bob: Caller, world: World) -> None:
    web = keys(bob, WEB)
    assert web == sorted(web)
    assert set(web) == {"plan", "server_name", "level", "user"}
    assert set(keys(bob, ORGANIZATION)) == {*web, "device"}
    assert keys(bob, f"{ORGANIZATION}?project={world.projects['web']}") == web
    assert {"key": "server_name", "name": "Server Name"} in bob.get(WEB).json()


@pytest.mark.usefixtures("_tagged")
def test_values_come_in_the_order_of_their_texts(bob: Caller) -> None:
    assert values(bob, "plan") == ["free", "private", "pro"]
    assert values(bob, "plan", query="pr") == ["private", "pro"]
    assert values(bob, "plan", query="pro") == ["pro"]
    assert values(bob, "plan", query="Pro") == []
    for unknown in ("nothing", "user email", "x" * 3000, "%00"):
        assert bob.get(f"{WEB}{unknown}/values/").status_code == 404
    assert bob.get(f"{WEB}plan/values/?query=f").json() == [
        {"key": "plan", "name": "free", "value": "free"}
    ]


@pytest.mark.usefixtures("_tagged")
def test_values_of_an_organization_are_those_of_the_projects(
    alice: Caller, bob: Caller, happen: Happen, world: World
) -> None:
    happen("mobile", tags={"plan": "team"})
    happen("mobile", "other", tags={"plan": "pro"})
    assert values(bob, "plan", ORGANIZATION) == ["free", "private", "pro", "team"]
    assert values(bob, "plan", ORGANIZATION, query="pr") == ["private", "pro"]
    mobile = str(world.projects["mobile"])
    assert values(bob, "plan", ORGANIZATION, project=mobile) == ["pro", "team"]
    assert values(bob, "device", ORGANIZATION) == ["x"]
    assert bob.get(f"{ORGANIZATION}plan/values/?per_page=1").json() == [
        {"key": "plan", "name": "free", "value": "free"}
    ]
    assert (
        bob.get(f"{ORGANIZATION}device/values/?project={world.projects['web']}").status_code == 404
    )
    assert bob.get(f"{ORGANIZATION}nothing/values/").status_code == 404
    assert bob.get(f"{ORGANIZATION}plan/values/?project=x").status_code == 400
    # What one project hides, another may show.
    alice.put("/projects/acme/mobile/", {"sensitiveFields": ["plan"]})
    assert values(bob, "plan", ORGANIZATION) == ["free", "private", "pro"]


@pytest.mark.usefixtures("_tagged")
def test_values_come_in_pages(bob: Caller) -> None:
    first = bob.get(f"{WEB}plan/values/?per_page=2")
    following = bob.client.get(
        first.links["next"]["url"], headers={"Authorization": f"Bearer {bob.token}"}
    )
    shown = [[each["value"] for each in page.json()] for page in (first, following)]
    assert shown == [["free", "private"], ["pro"]]


@pytest.mark.usefixtures("_tagged")
def test_values_that_a_newer_rule_removes_are_not_shown(alice: Caller) -> None:
    alice.put("/projects/acme/web/", {"sensitiveFields": ["plan"]})
    assert values(alice, "plan") == []


@pytest.mark.usefixtures("_tagged")
def test_the_first_keys_and_values_are_read(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_tags, "VALUES_MAX", 2)
    monkeypatch.setattr(project_tags, "KEYS_MAX", 1)
    web = world.projects["web"]
    with database.snapshot() as connection:
        monkeypatch.setattr(project_tags, "_VALUES", project_tags._values())
        monkeypatch.setattr(project_tags, "_KEYS", project_tags._keys())
        values = project_tags.values_of(connection, [web], "plan", prefix="")
        assert values == {web: ["free", "private"]}
        assert len(project_tags.keys_of(connection, [web])) == 1
        assert project_tags.keys_of(connection, []) == []


@pytest.mark.usefixtures("_tagged")
def test_the_number_of_statements_is_constant(
    bob: Caller, happen: Happen, database: Database
) -> None:
    numbers = []
    for _ in range(2):
        with statements(database) as seen:
            keys(bob, ORGANIZATION)
            values(bob, "plan")
            values(bob, "plan", ORGANIZATION)
        numbers.append(seen.count)
        happen("web", "more", tags={"more": "x", "plan": "team"})
    assert numbers[0] == numbers[1]


@on_one_database
def test_a_hidden_project_is_refused(alice: Caller, bob: Caller) -> None:
    alice.put("/organizations/acme/", {"openMembership": False})
    assert bob.get("/projects/acme/tools/tags/").status_code == 403
    tools = alice.get("/projects/acme/tools/").json()["id"]
    assert bob.get(f"{ORGANIZATION}secret/values/?project={tools}").status_code == 403
    assert bob.get(f"{ORGANIZATION}secret/values/").status_code == 404
    assert bob.get(f"{WEB}plan/values/", params={"query": "x" * 201}).status_code == 400
