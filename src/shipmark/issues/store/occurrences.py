"""The releases and environments in which issues were seen."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Table,
    TypedColumns,
    case,
    func,
    literal_column,
    select,
)

from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param, metadata, upsert
from shipmark.projects.store import environments
from shipmark.releases.store.releases import releases


class IssueReleaseColumns(TypedColumns):
    """An issue seen in a release, in an environment."""

    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True)
    release_id = Column(
        Id, ForeignKey("releases.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    environment_id = Column(
        Id, ForeignKey("environments.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    first_seen_at = Column(UtcDateTime, nullable=False)
    last_seen_at = Column(UtcDateTime, nullable=False)


class IssueEnvironmentColumns(TypedColumns):
    """An issue seen in an environment; ``first_release_id`` is the release that introduced it there."""

    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True)
    environment_id = Column(
        Id, ForeignKey("environments.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    first_release_id = Column(Id, ForeignKey("releases.id", ondelete="SET NULL"), index=True)
    first_seen_at = Column(UtcDateTime, nullable=False)


issue_releases = Table("issue_releases", metadata, IssueReleaseColumns)
issue_environments = Table("issue_environments", metadata, IssueEnvironmentColumns)

_LAST_RELEASES = (
    select(issue_releases.c.issue_id, issue_releases.c.release_id)
    .join(IDS, IDS.c.id == issue_releases.c.issue_id)
    .order_by(issue_releases.c.last_seen_at, issue_releases.c.release_id)
)


_numbered = (
    select(
        issue_releases.c.issue_id.label("issue_id"),
        releases.c.version.label("version"),
        func.row_number()
        .over(
            partition_by=issue_releases.c.issue_id,
            order_by=[releases.c.version_key.desc(), releases.c.id.desc()],
        )
        .label("number"),
    )
    .join(IDS, IDS.c.id == issue_releases.c.issue_id)
    .join(releases, releases.c.id == issue_releases.c.release_id)
    # Versions that are not semver have no key.
    .where(releases.c.version_key != "")
    .subquery("numbered")
)
_HIGHEST_VERSIONS = select(_numbered.c.issue_id, _numbered.c.version).where(
    _numbered.c.number == literal_column("1")
)


def record_release(
    connection: Connection, issue_id: int, release_id: int, environment_id: int, at: datetime
) -> None:
    """Record that the issue was seen in the release; the last moment never decreases."""
    row: dict[str, object] = {
        "issue_id": issue_id,
        "release_id": release_id,
        "environment_id": environment_id,
    }
    row |= {"first_seen_at": at, "last_seen_at": at}
    statement = upsert(issue_releases).values(row)
    column, new = issue_releases.c.last_seen_at, statement.excluded.last_seen_at
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["issue_id", "release_id", "environment_id"],
            set_={"last_seen_at": case((new > column, new), else_=column)},
        )
    )


def record_environment(
    connection: Connection, issue_id: int, environment_id: int, release_id: int | None, at: datetime
) -> bool:
    """Record that the issue was seen in the environment. Return True for the first time."""
    row: dict[str, object] = {"issue_id": issue_id, "environment_id": environment_id}
    row |= {"first_release_id": release_id, "first_seen_at": at}
    statement = upsert(issue_environments).values(row).on_conflict_do_nothing()
    return (
        connection.execute(statement.returning(issue_environments.c.issue_id)).first() is not None
    )


def in_release(
    connection: Connection,
    issue_id: int,
    release_id: int,
    environment_ids: Collection[int] | None,
) -> tuple[str, datetime, datetime] | None:
    """Return the environment of the issue's last event in the release, and its first and last moment, or None."""
    query = (
        select(environments.c.name, issue_releases.c.first_seen_at, issue_releases.c.last_seen_at)
        .join(environments, environments.c.id == issue_releases.c.environment_id)
        .where(issue_releases.c.issue_id == issue_id, issue_releases.c.release_id == release_id)
    )
    if environment_ids is not None:
        query = query.where(issue_releases.c.environment_id.in_(list(environment_ids)))
    query = query.order_by(issue_releases.c.last_seen_at.desc(), environments.c.id).limit(1)
    row = connection.execute(query).first()
    return (row[0], row[1], row[2]) if row else None


def last_releases(connection: Connection, issue_ids: Collection[int]) -> dict[int, int]:
    """Return the release in which each issue was last seen."""
    if not issue_ids:
        return {}
    result = connection.execute(_LAST_RELEASES, ids_param(issue_ids))
    return {issue_id: release_id for issue_id, release_id in result}


def highest_versions(connection: Connection, issue_ids: Collection[int]) -> dict[int, str]:
    """Return the highest semver version in which each issue was seen; issues without one are left out."""
    result = connection.execute(_HIGHEST_VERSIONS, ids_param(issue_ids))
    return {issue_id: version for issue_id, version in result}
