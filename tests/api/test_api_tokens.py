"""One's own user tokens: listing, creating and deleting them (auth-and-errors.md 1.1)."""

from datetime import timedelta

import pytest
from factories import ALICE, BOB, NO_CREDENTIALS, NOT_ALLOWED, Bearer, Caller, on_one_database, rows

from shipmark.accounts import store
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.ids import digest

PATH = "/api-tokens/"


def created(caller: Caller, *scopes: str) -> dict[str, str]:
    answer = caller.post(PATH, {"name": "ci", "scopes": list(scopes)})
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


def test_a_created_token_is_shown_once_and_works(bob: Caller) -> None:
    token = created(bob, "project:read", "org:read")
    text = token.pop("token")
    assert text.startswith("sntryu_")
    assert token.pop("refreshToken", "absent") is None
    assert token == {
        "id": token["id"],
        "name": "ci",
        "scopes": ["org:read", "project:read"],
        "tokenLastCharacters": text[-4:],
        "dateCreated": token["dateCreated"],
        "expiresAt": None,
        "application": None,
        "state": None,
    }
    own = Caller(bob.client, text)
    assert own.get("/organizations/acme/releases/").status_code == 200
    assert bob.get(PATH).json()[-1] == token


def test_only_own_tokens_are_listed(alice: Caller, bob: Caller) -> None:
    hers = created(alice, "org:read")["id"]
    assert hers in {it["id"] for it in alice.get(PATH).json()}
    assert hers not in {it["id"] for it in bob.get(PATH).json()}


def test_a_token_does_not_create_one_with_further_scopes(
    bearer: Bearer, database: Database
) -> None:
    before = len(rows(database, "user_tokens"))
    few = bearer(["org:read", "project:read"])
    answer = few.post(PATH, {"scopes": ["org:read", "org:admin"]})
    detail = "scopes: your own token does not have org:admin."
    assert (answer.status_code, answer.json()) == (403, {"detail": detail})
    assert len(rows(database, "user_tokens")) == before + 1
    assert created(few, "org:read")["scopes"] == ["org:read"]


def test_a_token_does_not_create_one_that_outlives_it(bearer: Bearer, database: Database) -> None:
    ending = bearer(["org:read"])
    with database.transaction() as connection:
        connection.execute(
            store.tokens.update()
            .where(store.tokens.c.digest == digest(ending.token or ""))
            .values(expires_at=now() + timedelta(hours=1))
        )
    assert created(ending, "org:read")["expiresAt"] is not None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["org:none"]}, "scopes"),
        ({"scopes": ["org:read"], "name": "n" * 256}, "name"),
    ],
)
@on_one_database
def test_a_bad_field_is_named(alice: Caller, database: Database, body: object, field: str) -> None:
    before = len(rows(database, "user_tokens"))
    answer = alice.post(PATH, body)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert len(rows(database, "user_tokens")) == before


@pytest.mark.parametrize("by", ["tokenId", "token"])
def test_a_deleted_token_is_refused_from_then_on(alice: Caller, by: str) -> None:
    token = created(alice, "org:read")
    named = {"tokenId": token["id"], "token": token["token"]}[by]
    assert alice.delete(PATH, body={by: named}).status_code == 204
    own = Caller(alice.client, token["token"])
    assert own.get("/organizations/acme/").status_code == 401
    assert alice.delete(PATH, body={by: named}).status_code == 404


def test_the_tokens_of_others_and_broader_ones_are_not_deleted(
    alice: Caller, bob: Caller, bearer: Bearer
) -> None:
    hers = created(alice, "org:admin")["id"]
    assert bob.delete(PATH, body={"tokenId": hers}).status_code == 404
    assert bearer(["org:read"], ALICE).delete(PATH, body={"tokenId": hers}).status_code == 403
    assert hers in {it["id"] for it in alice.get(PATH).json()}


@on_one_database
def test_a_deletion_names_a_token(alice: Caller) -> None:
    missing = alice.delete(PATH, body={})
    assert (missing.status_code, missing.json()) == (400, {"token": ""})
    bad = alice.delete(PATH, body={"tokenId": "x"})
    assert (bad.status_code, list(bad.json())) == (400, ["tokenId"])


@on_one_database
def test_strangers_and_pipelines_are_refused(anonymous: Caller, organization_token: Caller) -> None:
    for caller, status, said in (
        (anonymous, 401, NO_CREDENTIALS),
        (organization_token, 403, NOT_ALLOWED),
    ):
        for answer in (
            caller.get(PATH),
            caller.post(PATH, {"scopes": ["org:read"]}),
            caller.delete(PATH, body={"tokenId": 1}),
        ):
            assert (answer.status_code, answer.json()) == (status, said)


@on_one_database
def test_long_lists_have_pages(bearer: Bearer) -> None:
    caller = bearer(["org:read"], BOB)
    for _ in range(2):
        created(caller, "org:read")
    first = caller.get(f"{PATH}?per_page=1")
    assert len(first.json()) == 1
    assert 'rel="next"; results="true"' in first.headers["Link"]
