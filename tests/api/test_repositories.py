"""``organizations/{org}/repos/`` (releases.md 2.20)."""

import pytest
from factories import (
    ADDRESS,
    MASK,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    REPOSITORIES,
    Bearer,
    Caller,
    commit,
    counts,
    masked,
    on_one_database,
    rows,
)

from shipmark.infrastructure.database import Database

GOOD = {"name": "acme/web", "url": "https://example.com/acme/web"}


def names(caller: Caller, query: str = "") -> list[str]:
    return [it["name"] for it in caller.get(f"{REPOSITORIES}{query}").json()]


def commits_path(database: Database) -> str:
    return f"{REPOSITORIES}{rows(database, 'repositories')[0]['id']}/commits/"


def test_a_token_without_a_scope_for_it_may_do_neither(bearer: Bearer) -> None:
    caller = bearer(["project:releases"])
    for answer in (caller.get(REPOSITORIES), caller.post(REPOSITORIES, GOOD)):
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_an_unknown_organization_is_not_found(alice: Caller) -> None:
    answer = alice.get("/organizations/initech/repos/")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_an_organization_without_repositories_lists_none(organization_token: Caller) -> None:
    """Clients stop when this is not a list."""
    answer = organization_token.get(REPOSITORIES)
    assert (answer.status_code, answer.json()) == (200, [])
    assert answer.headers["link"].startswith(f"<{ADDRESS}/api/0{REPOSITORIES}?&cursor=100:-1:1>")


def test_a_repository_is_added_and_listed(alice: Caller) -> None:
    answer = alice.post(REPOSITORIES, GOOD)
    assert answer.status_code in {200, 201}
    provider = {"provider": {"id": "unknown", "name": "Unknown Provider"}}
    assert (
        masked(answer.json(), "id", "dateCreated") | provider
        == {
            "id": MASK,
            "name": "acme/web",
            "url": "https://example.com/acme/web",
            "status": "active",
            "dateCreated": MASK,
            "integrationId": None,
            "externalSlug": None,
            "externalId": None,
        }
        | provider
    )
    assert answer.json()["provider"] == provider["provider"]
    assert alice.get(REPOSITORIES).json() == [answer.json()]


def test_a_name_alone_adds_one(alice: Caller) -> None:
    answer = alice.post(REPOSITORIES, {"name": "acme/plain"})
    assert (answer.status_code, answer.json()["url"]) == (201, None)
    with_url = alice.post(REPOSITORIES, {"name": "acme/plain", "url": GOOD["url"]})
    again = alice.post(REPOSITORIES, {"name": "acme/plain"})
    assert with_url.json() == again.json() == answer.json() | {"url": GOOD["url"]}


def test_adding_again_adds_nothing(alice: Caller, database: Database) -> None:
    first = alice.post(REPOSITORIES, GOOD)
    again = alice.post(REPOSITORIES, GOOD)
    assert again.json() == first.json()
    assert counts(database)["repositories"] == 1


def test_one_that_a_commit_brought_is_found_again(alice: Caller) -> None:
    made = alice.publish("web@1.0.0", commits=[commit("1")])["lastCommit"]["repository"]
    added = alice.post(REPOSITORIES, GOOD).json()
    assert added == made | {"url": GOOD["url"]}


def test_a_pipeline_may_list_and_not_add(organization_token: Caller) -> None:
    answer = organization_token.post(REPOSITORIES, GOOD)
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)


def test_they_come_by_name_and_are_filtered(alice: Caller) -> None:
    keys = [commit(str(n), repository=name) for n, name in enumerate(["b", "acme/lib", "Acme/web"])]
    alice.publish("web@1.0.0", commits=keys)
    assert sorted(names(alice)) == ["Acme/web", "acme/lib", "b"]
    assert set(names(alice, "?query=acme")) == {"acme/lib", "Acme/web"}
    assert names(alice, "?query=%22acme/lib%22&query=%22%22") == ["acme/lib"]
    assert names(alice, "?" + "&".join(["query=acme/lib"] * 100)) == ["acme/lib"]
    refused = alice.get(f"{REPOSITORIES}?" + "&".join(["query=acme"] * 101))
    assert refused.json() == {"detail": "query: takes no more than 100 values."}
    assert names(alice, "?status=deleted") == names(alice, "?status=other") == []
    assert len(names(alice, "?status=")) == 3
    assert len(names(alice, "?per_page=2")) == 2


WRONG: list[tuple[object, object]] = [
    (
        {"url": "https://example.com"},
        {"error_type": "validation", "errors": {"name": "This field is required."}},
    ),
    (GOOD | {"provider": "dummy"}, {"error_type": "validation"}),
    (
        {"provider": "integrations:github"},
        {
            "error_type": "validation",
            "errors": {"__all__": "GitHub requires an integration id."},
        },
    ),
    (GOOD | {"url": "x"}, {"url": ["Enter a valid URL."]}),
    (GOOD | {"name": "a" * 201}, {"name": ["Ensure this field has no more than 200 characters."]}),
    (GOOD | {"name": ""}, {"name": ["This field may not be blank."]}),
    ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
]


@pytest.mark.parametrize(("body", "told"), WRONG)
@on_one_database
def test_a_bad_body_is_refused(
    alice: Caller, database: Database, body: object, told: object
) -> None:
    answer = alice.post(REPOSITORIES, body)
    assert (answer.status_code, answer.json()) == (400, told)
    assert counts(database)["repositories"] == 0


def test_commits_of_a_repository_are_listed_the_newest_first(
    alice: Caller, database: Database
) -> None:
    moments = ("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-01T00:00:00Z")
    commits = [commit(str(n), timestamp=moment) for n, moment in enumerate(moments, start=1)]
    alice.publish("web@1.0.0", commits=commits)
    shown = alice.get(commits_path(database))
    assert [it["id"].rstrip("f") for it in shown.json()] == ["2", "1", "3"]


def test_who_may_list_commits_of_a_repository(
    alice: Caller, anonymous: Caller, charlie: Caller, bearer: Bearer, database: Database
) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    path = commits_path(database)
    assert anonymous.get(path).status_code == 401
    assert charlie.get(path).status_code == 403
    assert bearer(["project:read"]).get(path).status_code == 403
    assert charlie.get(path.replace("acme", "globex")).status_code == 404


@pytest.mark.parametrize("name", ["99999", "acme", "9" * 30, "-1"])
@on_one_database
def test_commits_of_an_unknown_repository_are_not_found(alice: Caller, name: str) -> None:
    answer = alice.get(f"{REPOSITORIES}{name}/commits/")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
