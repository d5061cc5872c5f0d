"""Tokens of an organization: making, seeing, renaming and ending them (auth-and-errors.md 1.2)."""

from datetime import timedelta

import pytest
from factories import (
    ADDRESS,
    BEGINNING,
    BOB,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    on_one_database,
    release_path,
    rows,
)

from shipmark.infrastructure.database import Database
from shipmark.organizations import store
from shipmark.organizations.tokens import CLOSED, NOT_OWN

PATH = "/organizations/acme/org-auth-tokens/"
BLANK = {"detail": ["The name cannot be blank."]}


def made(caller: Caller, name: str = "ci") -> dict[str, str]:
    answer = caller.post(PATH, {"name": name})
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


def test_a_token_is_shown_once_and_opens_the_organization(alice: Caller) -> None:
    token = made(alice)
    text = token.pop("token")
    assert text.startswith("sntrys_")
    assert token["tokenLastCharacters"] == text[-4:]
    assert token == {
        "id": token["id"],
        "name": "ci",
        "scopes": ["org:ci"],
        "tokenLastCharacters": text[-4:],
        "dateCreated": token["dateCreated"],
        "dateLastUsed": None,
        "projectLastUsedId": None,
    }
    pipeline = Caller(alice.client, text)
    assert pipeline.get("/organizations/acme/releases/").status_code == 200
    assert pipeline.get("/organizations/globex/releases/").status_code == 403
    assert alice.get(f"{PATH}{token['id']}/").json() == token
    assert ADDRESS


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "  "}, {"name": None}])
@on_one_database
def test_a_token_has_a_name(alice: Caller, database: Database, body: object) -> None:
    answer = alice.post(PATH, body)
    assert (answer.status_code, answer.json()) == (400, BLANK)
    known = alice.get(PATH).json()[0]["id"]
    again = alice.put(f"{PATH}{known}/", body)
    assert (again.status_code, again.json()) == (400, BLANK)
    assert [it["name"] for it in rows(database, "organization_tokens")] == ["tests"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("n" * 256, "Ensure this field has no more than 255 characters."),
        (["x"], "Not a valid string."),
        ("\x00", "Null characters are not allowed."),
    ],
)
@on_one_database
def test_a_name_that_can_not_be_is_refused(alice: Caller, name: object, message: str) -> None:
    answer = alice.post(PATH, {"name": name})
    assert (answer.status_code, answer.json()) == (400, {"name": [message]})


def test_those_used_last_come_first_then_by_name_then_the_newest(
    alice: Caller, database: Database
) -> None:
    ids = {name: made(alice, name)["id"] for name in ("b", "a", "used", "used before")}
    newer = made(alice, "b")["id"]
    with database.transaction() as connection:
        for name, minutes in (("used before", 1), ("used", 9)):
            at = BEGINNING + timedelta(minutes=minutes)
            store.record_use(connection, int(ids[name]), None, at)
    shown = alice.get(PATH).json()
    assert [(it["name"], it["id"]) for it in shown] == [
        ("used", ids["used"]),
        ("used before", ids["used before"]),
        ("a", ids["a"]),
        ("b", newer),
        ("b", ids["b"]),
        ("tests", shown[5]["id"]),
    ]
    assert not any("token" in it for it in shown)


def test_use_is_written_down_once_a_minute(alice: Caller, database: Database, world: World) -> None:
    token = int(made(alice)["id"])
    web, mobile = world.projects["web"], world.projects["mobile"]
    for seconds, project_id, kept in (
        (0, web, (0, web)),
        (59, mobile, (0, web)),
        (61, mobile, (61, mobile)),
        (30, web, (61, mobile)),
        (200, None, (200, mobile)),
    ):
        with database.transaction() as connection:
            at = BEGINNING + timedelta(seconds=seconds)
            store.record_use(connection, token, project_id, at)
        shown = alice.get(f"{PATH}{token}/").json()
        used = (BEGINNING + timedelta(seconds=kept[0])).isoformat().replace("+00:00", "Z")
        assert shown["dateLastUsed"] == used
        assert shown["projectLastUsedId"] == (None if kept[1] is None else str(kept[1]))


def test_publishing_deploying_and_uploading_count_as_use(
    alice: Caller, organization_token: Caller, world: World
) -> None:
    def used() -> tuple[bool, str | None]:
        (shown,) = alice.get(PATH).json()
        return shown["dateLastUsed"] is not None, shown["projectLastUsedId"]

    assert used() == (False, None)
    organization_token.publish("web@1.0.0", "mobile", "web")
    first = min(world.projects["web"], world.projects["mobile"])
    assert used() == (True, str(first))


def test_amending_a_release_counts_as_use_for_its_first_project(
    alice: Caller, organization_token: Caller, world: World
) -> None:
    alice.publish("web@1.0.0", "mobile", "web")
    assert organization_token.put(release_path("web@1.0.0"), {}).status_code == 200
    (shown,) = alice.get(PATH).json()
    first = min(world.projects["web"], world.projects["mobile"])
    assert shown["projectLastUsedId"] == str(first)


def test_a_token_gets_another_name(alice: Caller) -> None:
    token = made(alice)
    answer = alice.put(f"{PATH}{token['id']}/", {"name": " deploys "})
    assert (answer.status_code, answer.content) == (204, b"")
    assert alice.get(f"{PATH}{token['id']}/").json()["name"] == "deploys"


def test_a_token_that_was_removed_opens_nothing(alice: Caller, database: Database) -> None:
    token = made(alice)
    path = f"{PATH}{token['id']}/"
    assert alice.delete(path).status_code == 204
    pipeline = Caller(alice.client, token["token"])
    answer = pipeline.get("/organizations/acme/releases/")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid org token"})
    for gone in (alice.get(path), alice.delete(path), alice.put(path, {"name": "x"})):
        assert (gone.status_code, gone.json()) == (404, NOT_FOUND)
    assert [it["name"] for it in alice.get(PATH).json()] == ["tests"]
    # Its row stays, for the audit log.
    assert rows(database, "organization_tokens")[1]["deactivated_at"] is not None


@pytest.mark.parametrize("name", ["0", "999", "9" * 40, "x", "-1", "%00", "1.0", "é"])
@on_one_database
def test_a_token_that_nobody_knows_is_not_found(alice: Caller, name: str) -> None:
    assert alice.get(f"{PATH}{name}/").json() == NOT_FOUND
    assert alice.put(f"{PATH}{name}/", {"name": "x"}).json() == NOT_FOUND
    assert alice.delete(f"{PATH}{name}/").json() == NOT_FOUND


@on_one_database
def test_another_organizations_token_is_not_found(alice: Caller, charlie: Caller) -> None:
    token = made(alice)
    path = f"/organizations/globex/org-auth-tokens/{token['id']}/"
    assert charlie.get(path).status_code == 404
    assert charlie.delete(path).status_code == 404
    assert charlie.get(f"{PATH}{token['id']}/").status_code == 403


@on_one_database
def test_who_may_do_what_with_tokens(
    anonymous: Caller, charlie: Caller, organization_token: Caller, bearer: Bearer, alice: Caller
) -> None:
    path = f"{PATH}{made(alice)['id']}/"
    assert anonymous.get(PATH).status_code == 401
    for caller in (charlie, organization_token, bearer(["project:admin", "org:ci"])):
        assert caller.get(PATH).json() == NOT_ALLOWED
        assert caller.post(PATH, {"name": "x"}).json() == NOT_ALLOWED
        assert caller.get(path).json() == NOT_ALLOWED
        assert caller.put(path, {"name": "x"}).json() == NOT_ALLOWED
        assert caller.delete(path).json() == NOT_ALLOWED
    reader = bearer(["org:read"], user=BOB)
    assert reader.post(PATH, {"name": "x"}).status_code == 201
    for answer in (reader.put(path, {"name": "y"}), reader.delete(path)):
        assert (answer.status_code, answer.json()) == (403, {"detail": NOT_OWN})
    own = f"{PATH}{made(reader)['id']}/"
    assert reader.put(own, {"name": "y"}).status_code == 204
    assert reader.delete(own).status_code == 204


def test_a_member_of_a_closed_organization_makes_no_token(
    alice: Caller, bob: Caller, database: Database
) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE organizations SET is_open = false")
    before = len(rows(database, "organization_tokens"))
    answer = bob.post(PATH, {"name": "x"})
    assert (answer.status_code, answer.json()) == (403, {"detail": CLOSED})
    assert len(rows(database, "organization_tokens")) == before
    assert alice.post(PATH, {"name": "x"}).status_code == 201
