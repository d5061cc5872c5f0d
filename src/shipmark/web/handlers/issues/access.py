"""The issue that a page's path names, as the user may change it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.issues.actions.update_issue import apply_change
from shipmark.issues.model import Issue, IssueChange
from shipmark.issues.store import states
from shipmark.web.request_context import WebRequest, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedIssue:
    """An issue that the signed-in user changes: in ``rows`` as it is now, alone; they are locked in a transaction."""

    connection: Connection
    workspace: Workspace
    rows: Sequence[Issue]

    def apply(self, change: IssueChange) -> None:
        """Change the issue. Raise what `apply_change` does."""
        apply_change(self.connection, self.rows, change, self.workspace.user.id, now())


@contextmanager
def locked_issue(
    web_request: WebRequest, workspace: Workspace, issue: Issue
) -> Iterator[LockedIssue]:
    """Open a transaction with the issue locked. Raise `NotFound` if it was deleted since the user was authorized."""
    with web_request.database.transaction() as connection:
        rows = states.locked(connection, workspace.organization.id, [issue.id])
        if not rows:
            raise NotFound
        yield LockedIssue(connection=connection, workspace=workspace, rows=rows)
