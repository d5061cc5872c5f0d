"""POST ``organizations/{org}/members/`` invites; the link makes a member (auth-and-errors.md 8.6)."""

from datetime import timedelta
from typing import Any

import pytest
from factories import (
    ADDRESS,
    ALICE,
    BOB,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    on_one_database,
    rows,
)
from httpx import Client
from sqlalchemy import text

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.organizations import invitations

MEMBERS = "/organizations/acme/members/"
EVE = "eve@example.com"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
SECRET = "correct horse battery"


def invite(caller: Caller, email: str = EVE, **more: object) -> dict[str, Any]:
    answer = caller.post(MEMBERS, {"email": email, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def link(made: dict[str, Any]) -> str:
    address: str = made["inviteLink"]
    assert address.startswith(f"{ADDRESS}/invitations/")
    return address.removeprefix(ADDRESS)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("B", [BOB]),
        ("example.com", [ALICE, BOB, EVE]),
        ("email:ALICE@example.com", [ALICE]),
        ("email:alice", []),
        ("role:member", [BOB]),
        ("role:manager", [EVE]),
        ("isInvited:true", [EVE]),
        ("isInvited:false role:owner", [ALICE]),
        ("id:invitation-1", [EVE]),
        ("colour:red", []),
    ],
)
@on_one_database
def test_members_and_invitations_are_looked_for(
    alice: Caller, query: str, found: list[str]
) -> None:
    invite(alice, orgRole="manager")
    answer = alice.get(MEMBERS, params={"query": query, "per_page": 2})
    rest = alice.get(MEMBERS, params={"query": query, "per_page": 2, "cursor": "2:1:0"})
    assert [it["email"] for it in answer.json() + rest.json()] == found


def test_an_invitation_is_a_pending_member_with_a_link_shown_once(alice: Caller) -> None:
    made = invite(alice, " Eve@Example.com ", orgRole="manager", teams=["core"])
    shown = {
        name: made[name] for name in ("email", "user", "orgRole", "pending", "expired", "teams")
    }
    assert shown == {
        "email": EVE,
        "user": None,
        "orgRole": "manager",
        "pending": True,
        "expired": False,
        "teams": ["core"],
    }
    listed = alice.get(MEMBERS).json()
    assert listed[-1] == {name: value for name, value in made.items() if name != "inviteLink"}
    assert alice.get(f"{MEMBERS}{made['id']}/").json() == listed[-1]
    assert "inviteLink" not in alice.get(MEMBERS).text


def test_the_token_is_kept_as_a_digest(alice: Caller, database: Database) -> None:
    token = link(invite(alice)).split("/")[2]
    [kept] = rows(database, "invitations")
    assert token not in str(kept)
    assert len(kept["digest"]) == 64


def test_a_new_person_makes_an_account_and_is_a_member(alice: Caller, database: Database) -> None:
    path = link(invite(alice, orgRole="manager", teams=["core"]))
    browser = alice.client
    assert "eve@example.com is invited as manager." in browser.get(path).text
    answer = browser.post(path, data={"name": "Eve", "password": SECRET}, headers=OWN_PAGE)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/organizations/acme/releases/"
    page = browser.get(
        "/organizations/acme/releases/", headers={"Cookie": answer.headers["set-cookie"]}
    )
    assert page.status_code == 200
    [member] = [it for it in alice.get(MEMBERS).json() if it["email"] == EVE]
    assert (member["pending"], member["orgRole"], member["name"]) == (False, "manager", "Eve")
    assert alice.get(f"{MEMBERS}{member['id']}/").json()["teams"] == ["core"]
    assert rows(database, "invitations")[0]["member_id"] == int(member["id"])
    browser.cookies.clear()
    signed_in = browser.post("/sign-in/", data={"email": EVE, "password": SECRET}, headers=OWN_PAGE)
    assert signed_in.status_code == 303


def test_a_link_works_once(alice: Caller) -> None:
    path = link(invite(alice))
    sent = {"name": "Eve", "password": SECRET}
    assert alice.client.post(path, data=sent, headers=OWN_PAGE).status_code == 303
    alice.client.cookies.clear()
    for answer in (alice.client.get(path), alice.client.post(path, data=sent, headers=OWN_PAGE)):
        assert answer.status_code == 404
        assert "This invitation has expired, or was used or revoked." in answer.text


def test_the_id_of_an_accepted_invitation_leads_to_the_member(alice: Caller) -> None:
    """Terraform has stored it, and goes on reading, changing and deleting by it."""
    made = invite(alice)
    sent = {"name": "Eve", "password": SECRET}
    alice.client.post(link(made), data=sent, headers=OWN_PAGE)
    path = f"{MEMBERS}{made['id']}/"
    shown = alice.get(path).json()
    assert (shown["pending"], shown["email"]) == (False, EVE)
    assert alice.put(path, {"orgRole": "manager"}).json()["orgRole"] == "manager"
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404
    assert link(invite(alice)) != link(made)


def test_an_organization_has_a_limited_number_of_open_invitations(
    alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "PENDING_MAX", 2)
    for number in range(2):
        invite(alice, f"p{number}@example.com")
    answer = alice.post(MEMBERS, {"email": EVE})
    assert (answer.status_code, answer.json()) == (
        400,
        {"email": ["There are 2 open invitations already."]},
    )


def test_inviting_again_makes_a_new_link(alice: Caller) -> None:
    first, second = link(invite(alice)), link(invite(alice, orgRole="admin"))
    assert alice.client.get(first).status_code == 404
    assert "invited as admin" in alice.client.get(second).text
    assert len([it for it in alice.get(MEMBERS).json() if it["pending"]]) == 1


def test_a_revoked_or_old_link_opens_nothing(alice: Caller, database: Database) -> None:
    made = invite(alice)
    assert alice.delete(f"{MEMBERS}{made['id']}/").status_code == 204
    assert alice.client.get(link(made)).status_code == 404
    again = invite(alice)
    with database.transaction() as connection:
        statement = text("UPDATE invitations SET expires_at = :at")
        connection.execute(statement, {"at": (now() - timedelta(days=1)).replace(tzinfo=None)})
    assert alice.client.get(link(again)).status_code == 404
    assert alice.get(MEMBERS).json()[-1]["expired"] is True


def test_a_link_never_opens_an_account_that_exists(charlie: Caller, alice: Caller) -> None:
    """Who invites sees the link: it must not set the password of somebody else's account."""
    answer = charlie.post("/organizations/globex/members/", {"email": BOB})
    path = link(answer.json())
    assert "Sign in to join" in charlie.client.get(path).text
    sent = {"name": "Mallory", "password": SECRET}
    refused = charlie.client.post(path, data=sent, headers=OWN_PAGE)
    assert refused.status_code == 303
    assert refused.headers["location"].startswith("/sign-in/?next=")
    assert "set-cookie" not in refused.headers
    assert all(
        it["email"] != BOB or it["pending"]
        for it in charlie.get("/organizations/globex/members/").json()
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, {"email": ["This field is required."]}),
        ({"email": "nobody"}, {"email": ["Enter a valid email address."]}),
        ({"email": BOB}, {"email": [f"The user {BOB} is already a member"]}),
        ({"email": EVE, "orgRole": "king"}, {"orgRole": ['"king" is not a valid choice.']}),
        ({"email": EVE, "teams": ["gone"]}, {"teams": ["Invalid team"]}),
    ],
)
def test_a_bad_invitation_is_refused(
    alice: Caller, database: Database, body: object, told: object
) -> None:
    answer = alice.post(MEMBERS, body)
    assert (answer.status_code, answer.json()) == (400, told)
    assert rows(database, "invitations") == []


def test_who_may_invite_and_revoke(
    alice: Caller, bob: Caller, charlie: Caller, anonymous: Caller, bearer: Bearer
) -> None:
    body = {"email": EVE}
    made = invite(alice)
    for caller, status, told in (
        (anonymous, 401, NO_CREDENTIALS),
        (charlie, 403, NOT_ALLOWED),
        (bearer(["member:read"]), 403, NOT_ALLOWED),
    ):
        answer = caller.post(MEMBERS, body)
        assert (answer.status_code, answer.json()) == (status, told)
    assert bob.post(MEMBERS, body | {"orgRole": "owner"}).status_code == 403
    assert bob.delete(f"{MEMBERS}{made['id']}/").status_code == 403
    for caller in (alice, bob):
        answer = caller.get(f"{MEMBERS}invitation-999/")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_pages_go_on_from_members_to_invitations(alice: Caller) -> None:
    for number in range(3):
        invite(alice, f"p{number}@example.com")
    whole = [it["id"] for it in alice.get(MEMBERS).json()]
    parts = []
    for number in range(len(whole)):
        [one] = alice.get(f"{MEMBERS}?per_page=1&cursor=1:{number}:0").json()
        parts.append(one["id"])
    assert parts == whole


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": "Eve", "password": "short"}, "A password has at least 8 characters."),
        ({"name": "E" * 500, "password": SECRET}, "A name has no more than"),
    ],
)
def test_a_bad_account_is_refused_on_the_page(
    alice: Caller, client: Client, sent: dict[str, str], words: str
) -> None:
    path = link(invite(alice))
    answer = client.post(path, data=sent, headers=OWN_PAGE)
    assert answer.status_code == 400
    assert words in answer.text
    assert client.get(path).status_code == 200


def test_another_address_than_the_invited_one_does_not_join(alice: Caller, client: Client) -> None:
    path = link(invite(alice))
    first = link(invite(alice, "other@example.com"))
    made = client.post(first, data={"name": "O", "password": SECRET}, headers=OWN_PAGE)
    assert made.status_code == 303
    answer = client.post(path, headers=OWN_PAGE | {"Cookie": made.headers["set-cookie"]})
    assert answer.status_code == 409
    assert "This invitation is for eve@example.com" in answer.text


def test_the_audit_log_tells_of_it(alice: Caller) -> None:
    path = link(invite(alice))
    alice.client.post(path, data={"name": "Eve", "password": SECRET}, headers=OWN_PAGE)
    told = alice.get("/organizations/acme/audit-logs/").json()["rows"]
    assert [it["event"] for it in told][:2] == ["member.accept-invite", "member.invite"]
    assert told[1]["actor"]["email"] == ALICE
