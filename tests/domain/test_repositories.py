"""What is kept of repositories, commits and authors (releases.md 3.4)."""

from datetime import UTC, datetime

import pytest
from factories import World, counts, rows, statements
from hypothesis import given as given_any
from hypothesis import strategies as st

from shipmark.infrastructure.database import Database
from shipmark.repositories import actions, store
from shipmark.repositories.model import Change, CommitInput, shortened

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def given(key: str, **more: object) -> CommitInput:
    return CommitInput(sha=key, repository="acme/web", **more)  # type: ignore[arg-type]


def test_nothing_is_kept_of_nothing(database: Database, world: World) -> None:
    with statements(database) as found, database.transaction() as connection:
        assert actions.upsert_commits(connection, world.organizations["acme"], [], NOW) == []
    assert found.count == 0


def test_commits_are_told_in_the_order_they_were_given(database: Database, world: World) -> None:
    with database.transaction() as connection:
        keys = ["c", "a", "b", "a"]
        kept = actions.upsert_commits(
            connection, world.organizations["acme"], [given(k) for k in keys], NOW
        )
    known = {it["id"]: it["key"] for it in rows(database, "commits")}
    assert [known[it.commit_id] for it in kept] == keys
    assert counts(database)["commits"] == 3


def test_of_a_commit_that_is_given_twice_the_last_counts(database: Database, world: World) -> None:
    with database.transaction() as connection:
        commits = [given("a", message="one"), given("a", message="two")]
        actions.upsert_commits(connection, world.organizations["acme"], commits, NOW)
    assert [it["message"] for it in rows(database, "commits")] == ["two"]


def test_keeping_takes_seven_statements_at_the_most(database: Database, world: World) -> None:
    commits = [
        given(
            str(number),
            author_name=str(number),
            author_email=f"{number}@example.com",
            changes=((f"{number}.py", Change.MODIFIED),),
        )
        for number in range(100)
    ]
    with statements(database) as found, database.transaction() as connection:
        actions.upsert_commits(connection, world.organizations["acme"], commits, NOW)
    assert found.count <= 7


def test_repositories_are_found_by_name(database: Database, world: World) -> None:
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        made = store.ensure_named(connection, acme, {"b", "a"}, NOW)
        assert store.ensure_named(connection, acme, {"a", "b"}, NOW) == made
        assert actions.ensure_repositories(connection, acme, ["a", "b", "a"], NOW) == made
        more = actions.ensure_repositories(connection, acme, ["z", "a", "y", "z"], NOW)
        assert more["a"] == made["a"]
        assert store.ids_by_name(connection, acme, {"a", "y", "z"}) == more


def test_the_name_of_a_git_remote_is_no_repository(database: Database, world: World) -> None:
    """`sentry-cli` sends "origin" for whatever repository it runs in."""
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        refs = actions.ensure_repositories(connection, acme, ["origin"], NOW)
        kept = actions.upsert_commits(
            connection, acme, [CommitInput(sha="1", repository="origin")], NOW
        )
    assert [it["name"] for it in rows(database, "repositories")] == [f"organization-{acme}"]
    assert kept[0].repository_id == refs["origin"]


def test_of_repositories_with_one_name_the_newest_active_one_is_found(
    database: Database, world: World
) -> None:
    """The reference fails on such names."""
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        for provider, status in (("github", "active"), ("gitlab", "active"), (None, "disabled")):
            row = {"organization_id": acme, "name": "twin", "provider": provider, "status": status}
            connection.execute(store.repositories.insert().values(row | {"created_at": NOW}))
        found = store.ids_by_name(connection, acme, ["twin"])
        assert store.ensure_named(connection, acme, ["twin"], NOW) == found
    providers = {it["id"]: it["provider"] for it in rows(database, "repositories")}
    assert providers[found["twin"]] == "gitlab"


def test_a_name_is_taken_in_any_case(database: Database, world: World) -> None:
    """`sentry-cli` finds a repository by its name in any case, and sends the name as it was typed."""
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        made = store.ensure_named(connection, acme, ["acme/Shop"], NOW)["acme/Shop"]
        assert store.ids_by_name(connection, acme, ["ACME/shop"]) == {"ACME/shop": made}
        refs = actions.ensure_repositories(connection, acme, ["acme/shop", "acme/api"], NOW)
        kept = actions.upsert_commits(
            connection, acme, [CommitInput(sha="1", repository="Acme/Shop")], NOW
        )
    assert [it["name"] for it in rows(database, "repositories")] == ["acme/Shop", "acme/api"]
    assert {refs["acme/shop"], kept[0].repository_id} == {made}


def test_exactly_the_name_counts_before_it_in_another_case(
    database: Database, world: World
) -> None:
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        made = store.ensure_named(connection, acme, ["web", "Web", "new"], NOW)
        assert made["web"] != made["Web"]
        assert store.ensure_named(connection, acme, ["Web"], NOW) == {"Web": made["Web"]}
        assert store.ids_by_name(connection, acme, ["web", "x"]) == {"web": made["web"]}


def test_a_name_whose_repositories_are_all_disabled_gets_a_new_one(
    database: Database, world: World
) -> None:
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        row = {"organization_id": acme, "name": "old", "status": "disabled", "created_at": NOW}
        connection.execute(store.repositories.insert().values(row))
        found = store.ensure_named(connection, acme, ["old"], NOW)
    assert [it["status"] for it in rows(database, "repositories")] == ["disabled", "active"]
    assert found["old"] == rows(database, "repositories")[1]["id"]


@given_any(st.text(), st.integers(3, 300))
def test_a_shortened_text_fits_and_begins_like_the_whole(text: str, length: int) -> None:
    short = shortened(text, length)
    assert len(short) <= length
    assert short == text or (short.endswith("...") and text.startswith(short[:-3]))


@pytest.mark.parametrize(
    ("name", "email", "author"),
    [
        (None, None, None),
        ("Ada", None, ("ada@localhost", "Ada")),
        ("Ada", "", None),
        (None, "Ada@Example.com", ("ada@example.com", None)),
        ("", "ada@example.com", ("ada@example.com", None)),
        ("a" * 130, "b" * 205, ("b" * 197 + "...", "a" * 125 + "...")),
        ("a" * 75, None, ("a" * 72 + "...", "a" * 75)),
    ],
)
def test_who_the_author_is(
    name: str | None, email: str | None, author: tuple[str, str | None] | None
) -> None:
    assert given("a", author_name=name, author_email=email).author == author


@pytest.mark.parametrize(
    ("message", "is_skipped"), [(None, False), ("#skipsentry", True), ("#SKIPSENTRY", False)]
)
def test_who_asks_to_be_left_out(message: str | None, is_skipped: bool) -> None:
    assert given("a", message=message).is_skipped is is_skipped


def test_many_repositories_are_added_on_one_connection(database: Database, world: World) -> None:
    """PostgreSQL plans a statement anew without its values after some uses."""
    with database.transaction() as connection:
        for number in range(15):
            name = f"acme/{number}"
            added = store.add_named(connection, world.organizations["acme"], name, None, NOW)
            assert added.name == name
