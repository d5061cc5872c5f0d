"""``shipmark artifacts``: what source maps take, and which may go."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from artifacts import bundle, many, upload
from click.testing import CliRunner, Result
from client_fixtures import Serve
from factories import Caller, counts, on_one_database
from httpx import Client
from sqlalchemy import update

from shipmark.artifacts.store.bundles import artifact_bundles, bundle_projects
from shipmark.artifacts.store.release_files import release_files
from shipmark.cli import main as cli
from shipmark.files.store.blobs import blobs
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import NotFound
from shipmark.releases.store.releases import releases

pytestmark = on_one_database

#: Runs a command on the data of the test.
Run = Callable[..., Result]


@pytest.fixture
def client(serve: Serve, tmp_path: Path) -> Client:
    """The server keeps its files where the commands look for them."""
    return serve(keep=open_blobs((tmp_path / "data" / "blobs").as_uri()))


@pytest.fixture(autouse=True)
def filled(alice: Caller, database: Database) -> None:
    """Two bundles, one of both projects, and a single file: all of them old."""
    upload(alice, bundle(many(3)), "web", version="web@1")
    upload(alice, bundle(many(4)), "web", "mobile", version="web@2")
    alice.publish("web@1.0.0")
    path = "/organizations/acme/releases/web@1.0.0/files/"
    assert alice.post(path, files={"file": ("a.js", b"x" * 2**20)}).is_success
    then = now() - timedelta(days=40)
    with database.transaction() as connection:
        for table in (artifact_bundles, bundle_projects):
            connection.execute(update(table).values(used_at=then))
        connection.execute(update(blobs).values(kept_until=then))
        connection.execute(update(release_files).values(created_at=then))
        connection.execute(update(releases).values(created_at=then, shipped_at=then))


@pytest.fixture
def run(database: Database, tmp_path: Path) -> Run:
    def ran(*arguments: str) -> Result:
        where = ("--data", str(tmp_path / "data"), "--database-url", database.url)
        return CliRunner().invoke(
            cli.shipmark, ["artifacts", *arguments, *where], catch_exceptions=False
        )

    return ran


def left(database: Database) -> tuple[int, int, int]:
    found = counts(database)
    return found["artifact_bundles"], found["bundle_projects"], found["release_files"]


def test_the_list_says_what_each_project_has(run: Run) -> None:
    lines = run("list").stdout.splitlines()
    assert lines[0] == "acme/web: bundles 2 (0.0 MiB), debug files 0 (0.0 MiB)"
    assert lines[1] == "acme/mobile: bundles 1 (0.0 MiB), debug files 0 (0.0 MiB)"
    assert lines[2] == "Single files of releases: 1 (1.0 MiB)"
    assert lines[3].startswith("Stored: 1.0 MiB.")


def test_a_dry_run_only_tells(run: Run, database: Database) -> None:
    told = run("prune", "--unused-days", "30", "--dry-run").stdout
    assert told == "Bundles that would go: 2 (0.0 MiB). Single files: 1 (1.0 MiB).\n"
    assert left(database) == (2, 3, 1)


def test_what_is_used_stays(run: Run, database: Database) -> None:
    told = run("prune", "--unused-days", "50").stdout
    assert told.startswith("Bundles that go: 0 (0.0 MiB). Single files: 0 (0.0 MiB).")
    assert left(database) == (2, 3, 1)


def test_the_room_is_freed_at_once_where_that_is_wanted(
    run: Run, database: Database, tmp_path: Path
) -> None:
    assert "in a few minutes" in run("prune", "--unused-days", "30").stdout
    assert left(database) == (0, 0, 0)
    told = run("prune", "--unused-days", "30", "--now").stdout
    assert "Freed: 1.0 MiB." in told
    assert [it for it in (tmp_path / "data/blobs").rglob("*") if it.is_file()] == []


def test_of_a_project_only_what_no_other_has_goes(run: Run, database: Database) -> None:
    run("prune", "--unused-days", "30", "--project", "acme/web")
    assert left(database) == (1, 1, 0)
    run("prune", "--unused-days", "30", "--project", "acme/mobile")
    assert left(database) == (0, 0, 0)


@pytest.mark.parametrize("name", ["acme", "acme/", "nosuch/web", "acme/nosuch", "/web"])
def test_a_project_that_is_not_there_is_told(run: Run, database: Database, name: str) -> None:
    with pytest.raises(NotFound, match="There is no project"):
        run("prune", "--unused-days", "1", "--project", name)
    assert left(database) == (2, 3, 1)


@pytest.mark.parametrize("days", ["0", "-1", "x", "99999999"])
def test_days_that_cannot_be_meant_are_refused(run: Run, days: str) -> None:
    assert run("prune", "--unused-days", days).exit_code == 2
