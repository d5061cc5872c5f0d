"""The conditions of lists of issues, as SQL."""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.database import IDS, Id, ids_param, json_rows, rows_param
from shipmark.issues.model import HistoryStatus, IssueFilter, Substatus
from shipmark.issues.store.activity import history
from shipmark.issues.store.inbox import inbox
from shipmark.issues.store.issues import IS_REGRESSED, issues
from shipmark.issues.store.occurrences import issue_environments, issue_releases
from shipmark.projects.store import projects

_RELEASES = {
    name: json_rows(name, project_id=Id, release_id=Id)
    for name in ("first_seen_in", "seen_in", "regressed_in")
}


def conditions_of(
    issue_filter: IssueFilter, *, is_from_inbox: bool = False
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the filter other than on the status; `parameters_of` has their parameters.

    The projects' issues are to be read along an index of a list, unless the filter names issues, releases or the
    inbox, whose issues are few: then these are looked up. Issues that are looked up ``is_from_inbox`` are in it.
    """
    conditions = _release_conditions(issue_filter)
    if issue_filter.ids is not None:
        conditions.append(issues.c.id.in_(sa.select(IDS.c.id)))
    if issue_filter.is_for_review and not is_from_inbox:
        conditions.append(issues.c.id.in_(sa.select(inbox.c.issue_id)))
    if conditions or is_from_inbox or len(issue_filter.project_ids) == 1:
        # The sum keeps databases from reading the projects' issues.
        project_id = issues.c.project_id + 0 if conditions else issues.c.project_id
        conditions.append(project_id.in_(issue_filter.project_ids))
    else:
        conditions += [
            issues.c.organization_id == _organization_of(issue_filter.project_ids[0]),
            # The sum keeps SQLite from sorting all issues of the projects.
            (issues.c.project_id + 0).in_(issue_filter.project_ids),
        ]
    if issue_filter.substatus is Substatus.REGRESSED:
        conditions.append(IS_REGRESSED)
    elif issue_filter.substatus is not None:
        conditions.append(issues.c.substatus == issue_filter.substatus)
    named = issue_filter.environment_ids
    # A release that counts in these environments says the same.
    if named is not None and issue_filter.first_seen_in is None and issue_filter.seen_in is None:
        conditions.append(_was_in(named))
    for condition in issue_filter.conditions:
        compare = issues.c[condition.attribute.value].bool_op(condition.operator)
        conditions.append(compare(condition.operand))
    if issue_filter.text:
        conditions.append(
            issues.c.title.icontains(issue_filter.text, autoescape=True)
            | issues.c.message.icontains(issue_filter.text, autoescape=True)
        )
    return conditions


def _was_in(environment_ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Return the condition that an issue was seen in one of the environments."""
    seen = issue_environments.c
    return (
        sa.select(seen.issue_id)
        .where(seen.issue_id == issues.c.id, seen.environment_id.in_(environment_ids))
        .correlate(issues)
        .exists()
    )


def _organization_of(project_id: int) -> sa.ScalarSelect[int]:
    query = sa.select(projects.c.organization_id).where(projects.c.id == project_id)
    return query.scalar_subquery()


def _release_conditions(issue_filter: IssueFilter) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on releases (groups-api.md 2.3, 2.4)."""
    conditions: list[sa.ColumnElement[bool]] = []
    named = issue_filter.environment_ids
    if issue_filter.first_seen_in is not None:
        first = issue_environments.c
        there = [] if named is None else [_is_one_of(first.environment_id, named)]
        conditions += _in_release("first_seen_in", first.issue_id, first.first_release_id, *there)
    if issue_filter.seen_in is not None:
        seen = issue_releases.c
        there = [] if named is None else [_is_one_of(seen.environment_id, named)]
        conditions += _in_release("seen_in", seen.issue_id, seen.release_id, *there)
    if issue_filter.regressed_in is not None:
        entry = history.c
        is_regressed = entry.status == HistoryStatus.REGRESSED
        conditions += _in_release("regressed_in", entry.issue_id, entry.release_id, is_regressed)
    return conditions


def _is_one_of(column: sa.Column[int], ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Return a condition on an environment that no index is looked up for: releases have fewer issues."""
    return (column + 0).in_(ids)


def _in_release(
    name: str, issue_id: sa.Column[int], release_id: sa.Column[Any], *more: sa.ColumnElement[bool]
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that an issue is among those of its project's release: by ids, then by projects."""
    releases = _RELEASES[name].c
    of_release = sa.select(issue_id).where(release_id == releases.release_id, *more)
    of_project = (
        sa.select(releases.project_id)
        .where(issue_id == issues.c.id, release_id == releases.release_id, *more)
        .correlate(issues)
    )
    return [issues.c.id.in_(of_release), (issues.c.project_id + 0).in_(of_project)]


def parameters_of(issue_filter: IssueFilter) -> dict[str, str]:
    """Return the parameters of the conditions of the filter."""
    parameters = {} if issue_filter.ids is None else ids_param(issue_filter.ids)
    for name in _RELEASES:
        releases: Mapping[int, int] | None = getattr(issue_filter, name)
        if releases is not None:
            parameters |= rows_param(name, sorted(releases.items()))
    return parameters
