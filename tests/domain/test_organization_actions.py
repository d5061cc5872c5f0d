"""What can be done with organizations, and who may do what in them (auth-and-errors.md 2 and 3)."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from factories import ADDRESS, ALICE, BOB, CHARLIE, World, counts
from sqlalchemy import Connection, update

from shipmark.accounts import store as accounts
from shipmark.accounts.model import ALL_SCOPES, User
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Forbidden, NotFound, Unauthenticated, ValidationFailed
from shipmark.infrastructure.ids import digest
from shipmark.organizations import actions, store
from shipmark.organizations.model import Organization, Role

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
BAD_SLUGS = ["", "Web", "-web", "we b", "123", "a" * 51, "wéb", "web/1", "web_1", "web\n"]
WRONG_SLUG = {
    "slug": ["Use lower case letters, digits and dashes, at most 50, and not only digits."]
}


@pytest.fixture
def acme(connection: Connection) -> Organization:
    found = store.by_slug(connection, "acme")
    assert found is not None
    return found


def person(connection: Connection, email: str) -> User:
    found = accounts.by_email(connection, email)
    assert found is not None
    return found


@pytest.mark.parametrize("slug", BAD_SLUGS)
def test_a_bad_slug_is_refused(connection: Connection, acme: Organization, slug: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        actions.create(connection, slug, "Name", NOW)
    assert caught.value.fields == WRONG_SLUG
    with pytest.raises(ValidationFailed):
        actions.create_team(connection, acme, slug, "Name", NOW)


@pytest.mark.parametrize("slug", ["a", "1a", "a-1", "a-", "a" * 50])
def test_a_good_slug_is_kept(connection: Connection, slug: str) -> None:
    assert actions.create(connection, slug, "Name", NOW).slug == slug


def test_a_long_name_is_refused(connection: Connection) -> None:
    assert actions.create(connection, "new", "a" * 64, NOW).name == "a" * 64
    with pytest.raises(ValidationFailed) as caught:
        actions.create(connection, "newer", "a" * 65, NOW)
    assert set(caught.value.fields) == {"name"}


def test_who_has_no_name_is_called_by_the_slug(connection: Connection, acme: Organization) -> None:
    assert actions.create(connection, "new", "", NOW).name == "new"
    assert actions.create_team(connection, acme, "new", "", NOW).name == "new"


def test_a_member_is_put_on_teams_once(connection: Connection) -> None:
    made = actions.create(connection, "new", "", NOW)
    teams = [actions.create_team(connection, made, slug, "", NOW).id for slug in ("one", "two")]
    user = person(connection, CHARLIE)
    for _ in range(2):
        actions.add_member(connection, made, user, Role.MEMBER, ["one", "two"], NOW)
    member = store.ensure_member(connection, made.id, user.id, Role.MEMBER, NOW)
    table = store.team_members
    on = connection.execute(table.select().where(table.c.member_id == member))
    assert sorted(it.team_id for it in on) == teams


@pytest.mark.parametrize("slug", ["nowhere", "sales", ""])
def test_a_member_is_not_put_on_an_unknown_team(database: Database, slug: str) -> None:
    def add(teams: list[str]) -> None:
        with database.transaction() as connection:
            acme = actions.create(connection, "acme", "", NOW)
            user = person(connection, CHARLIE)
            actions.add_member(connection, acme, user, Role.MEMBER, teams, NOW)

    before = counts(database)
    with pytest.raises(NotFound) as caught:
        add(["core", slug])
    assert caught.value.detail == f"There is no team {slug} in acme."
    assert counts(database) == before


@pytest.mark.parametrize("role", Role)
def test_a_signed_in_member_may_do_all_of_the_role(
    connection: Connection, acme: Organization, role: Role
) -> None:
    user = person(connection, CHARLIE)
    actions.add_member(connection, acme, user, role, [], NOW)
    access = actions.access_of_user(connection, "acme", user, None)
    assert access.scopes == role.scopes
    assert (access.organization, access.user) == (acme, user)


@pytest.mark.parametrize(
    ("role", "reaches_all"),
    [(Role.MEMBER, False), (Role.ADMIN, False), (Role.MANAGER, True), (Role.OWNER, True)],
)
def test_who_reaches_every_project(
    connection: Connection, acme: Organization, role: Role, reaches_all: bool
) -> None:
    user = person(connection, CHARLIE)
    actions.add_member(connection, acme, user, role, [], NOW)
    assert actions.access_of_user(connection, "acme", user, None).reaches_all is reaches_all


@pytest.mark.parametrize(
    ("email", "given", "left"),
    [
        (ALICE, {"org:read", "org:admin"}, {"org:read", "org:admin"}),
        (BOB, {"org:read", "org:admin"}, {"org:read"}),
        (BOB, {"project:write"}, set()),
        (BOB, set(), set()),
        (ALICE, {"org:ci"}, set()),
        (BOB, ALL_SCOPES, Role.MEMBER.scopes),
        (ALICE, ALL_SCOPES, Role.OWNER.scopes),
    ],
)
def test_a_token_may_do_what_both_it_and_the_role_may(
    connection: Connection, email: str, given: set[str], left: set[str]
) -> None:
    user = person(connection, email)
    assert actions.access_of_user(connection, "acme", user, frozenset(given)).scopes == left


def test_each_role_may_do_all_that_the_one_below_may() -> None:
    roles = [Role.MEMBER, Role.ADMIN, Role.MANAGER, Role.OWNER]
    for below, above in pairwise(roles):
        assert below.scopes < above.scopes


def test_an_organization_may_be_named_by_id(connection: Connection, acme: Organization) -> None:
    access = actions.access_of_user(connection, str(acme.id), person(connection, BOB), None)
    assert access.organization == acme


def test_a_stranger_is_refused(connection: Connection) -> None:
    with pytest.raises(Forbidden):
        actions.access_of_user(connection, "acme", person(connection, CHARLIE), None)


def test_an_unknown_organization_is_not_found(connection: Connection, world: World) -> None:
    with pytest.raises(NotFound):
        actions.access_of_user(connection, "nowhere", person(connection, ALICE), None)
    token = actions.authenticate(connection, world.organization_token)
    with pytest.raises(NotFound):
        actions.token_access(token, None)


def test_an_organizations_token_may_do_everything_there(
    connection: Connection, world: World, acme: Organization
) -> None:
    token = actions.authenticate(connection, world.organization_token)
    for name in ("acme", str(acme.id)):
        found = store.organization_token_in(connection, digest(world.organization_token), name)
        assert found == (token, acme)
        access = actions.token_access(*found)
        assert access.scopes == Role.OWNER.scopes | {"org:ci"}
        assert (access.user, access.reaches_all) == (None, True)


def test_an_organizations_token_may_do_nothing_elsewhere(
    connection: Connection, world: World
) -> None:
    token = actions.authenticate(connection, world.organization_token)
    with pytest.raises(Forbidden):
        actions.token_access(token, store.by_slug(connection, "globex"))


def test_a_token_is_kept_by_digest_alone(connection: Connection, acme: Organization) -> None:
    _, token = actions.add_token(
        connection, acme, name="ci", address=ADDRESS, secret=b"s" * 32, by=None, at=NOW
    )
    row = connection.execute(store.tokens.select().where(store.tokens.c.name == "ci")).one()
    assert (row.digest, row.last_characters) == (digest(token), token[-4:])
    assert row.created_by is None


def test_an_unknown_or_deactivated_token_is_refused(connection: Connection, world: World) -> None:
    with pytest.raises(Unauthenticated, match="Invalid org token"):
        actions.authenticate(connection, "sntrys_x_y")
    connection.execute(update(store.tokens).values(deactivated_at=NOW))
    with pytest.raises(Unauthenticated, match="Invalid org token"):
        actions.authenticate(connection, world.organization_token)
