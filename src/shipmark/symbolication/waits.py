"""The events that wait for files: their stacks stayed minified, by what their files would be looked up.

An event waits for its release, and for the debug ids of its minified files. Without either no upload can help it.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from shipmark.artifacts.store.bundles import bundle_projects, bundle_releases
from shipmark.artifacts.store.entries import bundle_entries
from shipmark.events.payload import Json
from shipmark.events.store import events
from shipmark.infrastructure import database as db
from shipmark.infrastructure.schema import parent, table
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases
from shipmark.symbolication import javascript_stacks
from shipmark.symbolication.event_symbolication import problems_of

#: The debug ids that an event waits for; most have one or two files.
DEBUG_IDS_MAX = 10
_RELEASE, _DEBUG_ID = "r:", "d:"


class WaitColumns(sa.TypedColumns):
    """An event that waits for a release or a debug id. Project and issue are those of the event."""

    project_id = sa.Column(db.Id, primary_key=True, autoincrement=False)
    key = sa.Column(sa.String(256), primary_key=True)
    issue_id = sa.Column(db.Id, primary_key=True, autoincrement=False)
    event_row_id = parent("events", primary_key=True, index=True)


waits = table("symbolication_waits", WaitColumns)

_NEW = db.json_rows("waiting", project_id=db.Id, event_id=sa.Text(), key=sa.Text())
_ADD = (
    db.upsert(waits)
    .from_select(
        ["project_id", "key", "issue_id", "event_row_id"],
        sa.select(events.c.project_id, _NEW.c.key, events.c.issue_id, events.c.id)
        .join(
            _NEW,
            sa.and_(events.c.project_id == _NEW.c.project_id, events.c.event_id == _NEW.c.event_id),
        )
        .order_by(events.c.id),
    )
    .on_conflict_do_nothing()
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Target:
    """What the events of a project may wait for."""

    project_id: int
    key: str


def keys_of(release: str | None, payload: Json) -> tuple[str, ...]:
    """Return what an event waits for: nothing if its stack is the original one, or nothing could help."""
    if not problems_of(payload):
        return ()
    files = javascript_stacks.files_of(payload).values()
    ids = dict.fromkeys(file.debug_id for file in files if file.debug_id)
    keys = [_DEBUG_ID + debug_id for debug_id in list(ids)[:DEBUG_IDS_MAX]]
    return (_RELEASE + release, *keys) if release and files else tuple(keys)


def add(connection: sa.Connection, waiting: Collection[tuple[int, str, str]]) -> None:
    """Record that stored events wait: the project's id, the event's id, and a key. None take no statement."""
    if waiting:
        connection.execute(_ADD, db.rows_param("waiting", waiting))


def remove(connection: sa.Connection, event_row_id: int) -> None:
    """Note that an event waits no more."""
    connection.execute(sa.delete(waits).where(waits.c.event_row_id == event_row_id))


def targets_of_bundle(connection: sa.Connection, bundle_row_id: int) -> list[Target]:
    """Return what events wait for and the bundle has, by its debug ids and versions."""
    projects, entries, versions = bundle_projects.c, bundle_entries.c, bundle_releases.c
    by_id = (
        sa.select(projects.project_id, sa.literal(_DEBUG_ID) + entries.debug_id)
        .join(bundle_entries, entries.bundle_id == projects.bundle_id)
        .where(projects.bundle_id == bundle_row_id, entries.debug_id.is_not(None))
        .where(_is_waiting(projects.project_id, sa.literal(_DEBUG_ID) + entries.debug_id))
    )
    by_version = (
        sa.select(projects.project_id, sa.literal(_RELEASE) + versions.version)
        .join(bundle_releases, versions.bundle_id == projects.bundle_id)
        .where(projects.bundle_id == bundle_row_id)
        .where(_is_waiting(projects.project_id, sa.literal(_RELEASE) + versions.version))
    )
    return _targets(connection, by_id, by_version)


def targets_of_release(connection: sa.Connection, release_id: int) -> list[Target]:
    """Return what events of the release wait for, in each of its projects."""
    key = sa.literal(_RELEASE) + releases.c.version
    query = (
        sa.select(release_projects.c.project_id, key)
        .join(releases, releases.c.id == release_projects.c.release_id)
        .where(releases.c.id == release_id, _is_waiting(release_projects.c.project_id, key))
    )
    return _targets(connection, query)


def next_issue(connection: sa.Connection, target: Target, after: int) -> int | None:
    """Return the first issue behind an id that has waiting events, or None."""
    c = waits.c
    query = sa.select(c.issue_id).where(*_of(target), c.issue_id > after)
    return connection.execute(query.order_by(c.issue_id).limit(1)).scalar_one_or_none()


def newest_of(connection: sa.Connection, target: Target, issue_id: int, *, limit: int) -> list[int]:
    """Return the ids of the rows of the issue's waiting events, those that were stored last first."""
    c = waits.c
    query = sa.select(c.event_row_id).where(*_of(target), c.issue_id == issue_id)
    return list(connection.execute(query.order_by(c.event_row_id.desc()).limit(limit)).scalars())


def count_of_release(
    connection: sa.Connection, project_ids: Iterable[int], version: str, *, limit: int
) -> int:
    """Return the number of events of the release that wait, in each project up to the limit."""
    total = 0
    for project_id in project_ids:
        target = Target(project_id=project_id, key=_RELEASE + version)
        found = sa.select(waits.c.event_row_id).where(*_of(target)).limit(limit).subquery("found")
        total += connection.execute(sa.select(sa.func.count()).select_from(found)).scalar_one()
    return total


def _of(target: Target) -> Iterator[sa.ColumnElement[bool]]:
    yield waits.c.project_id == target.project_id
    yield waits.c.key == target.key


def _is_waiting(
    project_id: sa.ColumnElement[int], key: sa.ColumnElement[str]
) -> sa.ColumnElement[bool]:
    return sa.exists().where(waits.c.project_id == project_id, waits.c.key == key)


def _targets(connection: sa.Connection, *queries: sa.Select[int, str]) -> list[Target]:
    found = {
        Target(project_id=project_id, key=key)
        for query in queries
        for project_id, key in connection.execute(query.distinct())
    }
    return sorted(found)
