"""Only the user who runs Shipmark may read its data: real processes, real files."""

import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from commands import completed
from processes import free_port

START_SECONDS = 180.0


def environment() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith("SHIPMARK_")}


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Path]:
    """A server that is run in the folder as `make serve` does, under the usual umask; gives its output."""
    port = free_port()
    command = [sys.executable, "-m", "shipmark", "serve", "--port", str(port), "--workers", "1"]
    output = folder / "output"
    with output.open("w") as written:
        process = subprocess.Popen(
            [*command, *options],
            cwd=folder,
            env=environment(),
            umask=0o022,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(port, process)
        yield output
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def wait_until_ready(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            assert process.poll() is None, "it ended"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        finally:
            connection.close()


def shipmark(*words: str) -> "subprocess.CompletedProcess[str]":
    return completed(*words, environment=environment(), umask=0o022)


def wide(folder: Path) -> list[str]:
    """What others may read in the folder, and the folder."""
    return sorted(
        path.name
        for path in (folder, *folder.rglob("*"))
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    )


def test_serve_creates_a_folder_for_its_owner_only(tmp_path: Path) -> None:
    with serving(tmp_path):
        data = tmp_path / "data"
        assert {"shipmark.db", "shipmark.db-wal", "shipmark.db-turn", "blobs"} <= {
            path.name for path in data.iterdir()
        }
        assert wide(data) == []


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an organization."""
    data = tmp_path_factory.mktemp("template") / "data"
    assert shipmark("org", "create", "acme", "--data", str(data)).returncode == 0
    return data


@pytest.fixture
def opened_up(template: Path, tmp_path: Path) -> Path:
    """A data folder that others may read, as older versions left it."""
    data = Path(shutil.copytree(template, tmp_path / "data"))
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return data


def test_bootstrap_narrows_what_is_wider_and_keeps_its_output_clean(opened_up: Path) -> None:
    done = shipmark(
        *("bootstrap", "--org", "acme", "--project", "web", "--json"), "--data", str(opened_up)
    )
    assert (done.returncode, done.stdout[0]) == (0, "{")
    assert done.stderr.count("only its owner can now") == 1
    assert wide(opened_up) == []


def test_serve_narrows_what_is_wider_and_says_so_once(opened_up: Path) -> None:
    with serving(opened_up.parent) as output:
        assert wide(opened_up) == []
        assert output.read_text().count("only its owner can now") == 1


def test_check_tells_of_what_others_can_read_and_changes_nothing(opened_up: Path) -> None:
    shipmark(
        "user", "create", "a@example.com", "--password", "long enough", "--data", str(opened_up)
    )
    opened_up.chmod(0o750)
    done = shipmark("check", "--data", str(opened_up))
    said = f"✗ Other users of this machine can read or change {opened_up} (mode 750)."
    assert (done.returncode, done.stdout.startswith(said)) == (1, True)
    assert stat.S_IMODE(opened_up.stat().st_mode) == 0o750
