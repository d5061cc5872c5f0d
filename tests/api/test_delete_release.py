"""DELETE ``organizations/{org}/releases/{version}/`` (releases.md 2.6)."""

import pytest
from factories import NOT_ALLOWED, NOT_FOUND, Bearer, Caller, commit, counts, release_path

from shipmark.infrastructure.database import Database

PATH = release_path("web@1.0.0")


@pytest.mark.parametrize("scopes", [["project:write"], ["project:read"]])
def test_a_token_without_a_scope_for_it_may_not_delete(
    alice: Caller, bearer: Bearer, scopes: list[str]
) -> None:
    alice.publish("web@1.0.0")
    answer = bearer(scopes).delete(PATH)
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert alice.get(PATH).status_code == 200


def test_a_pipeline_may_not_delete(organization_token: Caller) -> None:
    organization_token.publish("web@1.0.0")
    answer = organization_token.delete(PATH)
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_an_unknown_release_is_not_found(alice: Caller) -> None:
    answer = alice.delete(PATH)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_member_deletes(bob: Caller) -> None:
    bob.publish("web@1.0.0")
    answer = bob.delete(PATH)
    assert (answer.status_code, answer.content) == (204, b"")
    assert bob.get(PATH).status_code == 404


def test_all_that_is_only_its_own_goes_and_commits_stay(alice: Caller, database: Database) -> None:
    before = counts(database)
    alice.publish(
        "web@1.0.0",
        "web",
        "mobile",
        commits=[commit("1", patch_set=[{"path": "a", "type": "M"}])],
        dateReleased="2026-01-05T10:00:00Z",
    )
    alice.post(f"{PATH}deploys/", {"environment": "production"})
    assert alice.delete(PATH).status_code == 204
    assert counts(database) - before == {
        "commits": 1,
        "repositories": 1,
        "authors": 1,
        "changed_files": 1,
        "environments": 1,
        "project_environments": 2,
        "release_activities": 6,
        "audit_log": 1,
    }


def test_a_deleted_version_can_be_published_again(alice: Caller) -> None:
    first = alice.publish("web@1.0.0", ref="one")
    alice.delete(PATH)
    again = alice.publish("web@1.0.0", ref="two")
    assert again["ref"] == "two"
    assert again["id"] != first["id"]
