"""Find the commits that may have brought an issue (groups-api.md 7.4)."""

from collections.abc import Mapping

from sqlalchemy import Connection

from shipmark.infrastructure.errors import NotFound
from shipmark.issues.model import Issue
from shipmark.issues.suspects import FRAMES_MAX, Committer, committers, frames_of, names_of
from shipmark.releases.store import file_changes, lineage, releases

#: How many releases of the lineage are looked into, the issue's first being the last of them.
RELEASES_MAX = 5


def suspects_of(
    connection: Connection, issue: Issue, payload: Mapping[str, object], *, frames_max: int
) -> list[Committer]:
    """Who wrote the commits, in the releases up to the issue's first, that changed files in the event's stack.

    Raises `NotFound` when the issue came without a release, or none of those has commits.
    """
    known = releases.by_ids(connection, [issue.first_release_id] if issue.first_release_id else [])
    first = known.get(issue.first_release_id or 0)
    if first is None:
        raise NotFound("Release not found")
    earlier = lineage.before(connection, first, issue.project_id, limit=RELEASES_MAX - 1)
    candidates = [first, *earlier]
    if not any(release.commit_count for release in candidates):
        raise NotFound("No Commits found for Release")
    frames = frames_of(dict(payload), min(frames_max, FRAMES_MAX))
    if not frames:
        return []
    changes = file_changes.of_names(
        connection, [release.id for release in candidates], names_of(frames)
    )
    return committers(frames, changes, first.id)
