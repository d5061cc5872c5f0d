"""``repos/{id}/remote/``: where a repository's commits are fetched."""

import io

import paramiko
import pytest
from client_fixtures import Serve
from factories import (
    ALICE,
    NOT_ALLOWED,
    NOT_FOUND,
    REPOSITORIES,
    Bearer,
    Caller,
    World,
    on_one_database,
    rows,
)

from shipmark.infrastructure.database import Database

URL = "https://git.example.com/acme/web.git"


@pytest.fixture
def served(serve: Serve, world: World, tmp_path: object) -> Caller:
    """Alice at a server with a data folder of its own."""
    return Caller(serve(data=tmp_path), world.tokens[ALICE])


@pytest.fixture
def path(served: Caller) -> str:
    body = {"name": "acme/web", "url": "https://git.example.com/acme/web"}
    return f"{REPOSITORIES}{served.post(REPOSITORIES, body).json()['id']}/remote/"


def test_a_remote_is_kept_and_shown_without_its_secret(
    served: Caller, path: str, database: Database
) -> None:
    body = {"url": URL, "username": "deploy", "password": "hunter2-secret"}
    shown = {"url": URL, "username": "deploy", "hasSecret": True, "source": "repository"}
    for answer in (served.put(path, body), served.get(path)):
        assert (answer.status_code, answer.json()) == (200, shown)
    [row] = rows(database, "repository_remotes")
    assert b"hunter2" not in bytes(row["secret"])


def test_credentials_of_the_address_are_taken_out(
    served: Caller, path: str, database: Database
) -> None:
    answer = served.put(path, {"url": "https://token-abc:hunter2@git.example.com/acme/web.git"})
    assert answer.json() == {
        "url": URL, "username": None, "hasSecret": True, "source": "repository",
    }  # fmt: skip
    assert "hunter2" not in str(rows(database, "repository_remotes"))
    assert "token-abc" not in str(rows(database, "repository_remotes"))


def test_a_new_remote_forgets_the_old_secrets(served: Caller, path: str) -> None:
    served.put(path, {"url": URL, "password": "hunter2"})
    assert served.put(path, {"url": URL}).json()["hasSecret"] is False


def test_a_key_is_for_ssh(served: Caller, path: str) -> None:
    text = io.StringIO()
    paramiko.ECDSAKey.generate().write_private_key(text)
    body = {"url": "git@git.example.com:acme/web.git", "sshKey": text.getvalue()}
    assert served.put(path, body).json()["hasSecret"] is True
    assert served.put(path, body | {"url": URL}).status_code == 400
    assert served.put(path, body | {"password": "x"}).status_code == 400


@on_one_database
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": None}, "url"),
        ({"url": 5}, "url"),
        ({"url": ""}, "url"),
        ({"url": "ftp://x.example/y"}, "url"),
        ({"url": "file:///etc"}, "url"),
        ({"url": "https://user:hunter2@"}, "url"),
        ({"url": URL, "password": ["x"]}, "password"),
        ({"url": URL, "username": "x" * 201}, "username"),
        ({"url": "git@x.example:y", "sshKey": "no key hunter2"}, "sshKey"),
        ([], "non_field_errors"),
    ],
)
def test_what_can_t_be_a_remote_is_refused(
    served: Caller, path: str, database: Database, body: object, field: str
) -> None:
    answer = served.put(path, body)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert "hunter2" not in answer.text
    assert rows(database, "repository_remotes") == []


def test_a_remote_can_be_forgotten(served: Caller, path: str) -> None:
    served.put(path, {"url": URL})
    assert served.delete(path).status_code == 204
    assert served.get(path).status_code == served.delete(path).status_code == 404


@on_one_database
@pytest.mark.parametrize("identifier", ["999", "9" * 30, "x", "-1", "٣", "1%00"])
def test_unknown_repositories_are_not_found(served: Caller, identifier: str) -> None:
    path = f"{REPOSITORIES}{identifier}/remote/"
    for answer in (served.get(path), served.put(path, {"url": URL}), served.delete(path)):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_strangers_and_those_without_the_scope_are_refused(
    served: Caller, path: str, charlie: Caller, anonymous: Caller, bearer: Bearer
) -> None:
    assert anonymous.put(path, {"url": URL}).status_code == 401
    assert charlie.put(path, {"url": URL}).status_code == 403
    reader = bearer(scopes=["org:read"])
    for answer in (reader.put(path, {"url": URL}), reader.delete(path)):
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    mine = path.replace("acme", "globex")
    assert charlie.put(mine, {"url": URL}).status_code == 404
    assert bearer(scopes=["org:integrations"]).put(path, {"url": URL}).status_code == 200
