"""People around the issues of a page, by one statement for all of them."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from shipmark.accounts.store import users
from shipmark.avatars.model import read_avatar
from shipmark.infrastructure import database as db
from shipmark.issues.people import Assignee, AssigneeType, IssuePeople
from shipmark.issues.store.activity import IS_NOTE, activities, subscriptions
from shipmark.issues.store.assignments import assignments
from shipmark.issues.store.bookmarks import bookmarks
from shipmark.issues.store.views import views
from shipmark.organizations.store import members, teams


def _of_reader(table: sa.Table) -> sa.ColumnElement[bool]:
    is_reader = table.c.user_id == sa.bindparam("reader_id", type_=db.Id)
    return sa.and_(table.c.issue_id == db.IDS.c.id, is_reader)


_OF_ISSUES = (
    sa.select(
        db.IDS.c.id,
        sa.select(sa.func.count())
        .where(activities.c.issue_id == db.IDS.c.id, IS_NOTE)
        .correlate(db.IDS)
        .scalar_subquery(),
        users.c.id,
        users.c.name,
        users.c.email,
        users.c.avatar_kind,
        users.c.avatar_ident,
        teams.c.id,
        teams.c.slug,
        teams.c.avatar_kind,
        teams.c.avatar_ident,
        views.c.viewed_at,
        bookmarks.c.user_id.is_not(None),
        sa.case((subscriptions.c.is_active, subscriptions.c.reason)),
    )
    .select_from(db.IDS)
    .outerjoin(assignments, assignments.c.issue_id == db.IDS.c.id)
    .outerjoin(members, members.c.id == assignments.c.member_id)
    .outerjoin(users, users.c.id == members.c.user_id)
    .outerjoin(teams, teams.c.id == assignments.c.team_id)
    .outerjoin(views, _of_reader(views))
    .outerjoin(bookmarks, _of_reader(bookmarks))
    .outerjoin(subscriptions, _of_reader(subscriptions))
)


def of_issues(
    connection: sa.Connection, issue_ids: Collection[int], reader_id: int | None
) -> dict[int, IssuePeople]:
    """Return the people around each of these issues, and what the reader does with it; None for no user."""
    if not issue_ids:
        return {}
    parameters = db.ids_param(issue_ids) | {"reader_id": reader_id}
    rows = connection.execute(_OF_ISSUES, parameters)
    return {
        issue_id: IssuePeople(
            assignee=_assignee(row),
            comment_count=comment_count,
            seen_at=seen_at,
            is_bookmarked=bool(is_bookmarked),
            subscribed_for=subscribed_for,
        )
        for issue_id, comment_count, *row, seen_at, is_bookmarked, subscribed_for in rows
    }


def _assignee(row: Sequence[Any]) -> Assignee | None:
    user_id, name, email, kind, ident, *team = row
    if user_id is not None:
        return Assignee(
            type=AssigneeType.USER,
            id=user_id,
            name=name or email,
            email=email,
            avatar=read_avatar(kind, ident),
        )
    team_id, slug, kind, ident = team
    if team_id is None:
        return None
    avatar = read_avatar(kind, ident)
    return Assignee(type=AssigneeType.TEAM, id=team_id, name=slug, avatar=avatar)
