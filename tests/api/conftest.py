"""What tests of the API share: a release, errors of SDKs, and time that passes."""

from datetime import timedelta
from typing import Any

import pytest
from compared_releases import Fail
from factories import Caller, World, error_event, send_event
from shown_events import Json
from timers import Pass, run_timers

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind


@pytest.fixture
def let_pass(database: Database) -> Pass:
    """Reopen the ignored issues whose time is over so long from now."""

    def passed(time: timedelta) -> None:
        run_timers(database, time, JobKind.REOPEN_ISSUES)

    return passed


@pytest.fixture
def fail(alice: Caller, world: World) -> Fail:
    """Send an error of a project as an SDK does: ``fail("boom", release="web@1.0.0")``; return its id."""

    def failed(value: str, project: str = "web", **more: object) -> str:
        event = error_event(value, **more)
        return send_event(alice.client, world.keys[project], world.projects[project], event)

    return failed


@pytest.fixture
def send_payload(alice: Caller, world: World) -> Any:
    """Send an event of project web as an SDK does; return its id."""

    def sent(event: Json) -> str:
        return send_event(alice.client, world.keys["web"], world.projects["web"], event)

    return sent


@pytest.fixture
def web_release(alice: Caller) -> None:
    """Publish release web@1.0.0 of project web."""
    alice.publish("web@1.0.0")
