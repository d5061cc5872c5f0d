"""``/api/hooks/release/…``: releases by a signed address (releases.md 2.18)."""

import hashlib
import hmac
from typing import Any

import pytest
from factories import (
    WEB_RELEASES,
    Caller,
    World,
    commit,
    counts,
    dump,
    on_one_database,
    release_path,
    rows,
    slugs,
)
from httpx import Client, Response

from shipmark.infrastructure.database import Database
from shipmark.releases.webhook_actions import is_signed, signature

TOKEN = f"{WEB_RELEASES}token/"
GOOD = {"version": "web@1.0.0"}


@pytest.fixture
def url(alice: Caller) -> str:
    found: str = alice.get(TOKEN).json()["webhookUrl"]
    return found


def send(client: Client, url: str, body: object = GOOD, **more: Any) -> Response:
    return client.post(url, json=body, **more) if body is not None else client.post(url, **more)


def test_a_release_is_made_without_other_credentials(
    client: Client, alice: Caller, url: str
) -> None:
    body = GOOD | {"ref": "main", "commits": [commit("1")], "dateReleased": "2026-01-05T10:00:00Z"}
    answer = send(client, url, body)
    assert (answer.status_code, slugs(answer.json())) == (201, ["web"])
    assert answer.json() == alice.get(release_path("web@1.0.0")).json()
    assert answer.json()["commitCount"] == 1


def test_sending_again_answers_as_the_project_does(
    client: Client, alice: Caller, url: str, database: Database
) -> None:
    send(client, url)
    before = dump(database)
    again = send(client, url)
    assert (again.status_code, again.json()) == (208, alice.post(WEB_RELEASES, GOOD).json())
    assert dump(database) == before
    alice.publish("mobile@1.0.0", "mobile")
    answer = send(client, url, {"version": "mobile@1.0.0"})
    assert (answer.status_code, slugs(answer.json())) == (201, ["mobile", "web"])


def test_nobody_is_said_to_have_done_it(client: Client, url: str, database: Database) -> None:
    send(client, url, GOOD | {"dateReleased": "2026-01-05T10:00:00Z"})
    assert [it["user_id"] for it in rows(database, "release_activities")] == [None]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "image/png"]
)
@on_one_database
def test_the_body_is_json_whatever_it_is_called(client: Client, url: str, media_type: str) -> None:
    answer = client.post(url, content=b'{"version": "web@1"}', headers={"Content-Type": media_type})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, {"version": ["This field is required."]}),
        ({"version": "a/b"}, {"version": ["Release with name a/b is not allowed"]}),
        (GOOD | {"commits": [{}]}, {"commits": {"id": ["This field is required."]}}),
        (GOOD | {"owner": "nobody@example.com"}, {"owner": ["Unable to find user"]}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        (7, {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]}),
    ],
)
def test_a_bad_body_is_answered_as_the_project_does(
    client: Client, alice: Caller, url: str, database: Database, body: object, told: object
) -> None:
    before = dump(database)
    answer = send(client, url, body)
    assert (answer.status_code, answer.json()) == (400, told)
    assert alice.post(WEB_RELEASES, body).json() == told
    assert dump(database) == before


def test_null_is_no_data(client: Client, url: str) -> None:
    answer = client.post(url, content=b"null")
    assert (answer.status_code, answer.json()) == (400, {"non_field_errors": ["No data provided"]})


@pytest.mark.parametrize(
    "content", [b"{", b"version=web%401", b"\xff", b"[" * 100_000, b"{'a': 1}"]
)
@on_one_database
def test_what_is_no_json_is_told(
    client: Client, url: str, database: Database, content: bytes
) -> None:
    answer = client.post(url, content=content)
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].startswith("JSON parse error - ")
    assert counts(database)["releases"] == 0


def test_only_the_right_signature_is_let_in(
    client: Client, alice: Caller, url: str, world: World, database: Database
) -> None:
    base, _, signed = url.rstrip("/").rpartition("/")
    other = alice.get(TOKEN.replace("/web/", "/mobile/")).json()["webhookUrl"].rstrip("/")
    wrong = ["x", signed[:-1], signed + "0", signed.upper(), other.rpartition("/")[2], "%C3%A9" * 9]
    for each in wrong:
        answer = send(client, f"{base}/{each}/")
        assert (answer.status_code, answer.content) == (403, b"")
    assert counts(database)["releases"] == 0


def test_a_project_without_a_token_lets_nobody_in(client: Client, world: World) -> None:
    project_id = world.projects["web"]
    signed = hmac.new(b"", f"builtin-{project_id}".encode(), hashlib.sha256).hexdigest()
    answer = send(client, f"/api/hooks/release/builtin/{project_id}/{signed}/")
    assert (answer.status_code, answer.content) == (403, b"")


@pytest.mark.parametrize("project", ["99999", "web", "9" * 40, "-1", "１"])
@on_one_database
def test_an_unknown_project_is_not_found(client: Client, url: str, project: str) -> None:
    signed = url.rstrip("/").rpartition("/")[2]
    answer = send(client, f"/api/hooks/release/builtin/{project}/{signed}/")
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize("plugin", ["heroku", "BUILTIN", "x"])
def test_plug_ins_are_not_there_and_so_not_enabled(
    client: Client, alice: Caller, world: World, plugin: str
) -> None:
    token, project_id = alice.get(TOKEN).json()["token"], world.projects["web"]
    signed = signature(token, plugin, project_id)
    answer = send(client, f"/api/hooks/release/{plugin}/{project_id}/{signed}/")
    assert (answer.status_code, answer.content) == (403, b"")


def test_an_old_address_stops_working(client: Client, alice: Caller, url: str) -> None:
    alice.post(TOKEN)
    assert send(client, url).status_code == 403
    assert send(client, alice.get(TOKEN).json()["webhookUrl"]).status_code == 201


def test_nothing_can_be_read_there(client: Client, url: str) -> None:
    assert client.get(url).status_code == 405


def test_a_signature_is_of_one_token_plug_in_and_project() -> None:
    signed = signature("a" * 32, "builtin", 7)
    assert is_signed("a" * 32, "builtin", 7, signed)
    for token, plugin, project_id in (
        ("b" * 32, "builtin", 7),
        ("a" * 32, "x", 7),
        ("a" * 32, "builtin", 8),
    ):
        assert not is_signed(token, plugin, project_id, signed)
    assert not is_signed("a" * 32, "builtin", 7, "é\udfff")
