"""Where and when a release was seen, in each of its projects."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    Table,
    TypedColumns,
    case,
    exists,
    func,
    literal,
    select,
    update,
)

from shipmark.ground.database import Id, Moment, listed, metadata, upsert
from shipmark.releases.model import Seen


class ReleaseEnvironmentColumns(TypedColumns):
    """A release in an environment of a project: seen by events there, or deployed there."""

    release_id = Column(Id, ForeignKey("releases.id", ondelete="CASCADE"), primary_key=True)
    project_id = Column(
        Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    environment_id = Column(
        Id, ForeignKey("environments.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    new_issue_count = Column(Integer, nullable=False)
    first_seen_at = Column(Moment)
    last_seen_at = Column(Moment)
    last_deploy_id = Column(Id)


release_environments = Table("release_environments", metadata, ReleaseEnvironmentColumns)


def note_event(
    connection: Connection, release_id: int, project_id: int, environment_id: int, at: datetime
) -> None:
    """Remember that an event of the release came; the last moment never moves back."""
    row: dict[str, object] = {
        "release_id": release_id,
        "project_id": project_id,
        "environment_id": environment_id,
        "new_issue_count": 0,
        "first_seen_at": at,
        "last_seen_at": at,
    }
    table = release_environments.c
    statement = upsert(connection, release_environments).values(row)
    new = statement.excluded
    later = (table.last_seen_at.is_(None)) | (new.last_seen_at > table.last_seen_at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["release_id", "project_id", "environment_id"],
            set_={
                "first_seen_at": func.coalesce(table.first_seen_at, new.first_seen_at),
                "last_seen_at": case((later, new.last_seen_at), else_=table.last_seen_at),
            },
        )
    )


def note_deploy(
    connection: Connection,
    release_id: int,
    project_ids: Collection[int],
    environment_id: int,
    deploy_id: int,
) -> None:
    """Remember the latest deploy to the environment for each of the projects."""
    given = listed(connection, "given", {"project_id": Id}, [[i] for i in sorted(project_ids)])
    rows = select(
        literal(release_id, Id),
        given.c.project_id,
        literal(environment_id, Id),
        literal(0),
        literal(deploy_id, Id),
    ).order_by(given.c.project_id)
    columns = ["release_id", "project_id", "environment_id", "new_issue_count", "last_deploy_id"]
    statement = upsert(connection, release_environments).from_select(columns, rows)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["release_id", "project_id", "environment_id"],
            set_={"last_deploy_id": statement.excluded.last_deploy_id},
        )
    )


def count_new_issue(
    connection: Connection, release_id: int, project_id: int, environment_id: int
) -> None:
    """Count an issue that reached the environment for the first time, in this release."""
    table = release_environments.c
    connection.execute(
        update(release_environments)
        .where(
            table.release_id == release_id,
            table.project_id == project_id,
            table.environment_id == environment_id,
        )
        .values(new_issue_count=table.new_issue_count + 1)
    )


def seen(connection: Connection, release_ids: Collection[int]) -> dict[int, Seen]:
    """When events of each release first and last came, in any project and environment."""
    if not release_ids:
        return {}
    table = release_environments.c
    wanted = listed(connection, "wanted", {"id": Id}, [[i] for i in sorted(release_ids)])
    query = (
        select(
            table.release_id,
            func.min(table.first_seen_at, type_=Moment()),
            func.max(table.last_seen_at, type_=Moment()),
        )
        .join(wanted, wanted.c.id == table.release_id)
        .group_by(table.release_id)
    )
    return {
        release_id: Seen(first_at=first, last_at=last)
        for release_id, first, last in connection.execute(query)
    }


def ran_in(
    release_id: ColumnElement[int], project_ids: Collection[int], environment_ids: Collection[int]
) -> ColumnElement[bool]:
    """The condition that a release was seen in, or deployed to, one of the environments."""
    table = release_environments.c
    return exists().where(
        table.release_id == release_id,
        table.project_id.in_(project_ids),
        table.environment_id.in_(environment_ids),
    )
