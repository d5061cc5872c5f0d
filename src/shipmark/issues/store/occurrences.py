"""The releases and environments in which issues were seen."""

from collections.abc import Collection
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.schema import parent, table
from shipmark.projects.store import environments
from shipmark.releases.store.releases import releases


class IssueReleaseColumns(sa.TypedColumns):
    """An issue seen in a release, in an environment."""

    issue_id = parent("issues", primary_key=True)
    release_id = parent("releases", primary_key=True, index=True)
    environment_id = parent("environments", primary_key=True, index=True)
    first_seen_at = sa.Column(db.UtcDateTime, nullable=False)
    last_seen_at = sa.Column(db.UtcDateTime, nullable=False)


class IssueEnvironmentColumns(sa.TypedColumns):
    """An issue seen in an environment; ``first_release_id`` is the release that introduced it there."""

    issue_id = parent("issues", primary_key=True)
    environment_id = parent("environments", primary_key=True, index=True)
    first_release_id = sa.Column(
        db.Id, sa.ForeignKey("releases.id", ondelete="SET NULL"), index=True
    )
    first_seen_at = sa.Column(db.UtcDateTime, nullable=False)


issue_releases = table("issue_releases", IssueReleaseColumns)
issue_environments = table("issue_environments", IssueEnvironmentColumns)


class FirstRelease(NamedTuple):
    """The release that brought an issue to an environment, or None, and whether the issue is new there."""

    release_id: int | None
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOccurrence:
    """An issue seen in a release, in an environment, from the first of its events to the last."""

    issue_id: int
    release_id: int
    environment_id: int
    first_at: datetime
    last_at: datetime


_RELEASE_KEY = ("issue_id", "release_id", "environment_id")
_RELEASES = insert_rows(
    issue_releases,
    "occurred",
    (*_RELEASE_KEY, "first_seen_at", "last_seen_at"),
    order_by=_RELEASE_KEY,
)
_last, _new = issue_releases.c.last_seen_at, _RELEASES.excluded.last_seen_at
_RECORD_RELEASES = _RELEASES.on_conflict_do_update(
    index_elements=_RELEASE_KEY,
    set_={"last_seen_at": sa.case((_new > _last, _new), else_=_last)},
)
_RECORD_ENVIRONMENTS = insert_rows(
    issue_environments,
    "occurred",
    ("issue_id", "environment_id", "first_release_id", "first_seen_at"),
    order_by=("issue_id", "environment_id"),
).on_conflict_do_nothing()

_SEEN_IN = db.json_rows("seen_in", issue_id=db.Id, environment_id=db.Id)
_FIRST_RELEASES = sa.select(
    issue_environments.c.issue_id,
    issue_environments.c.environment_id,
    issue_environments.c.first_release_id,
).join(
    _SEEN_IN,
    sa.and_(
        issue_environments.c.issue_id == _SEEN_IN.c.issue_id,
        issue_environments.c.environment_id == _SEEN_IN.c.environment_id,
    ),
)

_LAST_RELEASES = (
    sa.select(issue_releases.c.issue_id, issue_releases.c.release_id)
    .join(db.IDS, db.IDS.c.id == issue_releases.c.issue_id)
    .order_by(issue_releases.c.last_seen_at, issue_releases.c.release_id)
)

_numbered = (
    sa.select(
        issue_releases.c.issue_id.label("issue_id"),
        releases.c.version.label("version"),
        sa.func.row_number()
        .over(
            partition_by=issue_releases.c.issue_id,
            order_by=[releases.c.version_key.desc(), releases.c.id.desc()],
        )
        .label("number"),
    )
    .join(db.IDS, db.IDS.c.id == issue_releases.c.issue_id)
    .join(releases, releases.c.id == issue_releases.c.release_id)
    # Versions that are not semver have no key.
    .where(releases.c.version_key != "")
    .subquery("numbered")
)
_HIGHEST_VERSIONS = sa.select(_numbered.c.issue_id, _numbered.c.version).where(
    _numbered.c.number == sa.literal_column("1")
)


def record_releases(connection: sa.Connection, occurred: Collection[ReleaseOccurrence]) -> None:
    """Record that issues were seen in releases; the last moment never decreases."""
    rows = sorted(map(astuple, occurred))
    connection.execute(_RECORD_RELEASES, db.rows_param("occurred", rows))


def record_environments(
    connection: sa.Connection, first_seen: Collection[tuple[int, int, int | None, datetime]]
) -> dict[tuple[int, int], FirstRelease]:
    """Record that issues, which are locked, were seen in environments, unless they were before.

    Each is given by the issue's id, the environment's, the release's or None, and when. Return the releases that
    brought them there, by the first two.
    """
    rows = sorted(first_seen, key=lambda row: row[:2])
    pairs = db.rows_param("seen_in", (row[:2] for row in rows))
    first = {
        (issue_id, environment_id): FirstRelease(release_id, is_new=False)
        for issue_id, environment_id, release_id in connection.execute(_FIRST_RELEASES, pairs)
    }
    missing = [row for row in rows if row[:2] not in first]
    if missing:
        connection.execute(_RECORD_ENVIRONMENTS, db.rows_param("occurred", missing))
    return first | {row[:2]: FirstRelease(row[2], is_new=True) for row in missing}


def in_release(
    connection: sa.Connection,
    issue_id: int,
    release_id: int,
    environment_ids: Collection[int] | None,
) -> tuple[str, datetime, datetime] | None:
    """Return the environment of the issue's last event in the release, and its first and last moment, or None."""
    c = issue_releases.c
    query = (
        sa.select(environments.c.name, c.first_seen_at, c.last_seen_at)
        .join(environments, environments.c.id == c.environment_id)
        .where(c.issue_id == issue_id, c.release_id == release_id)
    )
    if environment_ids is not None:
        query = query.where(c.environment_id.in_(list(environment_ids)))
    query = query.order_by(c.last_seen_at.desc(), environments.c.id).limit(1)
    row = connection.execute(query).first()
    return (row[0], row[1], row[2]) if row else None


def last_releases(connection: sa.Connection, issue_ids: Collection[int]) -> dict[int, int]:
    """Return the release in which each issue was last seen."""
    if not issue_ids:
        return {}
    result = connection.execute(_LAST_RELEASES, db.ids_param(issue_ids))
    return {issue_id: release_id for issue_id, release_id in result}


def highest_versions(connection: sa.Connection, issue_ids: Collection[int]) -> dict[int, str]:
    """Return the highest semver version in which each issue was seen; issues without one are left out."""
    result = connection.execute(_HIGHEST_VERSIONS, db.ids_param(issue_ids))
    return {issue_id: version for issue_id, version in result}
