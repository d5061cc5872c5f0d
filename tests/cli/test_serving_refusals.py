"""What `shipmark serve` says, in a sentence, when it can't begin. Run as a process, as an operator does."""

import os
import socket
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from commands import completed


def serve(data: Path, *words: str, **environment: str) -> CompletedProcess[str]:
    return completed("serve", "--data", str(data), *words, environment=os.environ | environment)


def test_an_address_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = serve(tmp_path, "--port", str(port))
    assert done.returncode == 1
    assert done.stderr == f"The server can't listen at 127.0.0.1:{port}: Address already in use.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_can_not_be_reached_is_said(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/shipmark"
    done = serve(tmp_path, "--port", "0", "--database-url", url)
    assert done.returncode == 1
    assert done.stderr.startswith("The database can't be used: connection failed")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["SHIPMARK_LOG_LEVEL", "SHIPMARK_LOG_FORMAT", "SHIPMARK_PORT"])
def test_a_setting_that_makes_no_sense_is_named(tmp_path: Path, name: str) -> None:
    done = serve(tmp_path, **{name: "loud"})
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name} must be ")
    assert "'loud'" in done.stderr


def test_a_base_url_with_a_path_is_refused(tmp_path: Path) -> None:
    done = serve(tmp_path, "--port", "0", "--base-url", "https://example.com/shipmark")
    assert done.returncode == 1
    assert done.stderr.startswith("SHIPMARK_BASE_URL must have a scheme and a host only")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///dev/null/blobs", "s3://"])
def test_blobs_that_can_be_kept_nowhere_are_said(tmp_path: Path, url: str) -> None:
    done = serve(tmp_path, "--port", "0", SHIPMARK_BLOBS_URL=url)
    assert done.returncode == 1
    assert done.stderr.startswith("SHIPMARK_BLOBS_URL ")
    assert "Traceback" not in done.stderr
