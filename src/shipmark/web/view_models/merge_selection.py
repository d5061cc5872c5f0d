"""The selected issues that would be merged."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.issues.actions import merge_issues
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.issue_lines import (
    IssueLine,
    issue_line,
    issue_lines,
    selected_issues,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeSelection:
    """The issue that survives, and those that are merged into it."""

    survivor: IssueLine
    others: tuple[IssueLine, ...]


def merge_selection(
    connection: Connection, workspace: Workspace, issue_ids: Collection[int]
) -> MergeSelection:
    """Return what becomes of the visible ones of these issues. Raise what `merge_issues.check` raises."""
    visible = selected_issues(connection, workspace, issue_ids)
    merge_issues.check(visible)
    survivor = merge_issues.survivor_among(visible)
    others = issue_lines((issue for issue in visible if issue is not survivor), workspace)
    return MergeSelection(survivor=issue_line(survivor, workspace), others=others)
