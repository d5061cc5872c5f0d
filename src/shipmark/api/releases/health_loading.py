"""What the JSON of releases says of sessions, loaded for a whole page."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from shipmark.api.releases.loading import Related
from shipmark.api.releases.responses import ReleaseView
from shipmark.infrastructure.clock import now
from shipmark.projects.model import Project
from shipmark.release_health import overviews
from shipmark.release_health.overviews import HealthRequest
from shipmark.release_health.store import standing_store
from shipmark.releases.model import ListRow
from shipmark.releases.store import adoption

#: An idle digester computes standings within milliseconds, or a second after many sessions; a busy one later.
_WAIT_SECONDS = 1.0
_RECENT = timedelta(seconds=2)
_LOOK_SECONDS = 0.01
#: Nothing is waited for after waiting in vain: the digester is busy.
_IN_VAIN_SECONDS = 10.0


@dataclass(slots=True)
class _Busy:
    """Until when (monotonic clock) this process does not wait."""

    until: float = 0.0


_busy = _Busy()


def wait_for_standings(connection: Connection, projects: Sequence[Project]) -> None:
    """Wait a moment for the standings of sessions that came just now. One statement where none did."""
    begun = time.monotonic()
    if begun < _busy.until:
        return
    since, ids = now() - _RECENT, [project.id for project in projects]
    while standing_store.is_any_changed(connection, ids, since):
        if time.monotonic() > begun + _WAIT_SECONDS:
            _busy.until = time.monotonic() + _IN_VAIN_SECONDS
            return
        time.sleep(_LOOK_SECONDS)


def add_health(
    connection: Connection,
    related: Related,
    rows: Iterable[ListRow],
    shape: ReleaseView,
    request: HealthRequest,
) -> None:
    """Add the health of releases in the projects that are shown, and their adoption, if they are asked for."""
    shown = list(rows)
    ids = {row.release.id for row in shown}
    if shape.has_stages:
        related.adoptions = adoption.of_releases(connection, ids, request.environment_ids)
    if shape.has_health:
        pairs = {
            (project_id, row.release.id)
            for row in shown
            for project_id in _projects_shown(related, row, shape)
        }
        related.health = overviews.of_pairs(connection, pairs, request, now())


def _projects_shown(related: Related, row: ListRow, shape: ReleaseView) -> Iterable[int]:
    selected = row.project_id or (shape.project_id if shape.only_selected else None)
    if selected is not None:
        return (selected,)
    return (attached.project_id for attached in related.attached.get(row.release.id, ()))
