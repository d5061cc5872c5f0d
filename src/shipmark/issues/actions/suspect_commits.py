"""Suspect commits of an issue (groups-api.md 7.4)."""

from collections.abc import Mapping

from sqlalchemy import Connection

from shipmark.infrastructure.errors import NotFound
from shipmark.issues.model import Issue
from shipmark.issues.suspects import FRAMES_MAX, Committer, committers, frames_of, names_of
from shipmark.releases.store import file_changes, lineage, releases
from shipmark.repositories.code_mappings import SourceFinder

#: The most releases of the lineage that are searched, up to the issue's first release.
RELEASES_MAX = 5


def suspects_of(
    connection: Connection,
    issue: Issue,
    payload: Mapping[str, object],
    sources: SourceFinder,
    *,
    frames_max: int,
) -> list[Committer]:
    """Return the authors of commits, in releases up to the issue's first, that changed files in the event's stack.

    ``sources`` finds files by the code mappings of the project. Raise `NotFound` if the issue has no first release, or
    these releases have no commits.
    """
    by_id = releases.by_ids(connection, [issue.first_release_id] if issue.first_release_id else [])
    first = by_id.get(issue.first_release_id or 0)
    if first is None:
        raise NotFound("Release not found")
    earlier = lineage.before(connection, first, issue.project_id, limit=RELEASES_MAX - 1)
    candidates = [first, *earlier]
    if not any(release.commit_count for release in candidates):
        raise NotFound("No Commits found for Release")
    frames = frames_of(dict(payload), min(frames_max, FRAMES_MAX), sources)
    if not frames:
        return []
    changes = file_changes.of_names(
        connection, [release.id for release in candidates], names_of(frames)
    )
    return committers(frames, changes, first.id)
