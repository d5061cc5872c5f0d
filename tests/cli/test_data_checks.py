"""What `serve`, `check` and `/healthz` say of a database, a disk or blobs that can't be used, by real files."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from commands import completed
from msgspec.json import decode
from processes import free_port, serving, wait_until

from shipmark.cli import main as cli
from shipmark.cli.data_checks import UnusableDataError
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.health import BLOBS_GONE
from shipmark.infrastructure.migrations.run import run as migrate
from shipmark.infrastructure.sqlite_file import MOVED

PAGE_BYTES = 4096


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a user, a release file and its blob."""
    folder = tmp_path_factory.mktemp("template") / "data"
    blobs = folder / "blobs" / "ab"
    blobs.mkdir(parents=True)
    (blobs / "cd").write_bytes(b"content")
    path = folder / "shipmark.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO blobs (sha1, size, key, uses, kept_until)"
            " VALUES ('a', 7, 'ab/cd', 0, '2126-01-05 09:00:00.000000')"
        )
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    made = run(
        "bootstrap", "--data", str(folder), "--org", "acme", "--project", "web",
        "--user", "admin@example.com", "--password", "kept-secret-1",
    )  # fmt: skip
    assert made.exit_code == 0
    return folder


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(template, tmp_path / "data"))


def run(*words: str) -> Result:
    """Run a command in this process; what it refuses is raised."""
    return CliRunner().invoke(cli.shipmark, words, catch_exceptions=False)


def serve(data: Path) -> subprocess.CompletedProcess[str]:
    return completed("serve", "--data", str(data), "--port", "0", environment=os.environ)


def refused(data: Path, words: str) -> None:
    """Neither `serve` nor `check` accepts the data; each says why in one sentence, and changes nothing."""
    before = files_in(data)
    with pytest.raises(UnusableDataError, match=re.escape(words)):
        run("serve", "--data", str(data), "--port", "0")
    checked = run("check", "--data", str(data))
    assert (checked.exit_code, checked.stdout.count("\n")) == (1, 1)
    assert words in checked.stdout
    assert files_in(data) == before


def files_in(data: Path) -> dict[str, int]:
    ignored = ("-wal", "-shm", "-turn")
    return {
        it.relative_to(data).as_posix(): it.stat().st_size
        for it in data.rglob("*")
        if not it.name.endswith(ignored)
    }


def health(port: int) -> tuple[int, dict[str, object]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status, decode(answer.read())
    finally:
        connection.close()


def test_an_empty_database_beside_blobs_is_refused(data: Path) -> None:
    (data / "shipmark.db").write_bytes(b"")
    refused(data, "holds the blobs of an earlier one. Restore the database from a backup")


def test_a_missing_database_beside_blobs_is_refused(data: Path) -> None:
    (data / "shipmark.db").unlink()
    refused(data, "holds the blobs of an earlier one. Restore the database from a backup")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: b"x" * len(content), "file is not a database"),
        (lambda content: content[: PAGE_BYTES * 20], "database disk image is malformed"),
        (
            lambda content: content[: len(content) // 2] + b"\xff" * PAGE_BYTES * 9,
            "can't be used: ",
        ),
    ],
    ids=["overwritten", "cut off", "damaged inside"],
)
def test_a_damaged_database_is_refused(
    data: Path, damage: Callable[[bytes], bytes], words: str
) -> None:
    path = data / "shipmark.db"
    path.write_bytes(damage(path.read_bytes()))
    refused(data, words)


def test_sound_data_passes(data: Path) -> None:
    assert run("check", "--data", str(data)).exit_code == 0


def test_a_log_of_events_that_can_not_be_read_is_named(data: Path) -> None:
    folder = data / "event-log"
    folder.mkdir(mode=0o700)
    damaged = folder / "01795706526224974838-dcd44147.log"
    damaged.write_bytes(b"no log" * 1000)
    damaged.chmod(0o600)
    checked = run("check", "--data", str(data))
    assert (checked.exit_code, checked.stdout.count("\n")) == (1, 1)
    assert f"{damaged} can't be read: file is not a database" in checked.stdout


def test_a_folder_of_blobs_that_is_gone_is_refused_and_not_made(data: Path) -> None:
    shutil.rmtree(data / "blobs")
    refused(data, "is gone, but the database knows files in it.")


def test_a_damaged_database_ends_the_server_with_one_sentence(data: Path) -> None:
    (data / "shipmark.db").write_bytes(b"x" * PAGE_BYTES)
    done = serve(data)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"The database {data / 'shipmark.db'} can't be used: file is not a database."
        " Restore it from a backup.\n"
    )


NOTHING = {"events": 0, "seconds": 0.0, "bytes": 0, "unreadable_logs": 0}
READY = {"status": "ok", "backlog": NOTHING}


def test_a_running_server_tells_what_is_wrong(data: Path, tmp_path: Path) -> None:
    port, elsewhere = free_port(), tmp_path / "elsewhere"
    with serving(data, port):
        assert health(port) == (200, READY)
        data.rename(elsewhere)
        status, told = health(port)
        assert (status, told["status"]) == (503, "unavailable")
        assert told["reason"].startswith(MOVED)
        # What would be read from, or written into, a file that has no name any more is refused.
        assert asked(port) == 503
        elsewhere.rename(data)
        assert health(port) == (200, READY)
        # Each worker finds out by itself.
        wait_until(lambda: asked(port) == 401)
        (data / "blobs").rename(elsewhere)
        wait_until(lambda: health(port) == (503, {"status": "unavailable", "reason": BLOBS_GONE}))
        elsewhere.rename(data / "blobs")
        overwrite(data / "shipmark.db")
        # A worker may not have looked since the file was elsewhere, and says that until it looks again.
        words = "The database can't be "
        wait_until(lambda: health(port)[1].get("reason", "").startswith(words))
        status, told = health(port)
        assert (status, told["status"]) == (503, "unavailable")


def overwrite(path: Path) -> None:
    """Damage the database where it begins, as a failing disk does.

    Not the ``-shm`` file: processes have it in their memory, and the system kills one that reads where it ends.
    """
    with path.open("r+b") as file:
        file.write(b"x" * PAGE_BYTES)
    os.truncate(f"{path}-wal", 0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 mebibytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told(template: Path, small_disk: Path) -> None:
    data = Path(shutil.copytree(template, small_disk / "data"))
    port = free_port()
    with serving(data, port):
        assert health(port)[0] == 200
        (small_disk / "large").write_bytes(b"x" * 40 * 1024 * 1024)
        status, told = health(port)
        assert status == 503
        assert told["reason"].startswith("The disk of the database is full: ")
    stopped = serve(data)
    assert (stopped.returncode, stopped.stderr.count("\n")) == (1, 1)
    assert stopped.stderr.startswith("The disk of the database is full: ")
    (small_disk / "large").unlink()


def asked(port: int) -> int:
    """Return the status of a request that reads the database."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/api/0/", headers={"Authorization": "Bearer x"})
        return connection.getresponse().status
    finally:
        connection.close()
