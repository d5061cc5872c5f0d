"""Ingestion of error events: store them, ensure and count their issues, and detect regressions (ingest.md 8, 10).

Any number of events take a constant number of statements, but for what is rare: a release, an environment or an issue
that is new, and an issue that is resolved.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from shipmark.events import store
from shipmark.events.store import NewEvent
from shipmark.infrastructure.errors import Conflict
from shipmark.infrastructure.groups import grouped
from shipmark.issues import recent_counts
from shipmark.issues.actions import new_issue_users, regressions, resolve, snooze_lapses
from shipmark.issues.actions.arrivals import Arrival, is_discarded, targets_of
from shipmark.issues.actions.count_tags import count_tags
from shipmark.issues.model import InboxReason, Issue
from shipmark.issues.store import hashes, inbox, issues, retention
from shipmark.issues.store import occurrences as occurrence_store
from shipmark.issues.store.hashes import HashKey
from shipmark.issues.store.issues import Occurrences
from shipmark.issues.store.occurrences import FirstRelease, ReleaseOccurrence
from shipmark.projects import store as projects
from shipmark.release_health.buckets import HealthUpdate
from shipmark.releases.model import Release
from shipmark.releases.sightings import AttachedRelease, Places, Sighting, place
from shipmark.releases.store import environments as release_environments
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store.environments import SeenRelease
from shipmark.symbolication import waits

_GONE = "An issue was deleted while its event was stored."
_DISCARDED_MEANWHILE = "An issue was discarded while an event of its kind was stored."


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """The result of ingesting an event. ``issue_id`` is None for an event that was stored before or is discarded.

    ``health`` is what it adds to the release's health, if its release has brought the issue.
    """

    issue_id: int | None
    is_discarded: bool = False
    is_new_issue: bool = False
    is_regression: bool = False
    health: HealthUpdate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What came of events, in their order, and the rows that all sightings belong to, None if there were none."""

    results: list[IngestResult]
    places: Places | None


_DUPLICATE = IngestResult(issue_id=None)
_DISCARDED = IngestResult(issue_id=None, is_discarded=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Occurrence:
    """An arrival with the rows that it belongs to."""

    arrival: Arrival
    release: Release | None
    environment_id: int
    issue_id: int = 0
    is_new_issue: bool = False

    @property
    def at(self) -> datetime:
        return self.arrival.event.at

    @property
    def release_id(self) -> int | None:
        return self.release.id if self.release else None


def ingest(
    connection: Connection, arrivals: Sequence[Arrival], also_seen: Sequence[Sighting] = ()
) -> Ingested:
    """Store events and their consequences, as if they came one after the other.

    An event that is stored already changes nothing, nor does one of an issue that was discarded. ``also_seen`` is where
    sessions of the same transaction were seen: their releases are new to projects as those of events are. Raise
    `Conflict` if an issue was deleted or discarded meanwhile: the caller tries again.
    """
    keys = {arrival.key for arrival in arrivals}
    stored = store.stored_among(connection, keys) if keys else {}
    new: dict[tuple[int, str], Arrival] = {}
    for arrival in arrivals:
        if arrival.key not in stored:
            new.setdefault(arrival.key, arrival)
    targets = targets_of(connection, new.values()) if new else {}
    results = {key: _DISCARDED for key, arrival in new.items() if is_discarded(arrival, targets)}
    new = {key: arrival for key, arrival in new.items() if key not in results}
    # Releases come first: see the order of locks in releases/store/locks.py.
    sightings = [*also_seen, *(arrival.sighting for arrival in new.values())]
    places = place(connection, sightings) if sightings else None
    if places is None or not new:
        _resolve(connection, places.attached if places else (), ())
    else:
        stored_now = _ingest_new(connection, list(new.values()), places, targets)
        results |= zip(new, stored_now, strict=True)
    # Of several with one id the first counts.
    in_order = [results.pop(arrival.key, _DUPLICATE) for arrival in arrivals]
    return Ingested(results=in_order, places=places)


def _ingest_new(
    connection: Connection,
    arrivals: Sequence[Arrival],
    places: Places,
    targets: Mapping[HashKey, int | None],
) -> list[IngestResult]:
    """Store events that are not stored yet; ``targets`` are what their hashes lead to."""
    occurrences = _with_places(arrivals, places)
    _record_projects(connection, occurrences)
    occurrences = _with_issues(connection, occurrences, targets)
    issue_ids = {each.issue_id for each in occurrences}
    _resolve(connection, places.attached, issue_ids)
    current = issues.lock_whole(connection, issue_ids)
    if len(current) < len(issue_ids):
        raise Conflict(_GONE)
    store.add(connection, [_row_of(each) for each in occurrences])
    waits.add(connection, [(*each.key, key) for each in arrivals for key in each.packed.awaited])
    new_users = issues.record_users(connection, _affected(occurrences))
    first_releases = _count(connection, occurrences, current, new_users)
    retention.count_stored(connection, current, [each.issue_id for each in occurrences])
    occurred = [(each.issue_id, each.arrival.event) for each in occurrences]
    count_tags(connection, current, occurred)
    regressed = _regressions(connection, occurrences, current)
    snooze_lapses.reopen_by_events(connection, current, occurred, new_users)
    return [
        IngestResult(
            issue_id=each.issue_id,
            is_new_issue=each.is_new_issue,
            is_regression=index in regressed,
            health=_health_update(each, first_releases),
        )
        for index, each in enumerate(occurrences)
    ]


def _resolve(
    connection: Connection, attached: Iterable[AttachedRelease], issue_ids: Collection[int]
) -> None:
    """Resolve issues in releases that are new to projects; ``issue_ids`` are changed later, and locked with them.

    Their commits may name issues of these projects: they ship here now. Others may wait for their next release.
    """
    for each in attached:
        resolve.in_release(
            connection,
            each.release,
            each.received_at,
            new_in=each.project_ids,
            lock_too=issue_ids,
        )


def _with_places(arrivals: Sequence[Arrival], places: Places) -> list[_Occurrence]:
    return [
        _Occurrence(
            arrival=arrival,
            release=places.release_of(arrival.sighting),
            environment_id=places.environment_id_of(arrival.sighting),
        )
        for arrival in arrivals
    ]


def _record_projects(connection: Connection, occurrences: Sequence[_Occurrence]) -> None:
    """Record which platforms the projects have, and where their releases were seen."""
    first_events: dict[int, datetime] = {}
    for each in occurrences:
        if each.arrival.project.first_event_at is None:
            first_events.setdefault(each.arrival.project.id, each.at)
    platforms = {(each.arrival.project.id, each.arrival.event.platform) for each in occurrences}
    projects.record_events(connection, first_events, platforms)
    seen = grouped(
        ((each.release.id, each.arrival.project.id, each.environment_id), each)
        for each in occurrences
        if each.release is not None
    )
    if seen:
        release_environments.record_events(connection, [_seen(group) for group in seen.values()])


def _seen(group: Sequence[_Occurrence]) -> SeenRelease:
    first, moments = group[0], [each.at for each in group]
    assert first.release is not None, "only occurrences with a release are grouped"
    return SeenRelease(
        release=first.release,
        project_id=first.arrival.project.id,
        environment_id=first.environment_id,
        first_at=moments[0],
        last_at=max(moments),
    )


def _with_issues(
    connection: Connection,
    occurrences: Sequence[_Occurrence],
    targets: Mapping[HashKey, int | None],
) -> list[_Occurrence]:
    """Return the occurrences with their issues: that of the first hash that has one, else a new one."""
    known, result = dict(targets), []
    for each in occurrences:
        keys = each.arrival.hash_keys
        issue_id, is_new = next((known[key] for key in keys if key in known), None), False
        if issue_id is None:
            issue_id, is_new = _new_issue(connection, each)
            known |= dict.fromkeys(keys, issue_id)
        result.append(replace(each, issue_id=issue_id, is_new_issue=is_new))
    return result


def _new_issue(connection: Connection, occurrence: _Occurrence) -> tuple[int, bool]:
    """Return the id of a new issue, or of the one that another transaction made meanwhile, and whether it is new.

    Raise `Conflict` if that one is discarded already.
    """
    arrival = occurrence.arrival
    project, event = arrival.project, arrival.event
    # Taking a number blocks concurrent transactions; the second one finds the issue of the first.
    number = projects.next_short_id(connection, project.id)
    if made := targets_of(connection, [arrival]):
        issue_id = next(made[key] for key in arrival.hash_keys if key in made)
        if issue_id is None:
            raise Conflict(_DISCARDED_MEANWHILE)
        return issue_id, False
    issue = issues.add(
        connection,
        organization_id=project.organization_id,
        project_id=project.id,
        number=number,
        event=event,
        first_release_id=occurrence.release_id,
    )
    hashes.add(connection, issue, event.hashes)
    return issue.id, True


def _row_of(occurrence: _Occurrence) -> NewEvent:
    return NewEvent(
        project_id=occurrence.arrival.project.id,
        issue_id=occurrence.issue_id,
        release_id=occurrence.release_id,
        environment_id=occurrence.environment_id,
        packed=occurrence.arrival.packed,
    )


def _health_update(
    occurrence: _Occurrence, first_releases: Mapping[tuple[int, int], FirstRelease]
) -> HealthUpdate | None:
    first = first_releases[occurrence.issue_id, occurrence.environment_id]
    if occurrence.release_id is None or occurrence.release_id != first.release_id:
        return None
    return new_issue_users.update_of(occurrence.arrival.event, occurrence.issue_id)


def _affected(occurrences: Sequence[_Occurrence]) -> set[tuple[int, str]]:
    """Return the users of the events, as pairs of an issue's id and the user's digest."""
    return {
        (each.issue_id, each.arrival.event.user_hash)
        for each in occurrences
        if each.arrival.event.user_hash is not None
    }


def _count(
    connection: Connection,
    occurrences: Sequence[_Occurrence],
    current: Mapping[int, Issue],
    new_users: Collection[tuple[int, str]],
) -> dict[tuple[int, int], FirstRelease]:
    """Count events, users and new issues, and put the new issues into the inbox.

    Return the releases that brought the issues to environments, by the ids of both.
    """
    new_user_counts = Counter(issue_id for issue_id, _ in new_users)
    by_issue = grouped((each.issue_id, each) for each in occurrences)
    counted = [
        _counted(current[issue_id], group, new_user_counts[issue_id])
        for issue_id, group in sorted(by_issue.items())
    ]
    issues.count(connection, counted)
    first_releases = _count_environments(connection, occurrences)
    new = [each for each in occurrences if each.is_new_issue]
    added = [(each.issue_id, each.arrival.event.received_at) for each in new]
    inbox.add(connection, added, InboxReason.NEW)
    release_projects.count_new_issues(
        connection,
        Counter((each.release.id, each.arrival.project.id) for each in new if each.release),
    )
    return first_releases


def _counted(issue: Issue, group: Sequence[_Occurrence], new_users: int) -> Occurrences:
    moments = [each.at for each in group]
    return Occurrences(
        issue_id=issue.id,
        events=len(group),
        new_users=new_users,
        first_at=min(moments),
        last_at=max(moments),
        recent_counts=recent_counts.add(issue.recent_counts, moments),
        last_event=group[-1].arrival.event,
    )


def _count_environments(
    connection: Connection, occurrences: Sequence[_Occurrence]
) -> dict[tuple[int, int], FirstRelease]:
    """Record in which environments and releases issues were seen, and count those that are new in an environment."""
    first = {(each.issue_id, each.environment_id): each for each in reversed(occurrences)}
    first_releases = occurrence_store.record_environments(
        connection,
        [(*key, each.release_id, each.at) for key, each in first.items()],
    )
    released = grouped(
        ((each.issue_id, each.release.id, each.environment_id), each.at)
        for each in occurrences
        if each.release is not None
    )
    if not released:
        return first_releases
    seen = [
        ReleaseOccurrence(
            issue_id=issue_id,
            release_id=release_id,
            environment_id=environment_id,
            first_at=moments[0],
            last_at=max(moments),
        )
        for (issue_id, release_id, environment_id), moments in released.items()
    ]
    occurrence_store.record_releases(connection, seen)
    new = [first[key] for key, release in first_releases.items() if release.is_new]
    release_environments.count_new_issues(connection, Counter(_places_of_new(new)))
    return first_releases


def _places_of_new(occurrences: Iterable[_Occurrence]) -> Iterable[tuple[int, int, int]]:
    for each in occurrences:
        if each.release is not None:
            yield each.release.id, each.arrival.project.id, each.environment_id


def _regressions(
    connection: Connection, occurrences: Sequence[_Occurrence], current: Mapping[int, Issue]
) -> set[int]:
    """Reopen the resolved issues that occur again after their fix. Return the indexes of the events that show it.

    The first event of each release decides for all of it.
    """
    regressed: set[int] = set()
    reopened: set[int] = set()
    decided: set[tuple[int, int | None]] = set()
    for index, each in enumerate(occurrences):
        issue, event = current[each.issue_id], each.arrival.event
        key = (issue.id, each.release_id)
        is_decided = issue.id in reopened or key in decided
        if is_decided or each.is_new_issue or not regressions.may_regress(issue, event):
            continue
        decided.add(key)
        if regressions.reopen(connection, issue, event, each.release):
            regressed.add(index)
            reopened.add(issue.id)
    return regressed
