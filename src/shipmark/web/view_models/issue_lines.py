"""What do lists show of an issue?"""

from collections.abc import Iterable
from dataclasses import dataclass

from shipmark.issues.model import Issue
from shipmark.issues.short_ids import format_short_id
from shipmark.web.request_context import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLine:
    """An issue and the name that people call it by."""

    issue: Issue
    short_id: str


def issue_line(issue: Issue, place: Workspace) -> IssueLine:
    """An issue of a project that the visitor may see."""
    slug = place.projects_by_id[issue.project_id].slug
    return IssueLine(issue=issue, short_id=format_short_id(slug, issue.number))


def issue_lines(found: Iterable[Issue], place: Workspace) -> tuple[IssueLine, ...]:
    """Issues of projects that the visitor may see."""
    return tuple(issue_line(issue, place) for issue in found)
