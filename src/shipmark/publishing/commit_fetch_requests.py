"""Requests to fetch the commits of a release's refs, which jobs perform later."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from shipmark.deploys import actions as deploys
from shipmark.infrastructure import jobs
from shipmark.infrastructure.errors import Conflict
from shipmark.infrastructure.jobs import JobKind
from shipmark.publishing.model import PublishContext, RefInput
from shipmark.releases.model import Fetch, FetchMode, FetchState, NewFetch, Release
from shipmark.releases.store import earlier_heads, fetches, locks
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store.fetches import Result
from shipmark.repositories import store as repositories
from shipmark.repositories.model import CommitInput

OPEN_MAX = 10_000
#: The states of a fetch that has yet to end.
PENDING = {FetchState.WAITING, FetchState.RUNNING}

NO_REMOTE = (
    "The repository has no remote. Set one (PUT /organizations/{org}/repos/{id}/remote/, or"
    " SHIPMARK_GIT_REMOTES), or send the commits themselves (sentry-cli releases set-commits --local)."
)
NOTHING = "There is nothing to be fetched again for this release."
ABANDONED = "The fetch was discarded."
UNDER_WAY = "The commits of this release are being fetched just now."


def request_fetches(
    connection: Connection,
    release: Release,
    refs: Sequence[RefInput],
    repository_ids: Mapping[str, int],
    context: PublishContext,
) -> list[CommitInput]:
    """Request the commits of the refs from the repositories' remotes (releases.md 3.5.1).

    Ranges of repositories without a remote are stored as failed, with the reason, so that members see it. Return the
    commits to bind at once: those listed individually of repositories without a remote.
    """
    names = {repository_id: name for name, repository_id in repository_ids.items()}
    stored_remotes = repositories.remotes_of(connection, names)
    remote = {
        id_
        for id_, name in names.items()
        if id_ in stored_remotes or context.remote_rules.of(name) is not None
    }
    requested = _new_fetches(refs, repository_ids)
    exact = [new for new in requested if new.mode is FetchMode.EXACT]
    ranges = [new for new in requested if new.mode is FetchMode.RANGE]
    if unreachable := [new for new in ranges if new.repository_id not in remote]:
        fetches.add(connection, release, unreachable, context.user_id, context.now, error=NO_REMOTE)
    if not remote:
        return _known_commits(connection, requested, names) if exact else []
    new_fetches = [
        new for new in requested if new.mode is FetchMode.EXACT or new.repository_id in remote
    ]
    _enqueue(connection, release, _after_previous(connection, release, new_fetches), context)
    here = [new for new in exact if new.repository_id not in remote]
    return _known_commits(connection, here, names)


def retry_fetches(connection: Connection, release: Release, context: PublishContext) -> list[Fetch]:
    """Fetch failed and waiting commits now. Raise `Conflict` if there are none, or a fetch is running."""
    result = fetches.open_of(connection, release.id, limit=OPEN_MAX)
    if not result:
        raise Conflict(NOTHING)
    if any(fetch.state is FetchState.RUNNING for fetch in result):
        raise Conflict(UNDER_WAY)
    fetches.supersede(connection, release.id, context.now)
    again = [
        NewFetch(
            repository_id=old.repository_id, commit=old.commit, previous=old.previous, mode=old.mode
        )
        for old in result
    ]
    return fetches.by_ids(connection, _enqueue(connection, release, again, context))


def abandon(connection: Connection, fetch_ids: Collection[int], now: datetime) -> None:
    """Record that pending fetches failed, as their job was discarded, and announce the deploys that waited for them."""
    pending = [fetch for fetch in fetches.by_ids(connection, fetch_ids) if fetch.state in PENDING]
    release = locks.lock(connection, pending[0].release_id) if pending else None
    if release is None:
        return
    state = FetchState.FAILED
    records = [Result(fetch_id=fetch.id, state=state, error=ABANDONED) for fetch in pending]
    fetches.record(connection, records, now)
    deploys.announce_waiting(connection, release)


def _enqueue(
    connection: Connection, release: Release, new: Sequence[NewFetch], context: PublishContext
) -> list[int]:
    fetch_ids = fetches.add(connection, release, new, context.user_id, context.now)
    jobs.enqueue(
        connection,
        JobKind.FETCH_COMMITS,
        {"fetches": fetch_ids},
        now=context.now,
        organization_id=release.organization_id,
    )
    return fetch_ids


def _new_fetches(refs: Sequence[RefInput], repository_ids: Mapping[str, int]) -> list[NewFetch]:
    """Return a range for each repository, or if several refs name it, exactly these commits."""
    of_repository: dict[int, list[RefInput]] = {}
    for ref in refs:
        of_repository.setdefault(repository_ids[ref.repository], []).append(ref)
    requested = []
    for repository_id, ref_inputs in of_repository.items():
        keys = list(dict.fromkeys(ref.commit for ref in reversed(ref_inputs)))
        is_exact = len(keys) > 1 and not any(ref.previous for ref in ref_inputs)
        requested += [
            NewFetch(
                repository_id=repository_id,
                commit=key,
                previous=None if is_exact else ref_inputs[-1].previous,
                mode=FetchMode.EXACT if is_exact else FetchMode.RANGE,
            )
            for key in (keys if is_exact else keys[:1])
        ]
    return requested


def _after_previous(
    connection: Connection, release: Release, new_fetches: Sequence[NewFetch]
) -> list[NewFetch]:
    """Return the fetches, with ranges without a start beginning after the previous release.

    The reference uses the newest release that shares a project, even one newer than this. We use the newest older
    one that has the repository: the commits between are those new in this one.
    """
    ranges = [new for new in new_fetches if new.mode is FetchMode.RANGE]
    open_ended = {new.repository_id for new in ranges if not new.previous}
    heads = (
        earlier_heads.previous_heads(
            connection, release, open_ended, release_projects.ids_of(connection, release.id)
        )
        if open_ended
        else {}
    )
    return [
        replace(new, previous=new.previous or heads.get(new.repository_id))
        if new.mode is FetchMode.RANGE
        else new
        for new in new_fetches
    ]


def _known_commits(
    connection: Connection, new_fetches: Sequence[NewFetch], names: Mapping[int, str]
) -> list[CommitInput]:
    """Return commits by their keys, the last requested first; if all are stored, with their dates for the order."""
    keys = [(new.repository_id, new.commit) for new in new_fetches]
    stored = repositories.commits_by_keys(connection, keys)
    is_dated = all(key in stored and stored[key].message is not None for key in keys)
    dates = {key: commit.created_at for key, commit in stored.items()} if is_dated else {}
    return [CommitInput(sha=key[1], repository=names[key[0]], at=dates.get(key)) for key in keys]
