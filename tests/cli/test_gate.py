"""``shipmark gate`` against a running server: a pipeline sees its exit status and what it prints."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import data_folders
import httpx
import pytest
from click.testing import CliRunner
from factories import World
from health_factories import a_release, add_hours_of_sessions, add_sessions
from processes import free_port, serving

from shipmark.cli.gate import gate
from shipmark.cli.main import shipmark
from shipmark.infrastructure.database import Database
from shipmark.verdicts import actions

OLD = "web@1.0.0"
START = int((datetime.now(UTC) - timedelta(hours=1)).timestamp()) // 600 * 600
WORLD = World(
    tokens={},
    organization_token="",
    users={},
    organizations={"acme": 1},
    projects={"web": 1},
    keys={},
)
#: Of the server's packages only the pure ones are needed.
HEAVY = ("sqlalchemy", "litestar", "pydantic", "msgspec", "shipmark.infrastructure.database")


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    status: int
    output: str
    errors: str


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that may ask a server."""

    port: int
    token: str
    dsn: str

    def gate(self, version: str, *options: str, token: str | None = None) -> Finished:
        runner = CliRunner(
            env={
                "SENTRY_URL": f"http://127.0.0.1:{self.port}/",
                "SENTRY_AUTH_TOKEN": token or self.token,
                "SENTRY_ORG": "acme",
            }
        )
        arguments = [version, "-e", "production", "--wait", "0", *options]
        result = runner.invoke(gate, arguments)
        return Finished(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    data = data_folders.made(tmp_path_factory.mktemp("gate") / "data")
    made = CliRunner().invoke(
        shipmark,
        ["bootstrap", "--org", "acme", "--project", "web", "--json", "--data", str(data)],
        catch_exceptions=False,
    )
    fill(data)
    port = free_port()
    with serving(data, port, workers=1):
        told = json.loads(made.output)
        yield Pipeline(port, told["org_token"], told["projects"][0]["dsn"])


def fill(data: Path) -> None:
    """Give three releases sessions, one like its base, one worse, one with few."""
    database = Database(f"sqlite:///{data / 'shipmark.db'}")
    with database.transaction() as connection:
        add_hours_of_sessions(connection, WORLD, OLD, START, hours=39, sessions=2_000, crashed=10)
        for version, sessions, crashed in (
            ("web@2.0.0", 20_000, 60),
            ("web@2.0.1", 200, 30),
            ("web@2.0.2", 20, 0),
        ):
            add_sessions(
                connection, WORLD, version, START, width=600, sessions=sessions, crashed=crashed
            )
        a_release(connection, WORLD, "web@3.0.0", at=START)
        actions.evaluate_due(connection, datetime.now(UTC))
    database.close()


def test_a_healthy_release_passes(pipeline: Pipeline) -> None:
    ended = pipeline.gate("web@2.0.0", "--measure", "S")
    assert ended.status == 0, ended
    assert ended.output.startswith("web@2.0.0 in production is healthy, compared with web@1.0.0.\n")


def test_a_regressed_release_fails_at_once(pipeline: Pipeline) -> None:
    ended = pipeline.gate("web@2.0.1", "--wait", "10m")
    assert ended.status == 1
    assert (
        "85%, was 99.5%: 14.5 points lower, 0.1 allowed (30 of 200 crashed, 390 of 78,000 before)"
        in ended.output
    )
    assert "Go back to" in ended.output


def test_an_undecided_release_has_a_status_of_its_own(pipeline: Pipeline) -> None:
    ended = pipeline.gate("web@2.0.2")
    assert ended.status == 2
    assert (
        "not enough to tell (0 of 20 met one, 0 of 78,000 before). 15 points lower would count as worse."
        in ended.output
    )
    assert "undecided: " in ended.errors


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_pipeline_says_what_undecided_means(pipeline: Pipeline, status: int) -> None:
    assert pipeline.gate("web@2.0.2", "--undecided", str(status)).status == status


def test_a_release_without_sessions_is_undecided(pipeline: Pipeline) -> None:
    ended = pipeline.gate("web@3.0.0")
    assert ended.status == 2
    assert "No session of the release has come" in ended.output


def test_it_waits_until_the_wait_is_over_and_says_once_what_is_not_new(pipeline: Pipeline) -> None:
    begun = time.monotonic()
    ended = pipeline.gate("web@3.0.0", "--wait", "3s", "--poll", "1s")
    assert (ended.status, len(ended.errors.splitlines())) == (2, 1)
    assert time.monotonic() - begun >= 3


def test_json_is_the_answer_of_the_server(pipeline: Pipeline) -> None:
    ended = pipeline.gate("web@2.0.1", "--json", "-p", "web")
    verdict = json.loads(ended.output)
    assert (verdict["verdict"], verdict["project"], ended.status) == ("regressed", "web", 1)


def test_criteria_are_sent(pipeline: Pipeline) -> None:
    wide = ("--margin", "20%,50pp", "--tolerance", "50%,50pp", "--measure", "S", "--soak", "5m")
    assert pipeline.gate("web@2.0.1", *wide).status == 0
    assert pipeline.gate("web@2.0.0", "--measure", "S", "--base", "web@2.0.2").status == 2
    assert pipeline.gate("web@2.0.1", "--measure", "S", "--least-bad", "100000").status == 2


def test_the_number_of_new_issues_is_a_limit(pipeline: Pipeline) -> None:
    allowed = ("--measure", "S", "--max-new-issues")
    assert pipeline.gate("web@2.0.0", *allowed, "0").status == 0
    key = urlsplit(pipeline.dsn).username
    event = {"message": "boom", "level": "error", "release": "web@2.0.0"}
    sent = httpx.post(
        f"http://127.0.0.1:{pipeline.port}/api/1/store/",
        json=event | {"environment": "production", "event_id": "a" * 32},
        headers={"X-Sentry-Auth": f"Sentry sentry_key={key}"},
    )
    assert sent.status_code == 200
    ended = pipeline.gate("web@2.0.0", *allowed, "0")
    assert (ended.status, ended.errors.splitlines()[-1]) == (1, "New issues: 1, at most 0 allowed.")
    assert "New issue WEB-1: boom" in ended.output
    assert pipeline.gate("web@2.0.0", *allowed, "1").status == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--margin", "much"], "margin: Give a share"),
        (["--wait", "forever"], "Give a number of seconds"),
        (["--measure", "X"], "measure: Give one or more"),
        (["--undecided", "3"], "Invalid value"),
        (["--unheard-of"], "No such option"),
        (["--base", "unheard-of"], "base: There is no release"),
        (["--url", "ship.example.com"], "is no address that begins with http"),
        (["--url", ""], "Give --url, or set SENTRY_URL."),
    ],
)
def test_what_can_not_be_asked_is_no_verdict(
    pipeline: Pipeline, options: Sequence[str], sentence: str
) -> None:
    ended = pipeline.gate("web@2.0.1", *options)
    assert (ended.status, ended.output) == (3, "")
    assert sentence in ended.errors


def test_an_unknown_token_release_or_server_is_no_verdict(pipeline: Pipeline) -> None:
    unknown = pipeline.gate("web@2.0.1", token="wrong")
    assert (unknown.status, unknown.errors) == (3, "The token is missing or unknown.\n")
    assert pipeline.gate("web@9").status == 3
    away = pipeline.gate("web@2.0.1", "--url", f"http://127.0.0.1:{free_port()}")
    assert away.status == 3
    assert "The server can't be reached" in away.errors


def test_it_needs_nothing_of_the_server() -> None:
    program = (
        "import sys; sys.argv = ['shipmark', 'gate', '--help']\n"
        "from shipmark.cli.entry import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    *usage, modules = run.stdout.splitlines()
    assert usage[0] == "Usage: shipmark gate [OPTIONS] VERSION"
    assert set(modules.split()).isdisjoint(HEAVY)
