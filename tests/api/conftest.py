"""The time that passes in tests of the API."""

from datetime import timedelta

import pytest
from timers import Pass, run_timers

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind


@pytest.fixture
def let_pass(database: Database) -> Pass:
    """Reopen the ignored issues whose time is over so long from now."""

    def passed(time: timedelta) -> None:
        run_timers(database, time, JobKind.REOPEN_ISSUES)

    return passed
