"""``commit-fetches/``: what releases wait for from git remotes."""

import pytest
from factories import (
    REPOSITORIES,
    Bearer,
    Caller,
    commit,
    masked,
    on_one_database,
    release_path,
    rows,
    statements,
)

from shipmark.infrastructure.database import Database

FETCHES = "/organizations/acme/commit-fetches/"
MOVING = ("id", "dateCreated", "dateUpdated", "nextAttempt")


@pytest.fixture(autouse=True)
def _remote(alice: Caller) -> None:
    body = {"name": "acme/web", "url": "https://git.example.com/acme/web"}
    repository = alice.post(REPOSITORIES, body).json()["id"]
    remote = {"url": "https://git.example.com/acme/web.git"}
    assert alice.put(f"{REPOSITORIES}{repository}/remote/", remote).status_code == 200


def refer(alice: Caller, version: str, *keys: str) -> None:
    refs = [{"repository": "acme/web", "commit": key} for key in keys or ("a" * 40,)]
    alice.publish(version, refs=refs)


def test_a_fetch_is_shown_until_it_is_done_and_after(alice: Caller) -> None:
    refer(alice, "web@1.0.0")
    [shown] = alice.get(release_path("web@1.0.0", "commit-fetches/")).json()
    assert masked(shown, *MOVING) == {
        "id": "<masked>",
        "version": "web@1.0.0",
        "repository": "acme/web",
        "commit": "a" * 40,
        "previousCommit": None,
        "mode": "range",
        "state": "waiting",
        "attempts": 0,
        "error": None,
        "note": None,
        "commitCount": None,
        "dateCreated": "<masked>",
        "dateUpdated": "<masked>",
        "nextAttempt": "<masked>",
    }
    assert alice.get(FETCHES).json() == [shown]


def test_lists_have_pages_and_the_newest_come_first(alice: Caller) -> None:
    for number in range(3):
        refer(alice, f"web@1.0.{number}")
    first = alice.get(f"{FETCHES}?per_page=2")
    assert [it["version"] for it in first.json()] == ["web@1.0.2", "web@1.0.1"]
    assert 'results="true"; cursor="2:1:0"' in first.headers["Link"]
    rest = alice.get(f"{FETCHES}?per_page=2&cursor=2:1:0").json()
    assert [it["version"] for it in rest] == ["web@1.0.0"]


def test_a_state_filters(alice: Caller) -> None:
    refer(alice, "web@1.0.0")
    refer(alice, "web@1.0.0", "b" * 40)
    for state, count in (("waiting", 1), ("superseded", 1), ("failed", 0), ("", 2)):
        assert len(alice.get(f"{FETCHES}?state={state}").json()) == count
    assert alice.get(f"{FETCHES}?state=odd").status_code == 400


def test_the_number_of_statements_does_not_grow(alice: Caller, database: Database) -> None:
    refer(alice, "web@1.0.0", *(str(number) * 40 for number in range(3)))
    with statements(database) as few:
        alice.get(FETCHES)
    refer(alice, "web@2.0.0", *(str(number) * 40 for number in range(9)))
    with statements(database) as many:
        alice.get(FETCHES)
    assert few.count == many.count


def test_asking_costs_the_same_for_many_commits(alice: Caller, database: Database) -> None:
    alice.publish("web@0.9.0")
    with statements(database) as few:
        refer(alice, "web@1.0.0", "a" * 40, "b" * 40)
    with statements(database) as many:
        refer(alice, "web@2.0.0", *(f"{number:040x}" for number in range(50)))
    assert few.count == many.count


def test_trying_again_what_waits_takes_its_place(alice: Caller, database: Database) -> None:
    refer(alice, "web@1.0.0")
    answer = alice.post(release_path("web@1.0.0", "commit-fetches/"))
    assert (answer.status_code, len(answer.json())) == (202, 1)
    states = [it["state"] for it in rows(database, "release_fetches")]
    assert states == ["superseded", "waiting"]


def test_where_nothing_is_to_be_fetched_trying_again_is_a_conflict(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    answer = alice.post(release_path("web@1.0.0", "commit-fetches/"))
    assert (answer.status_code, answer.json()) == (
        409,
        {"detail": "There is nothing to be fetched again for this release."},
    )


def test_what_a_client_sets_or_clears_is_not_fetched_any_more(
    alice: Caller, database: Database
) -> None:
    refer(alice, "web@1.0.0")
    alice.publish("web@1.0.0", commits=[commit("1")])
    refer(alice, "web@2.0.0")
    alice.put(release_path("web@2.0.0"), {"refs": []})
    assert {it["state"] for it in rows(database, "release_fetches")} == {"superseded"}


def test_a_deploy_waits_and_is_announced_with_the_client_s_commits(
    alice: Caller, database: Database
) -> None:
    refer(alice, "web@1.0.0")
    alice.post(release_path("web@1.0.0", "deploys/"), {"environment": "production"})
    assert rows(database, "release_activities") == []
    alice.publish("web@1.0.0", commits=[commit("1")])
    assert [it["type"] for it in rows(database, "release_activities")] == ["deploy"]


@on_one_database
@pytest.mark.parametrize("version", ["a b", "100%", "a#b", "a?b", "a+b", "a@b@c", "é"])
def test_odd_versions_are_found(alice: Caller, version: str) -> None:
    refer(alice, version)
    escaped = "".join(f"%{byte:02X}" for byte in version.encode())
    [shown] = alice.get(release_path(escaped, "commit-fetches/")).json()
    assert shown["version"] == version


def test_strangers_and_those_without_the_scope_learn_nothing(
    alice: Caller, charlie: Caller, anonymous: Caller, bearer: Bearer
) -> None:
    refer(alice, "web@1.0.0")
    path = release_path("web@1.0.0", "commit-fetches/")
    assert anonymous.get(FETCHES).status_code == anonymous.post(path).status_code == 401
    for answer in (charlie.get(FETCHES), charlie.get(path), charlie.post(path)):
        assert answer.status_code == 403
    reader = bearer(scopes=["project:read"])
    assert (reader.get(path).status_code, reader.post(path).status_code) == (200, 403)
    assert charlie.get("/organizations/globex/commit-fetches/").json() == []
    assert alice.get(release_path("unknown", "commit-fetches/")).status_code == 404
