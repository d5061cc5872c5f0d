"""Issues of acme that tests make, with events and releases for them."""

from collections.abc import Callable
from datetime import datetime

from factories import World, error_event
from made_releases import HOUR, NOW
from sqlalchemy import Connection

from shipmark.events import parsing
from shipmark.events.parsing import Event
from shipmark.issues.model import Issue
from shipmark.releases.model import NewRelease
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store import releases

LATER = NOW + HOUR
#: Makes an issue of project web, or of another: ``make_issue("boom", "mobile")``.
MakeIssue = Callable[..., Issue]


def event(value: str = "boom", at: datetime = NOW, **more: object) -> Event:
    return parsing.read(error_event(value, **more), event_id="e" * 32, received_at=at)


def release(connection: Connection, world: World, version: str, *project_names: str) -> int:
    new = NewRelease(version=version, created_at=NOW)
    made, _ = releases.ensure(connection, world.organizations["acme"], new)
    ids = [world.projects[name] for name in project_names or ("web",)]
    release_projects.attach(connection, made, ids)
    return made.id
