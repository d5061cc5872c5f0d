"""What is kept of organizations, their members, teams and tokens."""

from datetime import UTC, datetime, timedelta

import pytest
from factories import ALICE, BEGINNING, BOB, CHARLIE, World, counts, statements
from sqlalchemy import Connection, update

from shipmark.accounts import store as accounts
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.ids import digest
from shipmark.organizations import store
from shipmark.organizations.model import Role

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("email", "role"), [(ALICE, Role.OWNER), (BOB, Role.MEMBER), (CHARLIE, None)]
)
def test_an_organization_is_found_with_the_role_in_it(
    connection: Connection, world: World, acme: int, email: str, role: Role | None
) -> None:
    for name in ("acme", str(acme)):
        found = store.organization_and_role(connection, name, world.users[email])
        assert found is not None
        assert (found[0].id, found[0].slug, found[1]) == (acme, "acme", role)


def test_nobody_has_no_role(connection: Connection, acme: int) -> None:
    found = store.organization_and_role(connection, "acme", None)
    assert found is not None
    assert (found[0].id, found[1]) == (acme, None)


@pytest.mark.parametrize("name", ["", "ACME", "nowhere", "999", "0", "9" * 18, "9" * 40, "²", "١"])
def test_no_organization_has_another_name(connection: Connection, name: str) -> None:
    assert store.organization_and_role(connection, name, None) is None


def test_an_organization_is_found_by_slug_or_id_alone(connection: Connection, acme: int) -> None:
    found = store.by_slug(connection, "acme")
    assert found is not None
    assert found == store.by_id(connection, acme)
    assert (found.name, found.is_open, found.created_at) == ("Acme", True, BEGINNING)


def test_unknown_organizations_are_not_found(connection: Connection) -> None:
    assert store.by_slug(connection, "nowhere") is None
    assert store.by_id(connection, 999) is None


def test_a_users_organizations_come_newest_first(connection: Connection, world: World) -> None:
    user = world.users[BOB]
    for number, role in enumerate((Role.ADMIN, Role.MANAGER), start=1):
        at = BEGINNING + timedelta(hours=number)
        made = store.ensure(connection, f"more-{number}", "More", at)
        store.ensure_member(connection, made.id, user, role, at)
    found = [(it.slug, role) for it, role in store.of_user(connection, user)]
    assert found == [("more-2", Role.MANAGER), ("more-1", Role.ADMIN), ("acme", Role.MEMBER)]
    assert [it.slug for it, _ in store.of_user(connection, user, limit=1)] == ["more-2"]


def test_of_organizations_of_one_moment_the_last_made_comes_first(
    connection: Connection, world: World
) -> None:
    for slug in ("one", "two"):
        made = store.ensure(connection, slug, slug, NOW)
        store.ensure_member(connection, made.id, world.users[BOB], Role.MEMBER, NOW)
    found = store.of_user(connection, world.users[BOB], limit=9)
    assert [it.slug for it, _ in found] == ["two", "one", "acme"]


def test_an_organization_is_made_once(connection: Connection) -> None:
    made = store.ensure(connection, "new", "New", NOW)
    assert store.ensure(connection, "new", "Other", NOW + timedelta(1)) == made
    assert (made.name, made.created_at) == ("New", NOW)


def test_a_team_is_made_once_in_an_organization(connection: Connection, world: World) -> None:
    acme, globex = world.organizations.values()
    made = store.ensure_team(connection, acme, "new", "New", NOW)
    assert store.ensure_team(connection, acme, "new", "Other", NOW) == made
    assert store.ensure_team(connection, globex, "new", "New", NOW).id != made.id


def test_a_team_of_another_organization_is_not_found(connection: Connection, acme: int) -> None:
    assert store.team_by_slug(connection, acme, "core") is not None
    assert store.team_by_slug(connection, acme, "sales") is None


def test_a_known_member_keeps_the_role(connection: Connection, world: World, acme: int) -> None:
    first = store.ensure_member(connection, acme, world.users[CHARLIE], Role.ADMIN, NOW)
    assert store.ensure_member(connection, acme, world.users[CHARLIE], Role.OWNER, NOW) == first
    found = store.organization_and_role(connection, "acme", world.users[CHARLIE])
    assert found is not None
    assert found[1] is Role.ADMIN


def test_a_member_joins_a_team_once(database: Database, world: World, acme: int) -> None:
    before = counts(database)["team_members"]
    with database.transaction() as connection:
        team = store.team_by_slug(connection, acme, "core")
        assert team is not None
        member = store.ensure_member(connection, acme, world.users[ALICE], Role.OWNER, NOW)
        for _ in range(2):
            store.join_team(connection, team.id, member)
    assert counts(database)["team_members"] == before + 1


def test_a_token_leads_to_its_organization(connection: Connection, world: World, acme: int) -> None:
    found = store.token_by_digest(connection, digest(world.organization_token))
    assert found is not None
    assert found.organization_id == acme


def test_a_deactivated_token_is_not_found(connection: Connection, world: World) -> None:
    connection.execute(update(store.tokens).values(deactivated_at=NOW))
    assert store.token_by_digest(connection, digest(world.organization_token)) is None


def test_a_token_outlives_who_made_it(connection: Connection, world: World, acme: int) -> None:
    connection.execute(accounts.users.delete().where(accounts.users.c.email == ALICE))
    found = store.token_by_digest(connection, digest(world.organization_token))
    assert found is not None
    assert found.organization_id == acme


def test_a_token_may_be_nobodys(connection: Connection, acme: int) -> None:
    store.add_token(
        connection, acme, name="ci", digest="d" * 64, last_characters="dddd", by=None, at=NOW
    )
    assert store.token_by_digest(connection, "d" * 64) is not None


def test_members_are_found_by_address_in_one_statement(
    database: Database, world: World, acme: int
) -> None:
    with statements(database) as found, database.snapshot() as connection:
        users = store.users_by_email(connection, acme, {ALICE, BOB, "nobody@example.com"})
    assert users == {ALICE: world.users[ALICE], BOB: world.users[BOB]}
    assert found.count == 1


def test_no_members_are_found_without_asking(database: Database, acme: int) -> None:
    with statements(database) as found, database.snapshot() as connection:
        assert store.users_by_email(connection, acme, []) == {}
    assert found.count == 0


def test_members_of_other_organizations_are_not_found_by_address(
    connection: Connection, world: World, acme: int
) -> None:
    assert store.users_by_email(connection, acme, [CHARLIE]) == {}
    globex = world.organizations["globex"]
    assert store.users_by_email(connection, globex, [CHARLIE]) == {CHARLIE: world.users[CHARLIE]}


def test_members_are_not_found_by_an_unverified_address(connection: Connection, acme: int) -> None:
    unverified = update(accounts.emails).where(accounts.emails.c.email == ALICE)
    connection.execute(unverified.values(is_verified=False))
    assert list(store.users_by_email(connection, acme, [ALICE, BOB])) == [BOB]


def test_inactive_members_are_not_found_by_address(connection: Connection, acme: int) -> None:
    inactive = update(accounts.users).where(accounts.users.c.email == ALICE)
    connection.execute(inactive.values(is_active=False))
    assert list(store.users_by_email(connection, acme, [ALICE, BOB])) == [BOB]


def test_members_are_found_by_each_of_their_addresses(
    connection: Connection, world: World, acme: int
) -> None:
    user = world.users[ALICE]
    row = {"user_id": user, "email": "al@example.com", "is_verified": True}
    connection.execute(accounts.emails.insert().values(row))
    found = store.users_by_email(connection, acme, [ALICE, "al@example.com"])
    assert found == {ALICE: user, "al@example.com": user}
