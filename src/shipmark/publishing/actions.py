"""Publishing of a release: get or create it, attach projects, bind commits and refs, resolve issues (releases.md 3).

Each function is one unit of work: the caller opens the transaction, and a refusal in any step undoes all of it. The
number of statements does not depend on the number of projects, commits, authors, files or issues.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from shipmark.deploys import actions as deploys
from shipmark.infrastructure.errors import NotFound, ValidationFailed
from shipmark.infrastructure.telemetry import span
from shipmark.issues import references
from shipmark.issues.actions import resolve
from shipmark.projects.commit_paths import matches_paths, union_paths
from shipmark.publishing import auditing, commit_fetch_requests
from shipmark.publishing.model import (
    CommitsAndRefs,
    PublishContext,
    Published,
    ReleaseInput,
    ReleaseUpdate,
)
from shipmark.releases import actions as releases
from shipmark.releases.model import NewRelease, Release, ReleaseStatus
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import fetches, locks
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store import releases as release_store
from shipmark.repositories import actions as repositories
from shipmark.repositories.model import CommitInput, StoredCommit

_OLDEST = datetime.min.replace(tzinfo=UTC)


def publish(
    connection: Connection, release_input: ReleaseInput, context: PublishContext
) -> Published:
    """Create the release, or extend the one with this version.

    Of an existing release only the status is changed; its ref, URL, owner and date need an update. A new
    release without projects would be invisible to all members: raise `ValidationFailed`.
    """
    tags = {
        "release.version": release_input.version,
        "release.has_refs": bool(release_input.code.refs),
    }
    with span("release.publish", **tags):
        release, is_new = _get_or_create(connection, release_input, context)
        added = _attach(connection, release, release_input, context)
        # A new release has the requested projects and no others.
        limits = (
            union_paths(project.commit_paths for project in release_input.projects)
            if is_new
            else None
        )
        release, names_issues = _bind(connection, release, release_input.code, context, limits)
        # Commits that an existing release had before may name issues of a project that it is new to.
        may_name_issues = names_issues or not is_new
        if names_issues or added:
            _resolve(connection, release, context, added, names_issues=may_name_issues)
        return Published(
            release=release,
            is_new=is_new,
            created_or_attached=is_new or bool(added),
            # Existing commits count as naming issues.
            has_only_new_commits=not may_name_issues,
        )


def update(
    connection: Connection,
    release: Release,
    changes: ReleaseUpdate,
    context: PublishContext,
    notified_project_ids: Collection[int] | None = None,
) -> Release:
    """Update a release. Finalizing it adds an activity to its projects, or to ``notified_project_ids`` only.

    An empty ``refs`` clears its commits.
    """
    tags = {"release.version": release.version, "release.has_refs": bool(changes.code.refs)}
    with span("release.amend", **tags):
        locked = locks.lock(connection, release.id)
        if locked is None:
            raise NotFound
        release = locked
        release = releases.update(
            connection,
            release,
            status=changes.status,
            ref=changes.ref,
            url=changes.url,
            released_at=changes.released_at,
            notified_project_ids=notified_project_ids,
            user_id=context.user_id,
        )
        if release.status is not locked.status:
            auditing.record_status(connection, [locked], release.status, context)
        if changes.code.commits or changes.code.refs is not None:
            # These commits replace those of earlier refs that have not been fetched yet.
            fetches.supersede(connection, release.id, context.now)
        if changes.code.refs == ():
            release = releases.clear_commits(connection, release)
        release, names_issues = _bind(connection, release, changes.code, context)
        if names_issues:
            _resolve(connection, release, context)
        return release


def bind_fetched_commits(
    connection: Connection,
    release: Release,
    commits: Sequence[CommitInput],
    context: PublishContext,
) -> Release:
    """Bind fetched commits to a locked release, and resolve the issues that they name."""
    release, names_issues = _set_commits_timed(connection, release, commits, context)
    if names_issues:
        _resolve(connection, release, context)
    return release


def _get_or_create(
    connection: Connection, release_input: ReleaseInput, context: PublishContext
) -> tuple[Release, bool]:
    with span("release.get_or_create", **{"release.version": release_input.version}) as tags:
        new = NewRelease(
            version=release_input.version,
            created_at=context.now,
            status=release_input.status or ReleaseStatus.OPEN,
            ref=release_input.ref,
            url=release_input.url,
            owner_id=release_input.owner_id,
            released_at=release_input.released_at,
            user_agent=release_input.user_agent,
        )
        release, is_new = release_store.ensure(connection, context.organization.id, new)
        tags["release.is_new"] = is_new
        if is_new and not release_input.projects:
            raise ValidationFailed({"projects": ["This list may not be empty for a new release."]})
        if not is_new and (release_input.code.commits or release_input.code.refs):
            fetches.supersede(connection, release.id, context.now)
        if not is_new and release_input.status is not None:
            before = release
            release = releases.set_status(connection, before, release_input.status)
            if release.status is not before.status:
                auditing.record_status(connection, [before], release.status, context)
        return release, is_new


def _attach(
    connection: Connection, release: Release, release_input: ReleaseInput, context: PublishContext
) -> set[int]:
    with span("release.attach", **{"release.version": release.version}):
        return releases.attach(connection, release, release_input.projects, context.user_id)


def _bind(
    connection: Connection,
    release: Release,
    code: CommitsAndRefs,
    context: PublishContext,
    limits: Sequence[str] | None = None,
) -> tuple[Release, bool]:
    """Bind commits and refs. Return the release, and True if its commits may name issues.

    ``limits`` are the folders that its projects limit commits to; None if they have to be loaded.
    """
    names_issues = False
    commits: Sequence[CommitInput] = code.commits
    if commits:
        release, names_issues = _set_commits_timed(connection, release, commits, context, limits)
    if code.refs:
        with span("release.set_refs", **{"release.version": release.version}):
            commits = _set_refs(connection, release, code, context)
        if commits:
            release, names_issues = _set_commits_timed(
                connection, release, commits, context, limits
            )
    has_code = bool(code.commits) or code.refs is not None
    if has_code and release.deploy_count and not fetches.is_pending(connection, release.id):
        deploys.announce_waiting(connection, release)
    return release, names_issues


def _set_commits_timed(
    connection: Connection,
    release: Release,
    commits: Sequence[CommitInput],
    context: PublishContext,
    limits: Sequence[str] | None = None,
) -> tuple[Release, bool]:
    with span("release.set_commits", **{"release.version": release.version}) as tags:
        tags["commits.count"] = len(commits)
        if limits is None:
            limits = union_paths(release_projects.commit_paths_of(connection, release.id))
        return _set_commits(connection, release, commits, context, limits)


def _set_commits(
    connection: Connection,
    release: Release,
    inputs: Sequence[CommitInput],
    context: PublishContext,
    limits: Sequence[str],
) -> tuple[Release, bool]:
    """Replace the release's commits by these, the newest first; those without a date are the oldest.

    Commits that change no file in ``limits`` are left out, and counted. Return the release, and True if any commit may
    name an issue: new ones by their message, existing ones by an earlier message.
    """
    ordered = sorted(inputs, key=lambda commit: commit.at or _OLDEST, reverse=True)
    commit_inputs = [commit for commit in ordered if not commit.is_skipped]
    commits = (
        [commit for commit in commit_inputs if matches_paths(commit.filenames, limits)]
        if limits
        else commit_inputs
    )
    stored_commits = repositories.upsert_commits(
        connection, context.organization.id, commits, context.now
    )
    is_linked = _link_issues(connection, commits, stored_commits, context)
    names_issues = is_linked or not all(stored_commit.is_new for stored_commit in stored_commits)
    left_out = len(commit_inputs) - len(commits)
    return releases.bind_commits(connection, release, stored_commits, left_out), names_issues


def _link_issues(
    connection: Connection,
    commits: Sequence[CommitInput],
    stored: Sequence[StoredCommit],
    context: PublishContext,
) -> bool:
    """Link commits to the issues that their messages name. Return True if any names one."""
    named = {
        stored_commit.commit_id: references.find(
            commit.message, host=context.host, organization=context.organization.slug
        )
        for commit, stored_commit in zip(commits, stored, strict=True)
        if commit.message is not None
    }
    existing = {item.commit_id for item in stored if not item.is_new}
    resolve.link(connection, context.organization.id, named, existing, context.now)
    return any(named.values())


def _set_refs(
    connection: Connection, release: Release, code: CommitsAndRefs, context: PublishContext
) -> Sequence[CommitInput]:
    """Set the head commits of the named repositories (the last ref of each counts), and request their commits.

    Return the commits to bind at once. If the request has commits too, none are fetched (releases.md 3.5).
    """
    refs = code.refs or ()
    names = [ref.repository for ref in refs]
    ids_by_name = repositories.ensure_repositories(
        connection, context.organization.id, names, context.now
    )
    keys = {ids_by_name[ref.repository]: ref.commit for ref in refs}
    heads = repositories.upsert_heads(connection, context.organization.id, keys, context.now)
    release_commits.set_heads(connection, release.id, heads)
    return (
        []
        if code.commits
        else commit_fetch_requests.request_fetches(connection, release, refs, ids_by_name, context)
    )


def _resolve(
    connection: Connection,
    release: Release,
    context: PublishContext,
    new_in: Collection[int] = (),
    *,
    names_issues: bool = True,
) -> None:
    with span("release.resolve_issues", **{"release.version": release.version}) as tags:
        tags["issues.count"] = resolve.in_release(
            connection, release, context.now, new_in=new_in, names_issues=names_issues
        )
