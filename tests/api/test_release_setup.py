"""What is set up for releases, and the token of their address (releases.md 2.17, 2.18)."""

import hashlib
import hmac

import pytest
from factories import (
    ADDRESS,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    REPOSITORIES,
    WEB_RELEASES,
    Bearer,
    Caller,
    World,
    commit,
    error_event,
    release_path,
    rows,
    send_event,
    statements,
)

from shipmark.infrastructure.database import Database

COMPLETION = f"{WEB_RELEASES}completion/"
TOKEN = f"{WEB_RELEASES}token/"


def steps(caller: Caller, path: str = COMPLETION) -> dict[str, bool]:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.text
    return {it["step"]: it["complete"] for it in answer.json()}


def test_at_first_nothing_is_set_up(alice: Caller) -> None:
    assert alice.get(COMPLETION).json() == [
        {"step": step, "complete": False} for step in ("tag", "repo", "commit", "deploy")
    ]


def test_each_step_is_told_of_once_it_is_done(alice: Caller, world: World) -> None:
    alice.post(REPOSITORIES, {"name": "acme/web", "url": "https://example.com/web"})
    assert steps(alice) == {"tag": False, "repo": True, "commit": False, "deploy": False}
    alice.publish("web@1.0.0")
    assert steps(alice)["commit"] is False
    alice.publish("web@1.0.0", commits=[commit("1")])
    assert steps(alice) == {"tag": False, "repo": True, "commit": True, "deploy": False}
    alice.post(release_path("web@1.0.0", "deploys/"), {"environment": "production"})
    assert steps(alice) == {"tag": False, "repo": True, "commit": True, "deploy": True}
    send_event(alice.client, world.keys["web"], world.projects["web"], error_event())
    assert steps(alice)["tag"] is False
    event = error_event("other", release="web@1.0.0")
    send_event(alice.client, world.keys["web"], world.projects["web"], event)
    assert all(steps(alice).values())


def test_another_project_has_only_the_repository(alice: Caller, world: World) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    alice.post(release_path("web@1.0.0", "deploys/"), {"environment": "production"})
    event = error_event(release="web@1.0.0")
    send_event(alice.client, world.keys["web"], world.projects["web"], event)
    alice.publish("mobile@1.0.0", "mobile")
    shown = steps(alice, COMPLETION.replace("/web/", "/mobile/"))
    assert shown == {"tag": False, "repo": True, "commit": False, "deploy": False}


def test_who_may_ask_what_is_set_up(
    alice: Caller, bob: Caller, charlie: Caller, anonymous: Caller, bearer: Bearer
) -> None:
    assert steps(bob) == steps(bearer(["project:read"])) == steps(alice)
    assert anonymous.get(COMPLETION).json() == NO_CREDENTIALS
    for caller in (charlie, bearer(["org:read"])):
        answer = caller.get(COMPLETION)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert alice.get(COMPLETION.replace("web", "nope")).json() == NOT_FOUND


def test_more_releases_take_no_more_statements(alice: Caller, database: Database) -> None:
    many = []
    for _ in range(2):
        alice.publish(f"web@{len(many)}", commits=[commit(str(len(many) + 1))])
        with statements(database) as seen:
            steps(alice)
        many.append(seen.count)
    assert many[0] == many[1]


def test_a_token_is_made_when_somebody_asks_and_shown_again(
    alice: Caller, world: World, database: Database
) -> None:
    answer = alice.get(TOKEN)
    token = answer.json()["token"]
    assert answer.status_code == 200
    assert len(token) == 32
    assert set(token) <= set("0123456789abcdef")
    project_id = world.projects["web"]
    signed = hmac.new(token.encode(), f"builtin-{project_id}".encode(), hashlib.sha256)
    url = f"{ADDRESS}/api/hooks/release/builtin/{project_id}/{signed.hexdigest()}/"
    assert answer.json() == {"token": token, "webhookUrl": url}
    assert alice.get(TOKEN).json() == answer.json()
    assert [it["project_id"] for it in rows(database, "release_tokens")] == [project_id]


def test_another_token_takes_the_place_of_the_old(alice: Caller, database: Database) -> None:
    old = alice.get(TOKEN).json()
    answer = alice.post(TOKEN)
    assert (answer.status_code, alice.get(TOKEN).json()) == (201, answer.json())
    assert answer.json()["token"] != old["token"]
    assert answer.json()["webhookUrl"] != old["webhookUrl"]
    assert len(rows(database, "release_tokens")) == 1


def test_each_project_has_its_own(alice: Caller) -> None:
    tokens = {
        alice.post(TOKEN.replace("/web/", f"/{it}/")).json()["token"] for it in ("web", "mobile")
    }
    assert len(tokens) == 2


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_have_the_token(
    alice: Caller,
    bob: Caller,
    charlie: Caller,
    anonymous: Caller,
    organization_token: Caller,
    bearer: Bearer,
    database: Database,
    method: str,
) -> None:
    """It lets anybody release who has it, so only those see it who may change the project."""
    answer = getattr(anonymous, method)(TOKEN)
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)
    for caller in (bob, charlie, bearer(["project:read"]), bearer(["project:releases"])):
        answer = getattr(caller, method)(TOKEN)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert getattr(organization_token, method)(TOKEN).status_code == 403
    assert rows(database, "release_tokens") == []
    assert getattr(bearer(["project:write"]), method)(TOKEN).is_success
    assert getattr(alice, method)(TOKEN.replace("web", "nope")).status_code == 404
