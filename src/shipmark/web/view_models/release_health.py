"""The health of a release on its page: numbers, and charts beside the release before it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from markupsafe import Markup
from sqlalchemy import Connection

from shipmark.release_health.model import ALL_RELEASES, BucketWidth, SessionCounts, crash_free
from shipmark.release_health.store import pair_buckets, session_rows
from shipmark.release_health.store.session_rows import Selection
from shipmark.release_health.sums import HealthSum
from shipmark.verdicts.judgement import VerdictStatus
from shipmark.web.charts import Axes, empty_chart, share_chart
from shipmark.web.request_context import Workspace
from shipmark.web.template_filters import duration, percent
from shipmark.web.view_models.chart_scale import ChartScale, scale_of
from shipmark.web.view_models.charted_release import ChartedRelease
from shipmark.web.view_models.compared_shares import ComparedShare, compared_shares
from shipmark.web.view_models.health_lines import NO_HEALTH, health_lines
from shipmark.web.view_models.release_verdicts import VerdictBanner, verdict_banners

#: Lengths of a step with their number of steps: the first that reaches from the beginning to now, else the last.
_SCALES = (
    (timedelta(minutes=10), 24),
    (timedelta(hours=1), 24),
    (timedelta(hours=6), 28),
    (timedelta(days=1), 30),
)
#: Of fewer users, or sessions, a step says nothing: a gap.
_UNITS_MIN = 10
_TOO_FEW = "Fewer than 10 {} in each step"
_NO_SESSIONS = "No sessions in this time"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthStep:
    """A step of the charts: percentages of this release and of the one before it at the same age; None is a gap."""

    begins_at: datetime
    age: str
    crash_free: tuple[float | None, float | None]
    adoption: tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPart:
    """The part of a release's page that is about its sessions.

    ``shares`` are beside those of the release before it. ``unhandled`` is the percentage of the sessions of the charts
    that met an unhandled error and went on, None if none did. ``units`` are what the chart of crashes counts: users, or
    sessions of apps that know no users.
    """

    shares: tuple[ComparedShare, ...]
    unhandled: float | None
    verdicts: Sequence[VerdictBanner]
    units: str
    crash_free_chart: Markup
    adoption_chart: Markup
    steps: tuple[HealthStep, ...]
    step_length: str


def health_part(
    connection: Connection, workspace: Workspace, charted: ChartedRelease
) -> HealthPart | None:
    """Return the health of a release, or None without sessions, then by one statement."""
    release, previous, project_ids = charted.release, charted.previous, list(charted.project_ids)
    lines = health_lines(connection, dict.fromkeys(_ids(charted), project_ids), charted.now)
    if not lines:
        return None
    starts = _starts(connection, charted)
    if release.id not in starts:
        return None
    scale = scale_of(_SCALES, datetime.fromtimestamp(starts[release.id], UTC), charted.now)
    units = "sessions" if lines[release.id].crash_free_users is None else "users"
    counted = [
        _counted_steps(connection, charted, id_, starts[id_], scale) if id_ in starts else {}
        for id_ in _ids(charted)
    ]
    steps = _steps(scale, units, counted)
    names, axes = charted.names, _axes(charted, steps, scale)
    banners = verdict_banners(connection, workspace, release.id, project_ids, charted.now)
    return HealthPart(
        shares=compared_shares(
            lines[previous.id] if previous else NO_HEALTH,
            lines[release.id],
            is_worse=any(banner.status is VerdictStatus.REGRESSED for banner in banners),
        ),
        unhandled=_unhandled(counted[0].values()),
        verdicts=banners,
        units=units,
        crash_free_chart=_chart(
            f"Crash-free {units}", steps, names, axes, nothing=_TOO_FEW.format(units)
        ),
        adoption_chart=_chart("Adoption", steps, names, axes, nothing=_NO_SESSIONS),
        steps=steps,
        step_length=duration(scale.length),
    )


def _ids(charted: ChartedRelease) -> list[int]:
    return [release.id for release in charted.compared]


def _starts(connection: Connection, charted: ChartedRelease) -> dict[int, int]:
    """Return the first bucket of each release that has had sessions."""
    pairs = [(project, release) for release in _ids(charted) for project in charted.project_ids]
    starts: dict[int, int] = {}
    for (_, release_id), bounds in pair_buckets.bounds_of(connection, pairs).items():
        starts[release_id] = min(bounds.first, starts.get(release_id, bounds.first))
    return starts


@dataclass(slots=True)
class _Step:
    """What a step of a release comes to, and how many sessions its projects had in all."""

    own: HealthSum = field(default_factory=HealthSum)
    sessions: int = 0


def _counted_steps(
    connection: Connection, charted: ChartedRelease, release_id: int, start: int, scale: ChartScale
) -> dict[int, _Step]:
    """Return the steps of a release by their number, by three statements."""
    length = int(scale.length.total_seconds())
    end = min(start + length * scale.count, int(charted.now.timestamp()))
    selection = Selection(
        project_ids=charted.project_ids,
        release_ids=[release_id, ALL_RELEASES],
        start=start,
        end=end,
        interval=BucketWidth.TEN_MINUTES,
    )
    keys = session_rows.keys_of(connection, selection)
    own = {id_ for id_, key in keys.items() if key.release_id == release_id}
    steps = defaultdict[int, _Step](_Step)
    for (series_id, moment), counts in session_rows.counts_of(connection, keys, selection).items():
        step = steps[(moment - start) // length]
        if series_id in own:
            step.own.counts += counts
        else:
            step.sessions += counts.sessions
    sketches = session_rows.sketches_of(connection, own, selection, users=True, durations=False)
    for _, moment, kind, encoded in sketches:
        steps[(moment - start) // length].own.add_sketch(kind, encoded)
    return steps


def _steps(
    scale: ChartScale, units: str, counted: Sequence[Mapping[int, _Step]]
) -> tuple[HealthStep, ...]:
    both = [*counted, {}][:2]
    begun = scale.begun_since(scale.start)
    return tuple(
        HealthStep(
            begins_at=scale.begins_at(number),
            age=scale.age(number),
            crash_free=(
                _crash_free(both[0].get(number), units) if number < begun else None,
                _crash_free(both[1].get(number), units),
            ),
            adoption=(
                _adoption(both[0].get(number)) if number < begun else None,
                _adoption(both[1].get(number)),
            ),
        )
        for number in range(scale.count)
    )


def _crash_free(step: _Step | None, units: str) -> float | None:
    if step is None:
        return None
    number, crashed = step.own.counts.sessions, step.own.counts.crashed
    if units == "users":
        users = step.own.user_counts
        number, crashed = users.all, users.crashed
    return crash_free(crashed, number) if number >= _UNITS_MIN else None


def _unhandled(steps: Iterable[_Step]) -> float | None:
    """Return the percentage of unhandled sessions; those of which the beginning was not seen count too, up to all."""
    counts = sum((step.own.counts for step in steps), SessionCounts())
    unhandled = min(counts.unhandled, counts.sessions)
    return 100 * unhandled / counts.sessions if unhandled else None


def _adoption(step: _Step | None) -> float | None:
    if step is None or not step.sessions:
        return None
    return min(100.0, step.own.counts.sessions / step.sessions * 100)


def _axes(charted: ChartedRelease, steps: Sequence[HealthStep], scale: ChartScale) -> Axes:
    return Axes(
        ticks=scale.ticks(),
        marks=scale.marks(charted.deploys),
        moments=[(step.begins_at, charted.time(step.begins_at)) for step in steps],
    )


def _chart(
    name: str, steps: Sequence[HealthStep], names: Sequence[str], axes: Axes, *, nothing: str
) -> Markup:
    is_adoption = name == "Adoption"
    decimals = 0 if is_adoption else 2
    pairs = [step.adoption if is_adoption else step.crash_free for step in steps]
    known = [pair[0] for pair in pairs if pair[0] is not None]
    if not known and all(pair[1] is None for pair in pairs):
        label = f"{name} of {names[0]} by its age: not enough to draw."
        return empty_chart(nothing, axes, label)
    label = f"{name} of {names[0]} by its age"
    if known:
        label += f": {percent(known[-1], decimals)} in the last step"
    label += f", beside {names[1]}." if len(names) > 1 else "."
    return share_chart(
        [("ser", [pair[0] for pair in pairs]), ("ser past", [pair[1] for pair in pairs])],
        [
            _text(words, step.age, pair, names, decimals=decimals)
            for (_, words), step, pair in zip(axes.moments, steps, pairs, strict=True)
        ],
        axes,
        label,
        begins_at_zero=is_adoption,
    )


def _text(
    words: str,
    age: str,
    pair: tuple[float | None, float | None],
    names: Sequence[str],
    *,
    decimals: int,
) -> str:
    parts = [f"{words}, {age} old"]
    for name, value in zip(names, pair, strict=False):
        if value is not None:
            parts.append(f"{name}: {percent(value, decimals)}")
    return "\n".join(parts)
