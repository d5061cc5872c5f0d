"""Where open membership is off, members see the repositories that their teams have released from."""

import pytest
from factories import BOB, RELEASES, REPOSITORIES, Bearer, Caller, commit, release, statements

from shipmark.infrastructure.database import Database


@pytest.fixture
def ids(alice: Caller, database: Database) -> dict[str, int]:
    """The repositories of a closed acme by name: Bob's team has released from acme/web, not from acme/tools."""
    for name, project, key in (("acme/web", "web", "1"), ("acme/tools", "tools", "2")):
        body = release(f"{project}@1.0.0", project, commits=[commit(key, repository=name)])
        assert alice.post(RELEASES, body).status_code == 201
    assert alice.post(REPOSITORIES, {"name": "acme/new"}).status_code == 201
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE organizations SET is_open = false")
    return {it["name"]: int(it["id"]) for it in alice.get(REPOSITORIES).json()}


def names(caller: Caller) -> list[str]:
    answer = caller.get(REPOSITORIES)
    assert answer.status_code == 200
    return [it["name"] for it in answer.json()]


def test_a_member_sees_what_their_team_has_released_from(
    ids: dict[str, int], alice: Caller, bob: Caller
) -> None:
    assert names(alice) == ["acme/new", "acme/tools", "acme/web"]
    assert names(bob) == ["acme/web"]
    assert bob.get(f"{REPOSITORIES}{ids['acme/web']}/commits/").status_code == 200


def test_a_hidden_repository_is_not_found(ids: dict[str, int], alice: Caller, bob: Caller) -> None:
    hidden = f"{REPOSITORIES}{ids['acme/tools']}/"
    remote = {"url": "https://git.example.com/acme/tools"}
    assert alice.put(f"{hidden}remote/", remote).status_code == 200
    for path in (f"{hidden}commits/", f"{hidden}remote/"):
        assert (bob.get(path).status_code, alice.get(path).status_code) == (404, 200)


def test_a_member_without_a_team_sees_none(
    ids: dict[str, int], bob: Caller, database: Database
) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM team_members")
    assert names(bob) == []
    assert bob.get(f"{REPOSITORIES}{ids['acme/web']}/commits/").status_code == 404


def test_adding_a_hidden_repository_tells_nothing_of_it(
    ids: dict[str, int], alice: Caller, bob: Caller
) -> None:
    assert len(ids) == 3
    sent = {"name": "acme/tools", "url": "https://example.com/other"}
    assert bob.post(REPOSITORIES, sent).status_code == 403
    assert {it["url"] for it in alice.get(REPOSITORIES).json()} == {None}
    assert bob.post(REPOSITORIES, {"name": "acme/web"}).status_code == 201


def test_a_pipeline_and_who_manages_repositories_see_all(
    ids: dict[str, int], organization_token: Caller, bob: Caller, database: Database
) -> None:
    assert names(organization_token) == sorted(ids)
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE members SET role = 'admin' WHERE role = 'member'")
    assert names(bob) == sorted(ids)


def test_unreleased_commits_of_hidden_repositories_are_left_out(
    ids: dict[str, int], alice: Caller, bob: Caller, database: Database
) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql(
            f"UPDATE authors SET email = '{BOB}' WHERE email = 'ada@example.com'"
        )
        connection.exec_driver_sql("DELETE FROM release_commits")
    known = alice.get("/organizations/acme/members/").json()
    member = next(it["id"] for it in known if it["email"] == BOB)
    path = f"/organizations/acme/members/{member}/unreleased-commits/"
    seen = {it["repositoryID"] for it in bob.get(path).json()["commits"]}
    assert seen == {str(ids["acme/web"])}
    assert len(alice.get(path).json()["commits"]) == 2


def test_a_list_takes_as_many_statements_for_any_number(
    ids: dict[str, int], alice: Caller, bearer: Bearer, database: Database
) -> None:
    reader = bearer(["org:read"], BOB)
    with statements(database) as few:
        reader.get(REPOSITORIES)
    for number in range(5):
        body = release("web@1.0.0", commits=[commit(str(number), repository=f"acme/{number}")])
        alice.post(RELEASES, body | {"version": f"web@2.0.{number}"})
    with statements(database) as many:
        assert len(reader.get(REPOSITORIES).json()) == 6
    assert many.count == few.count
    assert ids
