"""Assignments of issues to members and teams.

An assignment goes with what allows it: the membership of its user, or the team's ownership of the project. So an issue
has no assignee once its user has left the organization, or its team was deleted or has lost the project.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.schema import parent, table
from shipmark.issues.model import Issue, SubscriptionReason
from shipmark.issues.people import Assignee, AssigneeType
from shipmark.issues.store import activity
from shipmark.issues.store.activity import subscriptions
from shipmark.organizations.store import members, team_members


class AssignmentColumns(sa.TypedColumns):
    """The assignment of an issue of this project: either ``member_id`` or ``team_id`` is set."""

    issue_id = parent("issues", primary_key=True)
    project_id = sa.Column(db.Id, nullable=False)
    member_id = parent("members", nullable=True, index=True)
    team_id = sa.Column(db.Id)
    assigned_at = sa.Column(db.UtcDateTime, nullable=False)


assignments = table(
    "issue_assignments",
    AssignmentColumns,
    sa.ForeignKeyConstraint(
        ["project_id", "team_id"],
        ["project_teams.project_id", "project_teams.team_id"],
        ondelete="CASCADE",
    ),
    sa.Index("ix_issue_assignments_project_id_team_id", "project_id", "team_id"),
)

_PUT = insert_rows(
    assignments,
    "assigned",
    ("issue_id", "project_id"),
    shared=("member_id", "team_id", "assigned_at"),
)
_PUT = _PUT.on_conflict_do_update(
    index_elements=[assignments.c.issue_id],
    set_={name: _PUT.excluded[name] for name in ("member_id", "team_id", "assigned_at")},
)
_REMOVE = (
    sa.delete(assignments)
    .where(db.in_ids(assignments.c.issue_id))
    .returning(assignments.c.issue_id)
)
_OF_ISSUES = (
    sa.select(assignments.c.issue_id, members.c.user_id, assignments.c.team_id)
    .join(db.IDS, db.IDS.c.id == assignments.c.issue_id)
    .outerjoin(members, members.c.id == assignments.c.member_id)
)
_SUBSCRIBE_TEAM = (
    db.upsert(subscriptions)
    .from_select(
        ["issue_id", "user_id", "is_active", "reason"],
        sa.select(
            db.IDS.c.id,
            members.c.user_id,
            sa.true(),
            sa.bindparam("reason", type_=sa.Integer()),
        )
        .select_from(db.IDS)
        .join(team_members, team_members.c.team_id == sa.bindparam("team_id", type_=db.Id))
        .join(members, members.c.id == team_members.c.member_id)
        .order_by(db.IDS.c.id, members.c.user_id),
    )
    .on_conflict_do_nothing()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignable:
    """An assignee with the member who is the user; None for a team."""

    assignee: Assignee
    member_id: int | None = None


def assigned_otherwise(
    connection: sa.Connection, issues: Collection[Issue], assignee: Assignee
) -> list[Issue]:
    """Return those of the issues that are not assigned to this user or team."""
    rows = connection.execute(_OF_ISSUES, db.ids_param(issue.id for issue in issues))
    is_team = assignee.type is AssigneeType.TEAM
    assigned = {
        issue_id
        for issue_id, user_id, team_id in rows
        if (team_id if is_team else user_id) == assignee.id
    }
    return [issue for issue in issues if issue.id not in assigned]


def put(connection: sa.Connection, issues: Collection[Issue], to: Assignable, at: datetime) -> None:
    """Assign these issues, whatever they were assigned to."""
    rows = db.rows_param("assigned", ((issue.id, issue.project_id) for issue in issues))
    team_id = to.assignee.id if to.member_id is None else None
    shared = {"member_id": to.member_id, "team_id": team_id, "assigned_at": at}
    connection.execute(_PUT, {**rows, **shared})


def remove(connection: sa.Connection, issue_ids: Collection[int]) -> list[int]:
    """Remove the assignees of these issues. Return the ids of those that were assigned, in order."""
    return sorted(connection.execute(_REMOVE, db.ids_param(issue_ids)).scalars())


def subscribe(
    connection: sa.Connection,
    issue_ids: Collection[int],
    assignee: Assignee,
    reason: SubscriptionReason,
) -> None:
    """Subscribe the user, or each member of the team, to these issues; their earlier choices stay."""
    if assignee.type is AssigneeType.TEAM:
        parameters = {"team_id": assignee.id, "reason": int(reason)}
        connection.execute(_SUBSCRIBE_TEAM, db.ids_param(issue_ids) | parameters)
    else:
        pairs = [(issue_id, assignee.id) for issue_id in issue_ids]
        activity.subscribe(connection, pairs, reason)
