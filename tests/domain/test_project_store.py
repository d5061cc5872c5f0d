"""What is kept of projects, their keys, platforms and environments."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from factories import ALICE, BOB, World, rows, statements
from sqlalchemy import Connection, update

from shipmark.accounts import store as accounts
from shipmark.infrastructure.database import Database
from shipmark.organizations import actions as organizations
from shipmark.organizations import store as organization_store
from shipmark.organizations.model import Access, Role
from shipmark.projects import store
from shipmark.projects.model import ProjectKey

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def access(connection: Connection, email: str, *, is_open: bool = True) -> Access:
    user = accounts.by_email(connection, email)
    assert user is not None
    table = organization_store.organizations
    connection.execute(update(table).values(is_open=is_open))
    return organizations.access_of_user(connection, "acme", user, None)


def token_access(connection: Connection, world: World) -> Access:
    token = organizations.authenticate(connection, world.organization_token)
    organization = organization_store.by_slug(connection, "acme")
    return organizations.token_access(token, organization)


@pytest.mark.parametrize(
    ("email", "is_open", "slugs"),
    [
        (BOB, True, ["mobile", "tools", "web"]),
        (BOB, False, ["mobile", "web"]),
        (ALICE, True, ["mobile", "tools", "web"]),
        (ALICE, False, ["mobile", "tools", "web"]),
    ],
)
def test_which_projects_a_member_may_name(
    connection: Connection, email: str, is_open: bool, slugs: list[str]
) -> None:
    found = store.accessible(connection, access(connection, email, is_open=is_open))
    assert [it.slug for it in found] == slugs


@pytest.mark.parametrize("is_open", [True, False])
def test_a_list_shows_a_member_the_projects_of_their_teams(
    connection: Connection, is_open: bool
) -> None:
    found = store.projects_of_teams(connection, access(connection, BOB, is_open=is_open))
    assert [it.slug for it in found] == ["mobile", "web"]


def test_a_list_shows_an_owner_every_project(connection: Connection) -> None:
    found = store.projects_of_teams(connection, access(connection, ALICE, is_open=False))
    assert [it.slug for it in found] == ["mobile", "tools", "web"]


def test_a_pipeline_reaches_every_project_of_its_organization(
    connection: Connection, world: World
) -> None:
    pipeline = token_access(connection, world)
    assert [it.slug for it in store.accessible(connection, pipeline)] == ["mobile", "tools", "web"]
    assert store.projects_of_teams(connection, pipeline) == store.accessible(connection, pipeline)


def test_a_project_of_two_teams_is_shown_once(
    connection: Connection, world: World, acme: int, web: int
) -> None:
    team = organization_store.ensure_team(connection, acme, "more", "More", NOW)
    caller = access(connection, BOB)
    member = organization_store.ensure_member(connection, acme, world.users[BOB], Role.MEMBER, NOW)
    organization_store.join_team(connection, team.id, member)
    store.add_owner(connection, web, team.id)
    assert [it.slug for it in store.projects_of_teams(connection, caller)] == ["mobile", "web"]


def test_a_project_is_found_by_slug_or_id(connection: Connection, acme: int, web: int) -> None:
    found = store.by_slug_or_id(connection, acme, "web")
    assert found is not None
    assert (found.id, found.organization_id) == (web, acme)
    assert store.by_slug_or_id(connection, acme, str(web)) == found


@pytest.mark.parametrize("name", ["", "WEB", "nothing", "0", "9" * 18, "9" * 40, "²"])
def test_no_project_has_another_name(connection: Connection, acme: int, name: str) -> None:
    assert store.by_slug_or_id(connection, acme, name) is None


def test_a_project_of_another_organization_is_not_found(
    connection: Connection, world: World, web: int
) -> None:
    globex = world.organizations["globex"]
    assert store.by_slug_or_id(connection, globex, str(web)) is None
    found = store.by_slug_or_id(connection, globex, "web")
    assert found is not None
    assert found.id == world.projects["globex/web"]


def test_projects_are_found_by_ids(connection: Connection, world: World) -> None:
    wanted = {world.projects["web"], world.projects["tools"]}
    found = store.by_ids(connection, [*wanted, 999])
    assert {it.id for it in found.values()} == set(found) == wanted


def test_no_projects_are_found_without_asking(database: Database) -> None:
    with statements(database) as found, database.snapshot() as connection:
        assert store.by_ids(connection, []) == {}
    assert found.count == 0


def test_a_project_is_made_once(connection: Connection, acme: int) -> None:
    made = store.ensure(connection, acme, "new", "New", "python", NOW)
    assert store.ensure(connection, acme, "new", "Other", None, LATER) == made
    assert (made.name, made.platform, made.created_at) == ("New", "python", NOW)
    assert (made.has_releases, made.first_event_at) == (False, None)


def test_who_is_on_a_projects_team(connection: Connection, world: World, web: int) -> None:
    assert store.is_on_its_team(connection, web, world.users[BOB])
    assert not store.is_on_its_team(connection, web, world.users[ALICE])
    assert not store.is_on_its_team(connection, world.projects["tools"], world.users[BOB])


def test_teams_come_by_slug_and_own_a_project_once(
    connection: Connection, world: World, acme: int, web: int
) -> None:
    team = organization_store.ensure_team(connection, acme, "alpha", "Alpha", NOW)
    for _ in range(2):
        store.add_owner(connection, web, team.id)
    found = store.teams_of(connection, [web, world.projects["tools"]])
    assert {project: [it.slug for it in teams] for project, teams in found.items()} == {
        web: ["alpha", "core"]
    }


def test_the_newest_key_comes_first(connection: Connection, world: World, web: int) -> None:
    fresh = ProjectKey(
        project_id=web, public_key="a" * 32, secret_key="b" * 32, label="CI", is_active=True
    )
    store.add_key(connection, fresh, NOW)
    found = store.keys_of(connection, web)
    assert found[0] == replace(fresh, created_at=NOW)
    assert [it.public_key for it in found] == ["a" * 32, world.keys["web"]]


def test_a_key_leads_to_its_project(connection: Connection, world: World) -> None:
    for name, key in world.keys.items():
        found = store.by_key(connection, key)
        assert found is not None
        assert found.project.id == world.projects[name]


def test_an_inactive_or_unknown_key_leads_nowhere(connection: Connection, world: World) -> None:
    connection.execute(update(store.keys).values(is_active=False))
    assert store.by_key(connection, world.keys["web"]) is None
    assert store.by_key(connection, "f" * 32) is None


def test_a_dsn_is_written_for_sdks(connection: Connection, world: World, web: int) -> None:
    (key,) = store.keys_of(connection, web)
    assert key.dsn("https://ship.example.com") == (
        f"https://{world.keys['web']}@ship.example.com/{web}"
    )


def test_the_moment_of_the_first_event_stays(connection: Connection, acme: int) -> None:
    before = store.ensure(connection, acme, "web", "", None, NOW)
    for at in (NOW, LATER):
        store.record_events(connection, {before.id: at}, [])
    assert store.ensure(connection, acme, "web", "", None, NOW) == replace(
        before, first_event_at=NOW
    )


def test_platforms_are_sorted_and_kept_once(
    connection: Connection, world: World, acme: int, web: int
) -> None:
    project = store.ensure(connection, acme, "web", "", None, NOW)
    for platform in ("ruby", "go", "ruby"):
        store.record_events(connection, {}, [(project.id, platform)])
    found = store.platforms_of(connection, [web, world.projects["tools"]])
    assert found == {web: ["go", "ruby"]}


def test_only_projects_that_had_a_release_say_so(
    connection: Connection, world: World, web: int
) -> None:
    for _ in range(2):
        store.record_releases(connection, [web])
    found = store.by_ids(connection, world.projects.values())
    assert {it.id for it in found.values() if it.has_releases} == {web}


def test_numbers_of_issues_count_up_in_each_project(connection: Connection, world: World) -> None:
    web, tools = world.projects["web"], world.projects["tools"]
    assert [store.next_short_id(connection, web) for _ in range(3)] == [1, 2, 3]
    assert store.next_short_id(connection, tools) == 1


def test_a_number_is_free_again_if_nobody_used_it(database: Database, web: int) -> None:
    with database.transaction() as connection:
        store.next_short_id(connection, web)
        connection.rollback()
    with database.transaction() as connection:
        assert store.next_short_id(connection, web) == 1


def test_all_who_take_a_number_at_once_get_different_ones(database: Database, web: int) -> None:
    def take(_: int) -> int:
        with database.transaction() as connection:
            return store.next_short_id(connection, web)

    with ThreadPoolExecutor(8) as pool:
        taken = sorted(pool.map(take, range(40)))
    assert taken == list(range(1, 41))
    assert rows(database, "projects")[0]["last_short_id"] == 40


def test_an_environment_is_made_once_in_an_organization(
    connection: Connection, world: World
) -> None:
    acme, globex = world.organizations.values()
    made = store.ensure_environment(connection, acme, "production")
    assert store.ensure_environment(connection, acme, "production") == made
    assert store.ensure_environment(connection, globex, "production").id != made.id


def test_environments_are_made_in_their_organizations(connection: Connection, world: World) -> None:
    acme, globex = world.organizations.values()
    known = store.ensure_environment(connection, acme, "production")
    named = [(acme, "production"), (acme, ""), (globex, "production")]
    made = store.ensure_environments(connection, named)
    assert made[acme, "production"] == known
    assert len({environment.id for environment in made.values()}) == len(named)
    assert store.ensure_environments(connection, named) == made


@pytest.mark.parametrize("name", ["", "Production", "x" * 64, "très loin"])
def test_an_environment_keeps_its_name(connection: Connection, acme: int, name: str) -> None:
    store.ensure_environment(connection, acme, "production")
    made = store.ensure_environment(connection, acme, name)
    assert store.environments_named(connection, acme, [name, "nowhere"]) == [made]


def test_environments_of_a_project_come_by_name_once(
    connection: Connection, world: World, acme: int, web: int
) -> None:
    for name in ("staging", "production", "staging"):
        made = store.ensure_environment(connection, acme, name)
        store.link_environments(connection, [(web, made.id), (world.projects["mobile"], made.id)])
    found = store.environments_of(connection, [web])
    assert [it.name for it in found] == ["production", "staging"]
    assert store.environments_of(connection, [world.projects["mobile"]]) == found
    assert store.environments_of(connection, [world.projects["tools"]]) == []
