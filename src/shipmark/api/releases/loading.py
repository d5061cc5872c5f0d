"""What the JSON of releases, commits and issues nests, loaded for a whole page: one query for each relation."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.deploys import store as deploys
from shipmark.deploys.model import Deploy
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.publishing.comparison import Comparison
from shipmark.publishing.model import Published
from shipmark.release_health.overviews import ReleaseHealth
from shipmark.release_health.store.pair_buckets import Pair
from shipmark.releases.model import Release, ReleasedProject, ReleaseRef
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import environments
from shipmark.releases.store.adoption import Adoption
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Author, Commit, Repository


@dataclass(slots=True, kw_only=True)
class Related:
    """Everything by its id; ``members`` are the users of authors' addresses."""

    projects: dict[int, Project] = field(default_factory=dict)
    platforms: dict[int, list[str]] = field(default_factory=dict)
    attached: dict[int, list[ReleasedProject]] = field(default_factory=dict)
    deploys: dict[int, Deploy] = field(default_factory=dict)
    commits: dict[int, Commit] = field(default_factory=dict)
    repositories: dict[int, Repository] = field(default_factory=dict)
    authors: dict[int, Author] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    releases_of_commits: dict[int, list[ReleaseRef | Release]] = field(default_factory=dict)
    #: By project and release, if health was asked for.
    health: dict[Pair, ReleaseHealth] = field(default_factory=dict)
    #: By release and project, if stages were asked for.
    adoptions: dict[tuple[int, int], Adoption] = field(default_factory=dict)


def prefetch_for_releases(
    connection: Connection,
    organization_id: int,
    releases: Sequence[Release],
    environment_ids: Collection[int] | None = None,
    known: Sequence[Project] = (),
) -> Related:
    """Return what the JSON of these releases nests; what was seen of them is of those environments, or of any.

    Projects that are known already are not asked for again.
    """
    # A flat list has a release once for each project.
    release_ids = {release.id for release in releases}
    attached = environments.seen(connection, release_ids, environment_ids)
    project_ids = {row.project_id for rows in attached.values() for row in rows}
    by_id = {project.id: project for project in known}
    if not project_ids <= by_id.keys():
        by_id = projects.by_ids(connection, project_ids)
    related = Related(attached=attached, projects=by_id)
    related.platforms = {
        row.project_id: list(row.platforms) for rows in attached.values() for row in rows
    }
    _complete(connection, organization_id, related, releases)
    return related


def prefetch_for_new_release(
    connection: Connection, published: Published, attached: Sequence[Project]
) -> Related:
    """Return what the JSON of a release nests that was made just now: no event can have come for it yet."""
    release = published.release
    known = {project.id: project for project in attached}
    fresh = [ReleasedProject(project_id=id_, new_issue_count=0) for id_ in sorted(known)]
    related = Related(attached={release.id: fresh}, projects=known)
    related.platforms = projects.platforms_of(connection, known)
    _complete(
        connection,
        release.organization_id,
        related,
        [release],
        are_commits_elsewhere=not published.has_only_new_commits,
    )
    return related


def prefetch_for_commits(
    connection: Connection, organization_id: int, commits: Sequence[Commit]
) -> Related:
    """Return what the JSON of these commits nests."""
    related = Related(commits={commit.id: commit for commit in commits})
    _add_commits(connection, related, commits)
    _add_people(connection, organization_id, related, (), ())
    return related


def prefetch_for_comparison(
    connection: Connection, organization_id: int, comparison: Comparison
) -> Related:
    """Return what the JSON of a comparison nests, but for its issues."""
    commits = {row.id: row for row in (*comparison.commits, *comparison.removed_commits)}
    related = Related(commits=commits)
    _add_commits(connection, related, list(commits.values()))
    of_files = {file.repository_id for file in comparison.files} - related.repositories.keys()
    related.repositories |= repositories.by_ids(connection, of_files)
    _add_people(connection, organization_id, related, comparison.author_ids, ())
    return related


def prefetch_for_users(connection: Connection, user_ids: Iterable[int | None]) -> dict[int, User]:
    """Return the users with these ids; None stands for no user."""
    return accounts.by_ids(connection, {user_id for user_id in user_ids if user_id is not None})


def _complete(
    connection: Connection,
    organization_id: int,
    related: Related,
    releases: Sequence[Release],
    *,
    are_commits_elsewhere: bool = True,
) -> None:
    """Add what follows from the releases and their projects; their commits may be in other releases too."""
    commit_ids = {r.last_commit_id for r in releases if r.last_commit_id is not None}
    deploy_ids = {r.last_deploy_id for r in releases if r.last_deploy_id is not None}
    related.commits, related.repositories = repositories.commits_with_repositories(
        connection, commit_ids
    )
    related.deploys = deploys.by_ids(connection, deploy_ids)
    if are_commits_elsewhere:
        related.releases_of_commits = release_commits.releases_of(
            connection, list(related.commits), releases
        )
    else:
        related.releases_of_commits = {commit_id: list(releases) for commit_id in related.commits}
    author_ids = {author_id for release in releases for author_id in release.author_ids}
    owner_ids = {release.owner_id for release in releases if release.owner_id is not None}
    _add_people(connection, organization_id, related, author_ids, owner_ids)


def _add_commits(connection: Connection, related: Related, commits: Sequence[Commit]) -> None:
    repository_ids = {commit.repository_id for commit in commits}
    related.repositories = repositories.by_ids(connection, repository_ids)
    related.releases_of_commits = release_commits.releases_of(
        connection, [commit.id for commit in commits]
    )


def _add_people(
    connection: Connection,
    organization_id: int,
    related: Related,
    author_ids: Iterable[int],
    user_ids: Iterable[int],
) -> None:
    """Add the authors of all commits and the given ones, the members that they are, and the given users."""
    of_commits = {c.author_id for c in related.commits.values() if c.author_id is not None}
    related.authors, related.members = repositories.authors_with_members(
        connection, organization_id, of_commits | set(author_ids)
    )
    related.users = accounts.by_ids(connection, set(related.members.values()) | set(user_ids))
