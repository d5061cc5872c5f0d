"""Lists of the issues of one or several releases, each issue once, in however many of them it is."""

from collections.abc import Collection
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.database import IDS, Id, ids_param, json_rows, values_param
from shipmark.issues.model import HistoryStatus, IssueStatus
from shipmark.issues.store.activity import history
from shipmark.issues.store.commit_links import commit_links
from shipmark.issues.store.issues import IS_VISIBLE, ISSUE, issues
from shipmark.issues.store.occurrences import issue_releases
from shipmark.issues.store.release_issues import IssueSummary
from shipmark.issues.store.resolutions import resolutions
from shipmark.releases.store.commits import release_commits


class IssueSelection(StrEnum):
    """A list: issues to attend to are new or regressed ones that are unresolved; all are also those only seen.

    Unhandled issues are those of all but the resolved, in any status.
    """

    ATTENTION = "attention"
    NEW = "new"
    REGRESSED = "regressed"
    UNHANDLED = "unhandled"
    RESOLVED = "resolved"
    ALL = "all"


_RELEASES = json_rows("of_releases", id=Id)
_IN_RELEASES = sa.select(_RELEASES.c.id)
_new = sa.select(issues.c.id.label("issue_id")).where(issues.c.first_release_id.in_(_IN_RELEASES))
_regressed = sa.select(history.c.issue_id).where(
    history.c.release_id.in_(_IN_RELEASES), history.c.status == HistoryStatus.REGRESSED
)
_set_resolved = sa.select(resolutions.c.issue_id).where(resolutions.c.release_id.in_(_IN_RELEASES))
_fixed = (
    sa.select(commit_links.c.issue_id)
    .join(release_commits, release_commits.c.commit_id == commit_links.c.commit_id)
    .where(release_commits.c.release_id.in_(_IN_RELEASES))
)
_seen = sa.select(issue_releases.c.issue_id).where(issue_releases.c.release_id.in_(_IN_RELEASES))


def _found(*parts: sa.Select[Any]) -> sa.Select[Any]:
    """Return the statement of the issues in any of the parts, each once."""
    # An issue can regress in several of the releases. A union of one part would keep its duplicates.
    rows = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0].distinct()
    selected = rows.subquery("found")
    return (
        sa.select(issues.c.id)
        .join(selected, selected.c.issue_id == issues.c.id)
        # The sum keeps PostgreSQL from reading all issues of the projects.
        .where((issues.c.project_id + 0).in_(sa.select(IDS.c.id)), IS_VISIBLE)
    )


_FOUND = {
    IssueSelection.ATTENTION: _found(_new, _regressed).where(
        issues.c.status == IssueStatus.UNRESOLVED.value
    ),
    IssueSelection.NEW: _found(_new),
    IssueSelection.REGRESSED: _found(_regressed),
    IssueSelection.UNHANDLED: _found(_new, _regressed, _seen).where(issues.c.is_unhandled),
    IssueSelection.RESOLVED: _found(_set_resolved, _fixed),
    IssueSelection.ALL: _found(_new, _regressed, _set_resolved, _fixed, _seen),
}
_LAST_SEEN = {
    selection: found.with_only_columns(sa.func.count().over(), *ISSUE.columns)
    .order_by(issues.c.last_seen_at.desc(), issues.c.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
    for selection, found in _FOUND.items()
}
_COUNTS = sa.select(
    *(
        found.with_only_columns(sa.func.count()).scalar_subquery().label(selection.value)
        for selection, found in _FOUND.items()
    )
)


def counts_in(
    connection: sa.Connection, release_ids: Collection[int], project_ids: Collection[int]
) -> dict[IssueSelection, int]:
    """Return the number of the projects' issues in each of the lists over these releases, by one statement."""
    parameters = _parameters(release_ids, project_ids)
    return dict(zip(_FOUND, connection.execute(_COUNTS, parameters).one(), strict=True))


def selected_in(
    connection: sa.Connection,
    selection: IssueSelection,
    release_ids: Collection[int],
    project_ids: Collection[int],
    *,
    limit: int,
) -> IssueSummary:
    """Return the projects' issues of a list over these releases, the last seen first."""
    parameters = _parameters(release_ids, project_ids) | {"most": limit}
    rows = connection.execute(_LAST_SEEN[selection], parameters).all()
    return IssueSummary(
        count=rows[0][0] if rows else 0, issues=tuple(ISSUE(row[1:]) for row in rows)
    )


def _parameters(release_ids: Collection[int], project_ids: Collection[int]) -> dict[str, Any]:
    releases = values_param("of_releases", release_ids)
    return ids_param(project_ids) | releases
