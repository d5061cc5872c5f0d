"""The table of fetches: requests for the commits of releases, and their results."""

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.releases.model import Fetch, FetchMode, FetchState, NewFetch, Release
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases

#: Fetches that may still bring commits, and those that need attention.
_PENDING = (FetchState.WAITING.value, FetchState.RUNNING.value)
_OPEN = (*_PENDING, FetchState.FAILED.value)


class FetchColumns(sa.TypedColumns):
    """A fetch; those of one request are done together."""

    id = sa.Column(db.Id, primary_key=True)
    organization_id = parent("organizations")
    release_id = parent("releases", index=True)
    repository_id = parent("repositories")
    commit_key = sa.Column(sa.String(64), nullable=False)
    previous_key = sa.Column(sa.String(64))
    mode = sa.Column(sa.String(16), nullable=False)
    state = sa.Column(sa.String(16), nullable=False, index=True)
    attempts = sa.Column(sa.Integer, nullable=False)
    error = sa.Column(sa.Text)
    note = sa.Column(sa.Text)
    commit_count = sa.Column(sa.Integer)
    requested_by = sa.Column(db.Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = sa.Column(db.UtcDateTime, nullable=False)
    updated_at = sa.Column(db.UtcDateTime, nullable=False)
    next_at = sa.Column(db.UtcDateTime)


fetches = table(
    "release_fetches",
    FetchColumns,
    sa.Index("ix_release_fetches_organization_id_id", "organization_id", "id"),
    sa.Index("ix_release_fetches_repository_id_id", "repository_id", "id"),
)

_FETCH = RowReader(
    Fetch,
    fetches,
    commit=fetches.c.commit_key,
    previous=fetches.c.previous_key,
    mode=FetchMode,
    state=FetchState,
)
_ADD = insert_rows(
    fetches,
    "fetches",
    ("repository_id", "commit_key", "previous_key", "mode"),
    shared=(
        "organization_id", "release_id", "state", "error", "attempts", "requested_by",
        "created_at", "updated_at", "next_at",
    ),
    order_by=("position",),
).returning(fetches.c.id)  # fmt: skip
_BY_IDS = _FETCH.select().join(db.IDS, db.IDS.c.id == fetches.c.id).order_by(fetches.c.id)
_all_of_repository = fetches.alias("all_of_repository")
# One look-up in the index for each repository, however many fetches it had.
_LATEST_ID = (
    sa.select(sa.func.max(_all_of_repository.c.id))
    .where(_all_of_repository.c.repository_id == db.IDS.c.id)
    .correlate(db.IDS)
    .scalar_subquery()
)
_LATEST = _FETCH.select().join(db.IDS, fetches.c.id == _LATEST_ID)
_RESULTS = db.json_rows(
    "results",
    id=db.Id,
    state=sa.Text(),
    error=sa.Text(),
    note=sa.Text(),
    count=sa.Integer(),
    next_at=db.UtcDateTime(),
)
_RECORD = (
    sa.update(fetches)
    .where(fetches.c.id == _RESULTS.c.id)
    .values(
        state=_RESULTS.c.state,
        error=_RESULTS.c.error,
        note=_RESULTS.c.note,
        commit_count=_RESULTS.c.count,
        updated_at=sa.bindparam("now", type_=db.UtcDateTime()),
        next_at=_RESULTS.c.next_at,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Result of a fetch."""

    fetch_id: int
    state: FetchState
    error: str | None = None
    note: str | None = None
    commit_count: int | None = None
    next_at: datetime | None = None


def add(
    connection: sa.Connection,
    release: Release,
    new: Sequence[NewFetch],
    requested_by: int | None,
    now: datetime,
    *,
    error: str | None = None,
) -> list[int]:
    """Insert fetches, waiting or already failed with this error. Return their ids."""
    rows = db.rows_param(
        "fetches",
        (
            (fetch.repository_id, fetch.commit, fetch.previous, fetch.mode, position)
            for position, fetch in enumerate(new)
        ),
    )
    shared: dict[str, object] = {
        "organization_id": release.organization_id,
        "release_id": release.id,
        "state": (FetchState.WAITING if error is None else FetchState.FAILED).value,
        "error": error,
        "attempts": 0,
        "requested_by": requested_by,
        "created_at": now,
        "updated_at": now,
        "next_at": now if error is None else None,
    }
    return sorted(connection.execute(_ADD, rows | shared).scalars())


def by_ids(connection: sa.Connection, fetch_ids: Collection[int]) -> list[Fetch]:
    """Return the fetches with these ids, in the order of their requests."""
    return _FETCH.all(connection, _BY_IDS, db.ids_param(fetch_ids))


def start(connection: sa.Connection, fetch_ids: Collection[int], now: datetime) -> None:
    """Count one more attempt of the fetches."""
    state, attempts = FetchState.RUNNING, fetches.c.attempts + 1
    statement = sa.update(fetches).where(fetches.c.id == db.IDS.c.id)
    statement = statement.values(state=state, attempts=attempts, updated_at=now, next_at=None)
    connection.execute(statement, db.ids_param(fetch_ids))


def record(connection: sa.Connection, results: Sequence[Result], now: datetime) -> None:
    """Store the results of fetches."""
    connection.execute(_RECORD, {**db.rows_param("results", map(astuple, results)), "now": now})


def supersede(connection: sa.Connection, release_id: int, now: datetime) -> int:
    """Mark the release's unfinished fetches as superseded. Return their number."""
    statement = sa.update(fetches).where(
        fetches.c.release_id == release_id, fetches.c.state.in_(_OPEN)
    )
    values = {"state": FetchState.SUPERSEDED, "updated_at": now, "next_at": None}
    return connection.execute(statement.values(values)).rowcount


def is_pending(connection: sa.Connection, release_id: int) -> bool:
    """Return True if the release has unfinished fetches."""
    query = sa.select(fetches.c.id).where(
        fetches.c.release_id == release_id, fetches.c.state.in_(_PENDING)
    )
    return connection.execute(query.limit(1)).first() is not None


def open_of(connection: sa.Connection, release_id: int, *, limit: int) -> list[Fetch]:
    """Return the release's unfinished and failed fetches, in the order of their requests."""
    query = (
        _FETCH.select()
        .where(fetches.c.release_id == release_id, fetches.c.state.in_(_OPEN))
        .order_by(fetches.c.id)
    )
    return _FETCH.all(connection, query.limit(limit))


def latest_of_repositories(
    connection: sa.Connection, repository_ids: Collection[int]
) -> dict[int, Fetch]:
    """Return the last requested fetch of each repository, by its id; those without any are left out."""
    if not repository_ids:
        return {}
    latest = _FETCH.all(connection, _LATEST, db.ids_param(repository_ids))
    return {fetch.repository_id: fetch for fetch in latest}


def page_of_release(
    connection: sa.Connection, release_id: int, *, limit: int, offset: int
) -> list[Fetch]:
    """Return a page of the release's fetches, newest first."""
    query = _FETCH.select().where(fetches.c.release_id == release_id)
    return _page(connection, query, limit, offset)


def page_of_organization(
    connection: sa.Connection,
    organization_id: int,
    project_ids: Collection[int],
    *,
    state: FetchState | None,
    limit: int,
    offset: int,
) -> list[Fetch]:
    """Return a page of the fetches of releases in these projects, newest first."""
    query = _FETCH.select().where(
        fetches.c.organization_id == organization_id,
        sa.exists().where(
            release_projects.c.release_id == fetches.c.release_id,
            release_projects.c.project_id.in_(project_ids),
        ),
    )
    if state is not None:
        query = query.where(fetches.c.state == state.value)
    return _page(connection, query, limit, offset)


def failed(connection: sa.Connection, *, limit: int) -> list[tuple[str, str]]:
    """Return the versions and errors of fetches that were attempted and failed, newest first."""
    query = (
        sa.select(releases.c.version, fetches.c.error)
        .join(releases, releases.c.id == fetches.c.release_id)
        .where(fetches.c.state == FetchState.FAILED.value, fetches.c.attempts > 0)
        .order_by(fetches.c.id.desc())
        .limit(limit)
    )
    return [(version, error or "") for version, error in connection.execute(query)]


def _page(
    connection: sa.Connection, query: sa.Select[*tuple[Any, ...]], limit: int, offset: int
) -> list[Fetch]:
    ordered = query.order_by(fetches.c.id.desc()).limit(limit).offset(offset)
    return _FETCH.all(connection, ordered)
