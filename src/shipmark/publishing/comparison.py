"""Comparison of two releases: the commits, files and issues in one and not in the other.

The commits of a release are often only those new since the release before it. So the later of two releases contains
more than its own commits: those of the earlier one, and of every release between them in a project that both are in
and the caller may see. So comparing 3.0.0 with 1.0.0 includes the commits of 2.0.0, and none were removed.
`releases.lineage` defines "between", and excludes a backport which shipped afterwards. The order of the two does not
matter: compared the other way round, the same commits change sides.

Releases without a project in common, or of two lineages, are compared by their own commits alone, with a notice.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.deploys import store as deploys
from shipmark.deploys.model import Deploy
from shipmark.issues.store import release_issues
from shipmark.issues.store.release_issues import IssueSummary
from shipmark.releases.lineage import contains, in_order, lineage_of
from shipmark.releases.model import Release
from shipmark.releases.store import comparison, lineage
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store.comparison import ChangedInAll
from shipmark.repositories.model import Commit

NO_COMMON_PROJECT = (
    "{} and {} have no project in common, so nothing lies between them:"
    " only their own commits are compared."
)
NO_COMMON_LINEAGE = (
    "{} and {} are not versions of one package, so nothing lies between them:"
    " only their own commits are compared."
)

#: The most items of a list; the number beside it counts all.
SHOWN_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRelease:
    """One of the two releases with its own issues."""

    release: Release
    deploys: tuple[Deploy, ...]
    new: IssueSummary
    resolved: IssueSummary
    regressed: IssueSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The commits in the head and not in the base, newest first, and the reverse. Authors and files are of the former.

    ``between_count`` releases lie between the two and count for the later one; ``range_ids`` are the releases that only
    the head contains, itself included. ``notice`` is a message for users why
    none can; it is None if the two can be compared.
    """

    base: ComparedRelease
    head: ComparedRelease
    notice: str | None
    between_count: int
    range_ids: frozenset[int]
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
    """Compare two releases, restricted to these projects."""
    sides = _sides(connection, base, head, project_ids)
    heads, bases = sides.head_ids, sides.base_ids
    commit_count, commits = comparison.commits_only_in(connection, heads, bases, limit=SHOWN_MAX)
    removed_count, removed = comparison.commits_only_in(connection, bases, heads, limit=SHOWN_MAX)
    author_count, author_ids = comparison.authors_only_in(connection, heads, bases, limit=SHOWN_MAX)
    file_count, files = comparison.files_only_in(connection, heads, bases, limit=SHOWN_MAX)
    return Comparison(
        base=_side(connection, base, project_ids),
        head=_side(connection, head, project_ids),
        notice=sides.notice,
        between_count=sides.between_count,
        range_ids=frozenset(heads - bases),
        commit_count=commit_count,
        commits=tuple(commits),
        removed_commit_count=removed_count,
        removed_commits=tuple(removed),
        author_count=author_count,
        author_ids=tuple(author_ids),
        file_count=file_count,
        files=tuple(files),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """The releases whose commits count for the head, and for the base."""

    head_ids: set[int]
    base_ids: set[int]
    between_count: int = 0
    notice: str | None = None


def _sides(
    connection: Connection, base: Release, head: Release, project_ids: Collection[int]
) -> _Sides:
    attached = release_projects.of_releases(connection, {base.id, head.id})
    of_base, of_head = (
        {item.project_id for item in attached.get(release.id, [])} for release in (base, head)
    )
    shared = of_base & of_head & set(project_ids)
    notice = None
    if not shared:
        notice = NO_COMMON_PROJECT.format(base.version, head.version)
    elif lineage_of(base) != lineage_of(head):
        notice = NO_COMMON_LINEAGE.format(base.version, head.version)
    if notice is not None:
        return _Sides(head_ids={head.id}, base_ids={base.id}, notice=notice)
    earlier, later = in_order(base, head)
    between = set(lineage.between(connection, earlier, later, shared))
    sides = {earlier.id: {earlier.id}} | {later.id: {later.id} | between}
    if contains(later, earlier):
        sides[later.id].add(earlier.id)
    return _Sides(head_ids=sides[head.id], base_ids=sides[base.id], between_count=len(between))


def _side(
    connection: Connection, release: Release, project_ids: Collection[int]
) -> ComparedRelease:
    return ComparedRelease(
        release=release,
        deploys=tuple(deploys.page_of(connection, release.id, limit=SHOWN_MAX, offset=0)),
        new=release_issues.new_in(connection, release.id, project_ids, limit=SHOWN_MAX),
        resolved=release_issues.resolved_by(connection, release.id, project_ids, limit=SHOWN_MAX),
        regressed=release_issues.regressed_in(connection, release.id, project_ids, limit=SHOWN_MAX),
    )
