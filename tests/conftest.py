"""Configure a run of the tests: its plugins, temporary files, Hypothesis, the log, passwords and garbage collection."""

import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from argon2 import PasswordHasher
from fuzzing import examples
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from shipmark.accounts import password_checks

#: Which tests a run has, and in which order; databases; clients and people.
pytest_plugins = ["selection", "database_fixtures", "client_fixtures"]

# Temporary files are in memory where there is room: databases and stores sync what they write, which waits for a disk.
_MEMORY, _MEMORY_MIN_BYTES = Path("/dev/shm"), 4 << 30
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _MEMORY_MIN_BYTES:
    os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)

# Nothing in the tests asserts seconds: a machine may be busy. `make test` tries a third of the examples, CI all.
hypothesis_settings.register_profile(
    "shipmark",
    deadline=None,
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("shipmark")


@pytest.fixture(scope="session", autouse=True)
def _quiet_log() -> None:
    """Keep the log out of the way: tests that read it configure it themselves.

    The loggers of modules outlive a test. So none may keep the configuration that it is first used with, as those of
    a server do: the tests after it on the same worker would capture nothing.
    """
    structlog.configure = partial(_configure_log, structlog.configure)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _configure_log(configure: Callable[..., None], **options: Any) -> None:
    configure(**options | {"cache_logger_on_first_use": False})


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Hash passwords with little effort: a tenth of a second each time adds up. Real servers hash in earnest."""
    PasswordHasher.__init__(password_checks.hasher, time_cost=1, memory_cost=8, parallelism=1)
    password_checks._UNKNOWN_USER = password_checks._UNKNOWN_USER.replace(
        "m=65536,t=3,p=4", "m=8,t=1,p=1"
    )


# What is imported and collected lives until the end: collecting garbage among it takes a tenth of the time and frees
# nothing.
gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage as the server does from now on: seldom, and not among what was there before."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


@pytest.fixture
def full_log() -> Iterator[None]:
    """Log everything, as a server does, for tests that read the log."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    yield
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
