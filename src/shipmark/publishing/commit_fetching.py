"""Fetching of the commits that a release waits for (releases.md 3.5.1): load the job, fetch, store the results.

`fetch` has no database connection: on SQLite a transaction that waits for the network would block all writers.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.deploys import actions as deploys
from shipmark.infrastructure.encryption import Cipher, DecryptionError
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import report_exception, span
from shipmark.publishing import actions as publishing
from shipmark.publishing import commit_fetch_requests
from shipmark.publishing.model import PublishContext
from shipmark.releases.model import (
    Fetch,
    FetchMode,
    FetchState,
    Release,
    ReleaseActivity,
    ReleaseActivityType,
)
from shipmark.releases.store import activity, earlier_heads, fetches, locks
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store.fetches import Result
from shipmark.repositories import actions as repositories
from shipmark.repositories import store as repository_store
from shipmark.repositories.git.addresses import Remote
from shipmark.repositories.git.backends import FetchPolicy
from shipmark.repositories.git.commit_reader import (
    CommitRange,
    FetchedCommits,
    read_exact,
    read_range,
)
from shipmark.repositories.git.egress_guard import EgressGuard
from shipmark.repositories.git.errors import RemoteProblem
from shipmark.repositories.git.known_hosts import KnownHosts
from shipmark.repositories.git.remote_credentials import remote_of
from shipmark.repositories.git.remote_rules import parse_remote_rules
from shipmark.repositories.model import CommitInput, Repository, StoredRemote

INTERNAL = "An internal system error occurred."
NOTHING_NEW = "There are no commits after {}."
#: The result of each repository, by id.
FetchResults = Mapping[int, FetchedCommits | RemoteProblem]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchJob:
    """The commits to fetch for a release, and their remotes."""

    release: Release
    fetches: tuple[Fetch, ...]
    repositories: Mapping[int, Repository]
    remotes: Mapping[int, StoredRemote]
    earlier_heads: Mapping[int, Sequence[str]]

    @property
    def fetch_ids(self) -> list[int]:
        """Return the ids of the fetches."""
        return [fetch.id for fetch in self.fetches]


def begin(connection: Connection, fetch_ids: Collection[int], now: datetime) -> FetchJob | None:
    """Start the fetches, or return None if none is pending."""
    pending = [
        fetch
        for fetch in fetches.by_ids(connection, fetch_ids)
        if fetch.state in commit_fetch_requests.PENDING
    ]
    release = locks.lock(connection, pending[0].release_id) if pending else None
    if release is None:
        return None
    fetches.start(connection, [fetch.id for fetch in pending], now)
    repository_ids = {fetch.repository_id for fetch in pending}
    ranges = [fetch for fetch in pending if fetch.mode is FetchMode.RANGE and fetch.previous]
    range_ids = {fetch.repository_id for fetch in ranges}
    return FetchJob(
        release=release,
        earlier_heads=earlier_heads.fetched_heads(
            connection, release, range_ids, release_projects.ids_of(connection, release.id)
        ),
        fetches=tuple(pending),
        repositories=repository_store.by_ids(connection, repository_ids),
        remotes=repository_store.remotes_of(connection, repository_ids),
    )


def fetch(job: FetchJob, settings: Settings) -> FetchResults:
    """Fetch from the remotes. Return the result of each repository. This takes as long as the settings allow."""
    result: dict[int, FetchedCommits | RemoteProblem] = {}
    tags = {"release.version": job.release.version}
    with (
        span("release.fetch_commits", **tags) as fields,
        EgressGuard(
            allow_private=settings.outgoing_allow_private,
            seconds_max=settings.git_seconds_max,
            bytes_max=settings.git_bytes_max,
        ) as outgoing,
    ):
        outside = FetchPolicy(
            allow_files=settings.git_allow_files,
            hosts=KnownHosts(settings.known_hosts_file),
            outgoing=outgoing,
        )
        for repository_id in dict.fromkeys(fetch.repository_id for fetch in job.fetches):
            result[repository_id] = _of_repository(job, repository_id, settings, outside)
        fields["repositories.count"] = len(result)
        fields["commits.count"] = len(_commits(result))
        problems = [value.sentence for value in result.values() if isinstance(value, RemoteProblem)]
        if problems:
            fields["fetch.problem"] = problems[0]
    return result


def _commits(results: FetchResults) -> list[CommitInput]:
    fetched = [value for value in results.values() if isinstance(value, FetchedCommits)]
    return [commit for value in fetched for commit in value.commits]


def is_retryable(results: FetchResults) -> bool:
    """Return True if a failed fetch may succeed later."""
    problems = (value for value in results.values() if isinstance(value, RemoteProblem))
    return any(not problem.is_final for problem in problems)


def is_current(connection: Connection, job: FetchJob) -> bool:
    """Return True if the release still waits for exactly these fetches, and lock it until the transaction ends."""
    if locks.lock(connection, job.release.id) is None:
        return False
    now = fetches.by_ids(connection, job.fetch_ids)
    return len(now) == len(job.fetches) and all(fetch.state is FetchState.RUNNING for fetch in now)


def schedule_retry(
    connection: Connection, job: FetchJob, results: FetchResults, again: datetime, now: datetime
) -> None:
    """Record that the failed fetches are retried, with their errors."""
    records = []
    for fetch in job.fetches:
        result = results[fetch.repository_id]
        error = result.sentence if isinstance(result, RemoteProblem) else None
        state = FetchState.WAITING
        records.append(Result(fetch_id=fetch.id, state=state, error=error, next_at=again))
    fetches.record(connection, records, now)


def finish(
    connection: Connection, job: FetchJob, results: FetchResults, context: PublishContext
) -> None:
    """Bind the fetched commits, record the failures, and announce the deploys that waited for them."""
    release = locks.lock(connection, job.release.id)
    assert release is not None, "it was locked"
    if commits := _commits(results):
        release = publishing.bind_fetched_commits(connection, release, commits, context)
    _move_heads(connection, release, job, results, context)
    records = [_result(fetch, results[fetch.repository_id]) for fetch in job.fetches]
    fetches.record(connection, records, context.now)
    _record_activity(connection, release, job, results, context)
    deploys.announce_waiting(connection, release)


def _of_repository(
    job: FetchJob, repository_id: int, settings: Settings, policy: FetchPolicy
) -> FetchedCommits | RemoteProblem:
    try:
        return _read(job, repository_id, settings, policy)
    except RemoteProblem as problem:
        return problem
    except DecryptionError as error:
        return RemoteProblem(str(error), is_final=True)
    except Exception as error:  # noqa: BLE001  # one repository's failure must not prevent the others' commits
        report_exception("Commits could not be fetched", error, **{"repository.id": repository_id})
        return RemoteProblem(INTERNAL)


def _read(
    job: FetchJob, repository_id: int, settings: Settings, policy: FetchPolicy
) -> FetchedCommits:
    repository = job.repositories[repository_id]
    safe = Cipher(text=settings.secret_key, file=settings.secret_key_file)
    stored_remote = job.remotes.get(repository_id)
    remote = remote_of(repository, stored_remote, parse_remote_rules(settings.git_remotes), safe)
    requested = [fetch for fetch in job.fetches if fetch.repository_id == repository_id]
    if requested[0].mode is FetchMode.EXACT:
        return _exact(remote, repository, [fetch.commit for fetch in requested], policy)
    if remote is None:
        raise RemoteProblem(commit_fetch_requests.NO_REMOTE, is_final=True)
    commit_range = CommitRange(
        repository=repository.name,
        commit=requested[0].commit,
        previous=requested[0].previous,
        earlier=tuple(job.earlier_heads.get(repository_id, ())),
    )
    return read_range(remote, commit_range, policy, most=settings.commits_max)


def _exact(
    remote: Remote | None, repository: Repository, keys: Sequence[str], policy: FetchPolicy
) -> FetchedCommits:
    """Return individually listed commits; of a repository without a remote with their keys only."""
    if remote is not None:
        return read_exact(remote, repository.name, keys, policy)
    commits = tuple(CommitInput(sha=key, repository=repository.name) for key in keys)
    return FetchedCommits(commits=commits, head=keys[0])


def _move_heads(
    connection: Connection,
    release: Release,
    job: FetchJob,
    results: FetchResults,
    context: PublishContext,
) -> None:
    """Replace heads that were named by a branch, a tag or a short key by their full key."""
    requested = {fetch.repository_id: fetch.commit for fetch in reversed(job.fetches)}
    full_keys = {
        id_: result.head
        for id_, result in results.items()
        if isinstance(result, FetchedCommits) and result.head != requested[id_]
    }
    if full_keys:
        organization_id = release.organization_id
        heads = repositories.upsert_heads(connection, organization_id, full_keys, context.now)
        release_commits.set_heads(connection, release.id, heads)


def _result(fetch: Fetch, outcome: FetchedCommits | RemoteProblem) -> Result:
    if isinstance(outcome, RemoteProblem):
        return Result(fetch_id=fetch.id, state=FetchState.FAILED, error=outcome.sentence)
    count = 1 if fetch.mode is FetchMode.EXACT else len(outcome.commits)
    note = " ".join(outcome.notes) or (None if count else NOTHING_NEW.format(fetch.previous))
    return Result(fetch_id=fetch.id, state=FetchState.DONE, note=note, commit_count=count)


def _record_activity(
    connection: Connection,
    release: Release,
    job: FetchJob,
    results: FetchResults,
    context: PublishContext,
) -> None:
    """Add an activity with successes and failures to each project of the release."""
    attached = release_projects.of_releases(connection, [release.id]).get(release.id, [])
    happened = [
        ReleaseActivity(
            project_id=project.project_id,
            type=kind,
            version=release.version,
            at=context.now,
            user_id=context.user_id,
            details=details,
        )
        for kind, details in _news(job, results)
        for project in attached
    ]
    activity.add(connection, release.organization_id, happened)


def _news(
    job: FetchJob, results: FetchResults
) -> list[tuple[ReleaseActivityType, dict[str, object]]]:
    news: list[tuple[ReleaseActivityType, dict[str, object]]] = []
    for repository_id, result in results.items():
        details: dict[str, object] = {"repository": job.repositories[repository_id].name}
        match result:
            case FetchedCommits():
                kind = ReleaseActivityType.COMMITS_FETCHED
                details["commits"] = len(result.commits)
            case RemoteProblem():
                kind = ReleaseActivityType.COMMITS_FETCH_FAILED
                details["error"] = result.sentence
        news.append((kind, details))
    return news
