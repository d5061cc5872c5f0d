"""Repositories behind servers, for tests that read commits."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from remote_places import SERVERS, Place, open_place


@pytest.fixture(
    params=[*SERVERS[:2], *(pytest.param(it, marks=pytest.mark.exhaustive) for it in SERVERS[2:])]
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield open_place(request.param, tmp_path, stack)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield open_place("file", tmp_path, stack)
