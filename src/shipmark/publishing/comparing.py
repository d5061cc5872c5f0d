"""Compare two releases: what is in one and not in the other, with what lies between them.

The commits of a release are often only what is new since the one before it. So where two releases are compared, the
later side holds more than its own commits: those of every release count as well that shipped after the earlier and
before the later one, in a project that both are in and the caller may see. Comparing 3.0 with 1.0 so includes what
came with 2.0. "Shipped" is when it was released, or else created; ids decide between releases of one moment. Which of
the two is the base does not matter: compared the other way round, the same commits change sides.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.deploys import store as deploys
from shipmark.deploys.model import Deploy
from shipmark.issues.store import of_release
from shipmark.issues.store.of_release import SomeIssues
from shipmark.releases.model import Release
from shipmark.releases.store import differences, order
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store.differences import ChangedInAll
from shipmark.repositories.model import Commit

#: No list shows more than this; the number beside it is the true one.
SHOWN_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What belongs to one of the two releases itself."""

    release: Release
    deploys: tuple[Deploy, ...]
    new: SomeIssues
    resolved: SomeIssues
    regressed: SomeIssues


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is in the head and not in the base, newest first, and the reverse. Authors and files are of the former."""

    base: Side
    head: Side
    commit_count: int
    commits: tuple[Commit, ...]
    removed_commit_count: int
    removed_commits: tuple[Commit, ...]
    author_count: int
    author_ids: tuple[int, ...]
    file_count: int
    files: tuple[ChangedInAll, ...]


def compare(
    connection: Connection, base: Release, head: Release, project_ids: Collection[int]
) -> Comparison:
    """Compare two releases, as far as somebody sees them who may see these projects."""
    heads, bases = _sides(connection, base, head, project_ids)
    commit_count, commits = differences.commits_only_in(connection, heads, bases, limit=SHOWN_MAX)
    removed_count, removed = differences.commits_only_in(connection, bases, heads, limit=SHOWN_MAX)
    author_count, author_ids = differences.authors_only_in(
        connection, heads, bases, limit=SHOWN_MAX
    )
    file_count, files = differences.files_only_in(connection, heads, bases, limit=SHOWN_MAX)
    return Comparison(
        base=_side(connection, base, project_ids),
        head=_side(connection, head, project_ids),
        commit_count=commit_count,
        commits=tuple(commits),
        removed_commit_count=removed_count,
        removed_commits=tuple(removed),
        author_count=author_count,
        author_ids=tuple(author_ids),
        file_count=file_count,
        files=tuple(files),
    )


def _sides(
    connection: Connection, base: Release, head: Release, project_ids: Collection[int]
) -> tuple[set[int], set[int]]:
    """The releases whose commits count for the head, and those for the base."""
    earlier, later = sorted([base, head], key=lambda it: (it.shipped_at, it.id))
    attached = release_projects.of_releases(connection, {base.id, head.id})
    of_base, of_head = (
        {it.project_id for it in attached.get(release.id, [])} for release in (base, head)
    )
    shared = of_base & of_head & set(project_ids)
    between = set(order.between(connection, earlier, later, shared))
    sides = {earlier.id: {earlier.id}} | {later.id: {later.id} | between}
    return sides[head.id], sides[base.id]


def _side(connection: Connection, release: Release, project_ids: Collection[int]) -> Side:
    return Side(
        release=release,
        deploys=tuple(deploys.page_of(connection, release.id, limit=SHOWN_MAX, offset=0)),
        new=of_release.new_in(connection, release.id, project_ids, limit=SHOWN_MAX),
        resolved=of_release.resolved_by(connection, release.id, project_ids, limit=SHOWN_MAX),
        regressed=of_release.regressed_in(connection, release.id, project_ids, limit=SHOWN_MAX),
    )
