"""Which commits does a release wait for? Refs of repositories with a remote are asked for, and fetched later."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure import jobs
from shipmark.infrastructure.errors import Conflict
from shipmark.publishing.model import PublishContext, RefInput
from shipmark.releases.model import Fetch, FetchMode, FetchState, NewFetch, Release
from shipmark.releases.store import earlier_heads, fetches
from shipmark.repositories import store as repositories
from shipmark.repositories.model import CommitInput

#: The kind of the job that fetches.
JOB = "fetch_commits"
OPEN_MAX = 10_000

NO_REMOTE = (
    "The repository has no remote. Set one (PUT /organizations/{org}/repos/{id}/remote/, or"
    " SHIPMARK_GIT_REMOTES), or send the commits themselves (sentry-cli releases set-commits --local)."
)
NOTHING = "There is nothing to be fetched again for this release."
UNDER_WAY = "The commits of this release are being fetched just now."


def request_fetches(
    connection: Connection,
    release: Release,
    refs: Sequence[RefInput],
    known: Mapping[str, int],
    context: PublishContext,
) -> list[CommitInput]:
    """Have what the refs name fetched, as far as there are remotes (releases.md 3.5.1).

    Ranges of repositories without a remote are kept as failed, with the reason, so that people are told. Return the
    commits that are to be bound at once: those named one by one of repositories without a remote.
    """
    names = {repository_id: name for name, repository_id in known.items()}
    own = repositories.remotes_of(connection, names)
    remote = {
        it for it, name in names.items() if it in own or context.remote_rules.of(name) is not None
    }
    wanted = _wanted(refs, known)
    unreachable = [
        it for it in wanted if it.mode is FetchMode.RANGE and it.repository_id not in remote
    ]
    if unreachable:
        fetches.add(connection, release, unreachable, context.user_id, context.now, error=NO_REMOTE)
    if not remote:
        return _known_commits(connection, wanted, names) if _exact(wanted) else []
    asked = [it for it in wanted if it.repository_id in remote or it.mode is FetchMode.EXACT]
    _enqueue(connection, release, _after_previous(connection, release, asked), context)
    here = [it for it in _exact(wanted) if it.repository_id not in remote]
    return _known_commits(connection, here, names)


def retry_fetches(connection: Connection, release: Release, context: PublishContext) -> list[Fetch]:
    """Have what failed or waits fetched now; raises `Conflict` where there is nothing, or it is under way."""
    found = fetches.open_of(connection, release.id, limit=OPEN_MAX)
    if not found:
        raise Conflict(NOTHING)
    if any(it.state is FetchState.RUNNING for it in found):
        raise Conflict(UNDER_WAY)
    fetches.supersede(connection, release.id, context.now)
    again = [
        NewFetch(
            repository_id=it.repository_id, commit=it.commit, previous=it.previous, mode=it.mode
        )
        for it in found
    ]
    return fetches.by_ids(connection, _enqueue(connection, release, again, context))


def _enqueue(
    connection: Connection, release: Release, new: Sequence[NewFetch], context: PublishContext
) -> list[int]:
    fetch_ids = fetches.add(connection, release, new, context.user_id, context.now)
    jobs.enqueue(connection, JOB, {"fetches": fetch_ids}, now=context.now)
    return fetch_ids


def _wanted(refs: Sequence[RefInput], known: Mapping[str, int]) -> list[NewFetch]:
    """What the refs name: a range of each repository, or where it is named several times just these commits."""
    of_repository: dict[int, list[RefInput]] = {}
    for ref in refs:
        of_repository.setdefault(known[ref.repository], []).append(ref)
    wanted = []
    for repository_id, given in of_repository.items():
        keys = list(dict.fromkeys(ref.commit for ref in reversed(given)))
        is_exact = len(keys) > 1 and not any(ref.previous for ref in given)
        wanted += [
            NewFetch(
                repository_id=repository_id,
                commit=key,
                previous=None if is_exact else given[-1].previous,
                mode=FetchMode.EXACT if is_exact else FetchMode.RANGE,
            )
            for key in (keys if is_exact else keys[:1])
        ]
    return wanted


def _exact(wanted: Iterable[NewFetch]) -> list[NewFetch]:
    return [it for it in wanted if it.mode is FetchMode.EXACT]


def _after_previous(
    connection: Connection, release: Release, wanted: Sequence[NewFetch]
) -> list[NewFetch]:
    """The same, where ranges without a beginning begin after the release before.

    The reference takes the newest release that shares a project, even one newer than this. We take the newest older
    one that knows the repository: what lies between is what this one brings.
    """
    open_ended = {
        it.repository_id for it in wanted if it.mode is FetchMode.RANGE and not it.previous
    }
    heads = earlier_heads.previous_heads(connection, release, open_ended)
    return [
        replace(it, previous=it.previous or heads.get(it.repository_id))
        if it.mode is FetchMode.RANGE
        else it
        for it in wanted
    ]


def _known_commits(
    connection: Connection, wanted: Sequence[NewFetch], names: Mapping[int, str]
) -> list[CommitInput]:
    """Commits by their keys, the last given first; where all are known, their moments say which is newer."""
    keys = [(it.repository_id, it.commit) for it in wanted]
    known = repositories.commits_by_keys(connection, keys)
    is_dated = all(key in known and known[key].message is not None for key in keys)
    moments: dict[tuple[int, str], datetime] = (
        {key: it.created_at for key, it in known.items()} if is_dated else {}
    )
    return [CommitInput(sha=key[1], repository=names[key[0]], at=moments.get(key)) for key in keys]
