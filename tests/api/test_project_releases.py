"""``projects/{org}/{project}/releases/``: the same releases, seen from one project (releases.md 2.15)."""

import pytest
from factories import (
    NOT_ALLOWED,
    NOT_FOUND,
    WEB_RELEASES,
    Bearer,
    Caller,
    World,
    commit,
    dump,
    error_event,
    on_one_database,
    release_path,
    rows,
    send_event,
    slugs,
)
from sqlalchemy import text

from shipmark.infrastructure.database import Database

ONE = f"{WEB_RELEASES}web@1.0.0/"
GOOD = {"version": "web@1.0.0"}


def test_a_token_that_only_reads_may_only_read(alice: Caller, bearer: Bearer) -> None:
    alice.publish("web@1.0.0")
    reader = bearer(["project:read"])
    assert reader.get(WEB_RELEASES).status_code == reader.get(ONE).status_code == 200
    for answer in (reader.post(WEB_RELEASES, GOOD), reader.put(ONE, {}), reader.delete(ONE)):
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


@pytest.mark.parametrize("path", [WEB_RELEASES, ONE])
def test_an_unknown_project_is_not_found(alice: Caller, path: str) -> None:
    answer = alice.get(path.replace("/acme/web/", "/acme/nope/"))
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_release_that_is_not_in_the_project_is_not_found(alice: Caller) -> None:
    alice.publish("web@1.0.0", "mobile")
    for answer in (alice.get(ONE), alice.put(ONE, {}), alice.delete(ONE)):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_hidden_project_may_not_be_published_to(bob: Caller, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("UPDATE organizations SET is_open = false"))
    answer = bob.post("/projects/acme/tools/releases/", GOOD)
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_a_release_is_published(bob: Caller, organization_token: Caller, world: World) -> None:
    answer = bob.post(WEB_RELEASES, GOOD | {"ref": "main", "commits": [commit("1")]})
    assert (answer.status_code, slugs(answer.json())) == (201, ["web"])
    assert answer.json() == bob.get(release_path("web@1.0.0")).json()
    by_id = f"/projects/acme/{world.projects['web']}/releases/"
    assert organization_token.post(by_id, GOOD).status_code == 208


def test_publishing_again_answers_208_and_changes_nothing(bob: Caller, database: Database) -> None:
    body = GOOD | {"commits": [commit("1")], "dateReleased": "2026-01-05T10:00:00Z"}
    first = bob.post(WEB_RELEASES, body)
    before = dump(database)
    again = bob.post(WEB_RELEASES, body)
    assert (first.status_code, again.status_code) == (201, 208)
    assert again.json() == first.json()
    assert dump(database) == before


def test_publishing_to_another_project_attaches_it(bob: Caller) -> None:
    bob.post(WEB_RELEASES, GOOD)
    answer = bob.post("/projects/acme/mobile/releases/", GOOD)
    assert (answer.status_code, slugs(answer.json())) == (201, ["mobile", "web"])


def test_projects_refs_and_head_commits_are_not_looked_at(bob: Caller) -> None:
    body = GOOD | {"projects": "nope", "refs": "nope", "headCommits": "nope"}
    assert bob.post(WEB_RELEASES, body).status_code == 201


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, {"version": ["This field is required."]}),
        (
            {"version": "a/b", "url": "x", "status": "closed", "commits": [{}]},
            {
                "version": ["Release with name a/b is not allowed"],
                "url": ["Enter a valid URL."],
                "status": ["Invalid status closed"],
                "commits": {"id": ["This field is required."]},
            },
        ),
        (GOOD | {"owner": "nobody@example.com"}, {"owner": ["Unable to find user"]}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ],
)
@on_one_database
def test_a_bad_body_is_refused_and_changes_nothing(
    bob: Caller, database: Database, body: object, told: object
) -> None:
    before = dump(database)
    answer = bob.post(WEB_RELEASES, body)
    assert (answer.status_code, answer.json()) == (400, told)
    assert dump(database) == before


def test_the_newest_shipped_come_first(bob: Caller) -> None:
    bob.publish("web@1")
    bob.publish("web@2", dateReleased="2020-01-01T00:00:00Z")
    bob.publish("web@3", status="archived")
    bob.publish("web@4", "web", "mobile")
    bob.publish("mobile@1", "mobile")
    answer = bob.get(WEB_RELEASES)
    assert [it["version"] for it in answer.json()] == ["web@4", "web@1", "web@2"]
    assert answer.json()[0] == bob.get(release_path("web@4")).json()
    first = bob.get(f"{WEB_RELEASES}?per_page=2").headers["link"]
    cursor = first.rpartition('cursor="')[2].removesuffix('"')
    page = bob.get(f"{WEB_RELEASES}?per_page=2&cursor={cursor}")
    assert [it["version"] for it in page.json()] == ["web@2"]


def test_they_are_searched_and_filtered(bob: Caller, world: World) -> None:
    for version, environment in (("web@1", "production"), ("web@2", "staging")):
        event = error_event(release=version, environment=environment)
        send_event(bob.client, world.keys["web"], world.projects["web"], event)
    found = {
        query: [it["version"] for it in bob.get(f"{WEB_RELEASES}?{query}").json()]
        for query in ("query=B%402", 'query="B%402"', "environment=production", "environment=nope")
    }
    assert found == {
        "query=B%402": ["web@2"],
        'query="B%402"': ["web@2"],
        "environment=production": ["web@1"],
        "environment=nope": [],
    }


def test_a_release_is_shown_and_amended(bob: Caller) -> None:
    made = bob.publish("web@1.0.0", "web", "mobile")
    assert bob.get(ONE).json() == made
    answer = bob.put(ONE, {"ref": "main", "status": "archived"})
    assert (answer.status_code, answer.json()) == (
        200,
        made | {"ref": "main", "status": "archived"},
    )


def test_finalizing_tells_only_this_project(bob: Caller, world: World, database: Database) -> None:
    bob.publish("web@1.0.0", "web", "mobile")
    assert bob.put(ONE, {"dateReleased": "2026-01-05T10:00:00Z"}).status_code == 200
    told = [it["project_id"] for it in rows(database, "release_activities")]
    assert told == [world.projects["web"]]


@on_one_database
def test_a_bad_amendment_is_refused(bob: Caller) -> None:
    bob.publish("web@1.0.0")
    answer = bob.put(ONE, {"status": "closed"})
    assert (answer.status_code, answer.json()) == (400, {"status": ["Invalid status closed"]})


def test_deleting_deletes_it_for_all_projects(bob: Caller) -> None:
    bob.publish("web@1.0.0", "web", "mobile")
    assert bob.delete(ONE).status_code == 204
    assert bob.get("/projects/acme/mobile/releases/web@1.0.0/").status_code == 404
