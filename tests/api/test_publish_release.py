"""POST ``organizations/{org}/releases/``: who may publish, and what comes of it (releases.md 2.3)."""

import pytest
from factories import (
    CHARLIE,
    MASK,
    NOT_ALLOWED,
    NOT_FOUND,
    RELEASES,
    Bearer,
    Caller,
    World,
    commit,
    dump,
    masked,
    on_one_database,
    release,
    release_path,
    rows,
    slugs,
)
from sqlalchemy import text

from shipmark.infrastructure.database import Database


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("Bearer sntryu_unknown", "Invalid token"),
        ("Bearer sntrys_unknown", "Invalid org token"),
        ("Bearer", "Invalid token header. No credentials provided."),
        ("Bearer a b", "Invalid token header. Token string should not contain spaces."),
        ("Basic YTpi", "Authentication credentials were not provided."),
        ("Basic YTo=", "API key is not valid"),
        ("basic YQ==", "API key is not valid"),
        ("Basic Og==", "Authentication credentials were not provided."),
        ("Basic /w==", "Authentication credentials were not provided."),
        ("Basic !", "Authentication credentials were not provided."),
        ("Basic", "Authentication credentials were not provided."),
    ],
)
@on_one_database
def test_wrong_credentials_are_refused(anonymous: Caller, header: str, detail: str) -> None:
    answer = anonymous.post(RELEASES, release(), headers={"Authorization": header})
    assert (answer.status_code, answer.json()) == (401, {"detail": detail})


@pytest.mark.parametrize("scopes", [["project:read"], ["org:read", "event:admin"], []])
@on_one_database
def test_a_token_without_a_scope_for_it_may_not_publish(bearer: Bearer, scopes: list[str]) -> None:
    answer = bearer(scopes).post(RELEASES, release())
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


@pytest.mark.parametrize("scope", ["project:releases", "project:write", "project:admin"])
@on_one_database
def test_each_of_these_scopes_suffices(bearer: Bearer, scope: str) -> None:
    assert bearer([scope]).post(RELEASES, release()).status_code == 201


def test_an_unknown_organization_is_not_found(alice: Caller) -> None:
    answer = alice.post("/organizations/initech/releases/", release())
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_the_organization_can_be_named_by_its_id(alice: Caller, world: World) -> None:
    path = f"/organizations/{world.organizations['acme']}/releases/"
    assert alice.post(path, release()).status_code == 201


def test_a_token_of_the_organization_publishes(organization_token: Caller) -> None:
    answer = organization_token.post(RELEASES, release("web@1.0.0", "web", "tools"))
    assert answer.status_code == 201
    assert slugs(answer.json()) == ["tools", "web"]


def test_a_token_of_the_organization_is_a_stranger_elsewhere(organization_token: Caller) -> None:
    answer = organization_token.post("/organizations/globex/releases/", release())
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_the_whole_release_is_answered(bob: Caller, world: World) -> None:
    answer = bob.post(
        RELEASES,
        release(
            "web@1.2.3-rc.1+5",
            ref="v1.2.3",
            url="https://example.com/web",
            dateReleased="2026-01-05T12:30:00+02:00",
        ),
    )
    assert answer.status_code == 201
    assert masked(answer.json(), "id", "dateCreated") == {
        "id": MASK,
        "version": "web@1.2.3-rc.1+5",
        "status": "open",
        "shortVersion": "web@1.2.3-rc.1+5",
        "versionInfo": {
            "package": "web",
            "version": {
                "raw": "1.2.3-rc.1+5",
                "major": 1,
                "minor": 2,
                "patch": 3,
                "pre": "rc.1",
                "buildCode": "5",
                "components": 3,
            },
            "description": "1.2.3-rc.1 (5)",
            "buildHash": None,
        },
        "ref": "v1.2.3",
        "url": "https://example.com/web",
        "dateReleased": "2026-01-05T10:30:00Z",
        "dateCreated": MASK,
        "data": {},
        "newGroups": 0,
        "regressedGroups": 0,
        "owner": None,
        "commitCount": 0,
        "commitsLeftOut": 0,
        "lastCommit": None,
        "deployCount": 0,
        "lastDeploy": None,
        "authors": [],
        "projects": [
            {
                "id": MASK,
                "slug": "web",
                "name": "web",
                "newGroups": 0,
                "platform": None,
                "platforms": [],
                "hasHealthData": False,
            }
        ],
        "firstEvent": None,
        "lastEvent": None,
        "currentProjectMeta": {},
        "userAgent": "testclient",
    }
    assert isinstance(answer.json()["id"], int)
    assert answer.json()["projects"][0]["id"] == world.projects["web"]


def test_publishing_again_answers_208_and_changes_nothing(
    alice: Caller, database: Database
) -> None:
    body = release(
        "web@1.0.0",
        "web",
        "mobile",
        dateReleased="2026-01-05T10:00:00Z",
        commits=[
            commit("2", author_name="Ben", author_email="ben@example.com"),
            commit("1", patch_set=[{"path": "a.py", "type": "M"}], message="Fixes WEB-1"),
        ],
        refs=[{"repository": "acme/web", "commit": "2" * 40, "previousCommit": "1" * 40}],
        owner="alice@example.com",
    )
    first = alice.post(RELEASES, body)
    before = dump(database)
    again = alice.post(RELEASES, body)
    assert (first.status_code, again.status_code) == (201, 208)
    assert again.json() == first.json()
    assert dump(database) == before


def test_publishing_again_does_not_change_ref_url_owner_and_date(alice: Caller) -> None:
    first = alice.publish("web@1.0.0", ref="one")
    again = alice.publish(
        "web@1.0.0",
        ref="two",
        url="https://example.com/two",
        owner="alice@example.com",
        dateReleased="2026-01-05T10:00:00Z",
    )
    assert again == first


def test_publishing_to_another_project_attaches_it(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", "web")
    answer = alice.post(RELEASES, release("web@1.0.0", "mobile"))
    assert answer.status_code == 201
    assert slugs(answer.json()) == ["mobile", "web"]
    assert [it["has_releases"] for it in rows(database, "projects")] == [True, True, False, False]


def test_projects_can_be_named_by_id_and_twice(alice: Caller, world: World) -> None:
    web = world.projects["web"]
    answer = alice.post(RELEASES, {"version": "web@1.0.0", "projects": [web, str(web), "web"]})
    assert answer.status_code == 201
    assert slugs(answer.json()) == ["web"]


def test_a_finalized_release_tells_projects_that_join_it(
    alice: Caller, world: World, database: Database
) -> None:
    alice.publish("web@1.0.0", "web", dateReleased="2026-01-05T10:00:00Z")
    alice.publish("web@1.0.0", "web", "mobile")
    told = [
        (it["project_id"], it["type"], it["version"], it["user_id"], str(it["happened_at"]))
        for it in rows(database, "release_activities")
    ]
    happened = (
        "release",
        "web@1.0.0",
        world.users["alice@example.com"],
        "2026-01-05 10:00:00+00:00",
    )
    assert told == [
        (world.projects["web"], *happened),
        (world.projects["mobile"], *happened),
    ]


@on_one_database
def test_no_projects_are_fine_for_a_release_that_has_some(alice: Caller) -> None:
    alice.publish("web@1.0.0", "web")
    answer = alice.post(RELEASES, {"version": "web@1.0.0", "projects": []})
    assert answer.status_code == 208
    assert slugs(answer.json()) == ["web"]


@on_one_database
def test_an_archived_release_stays_archived_until_it_is_opened(alice: Caller) -> None:
    assert alice.publish("web@1.0.0", status="archived")["status"] == "archived"
    assert alice.publish("web@1.0.0")["status"] == "archived"
    assert alice.publish("web@1.0.0", status="open")["status"] == "open"


@on_one_database
def test_versions_are_told_apart_by_case_and_blanks(alice: Caller) -> None:
    ids = {alice.publish(name)["id"] for name in ("web@1.0", "Web@1.0", " web@1.0", "web@1.0 ")}
    assert len(ids) == 4


@pytest.mark.parametrize(
    "version",
    ["1", "a" * 200, "é" * 200, "1.0 beta", "foo%2fbar", "@acme/x".replace("/", "-"), "a\x0bb"],
)
def test_odd_versions_are_kept_as_they_are(alice: Caller, version: str) -> None:
    assert alice.publish(version)["version"] == version


@on_one_database
def test_a_number_is_a_version_too(alice: Caller) -> None:
    assert alice.post(RELEASES, {"version": 5, "projects": ["web"]}).json()["version"] == "5"


@on_one_database
def test_unknown_fields_are_ignored(alice: Caller) -> None:
    assert alice.post(RELEASES, release(colour="blue")).status_code == 201


@on_one_database
def test_null_and_blank_count_as_nothing_said(alice: Caller) -> None:
    shown = alice.publish("web@1.0.0", ref=None, url=None, dateReleased=None, owner=None)
    assert (shown["ref"], shown["url"], shown["dateReleased"], shown["owner"]) == (None,) * 4
    assert alice.post(RELEASES, release("web@2.0.0", url="", ref="")).status_code == 201


@pytest.mark.parametrize("owner", ["alice@example.com", "ALICE@example.com", "id"])
@on_one_database
def test_the_owner_is_shown(alice: Caller, world: World, owner: str) -> None:
    name = owner if owner != "id" else str(world.users["alice@example.com"])
    shown = alice.publish("web@1.0.0", owner=name)
    assert shown["owner"]["email"] == "alice@example.com"


@on_one_database
def test_a_form_is_read_like_json(alice: Caller) -> None:
    answer = alice.post(
        RELEASES, data={"version": "web@1.0.0", "projects": ["web", "mobile"], "ref": "main"}
    )
    assert (answer.status_code, slugs(answer.json())) == (201, ["mobile", "web"])
    assert answer.json()["ref"] == "main"


@on_one_database
def test_a_multipart_form_is_read_like_json(alice: Caller) -> None:
    parts = [("version", (None, "web@1.0.0")), ("projects", (None, "web"))]
    answer = alice.post(RELEASES, files=parts)
    assert (answer.status_code, slugs(answer.json())) == (201, ["web"])


@on_one_database
def test_a_long_user_agent_is_cut(alice: Caller) -> None:
    answer = alice.post(RELEASES, release(), headers={"User-Agent": "a" * 300})
    assert answer.json()["userAgent"] == "a" * 256


@on_one_database
def test_an_address_without_its_slash_is_not_found(alice: Caller) -> None:
    answer = alice.post(RELEASES.rstrip("/"), release())
    assert answer.status_code == 404
    assert answer.json() == {
        "info": "Route not found, did you forget a trailing slash?"
        " try: /api/0/organizations/acme/releases/"
    }


def test_a_member_names_any_project_of_an_open_organization(bob: Caller) -> None:
    assert bob.post(RELEASES, release("web@1.0.0", "tools")).status_code == 201


def test_a_member_names_only_projects_of_their_teams_in_a_closed_one(
    bob: Caller, database: Database
) -> None:
    close(database)
    answer = bob.post(RELEASES, release("web@1.0.0", "web", "tools"))
    assert (answer.status_code, answer.json()) == (400, {"projects": ["Invalid project slugs"]})


def test_a_release_in_a_hidden_project_can_not_be_extended(
    alice: Caller, bob: Caller, database: Database
) -> None:
    alice.publish("web@1.0.0", "web", "tools")
    close(database)
    before = dump(database)
    answer = bob.post(RELEASES, release("web@1.0.0", "mobile"))
    assert (answer.status_code, answer.json()) == (
        400,
        {"projects": ["You do not have permission to one of the projects: tools"]},
    )
    assert dump(database) == before


def test_releases_of_organizations_are_their_own(
    alice: Caller, charlie: Caller, database: Database
) -> None:
    alice.publish("web@1.0.0", "web")
    answer = charlie.post("/organizations/globex/releases/", release("web@1.0.0", "web"))
    assert answer.status_code == 201
    assert len(rows(database, "releases")) == 2
    assert charlie.get(release_path("web@1.0.0")).status_code == 403
    assert CHARLIE not in alice.get(release_path("web@1.0.0")).text


def close(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("UPDATE organizations SET is_open = false"))
