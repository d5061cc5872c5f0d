"""PUT ``organizations/{org}/repos/{id}/``, and what the list can be asked for (releases.md 2.20)."""

import pytest
from factories import (
    NOT_ALLOWED,
    NOT_FOUND,
    REPOSITORIES,
    Bearer,
    Caller,
    commit,
    counts,
    dump,
    on_one_database,
    release_path,
    rows,
)
from sqlalchemy import text

from shipmark.infrastructure.database import Database

NAME_TAKEN = ["Another active repository has that name."]


def path_of(caller: Caller, name: str = "acme/web") -> str:
    """The address of a repository, which a commit brings if it is not there."""
    known = {it["name"]: it["id"] for it in caller.get(f"{REPOSITORIES}?status=").json()}
    if name not in known:
        caller.publish("web@1.0.0", commits=[commit("1", repository=name)])
        return path_of(caller, name)
    return f"{REPOSITORIES}{known[name]}/"


def names(caller: Caller, query: str = "") -> list[str]:
    return [it["name"] for it in caller.get(f"{REPOSITORIES}{query}").json()]


@pytest.mark.parametrize("method", ["put", "delete"])
def test_who_may_not_change(
    alice: Caller, bob: Caller, charlie: Caller, organization_token: Caller, method: str
) -> None:
    path = path_of(alice)
    for caller in (bob, charlie):
        answer = getattr(caller, method)(path)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert getattr(organization_token, method)(path).status_code == 403
    assert len(names(alice)) == 1


@pytest.mark.parametrize(
    ("scope", "changes", "deletes"),
    [
        ("org:read", 403, 403),
        ("org:write", 200, 403),
        ("org:integrations", 200, 202),
        ("org:admin", 200, 202),
        ("project:admin", 403, 403),
    ],
)
def test_which_scopes_open_it(
    alice: Caller, bearer: Bearer, scope: str, changes: int, deletes: int
) -> None:
    caller, path = bearer([scope]), path_of(alice)
    assert caller.put(path, {"status": "active"}).status_code == changes
    assert caller.delete(path).status_code == deletes


@pytest.mark.parametrize("method", ["put", "delete"])
@pytest.mark.parametrize("name", ["99999", "acme", "9" * 30, "-1", "１", "0"])
@on_one_database
def test_an_unknown_repository_is_not_found(alice: Caller, method: str, name: str) -> None:
    answer = getattr(alice, method)(f"{REPOSITORIES}{name}/")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("method", ["put", "delete"])
def test_a_repository_of_another_organization_is_not_found(
    alice: Caller, charlie: Caller, method: str
) -> None:
    path = path_of(alice).replace("acme", "globex", 1)
    assert getattr(charlie, method)(path).status_code == 404


def test_one_repository_is_not_shown_by_itself(alice: Caller) -> None:
    answer = alice.get(path_of(alice))
    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "GET" not allowed.'})
    assert answer.headers["allow"] == "PUT, DELETE, OPTIONS"


def test_a_hidden_repository_keeps_its_commits(alice: Caller, database: Database) -> None:
    """The reference deletes them; a click must not lose what can't be had again."""
    path = path_of(alice)
    before = counts(database)
    answer = alice.put(path, {"status": "hidden"})
    assert (answer.status_code, answer.json()["status"]) == (200, "disabled")
    assert counts(database) - before == {"audit_log": 1}
    assert len(alice.get(f"{path}commits/").json()) == 1
    assert alice.get(release_path("web@1.0.0")).json()["lastCommit"] is not None


@pytest.mark.parametrize("status", ["visible", "active"])
def test_a_hidden_repository_leaves_the_list_until_it_is_shown(alice: Caller, status: str) -> None:
    path = path_of(alice)
    alice.put(path, {"status": "hidden"})
    assert (names(alice), names(alice, "?status=deleted")) == ([], ["acme/web"])
    answer = alice.put(path, {"status": status})
    assert (answer.status_code, answer.json()["status"]) == (200, "active")
    assert (names(alice), names(alice, "?status=deleted")) == (["acme/web"], [])


def test_commits_for_a_hidden_repository_make_another(alice: Caller) -> None:
    alice.put(path_of(alice), {"status": "hidden"})
    alice.publish("web@2.0.0", commits=[commit("2")])
    assert (names(alice), names(alice, "?status=")) == (["acme/web"], ["acme/web"] * 2)


def test_a_hidden_repository_is_not_shown_where_its_name_is_taken(
    alice: Caller, database: Database
) -> None:
    path = path_of(alice)
    alice.put(path, {"status": "hidden"})
    alice.publish("web@2.0.0", commits=[commit("2")])
    before = dump(database)
    answer = alice.put(path, {"status": "visible"})
    assert (answer.status_code, answer.json()) == (400, {"status": NAME_TAKEN})
    answer = alice.put(path, {"status": "visible", "name": "acme/old"})
    assert (answer.status_code, answer.json()["name"]) == (200, "acme/old")
    assert dump(database) != before


def test_name_and_address_are_changed(alice: Caller) -> None:
    path = path_of(alice)
    known = alice.get(REPOSITORIES).json()[0]
    new = {"name": "acme/site", "url": "https://example.com/acme/site"}
    answer = alice.put(path, new)
    assert (answer.status_code, answer.json()) == (200, known | new)
    assert alice.get(REPOSITORIES).json() == [known | new]
    assert alice.put(path, {"url": ""}).json()["url"] is None


def test_an_empty_body_changes_nothing(alice: Caller, database: Database) -> None:
    path = path_of(alice)
    before = dump(database)
    answer = alice.put(path, {})
    assert (answer.status_code, answer.json()["name"]) == (200, "acme/web")
    assert dump(database) == before


def test_a_name_that_another_one_has_is_refused(alice: Caller, database: Database) -> None:
    path = path_of(alice)
    alice.publish("web@1.1.0", commits=[commit("2", repository="acme/lib")])
    before = dump(database)
    answer = alice.put(path, {"name": "acme/lib"})
    assert (answer.status_code, answer.json()) == (400, {"name": NAME_TAKEN})
    assert dump(database) == before


def test_a_repository_that_a_provider_names_keeps_its_name(
    alice: Caller, database: Database
) -> None:
    path = path_of(alice)
    with database.transaction() as connection:
        connection.execute(text("UPDATE repositories SET provider = 'integrations:github'"))
    answer = alice.put(path, {"name": "mine", "url": "https://example.com/x", "status": "hidden"})
    shown = answer.json()
    assert (answer.status_code, shown["name"], shown["url"]) == (200, "acme/web", None)
    assert shown["status"] == "disabled"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"status": "gone"}, {"status": ['"gone" is not a valid choice.']}),
        ({"status": None}, {"status": ["This field may not be null."]}),
        ({"status": 7}, {"status": ['"7" is not a valid choice.']}),
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": "a" * 201}, {"name": ["Ensure this field has no more than 200 characters."]}),
        ({"name": ["a"]}, {"name": ["Not a valid string."]}),
        ({"url": "x", "name": None},
         {"url": ["Enter a valid URL."], "name": ["This field may not be null."]}),
        ({"integrationId": "7"}, {"detail": "Invalid integration id"}),
        ({"integrationId": 7, "status": "hidden"}, {"detail": "Invalid integration id"}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ],
)  # fmt: skip
def test_a_bad_body_is_refused_and_changes_nothing(
    alice: Caller, database: Database, body: object, told: object
) -> None:
    path = path_of(alice)
    before = dump(database)
    answer = alice.put(path, body)
    assert (answer.status_code, answer.json()) == (400, told)
    assert dump(database) == before


def test_no_integration_is_fine(alice: Caller) -> None:
    assert alice.put(path_of(alice), {"integrationId": None}).status_code == 200


def test_several_queries_find_what_any_of_them_finds(alice: Caller) -> None:
    keys = [commit(str(n), repository=name) for n, name in enumerate(["b", "acme/lib", "acme/web"])]
    alice.publish("web@1.0.0", commits=keys)
    assert names(alice, "?query=lib&query=WEB") == ["acme/lib", "acme/web"]
    assert names(alice, "?query=&query=web") == ["acme/web"]
    assert len(names(alice, "?query=")) == 3
    assert names(alice, "?query=%25") == names(alice, "?query=_") == []


def test_what_there_is_none_of_finds_none(alice: Caller) -> None:
    path_of(alice)
    assert names(alice, "?integration_id=5") == names(alice, "?status=unmigratable") == []
    assert names(alice, "?integration_id=") == ["acme/web"]


def test_settings_are_shown_to_those_who_ask(alice: Caller) -> None:
    path_of(alice)
    assert alice.get(f"{REPOSITORIES}?expand=x&expand=settings").json()[0]["settings"] is None
    assert "settings" not in alice.get(REPOSITORIES).json()[0]


def test_rows_of_other_repositories_stay(alice: Caller, database: Database) -> None:
    path_of(alice, "acme/lib")
    alice.put(path_of(alice), {"name": "acme/new", "status": "hidden"})
    assert {it["name"]: it["status"] for it in rows(database, "repositories")} == {
        "acme/lib": "active",
        "acme/new": "disabled",
    }
