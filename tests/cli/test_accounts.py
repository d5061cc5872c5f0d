"""Commands on users and their tokens (docs/cli.md)."""

import json
import re
import shutil
import sqlite3
from pathlib import Path

import data_folders
import pytest
from click.testing import CliRunner, Result

from shipmark.cli import main as cli
from shipmark.infrastructure.errors import Conflict, NotFound, ValidationFailed

BOB = "bob@example.com"
FIRST, SECOND = "correct horse battery", "another good password"


def run(data: Path, *arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(
        cli.shipmark, [*arguments, "--data", str(data)], input=text, catch_exceptions=False
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with acme, which Bob is the only owner of."""
    folder = data_folders.made(tmp_path_factory.mktemp("template") / "data")
    run(folder, "org", "create", "acme")
    run(folder, *("user", "create", BOB, "--password", FIRST, "--org", "acme", "--role", "owner"))
    return folder


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    """A copy of the template."""
    return Path(shutil.copytree(template, tmp_path / "data"))


def rows(data: Path, statement: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(data / "shipmark.db") as connection:
        return connection.execute(statement).fetchall()


def test_setting_a_password_ends_sessions(data: Path) -> None:
    (hashed,) = rows(data, "SELECT password FROM users")[0]
    with sqlite3.connect(data / "shipmark.db") as connection:
        connection.execute(
            "INSERT INTO sessions (digest, user_id, expires_at)"
            " VALUES ('a', 1, '2999-01-01 00:00:00.000000')"
        )
    result = run(data, "user", "set-password", BOB.upper(), "--password", SECOND)
    assert "Sessions ended: 1." in result.output
    assert rows(data, "SELECT password FROM users")[0] != (hashed,)
    assert rows(data, "SELECT count(*) FROM sessions") == [(0,)]


def test_a_missing_password_is_asked_for_and_hidden(data: Path) -> None:
    before = rows(data, "SELECT password FROM users")
    result = run(data, "user", "set-password", BOB, text=f"{SECOND}\n{SECOND}\n")
    assert (result.exit_code, SECOND in result.output) == (0, False)
    assert rows(data, "SELECT password FROM users") != before


def test_a_short_password_or_an_unknown_user_is_refused(data: Path) -> None:
    before = rows(data, "SELECT password FROM users")
    with pytest.raises(ValidationFailed):
        run(data, "user", "set-password", BOB, "--password", "short")
    with pytest.raises(NotFound):
        run(data, "user", "set-password", "eve@example.com", "--password", SECOND)
    assert rows(data, "SELECT password FROM users") == before


ADDRESSES = (
    "SELECT u.email, e.email, e.is_verified FROM users u JOIN user_emails e ON e.user_id = u.id"
)
NEW = "robert@example.com"


def test_an_address_is_changed(data: Path) -> None:
    result = run(data, "user", "set-email", BOB.upper(), f" {NEW.upper()}")
    assert result.output == f"The address of {BOB} is {NEW} now.\n"
    assert rows(data, ADDRESSES) == [(NEW, NEW, 1)]
    run(data, "user", "create", BOB, "--password", SECOND)  # the former address is free
    with pytest.raises(ValidationFailed):
        run(data, "user", "set-email", NEW, BOB)


def test_a_former_address_may_stay_and_come_back(data: Path) -> None:
    result = run(data, "user", "set-email", BOB, NEW, "--keep-former")
    assert f"{BOB} is still one of their addresses." in result.output
    assert set(rows(data, ADDRESSES)) == {(NEW, BOB, 1), (NEW, NEW, 1)}
    run(data, "user", "set-email", NEW, BOB)
    assert rows(data, ADDRESSES) == [(BOB, BOB, 1)]


def test_what_is_no_address_is_refused(data: Path) -> None:
    before = rows(data, ADDRESSES)
    for wrong in ("bob", f"{'b' * 200}@example.com"):
        with pytest.raises(ValidationFailed):
            run(data, "user", "set-email", BOB, wrong)
    with pytest.raises(NotFound):
        run(data, "user", "set-email", "eve@example.com", NEW)
    assert rows(data, ADDRESSES) == before


def test_creating_a_known_user_says_that_the_password_is_unchanged(data: Path) -> None:
    before = rows(data, "SELECT password FROM users")
    result = run(data, "user", "create", BOB, "--password", SECOND)
    assert (result.exit_code, "the password is unchanged" in result.output) == (0, True)
    assert rows(data, "SELECT password FROM users") == before


def test_bootstrap_can_be_repeated_with_the_same_password_only_silently(data: Path) -> None:
    again = ("bootstrap", "--org", "acme", "--project", "web", "--user", BOB, "--json")
    same = run(data, *again, "--password", FIRST)
    other = run(data, *again, "--password", SECOND)
    assert (same.exit_code, same.stderr) == (0, "")
    assert (other.exit_code, "unchanged" in other.stderr) == (0, True)
    assert set(json.loads(other.stdout)) >= {"token", "org_token"}


def test_users_are_listed_with_their_organizations(data: Path) -> None:
    run(data, "user", "create", "eve@example.com", "--password", FIRST, "--name", "Eve")
    assert run(data, "user", "list").output.splitlines() == [
        "bob@example.com: acme (owner), never signed in",
        "eve@example.com (Eve): no organization, never signed in",
    ]


def test_the_last_owner_is_not_removed(data: Path) -> None:
    with pytest.raises(Conflict, match="only owner of acme"):
        run(data, "user", "remove", BOB)
    assert rows(data, "SELECT count(*) FROM users") == [(1,)]


def test_a_removed_user_takes_tokens_along_and_is_in_the_audit_log(data: Path) -> None:
    eve = ("eve@example.com", "--password", FIRST, "--org", "acme", "--role", "owner")
    run(data, "user", "create", *eve)
    run(data, "token", "create", "--user", BOB, "--all-scopes")
    assert run(data, "user", "remove", BOB).exit_code == 0
    assert rows(data, "SELECT email FROM users") == [("eve@example.com",)]
    assert rows(data, "SELECT count(*) FROM user_tokens") == [(0,)]
    entries = rows(data, "SELECT data FROM audit_log WHERE event = 5")
    assert json.loads(str(entries[0][0])) == {"email": BOB, "role": "owner"}


def test_tokens_are_listed_without_their_secret_and_revoked(data: Path) -> None:
    options = ("--user", BOB, "--scope", "org:read", "--name", "ci")
    secret = run(data, "token", "create", *options).output.strip()
    listed = run(data, "token", "list", "--user", BOB).output
    line = rf"1 \(ci\): {BOB}, created \d{{4}}-\d\d-\d\d, sntryu_…{secret[-4:]}, org:read\n"
    assert re.fullmatch(line, listed)
    assert run(data, "token", "revoke", "1").exit_code == 0
    assert run(data, "token", "list").output == ""
    with pytest.raises(NotFound):
        run(data, "token", "revoke", "1")


def test_a_token_without_scopes_is_for_scripts_only(data: Path) -> None:
    refused = run(data, "token", "create", "--user", BOB)
    assert (refused.exit_code, "--all-scopes" in refused.stderr) == (2, True)
    assert rows(data, "SELECT count(*) FROM user_tokens") == [(0,)]
    made = run(data, "token", "create", "--user", BOB, "--json")
    assert set(json.loads(made.stdout)) == {"token"}
    assert "no scopes" in made.stderr
    assert rows(data, "SELECT scopes FROM user_tokens") == [("",)]


def test_a_token_may_have_all_scopes(data: Path) -> None:
    run(data, "token", "create", "--user", BOB, "--all-scopes")
    assert "all scopes" in run(data, "token", "list").output
    both = run(data, *("token", "create", "--user", BOB, "--all-scopes", "--scope", "org:read"))
    assert both.exit_code == 2


def test_what_the_command_line_creates_is_in_the_audit_log_once(data: Path) -> None:
    eve = ("user", "create", "eve@example.com", "--password", FIRST, "--org", "acme")
    for _ in range(2):
        run(data, *eve)
        run(data, "team", "create", "core", "--org", "acme")
        run(data, "project", "create", "web", "--org", "acme")
    found = rows(data, "SELECT event, actor_label FROM audit_log ORDER BY id")
    # org.create and member.add of the fixture, then member.add, team.create, project.create
    assert found == [(event, "command line") for event in (10, 2, 2, 20, 30)]
