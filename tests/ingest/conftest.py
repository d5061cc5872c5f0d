"""A log of events in a folder of its own, for tests of what writes and reads it, and an SDK."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from factories import World
from httpx import Client
from plain_sdk import Sdk

from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogWriter


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    """The folder of the logs."""
    return LogFolder(tmp_path / "logs")


@pytest.fixture
def writer(folder: LogFolder) -> Iterator[SqliteLogWriter]:
    """A log in the folder, which ends with the test."""
    made = SqliteLogWriter(folder, bytes_max=1_000_000_000)
    yield made
    made.close()


@pytest.fixture
def sdk(client: Client, world: World) -> Sdk:
    """Sends events of project web."""
    return Sdk(client, world)
