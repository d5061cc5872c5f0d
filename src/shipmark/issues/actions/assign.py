"""Assignment of issues to a user or a team (groups-api.md 4.1)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.infrastructure.ids import id_of
from shipmark.issues.model import HistoryStatus, Issue, IssueActivityType, SubscriptionReason
from shipmark.issues.people import TEAM_SIGN, Assignee, AssigneeType
from shipmark.issues.store import activity, assignments
from shipmark.issues.store.assignments import Assignable
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Organization
from shipmark.projects import store as projects

UNKNOWN_ASSIGNEE = "There is no such member or team in the organization."
USER_WITHOUT_ACCESS = "Cannot assign to a user without access to the project."
TEAM_WITHOUT_ACCESS = "Cannot assign to a team without access to the project."


def assign(
    connection: Connection, locked: Sequence[Issue], name: str, user_id: int | None, now: datetime
) -> Assignee | None:
    """Assign locked issues of an organization to the user or team of this name, or remove assignees if it is empty.

    The user, or each member of the team, is subscribed. Issues that are assigned so already are left alone. Raise
    `ValidationFailed` as `find_assignee` does.
    """
    if not name:
        _unassign(connection, locked, user_id, now)
        return None
    project_ids = {issue.project_id for issue in locked}
    organization = organizations.by_id(connection, locked[0].organization_id)
    assert organization is not None, "it is locked with its issues"
    to = find_assignee(connection, organization, project_ids, name)
    changed = assignments.assigned_otherwise(connection, locked, to.assignee)
    if not changed:
        return to.assignee
    assignments.put(connection, changed, to, now)
    ids = [issue.id for issue in changed]
    assignments.subscribe(connection, ids, to.assignee, SubscriptionReason.ASSIGNED)
    users: dict[int, int | None] = dict.fromkeys(ids, user_id)
    details = _details(to.assignee)
    activity.add_plain(connection, IssueActivityType.ASSIGNED, users, now, details)
    activity.add_history(connection, HistoryStatus.ASSIGNED, users, None, now)
    return to.assignee


def find_assignee(
    connection: Connection, organization: Organization, project_ids: Collection[int], name: str
) -> Assignable:
    """Return the user or team of a name: ``user:1`` or ``1``, ``team:1``, the address of a member, or ``#slug``.

    Raise `ValidationFailed` unless it is an active member, or a team, of the organization with access to the projects.
    """
    if name.startswith(TEAM_SIGN):
        slug = name.removeprefix(TEAM_SIGN)
        return _find_team(connection, organization, project_ids, slug)
    kind, _, number = name.partition(":")
    if kind == AssigneeType.TEAM.value and id_of(number) is not None:
        return _find_team(connection, organization, project_ids, number)
    user_id = id_of(number if kind == AssigneeType.USER.value else name)
    if user_id is None:
        address = name.lower()
        user_id = organizations.users_by_email(connection, organization.id, [address]).get(address)
    return _find_member(connection, organization, project_ids, user_id or 0)


def _find_team(
    connection: Connection, organization: Organization, project_ids: Collection[int], name: str
) -> Assignable:
    team = organizations.team_by_slug_or_id(connection, organization.id, name)
    if team is None:
        raise _refusal(UNKNOWN_ASSIGNEE)
    if not projects.ids_of_team(connection, team.id).issuperset(project_ids):
        raise _refusal(TEAM_WITHOUT_ACCESS)
    return Assignable(assignee=Assignee.of_team(team))


def _find_member(
    connection: Connection, organization: Organization, project_ids: Collection[int], user_id: int
) -> Assignable:
    member = organizations.member_who_is(connection, organization.id, user_id)
    user = accounts.by_id(connection, user_id) if member else None
    if member is None or user is None or not user.is_active:
        raise _refusal(UNKNOWN_ASSIGNEE)
    if not (organization.is_open or member.role.is_org_wide):
        team_ids = organizations.team_ids_of(connection, organization.id, user_id)
        reached = projects.of_teams(connection, team_ids).values()
        if not set().union(*reached).issuperset(project_ids):
            raise _refusal(USER_WITHOUT_ACCESS)
    return Assignable(assignee=Assignee.of_user(user), member_id=member.id)


def _unassign(
    connection: Connection, locked: Sequence[Issue], user_id: int | None, now: datetime
) -> None:
    ids = assignments.remove(connection, [issue.id for issue in locked])
    if not ids:
        return
    users: dict[int, int | None] = dict.fromkeys(ids, user_id)
    activity.add_plain(connection, IssueActivityType.UNASSIGNED, users, now)
    activity.add_history(connection, HistoryStatus.UNASSIGNED, users, None, now)


def _details(assignee: Assignee) -> dict[str, object]:
    """Return the details of an activity; a user's name and address are not stored, as the user may be deleted."""
    details: dict[str, object] = {
        "assignee": str(assignee.id),
        "assigneeType": assignee.type.value,
    }
    if assignee.type is AssigneeType.TEAM:
        details["assigneeName"] = assignee.name
    return details


def _refusal(message: str) -> ValidationFailed:
    return ValidationFailed({"assignedTo": [message]})
