"""What can be done with accounts: signing up, in and out, and making tokens (auth-and-errors.md 1)."""

from datetime import UTC, datetime, timedelta

import pytest
from factories import ALICE, BOB, PASSWORD, World, rows
from sqlalchemy import Connection, update

from shipmark.accounts import actions, store
from shipmark.accounts.model import ALL_SCOPES, User
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unauthenticated, ValidationFailed
from shipmark.infrastructure.ids import digest

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SECRET = "5" * 64


@pytest.fixture
def user(connection: Connection, world: World) -> User:
    found = store.by_id(connection, world.users[ALICE])
    assert found is not None
    return found


def test_an_address_is_kept_in_lower_case_without_blanks(connection: Connection) -> None:
    user = actions.create_user(connection, "  Ada@Example.COM ", "Ada", None, NOW)
    assert user.email == "ada@example.com"


def test_a_known_user_stays_as_they_are(connection: Connection, user: User) -> None:
    known = actions.create_user(connection, ALICE.upper(), "Other", "another password", NOW)
    assert known == user
    assert actions.check_password(connection, ALICE, PASSWORD) == user.id


def test_a_user_without_a_password_cannot_sign_in(connection: Connection) -> None:
    user = actions.create_user(connection, "ada@example.com", "Ada", None, NOW)
    assert not user.has_password
    assert actions.check_password(connection, "ada@example.com", "") is None


@pytest.mark.parametrize("email", ["ada", "", "   ", "a" * 189 + "@example.com"])
def test_a_bad_address_is_refused(connection: Connection, email: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        actions.create_user(connection, email, "Ada", PASSWORD, NOW)
    assert caught.value.fields == {"email": ["Enter a valid email address."]}


def test_an_address_of_200_characters_is_kept(connection: Connection) -> None:
    email = "a" * 188 + "@example.com"
    assert actions.create_user(connection, email, "Ada", None, NOW).email == email


@pytest.mark.parametrize("password", ["", "7 chars"])
def test_a_short_password_is_refused(connection: Connection, password: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        actions.create_user(connection, "ada@example.com", "Ada", password, NOW)
    assert caught.value.fields == {"password": ["Ensure this field has at least 8 characters."]}


def test_all_that_is_wrong_is_said_at_once(connection: Connection) -> None:
    with pytest.raises(ValidationFailed) as caught:
        actions.create_user(connection, "ada", "a" * 201, "short", NOW)
    assert set(caught.value.fields) == {"email", "name", "password"}


def test_who_is_refused_is_not_kept(database: Database) -> None:
    with pytest.raises(ValidationFailed), database.transaction() as connection:
        actions.create_user(connection, "ada@example.com", "Ada", "short", NOW)
    assert "ada@example.com" not in {it["email"] for it in rows(database, "users")}


def test_a_password_is_never_kept_as_it_is(database: Database) -> None:
    assert PASSWORD not in str(rows(database, "users"))


@pytest.mark.parametrize("email", [ALICE, "ALICE@example.com", f" {ALICE} "])
def test_the_right_password_says_who_it_is(
    connection: Connection, world: World, email: str
) -> None:
    assert actions.check_password(connection, email, PASSWORD) == world.users[ALICE]


@pytest.mark.parametrize(
    ("email", "password"),
    [(ALICE, "wrong"), (ALICE, PASSWORD.upper()), ("nobody@example.com", PASSWORD), ("", "")],
)
def test_any_other_password_says_nothing(connection: Connection, email: str, password: str) -> None:
    assert actions.check_password(connection, email, password) is None


def test_an_inactive_user_cannot_sign_in(connection: Connection) -> None:
    connection.execute(update(store.users).values(is_active=False))
    assert actions.check_password(connection, ALICE, PASSWORD) is None


def test_a_session_lasts_fourteen_days(connection: Connection, user: User) -> None:
    actions.sign_in(connection, user.id, SECRET, NOW)
    end = NOW + timedelta(days=14)
    almost = end - timedelta(seconds=1)
    assert store.user_of_session(connection, digest(SECRET), almost) is not None
    assert store.user_of_session(connection, digest(SECRET), end) is None


def test_a_cookie_is_never_kept_as_it_is(database: Database, world: World) -> None:
    with database.transaction() as connection:
        actions.sign_in(connection, world.users[ALICE], SECRET, NOW)
    assert [it["digest"] for it in rows(database, "sessions")] == [digest(SECRET)]


def test_signing_in_is_remembered(connection: Connection, user: User) -> None:
    actions.sign_in(connection, user.id, SECRET, NOW)
    now = store.by_id(connection, user.id)
    assert now is not None
    assert now.last_login_at == NOW


def test_signing_out_ends_one_session(connection: Connection, user: User) -> None:
    actions.sign_in(connection, user.id, SECRET, NOW)
    actions.sign_in(connection, user.id, "6" * 64, NOW)
    actions.sign_out(connection, SECRET)
    assert store.user_of_session(connection, digest(SECRET), NOW) is None
    assert store.user_of_session(connection, digest("6" * 64), NOW) is not None


def test_signing_out_twice_is_no_mistake(connection: Connection, user: User) -> None:
    actions.sign_in(connection, user.id, SECRET, NOW)
    for _ in range(2):
        actions.sign_out(connection, SECRET)
    assert store.user_of_session(connection, digest(SECRET), NOW) is None


def test_a_token_says_what_it_is(connection: Connection, user: User) -> None:
    _, token = actions.add_token(connection, user, ["org:read"], "mine", SECRET, NOW)
    assert token == f"sntryu_{SECRET}"


def test_a_token_is_never_kept_as_it_is(database: Database, world: World) -> None:
    kept = {it["digest"]: it["last_characters"] for it in rows(database, "user_tokens")}
    assert kept == {digest(it): it[-4:] for it in world.tokens.values()}


@pytest.mark.parametrize("scopes", [[], ["org:read"], ["project:releases", "org:ci"], ALL_SCOPES])
def test_a_token_keeps_its_scopes(connection: Connection, user: User, scopes: list[str]) -> None:
    _, token = actions.add_token(connection, user, scopes, "mine", SECRET, NOW)
    assert actions.authenticate(connection, token, NOW).scopes == set(scopes)


def test_scopes_that_do_not_exist_are_refused_by_name(connection: Connection, user: User) -> None:
    with pytest.raises(ValidationFailed) as caught:
        actions.add_token(connection, user, ["x", "org:read", "a", "x"], "mine", SECRET, NOW)
    assert caught.value.fields == {
        "scopes": ['"a" is not a valid choice.', '"x" is not a valid choice.']
    }


def test_a_token_acts_as_its_user(connection: Connection, world: World) -> None:
    known = actions.authenticate(connection, world.tokens[BOB], NOW)
    assert known.user.id == world.users[BOB]


@pytest.mark.parametrize("token", ["", "sntryu_", "sntryu_" + "f" * 64])
def test_an_unknown_token_is_refused(connection: Connection, token: str) -> None:
    with pytest.raises(Unauthenticated, match="Invalid token"):
        actions.authenticate(connection, token, NOW)


def test_a_token_is_over_at_its_last_moment(connection: Connection, world: World) -> None:
    connection.execute(update(store.tokens).values(expires_at=NOW))
    before = NOW - timedelta(seconds=1)
    assert actions.authenticate(connection, world.tokens[BOB], before).expires_at == NOW
    with pytest.raises(Unauthenticated, match="Token expired"):
        actions.authenticate(connection, world.tokens[BOB], NOW)


def test_the_token_of_an_inactive_user_is_refused(connection: Connection, world: World) -> None:
    inactive = store.users.c.id == world.users[BOB]
    connection.execute(update(store.users).where(inactive).values(is_active=False))
    with pytest.raises(Unauthenticated, match="User inactive or deleted"):
        actions.authenticate(connection, world.tokens[BOB], NOW)
    assert actions.authenticate(connection, world.tokens[ALICE], NOW).user.email == ALICE
