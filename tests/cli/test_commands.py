"""The commands of the operator (docs/cli.md). Scripts rely on them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import data_folders
import pytest
from click.testing import CliRunner, Result
from factories import RELEASES, Caller, counts
from sqlalchemy import text

from shipmark.cli import main as cli
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import NotFound, ValidationFailed

KEEP = ("bootstrap", "--org", "acme", "--project", "web", "--project", "mobile")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with an empty database."""
    monkeypatch.setenv("SHIPMARK_DATA", str(tmp_path / "unused"))
    return data_folders.made(tmp_path / "data")


def run(data: Path, *arguments: str) -> Result:
    """A command on the data folder; what it refuses is raised, as it is for ``main``."""
    return CliRunner().invoke(
        cli.shipmark, [*arguments, "--data", str(data)], catch_exceptions=False
    )


def told(data: Path, *arguments: str) -> dict[str, Any]:
    result = run(data, *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def sizes(data: Path) -> dict[str, int]:
    database = Database(f"sqlite:///{data / 'shipmark.db'}")
    found = counts(database)
    database.close()
    return {name: number for name, number in found.items() if number and name != "alembic_version"}


def test_bootstrap_tells_all_that_a_pipeline_needs(data: Path) -> None:
    made = told(data, *KEEP, "--user", "ops@example.com", "--base-url", "https://ship.example.com/")
    token, org_token = made.pop("token"), made.pop("org_token")
    keys = [re.sub(r"//[0-9a-f]{32}@", "//KEY@", it.pop("dsn")) for it in made["projects"]]
    assert made == {
        "org": {"id": "1", "slug": "acme"},
        "projects": [{"id": "1", "slug": "web"}, {"id": "2", "slug": "mobile"}],
        "url": "https://ship.example.com",
    }
    assert keys == ["https://KEY@ship.example.com/1", "https://KEY@ship.example.com/2"]
    assert re.fullmatch(r"sntryu_[0-9a-f]{64}", token)
    assert re.fullmatch(r"sntrys_[A-Za-z0-9+/=]+_[A-Za-z0-9+/]{43}", org_token)


def test_bootstrap_can_be_repeated(data: Path) -> None:
    first = told(data, *KEEP)
    before = sizes(data)
    again = told(data, *KEEP)
    assert again["projects"] == first["projects"]
    assert again["token"] != first["token"]
    # The organization, its team, two projects, the owner and the token; then another token.
    assert before["audit_log"] == 6
    more = {"user_tokens": 2, "organization_tokens": 2, "audit_log": 7}
    assert sizes(data) == before | more


def test_bootstrap_speaks_to_people_too(data: Path) -> None:
    result = run(data, *KEEP)
    assert result.exit_code == 0
    assert re.search(r"^Token: sntryu_", result.output, re.MULTILINE)
    assert re.search(r"^Organization token: sntrys_", result.output, re.MULTILINE)
    assert "DSN of web: http://" in result.output


def test_what_is_made_can_be_made_again(data: Path) -> None:
    commands = (
        ("org", "create", "acme", "--name", "Acme"),
        ("team", "create", "core", "--org", "acme"),
        ("project", "create", "web", "--org", "acme", "--team", "core", "--platform", "python"),
        (
            *("user", "create", "bob@example.com", "--password", "long enough"),
            *("--org", "acme", "--role", "member", "--team", "core"),
        ),
    )
    for command in commands:
        result = run(data, *command)
        assert (result.exit_code, "is there." in result.output) == (0, True), result.output
    before = sizes(data)
    for command in commands:
        assert run(data, *command).exit_code == 0
    assert sizes(data) == before
    assert before == {
        "users": 1,
        "user_emails": 1,
        "organizations": 1,
        "audit_log": 4,
        "members": 1,
        "teams": 1,
        "team_members": 1,
        "projects": 1,
        "project_teams": 1,
        "project_keys": 1,
    }


def test_a_token_is_printed(data: Path) -> None:
    run(data, "user", "create", "bob@example.com", "--password", "long enough")
    options = ("--user", "bob@example.com", "--scope", "org:read", "--scope", "project:read")
    result = run(data, "token", "create", *options)
    assert re.fullmatch(r"sntryu_[0-9a-f]{64}\n", result.output)
    assert set(told(data, "token", "create", *options)) == {"token"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("team", "create", "core", "--org", "nope"), "There is no organization nope."),
        (("project", "create", "web", "--org", "nope"), "There is no organization nope."),
        (
            ("token", "create", "--user", "a@example.com", "--all-scopes"),
            "There is no user a@example.com.",
        ),
        (
            ("project", "create", "web", "--org", "acme", "--team", "nope"),
            "There is no team nope in acme.",
        ),
    ],
)
def test_what_is_missing_is_told(data: Path, arguments: tuple[str, ...], words: str) -> None:
    run(data, "org", "create", "acme")
    with pytest.raises(NotFound) as caught:
        run(data, *arguments)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    "arguments",
    [
        ("org", "create", "Not A Slug"),
        ("org", "create", "123"),
        ("org", "create", "a" * 51),
        ("user", "create", "no address", "--password", "long enough"),
        ("user", "create", "a@example.com", "--password", "short"),
    ],
)
def test_what_is_wrong_is_refused(data: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(ValidationFailed):
        run(data, *arguments)
    assert sizes(data) == {}


def test_a_refusal_is_a_sentence_and_status_1(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["shipmark", "team", "create", "core", "--org", "nope", "--data", str(data)]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == "There is no organization nope."


def test_check_is_content_with_what_bootstrap_made(data: Path) -> None:
    told(data, *KEEP)
    result = run(data, "check")
    assert result.exit_code == 0
    assert re.fullmatch(
        r"✓ Everything is all right\. \d+\.\d GiB are free for blobs\.\n"
        r"  Events are kept for 90 days, about 1000 of each issue\.\n"
        r"  The database has \d\.\d MiB, of which \d\.\d MiB are free for new rows\.\n",
        result.output,
    )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.com/", "SHIPMARK_BLOBS_URL must be like file:///folder"),
        ("file:///dev/null/blobs", "Not a directory"),
        ("s3://bucket?endpoint=http://127.0.0.1:9&region=eu-west-1", "error sending request"),
    ],
)
def test_check_tells_of_blobs_that_cannot_be_written(
    data: Path, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "tests")
    told(data, *KEEP)
    monkeypatch.setenv("SHIPMARK_BLOBS_URL", url)
    result = run(data, "check")
    assert result.exit_code == 1
    assert "✗ Blobs can't be written: " in result.output
    assert words in result.output


def test_check_tells_of_little_room_for_blobs(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(data, *KEEP)
    monkeypatch.setattr("shipmark.cli.check.SPACE_LOW_BYTES", 1 << 62)
    result = run(data, "check")
    assert result.exit_code == 1
    assert re.match(r"✗ Only \d+\.\d GiB are left for blobs\.", result.output)


def test_check_tells_that_there_is_nobody(data: Path) -> None:
    result = run(data, "check")
    assert (result.exit_code, result.output) == (
        1,
        "✗ There is no user. `shipmark bootstrap` makes one.\n",
    )


def test_check_tells_of_a_missing_folder_and_makes_none(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    result = run(missing, "check")
    assert (result.exit_code, "There is no data folder" in result.output) == (1, True)
    assert not missing.exists()


def test_check_tells_of_a_database_without_tables_and_nothing_more(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    result = run(tmp_path, "check")
    assert result.exit_code == 1
    assert result.output == "✗ The database is empty. `shipmark serve` makes its tables.\n"


def test_check_tells_of_jobs_that_failed_for_good(data: Path) -> None:
    told(data, *KEEP)
    database = Database(f"sqlite:///{data / 'shipmark.db'}")
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO jobs (kind, details, attempts, error, created_at)"
            " VALUES ('mail', '{}', 8, 'boom', '2026-01-05 09:00:00.000000')"
        )
    database.close()
    result = run(data, "check")
    assert (result.exit_code, result.output) == (1, "✗ A job (mail) failed for good: boom\n")


def test_check_tells_of_commits_that_could_not_be_fetched(data: Path) -> None:
    told(data, *KEEP)
    database = Database(f"sqlite:///{data / 'shipmark.db'}")
    with database.transaction() as connection:
        for statement in (
            (
                "INSERT INTO releases (organization_id, version, status, created_at, commit_count, author_ids,"
                " deploy_count) VALUES (1, 'web@1', 'open', '2026-01-05 09:00:00.000000', 0, '[]', 0)"
            ),
            (
                "INSERT INTO repositories (organization_id, name, status, created_at)"
                " VALUES (1, 'acme/web', 'active', '2026-01-05 09:00:00.000000')"
            ),
            (
                "INSERT INTO release_fetches (organization_id, release_id, repository_id, commit_key, mode, state,"
                " attempts, error, created_at, updated_at) VALUES (1, 1, 1, 'a', 'range', 'failed', 8, 'It is away.',"
                " '2026-01-05 09:00:00.000000', '2026-01-05 09:00:00.000000')"
            ),
        ):
            connection.exec_driver_sql(statement)
    database.close()
    result = run(data, "check")
    said = "✗ The commits of the release web@1 could not be fetched: It is away.\n"
    assert (result.exit_code, result.output) == (1, said)


def test_the_version_is_told(data: Path) -> None:
    result = CliRunner().invoke(cli.shipmark, ["--version"])
    assert (result.exit_code, result.output.startswith("shipmark, version ")) == (0, True)


COMMANDS = cli.shipmark.list_commands(click.Context(cli.shipmark))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command: str) -> None:
    result = CliRunner().invoke(cli.shipmark, [command, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 3


@pytest.mark.parametrize("command", ["bootstrap", "check", "user"])
def test_a_command_loads_nothing_of_the_server(command: str) -> None:
    program = (
        f"import sys; sys.argv = ['shipmark', '{command}', '--help']\n"
        "from shipmark.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    *usage, modules = process.stdout.splitlines()
    assert usage[0].startswith(f"Usage: shipmark {command} ")
    assert {"litestar", "pydantic", "shipmark.app"}.isdisjoint(modules.split())


def test_an_empty_folder_gets_its_database(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert run(folder, "org", "create", "acme").exit_code == 0
    assert folder.stat().st_mode & 0o077 == 0
    assert sizes(folder) == {"organizations": 1, "audit_log": 1}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_check_mends_rows_that_are_not_as_their_release_is(
    alice: Caller, database: Database, tmp_path: Path
) -> None:
    alice.publish("web@1.0.0", "web", "mobile")
    alice.publish("web@2.0.0")
    alice.post(f"{RELEASES}web@1.0.0/deploys/", {"environment": "production"})
    with database.transaction() as connection:
        connection.execute(
            text("UPDATE releases SET status = 'archived' WHERE version = 'web@1.0.0'")
        )
    given = ("--database-url", database.url)
    first, second = run(tmp_path, "check", *given), run(tmp_path, "check", *given)
    assert first.output.startswith("✓ Mended 4 entries of release lists ")
    assert first.exit_code == second.exit_code == 0
    assert second.output.startswith("✓ Everything is all right.")
    with database.snapshot() as connection:
        query = (
            "SELECT status FROM release_projects UNION ALL SELECT status FROM release_environments"
        )
        found = connection.execute(text(query)).scalars()
        assert sorted(found) == ["archived"] * 4 + ["open"]
