"""Commands run in this process: under the umask that `main` gives them in a process of their own."""

import os
from collections.abc import Iterator

import pytest

from shipmark.infrastructure.data_folder import UMASK


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(UMASK)
    yield
    os.umask(before)
