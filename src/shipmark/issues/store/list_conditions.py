"""The conditions of lists of issues, as SQL."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, assert_never

import sqlalchemy as sa

from shipmark.events.store import events
from shipmark.infrastructure.database import Id, ids_param, in_ids, json_rows, rows_param
from shipmark.infrastructure.text_search import contains
from shipmark.issues.model import (
    HistoryStatus,
    IssueFilter,
    ReleaseCondition,
    ReleaseTie,
    Substatus,
)
from shipmark.issues.store import assignment_conditions, user_conditions
from shipmark.issues.store.activity import history
from shipmark.issues.store.inbox import inbox
from shipmark.issues.store.issues import IS_REGRESSED, issues
from shipmark.issues.store.occurrences import issue_environments, issue_releases
from shipmark.issues.store.retention import thinned_event_counts
from shipmark.issues.store.tagged_issues import matches
from shipmark.issues.store.text_conditions import has_text
from shipmark.projects.store import projects


def conditions_of(
    issue_filter: IssueFilter, *, is_from_inbox: bool = False
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the filter other than on the status; `parameters_of` has their parameters.

    The projects' issues are to be read along an index of a list, unless the filter names issues, releases, assignees
    or the inbox, whose issues are few: then these are looked up. Issues that are looked up ``is_from_inbox``
    are in it.
    """
    sources = _sources(issue_filter, is_from_inbox=is_from_inbox)
    of_projects: list[sa.ColumnElement[bool]]
    if sources or is_from_inbox or len(issue_filter.project_ids) == 1:
        # The sum keeps databases from reading the projects' issues.
        project_id = issues.c.project_id + 0 if sources else issues.c.project_id
        of_projects = [project_id.in_(issue_filter.project_ids)]
    else:
        of_projects = [
            issues.c.organization_id == _organization_of(issue_filter.project_ids[0]),
            # The sum keeps SQLite from sorting all issues of the projects.
            (issues.c.project_id + 0).in_(issue_filter.project_ids),
        ]
    return [*sources, *of_projects, *_attributes(issue_filter), *_lookups(issue_filter)]


def _sources(issue_filter: IssueFilter, *, is_from_inbox: bool) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that databases begin at, as they have few issues."""
    conditions: list[sa.ColumnElement[bool]] = []
    for number, release_condition in enumerate(issue_filter.releases):
        if not (release_condition.is_negated or release_condition.is_looked_up):
            named = issue_filter.environment_ids
            conditions += _in_release(number, release_condition, named)
    if issue_filter.ids is not None:
        conditions.append(in_ids(issues.c.id))
    if issue_filter.is_for_review and not is_from_inbox:
        conditions.append(issues.c.id.in_(sa.select(inbox.c.issue_id)))
    return [*conditions, *assignment_conditions.sources(issue_filter)]


def _attributes(issue_filter: IssueFilter) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on columns of issues."""
    conditions: list[sa.ColumnElement[bool]] = []
    if issue_filter.substatus is Substatus.REGRESSED:
        conditions.append(IS_REGRESSED)
    elif issue_filter.substatus is not None:
        conditions.append(issues.c.substatus == issue_filter.substatus)
    if issue_filter.excluded_substatuses:
        substatus = sa.func.coalesce(issues.c.substatus, "")
        conditions.append(substatus.not_in(sorted(issue_filter.excluded_substatuses)))
    for condition in issue_filter.conditions:
        compare = issues.c[condition.attribute.value].bool_op(condition.operator)
        conditions.append(compare(condition.operand))
    if issue_filter.text:
        conditions.append(
            contains(issues.c.title, issue_filter.text)
            | contains(issues.c.message, issue_filter.text)
        )
    if issue_filter.excluded_ids:
        conditions.append(issues.c.id.not_in(issue_filter.excluded_ids))
    return [*conditions, *map(has_text, issue_filter.texts)]


def _lookups(issue_filter: IssueFilter) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on other tables, which are looked up for each issue by its id."""
    named = issue_filter.environment_ids
    conditions = list[sa.ColumnElement[bool]]()
    for number, condition in enumerate(issue_filter.releases):
        if condition.is_negated:
            conditions.append(_not_in_release(number, condition, named))
        elif condition.is_looked_up:
            conditions.append(_is_in_release(number, condition, named))
    # A release that counts in these environments says the same.
    if named is not None and not any(map(_counts_there, issue_filter.releases)):
        conditions.append(_was_in(named))
    if issue_filter.is_for_review is False:
        waiting = sa.select(inbox.c.issue_id).where(inbox.c.issue_id == issues.c.id)
        conditions.append(~waiting.correlate(issues).exists())
    if issue_filter.seen_between is not None:
        conditions.append(_was_seen_between(*issue_filter.seen_between))
    if issue_filter.excluded_environment_ids:
        conditions.append(~_was_in(issue_filter.excluded_environment_ids))
    return [
        *conditions,
        *assignment_conditions.lookups(issue_filter),
        *map(user_conditions.is_bookmarked, issue_filter.bookmarks),
        *map(user_conditions.is_subscribed, issue_filter.subscriptions),
        *map(matches, issue_filter.tags),
    ]


def _counts_there(condition: ReleaseCondition) -> bool:
    return condition.tie is not ReleaseTie.REGRESSED and not condition.is_negated


def _was_in(environment_ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Return the condition that an issue was seen in one of the environments."""
    seen = issue_environments.c
    return (
        sa.select(seen.issue_id)
        .where(seen.issue_id == issues.c.id, seen.environment_id.in_(environment_ids))
        .correlate(issues)
        .exists()
    )


def _was_seen_between(begins_at: datetime, ends_at: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that an event of the issue happened in the time.

    The first and the last one are known. Only for an issue that began earlier and went on later events are looked up,
    and the minutes of those that were deleted because there were too many.
    """

    def has_one(happened_at: sa.Column[datetime], issue_id: sa.Column[int]) -> sa.Exists:
        is_within = happened_at.between(begins_at, ends_at)
        return (
            sa.select(issue_id).where(issue_id == issues.c.id, is_within).correlate(issues).exists()
        )

    c = issues.c
    return sa.and_(
        c.first_seen_at <= ends_at,
        c.last_seen_at >= begins_at,
        sa.or_(
            c.first_seen_at >= begins_at,
            c.last_seen_at <= ends_at,
            has_one(events.c.happened_at, events.c.issue_id),
            has_one(thinned_event_counts.c.minute, thinned_event_counts.c.issue_id),
        ),
    )


def _organization_of(project_id: int) -> sa.ScalarSelect[int]:
    query = sa.select(projects.c.organization_id).where(projects.c.id == project_id)
    return query.scalar_subquery()


def _tie_of(
    condition: ReleaseCondition, environment_ids: Collection[int] | None
) -> tuple[sa.Column[int], sa.Column[Any], list[sa.ColumnElement[bool]]]:
    """Return the columns of issues and releases of the table of the tie, and its own conditions (groups-api.md 2.4)."""
    match condition.tie:
        case ReleaseTie.FIRST_SEEN:
            first = issue_environments.c
            there = _is_one_of(first.environment_id, environment_ids)
            return first.issue_id, first.first_release_id, there
        case ReleaseTie.SEEN:
            seen = issue_releases.c
            return seen.issue_id, seen.release_id, _is_one_of(seen.environment_id, environment_ids)
        case ReleaseTie.REGRESSED:
            entry = history.c
            return entry.issue_id, entry.release_id, [entry.status == HistoryStatus.REGRESSED]
        case unknown:
            assert_never(unknown)


def _is_one_of(column: sa.Column[int], ids: Collection[int] | None) -> list[sa.ColumnElement[bool]]:
    """Return a condition on an environment that no index is looked up for: releases have fewer issues."""
    return [] if ids is None else [(column + 0).in_(ids)]


def _in_release(
    number: int, condition: ReleaseCondition, environment_ids: Collection[int] | None
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that an issue is among those of its project's releases: by ids, then by projects."""
    issue_id, release_id, more = _tie_of(condition, environment_ids)
    releases = _releases(number).c
    of_release = sa.select(issue_id).where(release_id == releases.release_id, *more)
    of_project = (
        sa.select(releases.project_id)
        .where(issue_id == issues.c.id, release_id == releases.release_id, *more)
        .correlate(issues)
    )
    return [issues.c.id.in_(of_release), (issues.c.project_id + 0).in_(of_project)]


def _is_in_release(
    number: int, condition: ReleaseCondition, environment_ids: Collection[int] | None
) -> sa.ColumnElement[bool]:
    """Return the condition that an issue is among those of its project's releases.

    The releases, which may be a thousand, are a list that is made once for the statement, and not gone through for each
    issue.
    """
    issue_id, release_id, more = _tie_of(condition, environment_ids)
    releases = _releases(number).c
    # The sum keeps SQLite from seeking each of the releases in an index.
    of_project = sa.tuple_(issues.c.project_id, release_id + 0).in_(
        sa.select(releases.project_id, releases.release_id)
    )
    tied = sa.select(issue_id).where(issue_id == issues.c.id, of_project, *more)
    return tied.correlate(issues).exists()


def _not_in_release(
    number: int, condition: ReleaseCondition, environment_ids: Collection[int] | None
) -> sa.ColumnElement[bool]:
    """Return the condition that an issue is not among those of its project's releases."""
    issue_id, release_id, more = _tie_of(condition, environment_ids)
    releases = _releases(number).c
    tied = sa.select(issue_id).where(
        issue_id == issues.c.id,
        release_id == releases.release_id,
        releases.project_id == issues.c.project_id,
        *more,
    )
    return ~tied.correlate(issues).exists()


def _releases(number: int) -> sa.Subquery:
    """Return the relation of projects and releases of a condition."""
    return json_rows(f"releases_{number}", project_id=Id, release_id=Id)


def parameters_of(issue_filter: IssueFilter) -> dict[str, str]:
    """Return the parameters of the conditions of the filter."""
    parameters = {} if issue_filter.ids is None else ids_param(issue_filter.ids)
    for number, condition in enumerate(issue_filter.releases):
        parameters |= rows_param(f"releases_{number}", sorted(condition.releases))
    return parameters
