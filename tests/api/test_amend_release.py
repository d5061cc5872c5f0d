"""PUT ``organizations/{org}/releases/{version}/`` (releases.md 2.6)."""

import pytest
from factories import (
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    commit,
    dump,
    on_one_database,
    release_path,
    rows,
    slugs,
)
from sqlalchemy import text

from shipmark.infrastructure.database import Database

PATH = release_path("web@1.0.0")


def test_a_token_that_only_reads_may_not_amend(alice: Caller, bearer: Bearer) -> None:
    alice.publish("web@1.0.0")
    answer = bearer(["project:read"]).put(PATH, {"ref": "x"})
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_an_unknown_release_is_not_made(alice: Caller, database: Database) -> None:
    answer = alice.put(PATH, {"ref": "x"})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert rows(database, "releases") == []


def test_a_pipeline_amends(organization_token: Caller) -> None:
    organization_token.publish("web@1.0.0")
    answer = organization_token.put(PATH, {"ref": "main"})
    assert (answer.status_code, answer.json()["ref"]) == (200, "main")


def test_what_is_given_is_changed(alice: Caller) -> None:
    before = alice.publish("web@1.0.0", "web", "mobile")
    given = {
        "ref": "main",
        "url": "https://example.com/1",
        "dateReleased": "2026-01-05T10:00:00Z",
        "status": "archived",
    }
    answer = alice.put(PATH, given)
    assert (answer.status_code, answer.json()) == (200, before | given)
    assert alice.get(PATH).json() == before | given


@pytest.mark.parametrize(
    "nothing", [{}, {"ref": None, "url": None, "dateReleased": None}, {"ref": "", "url": ""}]
)
def test_null_and_blank_clear_nothing(alice: Caller, nothing: dict[str, object]) -> None:
    given = {"ref": "main", "url": "https://example.com/1", "dateReleased": "2026-01-05T10:00:00Z"}
    before = alice.publish("web@1.0.0", **given)
    assert alice.put(PATH, nothing).json() == before


@pytest.mark.parametrize("seconds", ["1795640000", "1795640000000"])
def test_dates_may_be_texts_of_seconds_or_milliseconds(alice: Caller, seconds: str) -> None:
    """``sentry release finalize --released`` passes on what is typed (clients.md 6)."""
    alice.publish("web@1.0.0")
    given = {"dateReleased": seconds, "commits": [commit("1", timestamp=seconds)]}
    answer = alice.put(PATH, given)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    at = "2026-11-25T20:53:20Z"
    assert (shown["dateReleased"], shown["lastCommit"]["dateCreated"]) == (at, at)


def test_an_archived_release_is_opened(alice: Caller) -> None:
    """The reference ignores it."""
    alice.publish("web@1.0.0", status="archived")
    assert alice.put(PATH, {"status": "open"}).json()["status"] == "open"


def test_finalizing_tells_each_project_once(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", "web", "mobile")
    for _ in range(2):
        alice.put(PATH, {"dateReleased": "2026-01-05T10:00:00Z"})
    alice.put(PATH, {"dateReleased": "2026-01-06T10:00:00Z"})
    told = [(it["type"], str(it["happened_at"])) for it in rows(database, "release_activities")]
    assert told == [("release", "2026-01-05 10:00:00+00:00")] * 2
    assert alice.get(PATH).json()["dateReleased"] == "2026-01-06T10:00:00Z"


def test_commits_and_refs_are_set(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    answer = alice.put(
        PATH,
        {
            "commits": [commit("2"), commit("3")],
            "refs": [{"repository": "acme/web", "commit": "3" * 40}],
        },
    )
    assert (answer.status_code, answer.json()["commitCount"]) == (200, 2)
    assert len(rows(database, "release_heads")) == 1


def test_amending_again_changes_nothing(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0")
    body = {
        "commits": [commit("2"), commit("3")],
        "refs": [{"repository": "acme/web", "commit": "3" * 40}],
        "dateReleased": "2026-01-05T10:00:00Z",
        "ref": "main",
    }
    first = alice.put(PATH, body)
    before = dump(database)
    again = alice.put(PATH, body)
    assert again.json() == first.json()
    assert dump(database) == before


def test_projects_version_and_owner_are_not_looked_at(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    given = {"version": "web@2.0.0", "projects": ["mobile"], "owner": "alice@example.com"}
    shown = alice.put(PATH, given).json()
    assert (shown["version"], slugs(shown), shown["owner"]) == ("web@1.0.0", ["web"], None)


@on_one_database
def test_all_bad_fields_are_reported_at_once(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0")
    before = dump(database)
    answer = alice.put(
        PATH,
        {"status": "closed", "url": "x", "ref": "a" * 201, "commits": [{}], "refs": None},
    )
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "status": ["Invalid status closed"],
            "url": ["Enter a valid URL."],
            "ref": ["Ensure this field has no more than 200 characters."],
            "commits": {"id": ["This field is required."]},
            "refs": ["This field may not be null."],
        },
    )
    assert dump(database) == before


def test_a_refused_amendment_changes_nothing(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    before = dump(database)
    answer = alice.put(
        PATH,
        {
            "ref": "main",
            "dateReleased": "2026-01-05T10:00:00Z",
            "commits": [commit("2", author_email="new@example.com")],
            "refs": [{"repository": "unknown", "commit": ""}],
        },
    )
    assert (answer.status_code, answer.json()) == (
        400,
        {"refs": {"commit": ["This field may not be blank."]}},
    )
    assert dump(database) == before


def test_a_release_that_is_also_in_a_hidden_project_can_not_be_changed(
    alice: Caller, bob: Caller, database: Database
) -> None:
    alice.publish("web@1.0.0", "web", "tools")
    with database.transaction() as connection:
        connection.execute(text("UPDATE organizations SET is_open = false"))
    assert bob.get(PATH).status_code == 200
    for answer in (bob.put(PATH, {"ref": "x"}), bob.delete(PATH)):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@on_one_database
def test_the_version_of_the_address_is_decoded(alice: Caller) -> None:
    alice.publish("web@1.0+5 beta")
    assert alice.put("/organizations/acme/releases/web%401.0%2B5%20beta/", {}).status_code == 200
