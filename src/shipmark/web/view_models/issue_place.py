"""The place of an issue in the list that its page was opened from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from shipmark.issues.model import Issue, IssueFilter, IssuePosition, IssueSort
from shipmark.issues.store import issue_lists
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.issue_lines import issue_line
from shipmark.web.view_models.issue_list import COUNT_MAX, IssueListSearch, conditions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePlace:
    """The URLs of the issues before and after it, empty at the ends, and its place in words, if it was counted.

    An issue that is not in the list any more, as it was resolved, still has those that are beside its place.
    """

    previous: str
    following: str
    words: str


def issue_place(
    connection: Connection, workspace: Workspace, search: IssueListSearch, issue: Issue
) -> IssuePlace:
    """Return the place of the issue, which may have left the list."""
    tab, conditions, _ = conditions_of(connection, workspace, search)
    own = issue_lists.position_of(issue, search.sort)
    before = replace(own, is_backwards=True)
    # Ids are whole numbers: the issue itself is the first one after this position.
    at = replace(own, issue_id=issue.id + 1)
    preceding = issue_lists.page_of(connection, conditions, search.sort, before, limit=1)
    rest = issue_lists.page_of(connection, conditions, search.sort, at, limit=2)
    is_listed = bool(rest) and rest[0].issue.id == issue.id
    # As above the list: of others no index ends at the limit.
    is_counted = tab.is_counted and is_listed and not (search.query or search.environment)
    return IssuePlace(
        previous=_address(workspace, search, [row.issue for row in preceding]),
        following=_address(
            workspace, search, [row.issue for row in rest if row.issue.id != issue.id]
        ),
        words=_words(connection, conditions, search.sort, before, at) if is_counted else "",
    )


def _address(workspace: Workspace, search: IssueListSearch, nearest: Sequence[Issue]) -> str:
    if not nearest:
        return ""
    short_id = issue_line(nearest[0], workspace).short_id
    return search.issue_address(workspace.organization.slug, short_id)


def _words(
    connection: Connection, conditions: IssueFilter, sort: IssueSort, *positions: IssuePosition
) -> str:
    """Return "2 of 38" from the numbers of issues before the issue, and from it on; empty for too many."""
    before, rest = issue_lists.counts_from(connection, conditions, sort, positions, limit=COUNT_MAX)
    if before + 1 >= COUNT_MAX:
        return ""
    count = before + rest
    return f"{before + 1} of {f'{COUNT_MAX - 1}+' if count >= COUNT_MAX else count}"
