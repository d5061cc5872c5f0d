"""Tabs of the issues of a release, or of all releases of a range."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.issues.store.release_issue_lists import IssueSelection, counts_in, selected_in
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.issue_lines import IssueLine, issue_lines

ISSUES_MAX = 100
#: The tabs; the first is the default.
TABS = {
    IssueSelection.ATTENTION: "Needs attention",
    IssueSelection.NEW: "New",
    IssueSelection.REGRESSED: "Regressed",
    IssueSelection.UNHANDLED: "Unhandled",
    IssueSelection.RESOLVED: "Resolved",
    IssueSelection.ALL: "All",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTab:
    """A tab of issues with the number of them."""

    selection: IssueSelection
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTabs:
    """The tabs, and the issues of the current one."""

    tabs: tuple[IssueTab, ...]
    current: IssueTab
    lines: tuple[IssueLine, ...]

    def count(self, name: str) -> int:
        """Return the number of issues of the selection with this name."""
        return next(tab.count for tab in self.tabs if tab.selection == name)


def selection_of(text: str) -> IssueSelection:
    """Return the tab with this name, or the default one."""
    return IssueSelection(text) if text in set(IssueSelection) else IssueSelection.ATTENTION


def issue_tabs(
    connection: Connection,
    workspace: Workspace,
    release_ids: Collection[int],
    selection: IssueSelection,
) -> IssueTabs:
    """Return the tabs, of the others than the selected one with the number only."""
    counts = counts_in(connection, release_ids, workspace.project_ids)
    listed = selected_in(
        connection, selection, release_ids, workspace.project_ids, limit=ISSUES_MAX
    )
    tabs = tuple(
        IssueTab(selection=tab, name=name, count=counts[tab]) for tab, name in TABS.items()
    )
    lines = issue_lines(listed.issues, workspace)
    current = next(tab for tab in tabs if tab.selection is selection)
    return IssueTabs(tabs=tabs, current=current, lines=_urgent_first(lines))


def _urgent_first(lines: Sequence[IssueLine]) -> tuple[IssueLine, ...]:
    """Return the lines with regressed issues first, then new ones."""
    ranks = {"regressed": 0, "new": 1}
    return tuple(
        sorted(lines, key=lambda line: ranks.get(str(line.issue.substatus or ""), len(ranks)))
    )
