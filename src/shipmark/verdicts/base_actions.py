"""The base of a release, read once when its first sessions are there."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from shipmark.projects import store as projects
from shipmark.releases.model import Release
from shipmark.verdicts import base_selection as selection
from shipmark.verdicts.evaluation import frozen_base
from shipmark.verdicts.hours import Health
from shipmark.verdicts.model import Base, BaseRelease, Comparability, Stream, Tenure
from shipmark.verdicts.store import deploys, health, verdicts
from shipmark.verdicts.store.health import range_of

#: The platforms whose users get a release over days: the first ones are compared with the first ones.
MOBILE_PLATFORMS = frozenset({
    "android", "apple", "apple-ios", "capacitor", "cocoa", "cordova", "dart", "dart-flutter", "dotnet-maui", "flutter",
    "ionic", "kotlin", "objc", "react-native", "swift", "unity",
})  # fmt: skip


def comparability(platform: str | None) -> Comparability:
    """Return which hours of a base count in a project of this platform."""
    return Comparability.LAUNCH if platform in MOBILE_PLATFORMS else Comparability.RECENT


def base_of(connection: Connection, stream: Stream) -> Base:
    """Return the base of a release: the releases that were current before it, with their counts."""
    tenures = _tenures(connection, stream)
    candidates = selection.candidates(tenures)
    regressed = verdicts.regressed_among(connection, stream.lane, candidates)
    project = projects.by_ids(connection, [stream.project_id]).get(stream.project_id)
    compare = comparability(project.platform if project else None)
    selected = selection.select_hours(tenures, regressed, stream.start)
    if compare is Comparability.LAUNCH:
        taken = [release_id for release_id in candidates if release_id not in regressed]
        selected = _launches(connection, stream, taken if selected else [])
    return _frozen(connection, stream, selected, compare)


def named_bases(connection: Connection, streams: Sequence[Stream], release: Release) -> list[Base]:
    """Return for each stream a base of the last hours of one release before its start, by two statements."""
    tenures = [
        Tenure(release_id=release.id, start=stream.start - selection.BASE_SECONDS, end=stream.start)
        for stream in streams
    ]
    ranges = [
        range_of(stream, number, tenure.release_id, tenure.start, tenure.end)
        for number, (stream, tenure) in enumerate(zip(streams, tenures, strict=True))
    ]
    parts = health.read(connection, ranges)
    bases = []
    for number, tenure in enumerate(tenures):
        of_base = _releases([tenure], {release.id: release.version})
        bases.append(replace(frozen_base([parts[number]]), releases=of_base))
    return bases


def _tenures(connection: Connection, stream: Stream) -> list[Tenure]:
    deployed = [
        (release_id, int(at.timestamp()))
        for release_id, at in deploys.before(connection, stream.lane, stream.started_at)
    ]
    tenures = selection.tenures_by_deploys(deployed, stream.release_id, stream.start)
    if tenures:
        return tenures
    first = stream.start - selection.LOOK_BACK - selection.CURRENT_WINDOW
    hours = health.sessions_by_hour(connection, stream.lane, first, stream.start)
    hours.pop(stream.release_id, None)
    return selection.tenures_by_sessions(hours, stream.start)


def _launches(connection: Connection, stream: Stream, release_ids: Sequence[int]) -> list[Tenure]:
    """Return the first hours of releases, as many as they had before the stream began."""
    starts = health.first_starts(connection, stream.lane, release_ids)
    launches, missing = [], selection.BASE_SECONDS
    for release_id in release_ids[: selection.RELEASES_MAX]:
        first = starts[release_id][1]
        if first is None or first >= stream.start or missing <= 0:
            continue
        end = min(first + missing, stream.start)
        launches.append(Tenure(release_id=release_id, start=first, end=end))
        missing -= end - first
    return launches


def _frozen(
    connection: Connection, stream: Stream, selected: Sequence[Tenure], compare: Comparability
) -> Base:
    ranges = [
        range_of(stream, number, tenure.release_id, tenure.start, tenure.end)
        for number, tenure in enumerate(selected)
    ]
    by_number = health.read(connection, ranges)
    parts = [by_number[number] for number in range(len(selected))]
    number = selection.enough([_sessions(part) for part in parts])
    names = health.first_starts(
        connection, stream.lane, {tenure.release_id for tenure in selected[:number]}
    )
    versions = {release_id: version for release_id, (version, _) in names.items()}
    of_base = _releases(selected[:number], versions)
    return replace(frozen_base(parts[:number]), releases=of_base, compare=compare)


def _releases(selected: Sequence[Tenure], versions: dict[int, str]) -> list[BaseRelease]:
    """Return the releases of the selected times, the base first. One that is deleted meanwhile is left out."""
    named: dict[int, BaseRelease] = {}
    for tenure in selected:
        if tenure.release_id in versions:
            known = named.get(tenure.release_id)
            named[tenure.release_id] = BaseRelease(
                release_id=tenure.release_id,
                version=versions[tenure.release_id],
                start=min(tenure.start, known.start) if known else tenure.start,
                end=max(tenure.end, known.end) if known else tenure.end,
            )
    return list(named.values())


def _sessions(part: Health) -> int:
    return sum(bucket.sessions for bucket in part.buckets)
