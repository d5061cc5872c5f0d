"""What is done to release health: sessions are folded, standings computed, and both deleted with their releases."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.groups import grouped
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.release_health import buckets
from shipmark.release_health.buckets import Gain, HealthUpdate, gains_of, grown
from shipmark.release_health.model import ALL_RELEASES, BucketWidth, bucket_start
from shipmark.release_health.periods import (
    ADOPTION_SECONDS,
    ADOPTION_SHARE,
    RETENTION_SECONDS,
)
from shipmark.release_health.standings import Standing, standings_of
from shipmark.release_health.store import buckets as bucket_store
from shipmark.release_health.store import pair_buckets, series, shares, standing_store
from shipmark.release_health.store.buckets import SIZES, Bucket, SketchKey
from shipmark.release_health.store.pair_buckets import Pair, SeriesRow
from shipmark.release_health.store.series import NO_RANGE, SeriesKey, SeriesRange
from shipmark.release_health.store.shares import ReleaseSessions
from shipmark.releases.sightings import Places, Sighting, place
from shipmark.releases.store import adoption


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedUpdate:
    """An update of a project, and when it was received."""

    project: Project
    update: HealthUpdate
    received_at: datetime

    @property
    def sighting(self) -> Sighting:
        """Return where it was seen."""
        return Sighting(
            project=self.project,
            version=self.update.release,
            environment=self.update.environment,
            at=self.update.started,
            received_at=self.received_at,
        )


def sightings_of(received: Iterable[ReceivedUpdate]) -> list[Sighting]:
    """Return where updates were seen, the oldest of each place first: it dates a release that is new."""
    oldest: dict[tuple[int, str, str], ReceivedUpdate] = {}
    for each in received:
        key = each.project.id, each.update.release, each.update.environment
        if key not in oldest or each.update.started < oldest[key].update.started:
            oldest[key] = each
    return sorted((each.sighting for each in oldest.values()), key=lambda each: each.at)


def fold(
    connection: Connection,
    received: Sequence[ReceivedUpdate],
    at: datetime,
    places: Places | None = None,
) -> None:
    """Add updates to the buckets of their releases and of their projects, by a constant number of statements.

    Releases and environments are created where missing. Each update counts as often as it is folded: that each is
    folded once is up to the caller. ``at`` is the current time, by which an old update goes to a wider bucket.
    ``places`` are those of the transaction, if it has placed all updates already.
    """
    if not received:
        return
    places = places or place(connection, sightings_of(received))
    placed = [(each, key) for each in received for key in _series_of(each, places)]
    ids = series.ensure(connection, _ranges_of(placed), at)
    gains = gains_of((_bucket_of(ids[key], each.update, at), each.update) for each, key in placed)
    _add(connection, gains)


def with_sessions(connection: Connection, release_ids: Collection[int], at: datetime) -> set[int]:
    """Return those of the releases that had sessions within the time for which counts are kept, in any project."""
    return series.in_use(connection, release_ids, int((at - buckets.KEPT).timestamp()))


def remove_of_releases(connection: Connection, release_ids: Collection[int]) -> None:
    """Delete the standings and series of releases. Their counts and sketches go with the next compaction."""
    standing_store.remove_of_releases(connection, release_ids)
    series.remove_of_releases(connection, release_ids)


def _series_of(received: ReceivedUpdate, places: Places) -> Iterator[SeriesKey]:
    """Yield the series that an update counts in: that of its release, and that of all releases of the project."""
    sighting = received.sighting
    release = places.release_of(sighting)
    assert release is not None, "all updates have a release"
    environment_id = places.environment_id_of(sighting)
    for release_id in (release.id, ALL_RELEASES):
        yield received.project.id, environment_id, release_id


def _ranges_of(placed: Iterable[tuple[ReceivedUpdate, SeriesKey]]) -> list[SeriesRange]:
    starts: dict[SeriesKey, tuple[int, int, int]] = {}
    for each, key in placed:
        _, first, last = starts.get(key, (0, *NO_RANGE))
        if each.update.is_session:
            start = bucket_start(each.update.started.timestamp(), BucketWidth.TEN_MINUTES)
            first, last = min(first, start), max(last, start)
        starts[key] = each.project.organization_id, first, last
    return [
        SeriesRange(
            project_id=project_id,
            environment_id=environment_id,
            release_id=release_id,
            organization_id=organization_id,
            first_start=first,
            last_start=last,
        )
        for (project_id, environment_id, release_id), (organization_id, first, last) in (
            starts.items()
        )
    ]


def _bucket_of(series_id: int, update: HealthUpdate, at: datetime) -> Bucket:
    width = buckets.width_at(update.started, at)
    return Bucket(series_id, width, bucket_start(update.started.timestamp(), width))


def _add(connection: Connection, gains: dict[Bucket, Gain]) -> None:
    touched = [(bucket, kind) for bucket, gain in gains.items() for kind in gain.kinds]
    changed: dict[SketchKey, bytes] = {}
    if touched:
        known = bucket_store.read_sketches(connection, touched)
        for bucket, kind in touched:
            before = known.get((bucket, kind), b"")
            after = grown(gains[bucket], kind, before)
            if kind in SIZES:
                gains[bucket].numbers[SIZES[kind]] += after.difference
            if after.encoded != before:
                changed[bucket, kind] = after.encoded
    if changed:
        bucket_store.write_sketches(connection, changed)
    bucket_store.add_counts(connection, {bucket: gain.numbers for bucket, gain in gains.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedStandings:
    """The standings of pairs, and the series that they were computed from."""

    pairs: Collection[Pair]
    members: Sequence[SeriesRow]
    standings: Sequence[Standing]


def compute_standings(
    connection: Connection, pairs: Collection[Pair], at: datetime
) -> ComputedStandings:
    """Return the standings of pairs, in all periods and environments, by three statements."""
    members = pair_buckets.series_of(connection, pairs)
    since = int(at.timestamp()) - RETENTION_SECONDS
    by_pair = pair_buckets.buckets_of(connection, members, since)
    standings = [
        standing
        for pair, found in sorted(by_pair.items())
        for standing in standings_of(*pair, found, at.timestamp())
    ]
    return ComputedStandings(pairs=pairs, members=members, standings=standings)


def keep_standings(connection: Connection, computed: ComputedStandings) -> None:
    """Keep standings; those of projects that were deleted meanwhile are dropped."""
    known = projects.by_ids(connection, {project_id for project_id, _ in computed.pairs})
    there = [standing for standing in computed.standings if standing.project_id in known]
    organization_ids = {project.id: project.organization_id for project in known.values()}
    standing_store.replace(connection, computed.pairs, there, computed.members, organization_ids)


def update_adoptions(connection: Connection, at: datetime) -> None:
    """Record which releases are adopted, by their share of the sessions of the last hours (releases.md 6.6)."""
    recent = shares.sessions_since(connection, int(at.timestamp()) - ADOPTION_SECONDS)
    if not recent:
        return
    environments = grouped(((each.project_id, each.environment_id), each) for each in recent)
    adopted = [
        (each.release_id, each.project_id, each.environment_id)
        for members in environments.values()
        for each in _adopted_among(members)
    ]
    adoption.update(connection, adopted, {each.project_id for each in recent}, at)


def _adopted_among(members: Sequence[ReleaseSessions]) -> list[ReleaseSessions]:
    """Return the releases of an environment that have enough of its sessions."""
    least = ADOPTION_SHARE / len(members) * sum(each.sessions for each in members)
    return [each for each in members if each.sessions >= least]
