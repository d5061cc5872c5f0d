"""Unreleased commits of members, and numbers of releases of teams (releases.md 2.23)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from factories import (
    ALICE,
    BOB,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    REPOSITORIES,
    Bearer,
    Caller,
    World,
    commit,
    on_one_database,
    release_path,
    rows,
    statements,
)
from sqlalchemy import text

from shipmark.infrastructure.database import Database

COUNTS = "/teams/acme/core/release-count/"


def unreleased(name: object) -> str:
    return f"/organizations/acme/members/{name}/unreleased-commits/"


def member_of(database: Database, world: World, email: str) -> int:
    found: int = next(
        it["id"] for it in rows(database, "members")
        if (it["user_id"], it["organization_id"]) == (world.users[email], world.organizations["acme"])
    )  # fmt: skip
    return found


def keys(caller: Caller, name: object = "me") -> list[str]:
    answer = caller.get(unreleased(name))
    assert answer.status_code == 200, answer.text
    return [it["id"].rstrip("f") for it in answer.json()["commits"]]


def day(number: int) -> str:
    return f"2026-01-{number:02}T00:00:00Z"


def leave(caller: Caller, *commits: dict[str, object]) -> None:
    """Let commits be known that are in no release: theirs is gone."""
    caller.publish("gone", commits=list(commits))
    assert caller.delete(release_path("gone")).status_code == 204


@pytest.fixture
def _work(alice: Caller) -> None:
    """Bob's commits 3 and 4 came after the last release of acme/web, 5 is of a repository without one."""
    mine = {"author_email": BOB, "author_name": "Bob"}
    leave(
        alice,
        commit("1", timestamp=day(1), **mine),
        commit("3", timestamp=day(3), **mine),
        commit("4", timestamp=day(4), **mine),
        commit("6", timestamp=day(6)),
        commit("5", timestamp=day(5), repository="acme/lib", **mine),
    )
    alice.publish("web@1.0.0", commits=[commit("2", timestamp=day(2), **mine)])


@pytest.mark.usefixtures("_work")
def test_a_members_commits_after_the_last_release_are_listed(
    bob: Caller, alice: Caller, database: Database, world: World
) -> None:
    assert keys(bob) == ["5", "4", "3"]
    assert keys(alice, member_of(database, world, BOB)) == ["5", "4", "3"]
    assert keys(alice) == []


@pytest.mark.usefixtures("_work")
def test_commits_come_with_their_repositories(bob: Caller) -> None:
    shown = bob.get(unreleased("me")).json()
    known = {it["id"]: it for it in bob.get(REPOSITORIES).json()}
    lib = next(it for it in known.values() if it["name"] == "acme/lib")
    assert shown["repositories"] == known
    assert shown["commits"][0] == {
        "id": "5".ljust(40, "f"),
        "message": "Tidy up",
        "dateCreated": day(5),
        "repositoryID": lib["id"],
    }
    assert set(shown) == {"commits", "repositories"}


@pytest.mark.usefixtures("_work")
def test_releasing_them_ends_it(bob: Caller) -> None:
    bob.publish("web@2.0.0", commits=[commit("4", timestamp=day(4))])
    assert keys(bob) == ["5"]


@pytest.mark.usefixtures("_work")
def test_hidden_repositories_are_left_out(alice: Caller, bob: Caller) -> None:
    lib = next(it for it in alice.get(REPOSITORIES).json() if it["name"] == "acme/lib")
    alice.put(f"{REPOSITORIES}{lib['id']}/", {"status": "hidden"})
    assert keys(bob) == ["4", "3"]


def test_at_most_a_hundred_are_listed(alice: Caller, bob: Caller) -> None:
    given = [commit(f"{n:03}", author_email=BOB, timestamp=day(1 + n % 9)) for n in range(120)]
    leave(alice, *given)
    assert len(keys(bob)) == 100


def test_somebody_without_a_verified_address_is_told(bob: Caller, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("UPDATE user_emails SET is_verified = false"))
    answer = bob.get(unreleased("me"))
    told = {"commits": [], "repositories": {}, "errors": {"missing_emails": True}}
    assert (answer.status_code, answer.json()) == (200, told)


def test_members_of_others_are_not_found(
    alice: Caller, charlie: Caller, organization_token: Caller, database: Database, world: World
) -> None:
    other = max(it["id"] for it in rows(database, "members"))
    for name in (other, 99_999, "x", "9" * 40, "-1", "１"):
        answer = alice.get(unreleased(name))
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    mine = member_of(database, world, ALICE)
    assert charlie.get(unreleased(mine).replace("acme", "globex")).status_code == 404
    assert organization_token.get(unreleased("me")).status_code in {403, 404}


@pytest.mark.parametrize(
    ("path", "scope"), [(unreleased("me"), "member:read"), (COUNTS, "team:read")]
)
def test_who_may_look(
    anonymous: Caller, charlie: Caller, bearer: Bearer, path: str, scope: str
) -> None:
    answer = anonymous.get(path)
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)
    for caller in (charlie, bearer(["project:read"])):
        answer = caller.get(path)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert bearer([scope]).get(path).status_code == 200


def made(database: Database, version: str, at: datetime) -> None:
    """Let a release have been made at another time."""
    kept = at.strftime("%Y-%m-%d %H:%M:%S.%f") if database.is_sqlite else at
    with database.transaction() as connection:
        for statement in (
            "UPDATE releases SET created_at = :at WHERE version = :version",
            """
            UPDATE release_projects SET created_at = :at
            WHERE release_id IN (SELECT id FROM releases WHERE version = :version)
            """,
        ):
            connection.execute(text(statement), {"at": kept, "version": version})


def counts(caller: Caller, query: str = "", path: str = COUNTS) -> dict[str, Any]:
    answer = caller.get(f"{path}{query}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def test_releases_are_counted_by_day_and_project(
    alice: Caller, bob: Caller, world: World, database: Database
) -> None:
    today = datetime.now(UTC)
    alice.publish("web@1", "web", "mobile")
    alice.publish("web@2", "web")
    alice.publish("web@3", "web")
    alice.publish("tools@1", "tools")
    made(database, "web@3", today - timedelta(days=20))
    shown = counts(bob)
    web, mobile = (str(world.projects[it]) for it in ("web", "mobile"))
    days = {day: many for day, many in shown["release_counts"].items() if many}
    assert days == {f"{today:%Y-%m-%d}": 2, f"{today - timedelta(days=20):%Y-%m-%d}": 1}
    assert len(shown["release_counts"]) == 91
    assert shown["last_week_totals"] == {web: 2, mobile: 1}
    assert {it: round(avg * 90 / 7) for it, avg in shown["project_avgs"].items()} == {
        web: 3,
        mobile: 1,
    }


def test_the_stretch_of_time_can_be_chosen(alice: Caller, database: Database) -> None:
    alice.publish("web@1")
    made(database, "web@1", datetime(2026, 1, 2, 23, 59, 59, tzinfo=UTC))
    shown = counts(alice, "?start=2026-01-01T00:00:00&end=2026-01-04T00:00:00")
    assert shown["release_counts"] == {"2026-01-01": 0, "2026-01-02": 1, "2026-01-03": 0}
    assert set(shown["project_avgs"].values()) == {0, 1}
    assert set(shown["last_week_totals"].values()) == {0}


@pytest.mark.parametrize("query", ["?statsPeriod=x", "?start=2026-01-01", "?statsPeriod=2000d"])
@on_one_database
def test_a_bad_stretch_is_refused(alice: Caller, anonymous: Caller, query: str) -> None:
    answer = alice.get(f"{COUNTS}{query}")
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    assert anonymous.get(f"{COUNTS}{query}").status_code == 401


def test_a_team_is_found_by_its_id_too(alice: Caller, database: Database) -> None:
    core = next(it["id"] for it in rows(database, "teams") if it["slug"] == "core")
    assert counts(alice, path=COUNTS.replace("core", str(core))) == counts(alice)


@pytest.mark.parametrize("name", ["nope", "99999", "9" * 40, "sales"])
def test_an_unknown_team_is_not_found(alice: Caller, name: str) -> None:
    answer = alice.get(COUNTS.replace("core", name))
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_team_of_others_is_not_found_by_id(alice: Caller, database: Database) -> None:
    sales = next(it["id"] for it in rows(database, "teams") if it["slug"] == "sales")
    assert alice.get(COUNTS.replace("core", str(sales))).status_code == 404


def test_more_releases_take_no_more_statements(alice: Caller, database: Database) -> None:
    many = []
    for number in range(2):
        alice.publish(f"web@{number}", "web", "mobile", commits=[commit(str(number))])
        with statements(database) as seen:
            counts(alice)
            keys(alice)
        many.append(seen.count)
    assert many[0] == many[1]
