"""What is kept of people, their sessions and their tokens."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from factories import ALICE, BOB, World, counts, rows, statements
from sqlalchemy import Connection, update

from shipmark.accounts import store
from shipmark.infrastructure.database import Database

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def test_an_empty_database_has_no_user(empty_database: Database) -> None:
    with empty_database.snapshot() as connection:
        assert not store.exists(connection)


def test_one_user_is_enough_to_exist(empty_database: Database) -> None:
    with empty_database.transaction() as connection:
        store.add(connection, "ada@example.com", "Ada", None, NOW)
        assert store.exists(connection)


def test_a_new_user_is_active_and_has_never_signed_in(connection: Connection) -> None:
    user = store.by_id(connection, store.add(connection, "ada@example.com", "Ada", None, NOW))
    assert user is not None
    assert (user.is_active, user.has_password, user.last_login_at) == (True, False, None)
    assert (user.name, user.created_at) == ("Ada", NOW)


def test_a_new_user_has_one_verified_address(connection: Connection) -> None:
    user = store.by_id(connection, store.add(connection, "ada@example.com", "", None, NOW))
    assert user is not None
    assert [(it.email, it.is_verified) for it in user.emails] == [("ada@example.com", True)]


def test_who_gave_no_name_is_shown_by_the_address(connection: Connection) -> None:
    user = store.by_id(connection, store.add(connection, "ada@example.com", "", None, NOW))
    assert user is not None
    assert user.display_name == "ada@example.com"


def test_a_user_is_found_by_address_in_any_case(connection: Connection, world: World) -> None:
    found = store.by_email(connection, "ALICE@Example.COM")
    assert found is not None
    assert found.id == world.users[ALICE]


def test_a_user_is_found_by_a_second_address(connection: Connection, world: World) -> None:
    row = {"user_id": world.users[ALICE], "email": "al@example.com", "is_verified": False}
    connection.execute(store.emails.insert().values(row))
    found = store.by_email(connection, "al@example.com")
    assert found is not None
    assert [it.email for it in found.emails] == [ALICE, "al@example.com"]


def test_nobody_has_an_unknown_address_or_id(connection: Connection) -> None:
    assert store.by_email(connection, "nobody@example.com") is None
    assert store.by_id(connection, 999) is None


def test_users_are_found_in_one_statement(database: Database, world: World) -> None:
    with statements(database) as found, database.snapshot() as connection:
        users = store.by_ids(connection, [*world.users.values(), 999])
    assert sorted(users) == sorted(world.users.values())
    assert found.count == 1


def test_no_users_are_found_without_asking(database: Database) -> None:
    with statements(database) as found, database.snapshot() as connection:
        assert store.by_ids(connection, []) == {}
    assert found.count == 0


def test_a_password_is_found_by_address_in_any_case(connection: Connection, world: World) -> None:
    found = store.password_of(connection, "Alice@Example.com")
    assert found is not None
    assert found[0] == world.users[ALICE]
    assert found[1].startswith("$argon2id$")


def test_who_has_no_password_has_none_to_check(connection: Connection) -> None:
    store.add(connection, "ada@example.com", "Ada", None, NOW)
    assert store.password_of(connection, "ada@example.com") is None


def test_the_password_of_an_inactive_user_is_not_found(connection: Connection) -> None:
    connection.execute(update(store.users).values(is_active=False))
    assert store.password_of(connection, ALICE) is None


def test_a_session_leads_to_its_user(connection: Connection, world: World) -> None:
    store.add_session(connection, world.users[ALICE], "d" * 64, NOW, LATER)
    user_and_use = store.user_of_session(connection, "d" * 64, NOW)
    assert user_and_use is not None
    user, last_used_at = user_and_use
    assert (user.id, user.last_login_at, last_used_at) == (world.users[ALICE], NOW, NOW)


def test_a_session_is_over_at_its_last_moment(connection: Connection, world: World) -> None:
    store.add_session(connection, world.users[ALICE], "d" * 64, NOW, LATER)
    just_before = LATER - timedelta(microseconds=1)
    assert store.user_of_session(connection, "d" * 64, just_before) is not None
    assert store.user_of_session(connection, "d" * 64, LATER) is None


def test_an_inactive_user_has_no_session(connection: Connection, world: World) -> None:
    store.add_session(connection, world.users[ALICE], "d" * 64, NOW, LATER)
    connection.execute(update(store.users).values(is_active=False))
    assert store.user_of_session(connection, "d" * 64, NOW) is None


def test_ending_a_session_leaves_others(connection: Connection, world: World) -> None:
    for digest in ("a" * 64, "b" * 64):
        store.add_session(connection, world.users[ALICE], digest, NOW, LATER)
    store.end_session(connection, "a" * 64)
    assert store.user_of_session(connection, "a" * 64, NOW) is None
    assert store.user_of_session(connection, "b" * 64, NOW) is not None


def test_only_sessions_that_ran_out_are_forgotten(database: Database, world: World) -> None:
    with database.transaction() as connection:
        for number, ends in enumerate((NOW - timedelta(days=1), NOW, LATER)):
            store.add_session(connection, world.users[BOB], str(number) * 64, NOW, ends)
        assert store.end_old_sessions(connection, NOW) == 2
        assert store.end_old_sessions(connection, NOW) == 0
    assert [it["digest"] for it in rows(database, "sessions")] == ["2" * 64]


def test_a_new_password_ends_the_sessions_of_its_user_alone(
    connection: Connection, world: World
) -> None:
    for digest, email in (("a" * 64, ALICE), ("b" * 64, ALICE), ("c" * 64, BOB)):
        store.add_session(connection, world.users[email], digest, NOW, LATER)
    store.set_password(connection, world.users[ALICE], "hash")
    assert store.password_of(connection, ALICE) == (world.users[ALICE], "hash")
    left = connection.execute(store.sessions.select()).all()
    assert [it.user_id for it in left] == [world.users[BOB]]


def _add_token(connection: Connection, world: World, scopes: Sequence[str]) -> None:
    store.add_token(
        connection,
        world.users[ALICE],
        digest="d" * 64,
        last_characters="dddd",
        name="mine",
        scopes=scopes,
        at=NOW,
        expires_at=None,
    )


def test_a_token_leads_to_its_user_and_scopes(connection: Connection, world: World) -> None:
    scopes = ["org:read", "event:read"]
    _add_token(connection, world, scopes)
    found = store.token_by_digest(connection, "d" * 64)
    assert found is not None
    assert (found.user.id, found.scopes) == (world.users[ALICE], frozenset(scopes))
    assert found.expires_at is None


def test_a_token_may_have_no_scopes(connection: Connection, world: World) -> None:
    _add_token(connection, world, [])
    found = store.token_by_digest(connection, "d" * 64)
    assert found is not None
    assert found.scopes == frozenset()


def test_an_unknown_digest_is_no_token(connection: Connection) -> None:
    assert store.token_by_digest(connection, "e" * 64) is None


def test_whatever_is_a_users_own_goes_with_them(database: Database, world: World) -> None:
    before = counts(database)
    with database.transaction() as connection:
        store.add_session(connection, world.users[ALICE], "d" * 64, NOW, LATER)
        connection.execute(store.users.delete().where(store.users.c.email == ALICE))
    assert before - counts(database) == {
        "users": 1,
        "user_emails": 1,
        "user_tokens": 1,
        "members": 1,
    }
    assert counts(database)["sessions"] == 0
