"""Release notes of a release, from the commits and issues that its page shows."""

from collections.abc import Sequence

from sqlalchemy import Connection

from shipmark.issues.store.release_issue_lists import IssueSelection, selected_in
from shipmark.releases import actions as releases
from shipmark.releases.model import Release
from shipmark.releases.release_notes import NotedCommit, NotedRelease, markdown
from shipmark.web.request_context import Workspace
from shipmark.web.template_filters import short_version
from shipmark.web.view_models.issue_lines import IssueLine, issue_lines
from shipmark.web.view_models.issue_tabs import ISSUES_MAX
from shipmark.web.view_models.release_commits import CommitLine, commit_page

#: The most commits in a file of notes; of further ones the number is shown.
NOTED_COMMITS_MAX = 500


def notes_of(release: Release, lines: Sequence[CommitLine], resolved: Sequence[IssueLine]) -> str:
    """Return the notes of a release with these commits and resolved issues."""
    commits = [
        NotedCommit(
            message=line.commit.message or "",
            author=(line.author.name or line.author.email) if line.author else "",
            fixes=tuple(issue_line.short_id for issue_line in line.fixes),
        )
        for line in lines
    ]
    noted = NotedRelease(
        title=short_version(release.version),
        released_at=release.released_at,
        commits=commits,
        resolved=[(line.short_id, line.issue.title) for line in resolved],
        left_out_count=max(release.commit_count - len(commits), 0),
    )
    return markdown(noted)


def load_notes(connection: Connection, workspace: Workspace, version: str) -> str:
    """Return the notes of the release with this version; raise `NotFound` if the user can't see it."""
    release, attached_ids = releases.find_attached(
        connection, workspace.organization.id, version, workspace.project_ids
    )
    resolved = resolved_lines(connection, workspace, release)
    page = commit_page(
        connection, release, 1, attached_ids, resolved=resolved, limit=NOTED_COMMITS_MAX
    )
    # The page groups commits by repository; the notes are in the order of the release.
    lines = sorted(page.lines, key=lambda line: line.commit.created_at, reverse=True)
    return notes_of(release, lines, resolved)


def resolved_lines(
    connection: Connection, workspace: Workspace, release: Release
) -> tuple[IssueLine, ...]:
    """Return the issues that the release resolves, the last seen first."""
    summary = selected_in(
        connection,
        IssueSelection.RESOLVED,
        [release.id],
        workspace.project_ids,
        limit=ISSUES_MAX,
    )
    return issue_lines(summary.issues, workspace)
