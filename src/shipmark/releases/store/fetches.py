"""The table of fetches: requests for the commits of releases, and their results."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    TypedColumns,
    bindparam,
    exists,
    insert,
    select,
    update,
)

from shipmark.infrastructure.database import (
    IDS,
    Id,
    UtcDateTime,
    ids_param,
    json_rows,
    metadata,
    rows_param,
)
from shipmark.releases.model import Fetch, FetchMode, FetchState, NewFetch, Release
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases

#: Fetches that may still bring commits, and those that need attention.
_PENDING = (FetchState.WAITING.value, FetchState.RUNNING.value)
_OPEN = (*_PENDING, FetchState.FAILED.value)


class FetchColumns(TypedColumns):
    """A fetch; those of one request are done together."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    release_id = Column(
        Id, ForeignKey("releases.id", ondelete="CASCADE"), nullable=False, index=True
    )
    repository_id = Column(
        Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False, index=True
    )
    commit_key = Column(String(64), nullable=False)
    previous_key = Column(String(64))
    mode = Column(String(16), nullable=False)
    state = Column(String(16), nullable=False, index=True)
    attempts = Column(Integer, nullable=False)
    error = Column(Text)
    note = Column(Text)
    commit_count = Column(Integer)
    requested_by = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = Column(UtcDateTime, nullable=False)
    updated_at = Column(UtcDateTime, nullable=False)
    next_at = Column(UtcDateTime)


fetches = Table(
    "release_fetches",
    metadata,
    FetchColumns,
    Index("ix_release_fetches_organization_id_id", "organization_id", "id"),
    sqlite_autoincrement=True,
)

_FETCH = (
    fetches.c.id,
    fetches.c.organization_id,
    fetches.c.release_id,
    fetches.c.repository_id,
    fetches.c.commit_key,
    fetches.c.previous_key,
    fetches.c.mode,
    fetches.c.state,
    fetches.c.attempts,
    fetches.c.error,
    fetches.c.note,
    fetches.c.commit_count,
    fetches.c.requested_by,
    fetches.c.created_at,
    fetches.c.updated_at,
    fetches.c.next_at,
)

_NEW = json_rows(
    "asked", repository_id=Id, commit_key=Text(), previous_key=Text(), mode=Text(), place=Integer()
)
_ADD = (
    insert(fetches)
    .from_select(
        [
            "organization_id", "release_id", "repository_id", "commit_key", "previous_key", "mode",
            "state", "error", "attempts", "requested_by", "created_at", "updated_at", "next_at",
        ],
        select(
            bindparam("organization_id", type_=Id),
            bindparam("release_id", type_=Id),
            _NEW.c.repository_id,
            _NEW.c.commit_key,
            _NEW.c.previous_key,
            _NEW.c.mode,
            bindparam("state", type_=Text()),
            bindparam("error", type_=Text()),
            bindparam("attempts", type_=Integer()),
            bindparam("requested_by", type_=Id),
            bindparam("now", type_=UtcDateTime()),
            bindparam("now", type_=UtcDateTime()),
            bindparam("next_at", type_=UtcDateTime()),
        ).order_by(_NEW.c.place),
    )
    .returning(fetches.c.id)
)  # fmt: skip
_BY_IDS = select(*_FETCH).join(IDS, IDS.c.id == fetches.c.id).order_by(fetches.c.id)
_START = (
    update(fetches)
    .where(fetches.c.id == IDS.c.id)
    .values(
        state=FetchState.RUNNING.value,
        attempts=fetches.c.attempts + 1,
        updated_at=bindparam("now", type_=UtcDateTime()),
        next_at=None,
    )
)
_RESULTS = json_rows(
    "results",
    id=Id,
    state=Text(),
    error=Text(),
    note=Text(),
    count=Integer(),
    next_at=UtcDateTime(),
)
_RECORD = (
    update(fetches)
    .where(fetches.c.id == _RESULTS.c.id)
    .values(
        state=_RESULTS.c.state,
        error=_RESULTS.c.error,
        note=_RESULTS.c.note,
        commit_count=_RESULTS.c.count,
        updated_at=bindparam("now", type_=UtcDateTime()),
        next_at=_RESULTS.c.next_at,
    )
)
_SUPERSEDE = (
    update(fetches)
    .where(fetches.c.release_id == bindparam("release"), fetches.c.state.in_(_OPEN))
    .values(
        state=FetchState.SUPERSEDED.value,
        updated_at=bindparam("now", type_=UtcDateTime()),
        next_at=None,
    )
)
_IS_PENDING = (
    select(fetches.c.id)
    .where(fetches.c.release_id == bindparam("release_id"), fetches.c.state.in_(_PENDING))
    .limit(1)
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
    connection: Connection,
    release: Release,
    new: Sequence[NewFetch],
    requested_by: int | None,
    now: datetime,
    *,
    error: str | None = None,
) -> list[int]:
    """Insert fetches, waiting or already failed with this error. Return their ids."""
    parameters = rows_param(
        "asked",
        (
            (
                new_fetch.repository_id,
                new_fetch.commit,
                new_fetch.previous,
                new_fetch.mode.value,
                place,
            )
            for place, new_fetch in enumerate(new)
        ),
    )
    more: dict[str, object] = {
        "organization_id": release.organization_id,
        "release_id": release.id,
        "state": (FetchState.WAITING if error is None else FetchState.FAILED).value,
        "error": error,
        "attempts": 0,
        "requested_by": requested_by,
        "now": now,
        "next_at": now if error is None else None,
    }
    return sorted(connection.execute(_ADD, parameters | more).scalars())


def by_ids(connection: Connection, fetch_ids: Collection[int]) -> list[Fetch]:
    """Return the fetches with these ids, in the order of their requests."""
    return [_fetch(*row) for row in connection.execute(_BY_IDS, ids_param(fetch_ids))]


def start(connection: Connection, fetch_ids: Collection[int], now: datetime) -> None:
    """Count one more attempt of the fetches."""
    more: dict[str, object] = {"now": now}
    connection.execute(_START, ids_param(fetch_ids) | more)


def record(connection: Connection, results: Sequence[Result], now: datetime) -> None:
    """Store the results of fetches."""
    parameters = rows_param(
        "results",
        (
            (
                result.fetch_id,
                result.state.value,
                result.error,
                result.note,
                result.commit_count,
                result.next_at,
            )
            for result in results
        ),
    )
    more: dict[str, object] = {"now": now}
    connection.execute(_RECORD, parameters | more)


def supersede(connection: Connection, release_id: int, now: datetime) -> int:
    """Mark the release's unfinished fetches as superseded. Return their number."""
    return connection.execute(_SUPERSEDE, {"release": release_id, "now": now}).rowcount


def is_pending(connection: Connection, release_id: int) -> bool:
    """Return True if the release has unfinished fetches."""
    return connection.execute(_IS_PENDING, {"release_id": release_id}).first() is not None


def open_of(connection: Connection, release_id: int, *, limit: int) -> list[Fetch]:
    """Return the release's unfinished and failed fetches, in the order of their requests."""
    query = (
        select(*_FETCH)
        .where(fetches.c.release_id == release_id, fetches.c.state.in_(_OPEN))
        .order_by(fetches.c.id)
    )
    return [_fetch(*row) for row in connection.execute(query.limit(limit))]


def page_of_release(
    connection: Connection, release_id: int, *, limit: int, offset: int
) -> list[Fetch]:
    """Return a page of the release's fetches, newest first."""
    query = select(*_FETCH).where(fetches.c.release_id == release_id)
    return _page(connection, query, limit, offset)


def page_of_organization(
    connection: Connection,
    organization_id: int,
    project_ids: Collection[int],
    *,
    state: FetchState | None,
    limit: int,
    offset: int,
) -> list[Fetch]:
    """Return a page of the fetches of releases in these projects, newest first."""
    query = select(*_FETCH).where(
        fetches.c.organization_id == organization_id,
        exists().where(
            release_projects.c.release_id == fetches.c.release_id,
            release_projects.c.project_id.in_(project_ids),
        ),
    )
    if state is not None:
        query = query.where(fetches.c.state == state.value)
    return _page(connection, query, limit, offset)


def failed(connection: Connection, *, limit: int) -> list[tuple[str, str]]:
    """Return the versions and errors of fetches that were attempted and failed, newest first."""
    query = (
        select(releases.c.version, fetches.c.error)
        .join(releases, releases.c.id == fetches.c.release_id)
        .where(fetches.c.state == FetchState.FAILED.value, fetches.c.attempts > 0)
        .order_by(fetches.c.id.desc())
        .limit(limit)
    )
    return [(version, error or "") for version, error in connection.execute(query)]


def _page(
    connection: Connection, query: Select[*tuple[Any, ...]], limit: int, offset: int
) -> list[Fetch]:
    ordered = query.order_by(fetches.c.id.desc()).limit(limit).offset(offset)
    return [_fetch(*row) for row in connection.execute(ordered)]


def _fetch(*row: Any) -> Fetch:
    columns = dict(zip((column.name for column in _FETCH), row, strict=True))
    return Fetch(
        commit=columns.pop("commit_key"),
        previous=columns.pop("previous_key"),
        mode=FetchMode(columns.pop("mode")),
        state=FetchState(columns.pop("state")),
        **columns,
    )
