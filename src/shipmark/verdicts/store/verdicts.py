"""The table of verdicts, one for each release in an environment of a project."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.inserts import insert_missing, type_without_length
from shipmark.infrastructure.row_reader import RowReader, optional
from shipmark.infrastructure.schema import parent, table
from shipmark.projects.options import OPTIONS, VERDICT_CRITERIA
from shipmark.projects.store import environments
from shipmark.projects.store.options import options
from shipmark.projects.store.projects import IS_VISIBLE, projects
from shipmark.release_health.store.tables import series
from shipmark.releases.store.releases import releases
from shipmark.verdicts.criteria import from_stored_option
from shipmark.verdicts.judgement import UnitCount, VerdictReason, VerdictStatus
from shipmark.verdicts.model import (
    Base,
    BaseMeasure,
    BaseRelease,
    Comparability,
    Measure,
    ReleaseVerdict,
    Stream,
)


class ReleaseVerdictColumns(sa.TypedColumns):
    """A verdict. ``base`` is a JSON object that is frozen with the first evaluation.

    ``due_at`` is when the job evaluates it next, until it has ended.
    """

    organization_id = parent("organizations", index=True)
    project_id = parent("projects", primary_key=True)
    environment_id = parent("environments", primary_key=True, index=True)
    release_id = parent("releases", primary_key=True, index=True)
    started_at = sa.Column(db.UtcDateTime, nullable=False)
    ended_at = sa.Column(db.UtcDateTime)
    due_at = sa.Column(db.UtcDateTime, nullable=False)
    base = sa.Column(sa.Text, nullable=False)
    status = sa.Column(sa.String(16), nullable=False)
    reason = sa.Column(sa.String(32), nullable=False)
    measure = sa.Column(sa.String(32))
    since = sa.Column(db.UtcDateTime, nullable=False)
    regressed_at = sa.Column(db.UtcDateTime)
    marked = sa.Column(sa.String(16))
    marked_by = sa.Column(db.Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    marked_at = sa.Column(db.UtcDateTime)


release_verdicts = table(
    "release_verdicts",
    ReleaseVerdictColumns,
    sa.Index(
        "ix_release_verdicts_started_at",
        "project_id",
        "environment_id",
        "started_at",
        "release_id",
    ),
)
_is_running = release_verdicts.c.ended_at.is_(None)
sa.Index(
    "ix_release_verdicts_due_at",
    release_verdicts.c.due_at,
    release_verdicts.c.release_id,
    sqlite_where=_is_running,
    postgresql_where=_is_running,
)

#: Streams without a verdict begin with sessions of at most this age.
NEW_SECONDS = 86_400
_same_stream = sa.and_(
    series.c.project_id == release_verdicts.c.project_id,
    series.c.environment_id == release_verdicts.c.environment_id,
    series.c.release_id == release_verdicts.c.release_id,
)
_STREAM = RowReader(
    Stream,
    series,
    series_id=series.c.id,
    version=releases.c.version,
    environment=environments.c.name,
    start=series.c.first_start,
    criteria=(from_stored_option, options.c.value),
)
_of_project = sa.and_(
    options.c.project_id == series.c.project_id, options.c.key == OPTIONS[VERDICT_CRITERIA].key
)
_of_series = (
    series.join(releases, releases.c.id == series.c.release_id)
    .join(environments, environments.c.id == series.c.environment_id)
    .join(projects, projects.c.id == series.c.project_id)
    .outerjoin(options, _of_project)
)
_MOST = sa.bindparam("most", type_=sa.Integer)
_WITHOUT_VERDICT = (
    _STREAM.select()
    .select_from(_of_series)
    .where(~sa.exists().where(_same_stream), IS_VISIBLE)
    .order_by(series.c.last_start)
)
_NEW = _WITHOUT_VERDICT.where(
    series.c.last_start >= sa.bindparam("since", type_=sa.BigInteger)
).limit(_MOST)


_FROZEN_STREAM = RowReader(
    Stream,
    series,
    series_id=series.c.id,
    version=releases.c.version,
    environment=environments.c.name,
    # An older session may come later: the start stays.
    start=(lambda at: int(at.timestamp()), release_verdicts.c.started_at),
    criteria=(from_stored_option, options.c.value),
)


def _stream(*values: object) -> Stream:
    return _FROZEN_STREAM(values)


def _base_of(encoded: str) -> Base:
    stored = json.loads(encoded)
    return Base(
        releases=tuple(BaseRelease(**each) for each in stored["releases"]),
        measures={
            Measure(name): BaseMeasure(count=UnitCount(bad, units), spread=spread)
            for name, (bad, units, spread) in stored["measures"].items()
        },
        compare=Comparability(stored["compare"]),
        counts_users=stored["counts_users"],
        # Bases of before have no limit.
        new_issues_seconds=stored.get("new_issues_seconds"),
    )


_VERDICT = RowReader(
    ReleaseVerdict,
    release_verdicts,
    stream=(_stream, *_FROZEN_STREAM.columns),
    base=_base_of,
    status=VerdictStatus,
    reason=VerdictReason,
    measure=optional(Measure),
    marked=optional(VerdictStatus),
)
_verdicts = (
    _VERDICT.select()
    .select_from(release_verdicts)
    .join(series, _same_stream)
    .join(releases, releases.c.id == release_verdicts.c.release_id)
    .join(environments, environments.c.id == release_verdicts.c.environment_id)
    .outerjoin(options, _of_project)
)
_DUE = (
    _verdicts.where(
        _is_running, release_verdicts.c.due_at <= sa.bindparam("at", type_=db.UtcDateTime())
    )
    .order_by(release_verdicts.c.due_at, release_verdicts.c.release_id)
    .limit(_MOST)
)
_OF_RELEASE = _verdicts.where(
    release_verdicts.c.release_id == sa.bindparam("release_id", type_=db.Id),
    release_verdicts.c.project_id.in_(sa.select(db.IDS.c.id)),
).order_by(release_verdicts.c.environment_id, release_verdicts.c.project_id)
_effective = sa.func.coalesce(release_verdicts.c.marked, release_verdicts.c.status)
_REGRESSED = sa.select(release_verdicts.c.release_id).where(
    release_verdicts.c.project_id == sa.bindparam("project_id", type_=db.Id),
    release_verdicts.c.environment_id == sa.bindparam("environment_id", type_=db.Id),
    release_verdicts.c.release_id.in_(sa.select(db.IDS.c.id)),
    _effective == VerdictStatus.REGRESSED.value,
)
_LANES = db.json_rows("lanes", project_id=db.Id, environment_id=db.Id, before=db.UtcDateTime())


_KEY = ("project_id", "environment_id", "release_id")
_CHANGING = ("status", "reason", "measure", "since", "regressed_at", "ended_at")
_EVALUATED = db.json_rows(
    "evaluated",
    **dict.fromkeys(_KEY, db.Id),
    due_at=db.UtcDateTime(),
    **{name: type_without_length(release_verdicts, name) for name in _CHANGING},
)
_UPDATE = (
    sa.update(release_verdicts)
    .where(*(release_verdicts.c[name] == _EVALUATED.c[name] for name in _KEY))
    .values({name: _EVALUATED.c[name] for name in ("due_at", *_CHANGING)})
)


def _earlier(*statuses: VerdictStatus) -> sa.ScalarSelect[int]:
    """Return the id of the release that began last before a moment, of those with one of these verdicts."""
    earlier = release_verdicts.alias()
    effective = sa.func.coalesce(earlier.c.marked, earlier.c.status)
    return (
        sa.select(earlier.c.release_id)
        .where(
            earlier.c.project_id == _LANES.c.project_id,
            earlier.c.environment_id == _LANES.c.environment_id,
            earlier.c.started_at < _LANES.c.before,
            effective.in_([status.value for status in statuses]),
        )
        .order_by(earlier.c.started_at.desc(), earlier.c.release_id.desc())
        .limit(1)
        .correlate(_LANES)
        .scalar_subquery()
    )


_advised = (
    sa.select(
        _LANES.c.project_id,
        _LANES.c.environment_id,
        sa.func.coalesce(
            _earlier(VerdictStatus.HEALTHY),
            _earlier(VerdictStatus.HEALTHY, VerdictStatus.UNDECIDED),
        ).label("release_id"),
    )
).subquery("advised")
# A scalar subquery: for a join, PostgreSQL would read all releases.
_version = (
    sa.select(releases.c.version)
    .where(releases.c.id == _advised.c.release_id)
    .correlate(_advised)
    .scalar_subquery()
)
_ROLLBACKS = sa.select(_advised.c.project_id, _advised.c.environment_id, _version)


def new_streams(connection: sa.Connection, at: datetime, *, limit: int) -> list[Stream]:
    """Return releases that have sessions in an environment, and no verdict yet."""
    parameters = {"since": int(at.timestamp()) - NEW_SECONDS, "most": limit}
    return _STREAM.all(connection, _NEW, parameters)


def streams_without_verdict(
    connection: sa.Connection,
    release_id: int,
    project_ids: Collection[int],
    environment_id: int | None = None,
) -> list[Stream]:
    """Return where a release has sessions and no verdict yet, in an environment or in all."""
    query = _WITHOUT_VERDICT.where(
        series.c.release_id == release_id,
        series.c.project_id.in_(list(project_ids)),
        # Events alone make no stream.
        series.c.last_start > 0,
    )
    if environment_id is not None:
        query = query.where(series.c.environment_id == environment_id)
    return _STREAM.all(connection, query)


def due(connection: sa.Connection, at: datetime, *, limit: int) -> list[ReleaseVerdict]:
    """Return the running verdicts that are to be evaluated, those due the longest first."""
    return _VERDICT.all(connection, _DUE, {"at": at, "most": limit})


def of_release(
    connection: sa.Connection, release_id: int, project_ids: Collection[int]
) -> list[ReleaseVerdict]:
    """Return the verdicts on a release in all environments, of each of the projects."""
    parameters: dict[str, object] = {"release_id": release_id}
    return _VERDICT.all(connection, _OF_RELEASE, parameters | db.ids_param(project_ids))


def regressed_among(
    connection: sa.Connection, lane: tuple[int, int], release_ids: Collection[int]
) -> set[int]:
    """Return which of the releases are regressed in an environment of a project, or are marked so."""
    parameters: dict[str, object] = {"project_id": lane[0], "environment_id": lane[1]}
    rows = connection.execute(_REGRESSED, parameters | db.ids_param(release_ids))
    return set(rows.scalars())


def regressed_environments(
    connection: sa.Connection, release_ids: Collection[int], project_ids: Collection[int]
) -> dict[int, list[str]]:
    """Return the names of the environments in which releases are regressed, by release."""
    if not release_ids:
        return {}
    c = release_verdicts.c
    query = (
        sa.select(c.release_id, environments.c.name)
        .join(environments, environments.c.id == c.environment_id)
        .join(db.IDS, db.IDS.c.id == c.release_id)
        .where(c.project_id.in_(list(project_ids)), _effective == VerdictStatus.REGRESSED.value)
        .group_by(c.release_id, environments.c.name)
        .order_by(c.release_id, db.in_binary_order(environments.c.name))
    )
    rows = connection.execute(query, db.ids_param(release_ids))
    return grouped((row[0], row[1]) for row in rows)


def rollbacks(
    connection: sa.Connection, known: Sequence[ReleaseVerdict]
) -> dict[tuple[int, int], str]:
    """Return the version to go back to from each release, by its lane.

    The last healthy release of the environment before it, or else the last one that is not regressed. Where the job has
    not judged any yet, it is the base, which is none that is regressed.
    """
    lanes = ((*verdict.stream.lane, verdict.stream.started_at) for verdict in known)
    rows = connection.execute(_ROLLBACKS, db.rows_param("lanes", lanes))
    bases = {
        verdict.stream.lane: verdict.base.releases[0].version
        for verdict in known
        if verdict.base.releases
    }
    stored = {(row[0], row[1]): row[2] for row in rows if row[2] is not None}
    return bases | stored


def add(connection: sa.Connection, verdict: ReleaseVerdict, due_at: datetime) -> bool:
    """Insert the first verdict on a stream. Return False if another worker was first, or its release is deleted."""
    stream = verdict.stream
    row = {name: getattr(stream, name) for name in _KEY} | {
        "organization_id": stream.organization_id,
        "started_at": stream.started_at,
        "base": _encoded(verdict.base),
        "due_at": due_at,
        **{name: getattr(verdict, name) for name in _CHANGING},
    }
    return insert_missing(connection, release_verdicts, row)


def update_all(connection: sa.Connection, due: Iterable[tuple[ReleaseVerdict, datetime]]) -> None:
    """Store verdicts as they are now, and when each is due next; what a person marked stays."""
    rows = [
        [*(getattr(verdict.stream, name) for name in _KEY), due_at]
        + [getattr(verdict, name) for name in _CHANGING]
        for verdict, due_at in due
    ]
    if rows:
        connection.execute(_UPDATE, db.rows_param("evaluated", rows))


def mark(
    connection: sa.Connection,
    verdict: ReleaseVerdict,
    marked: VerdictStatus | None,
    by: int | None,
    at: datetime,
) -> None:
    """Store what a person says of the release; None takes it back."""
    values = {"marked": marked, "marked_by": by, "marked_at": at if marked else None}
    connection.execute(sa.update(release_verdicts).where(*_is(verdict)).values(values))


def _is(verdict: ReleaseVerdict) -> Sequence[sa.ColumnElement[bool]]:
    return [release_verdicts.c[name] == getattr(verdict.stream, name) for name in _KEY]


def _encoded(base: Base) -> str:
    return json.dumps(
        {
            "releases": [asdict(each) for each in base.releases],
            "measures": {
                name: (each.count.bad, each.count.units, each.spread)
                for name, each in base.measures.items()
            },
            "compare": base.compare,
            "counts_users": base.counts_users,
            "new_issues_seconds": base.new_issues_seconds,
        }
    )
