"""Which hours of which releases a new one is compared with (verdict.md 1.5). Pure.

The base is the release that was current before, the latest that is not regressed, so that a bad release never becomes
the yardstick. Whole weeks cancel hours of the day and days of the week; if it was current for less, releases before it
fill the rest, for the hours in which they were current.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from shipmark.release_health.model import DAY, BucketWidth
from shipmark.verdicts.model import Tenure, hour_of

#: How far back a base may lie behind regressed releases.
RELEASES_MAX = 5
LOOK_BACK = 30 * DAY
#: The base is complete with so many hours, or with so many sessions of several releases.
BASE_SECONDS = 168 * BucketWidth.HOUR
BASE_UNITS = 20_000
#: Without deploys the release with most sessions in this time is the current one.
CURRENT_WINDOW = DAY

HOUR = int(BucketWidth.HOUR)


def tenures_by_deploys(
    deploys: Sequence[tuple[int, int]], release_id: int, end: int
) -> list[Tenure]:
    """Return when other releases were current until the new one, newest first.

    ``deploys`` are the releases that were deployed and when, newest first. A release that is deployed again stays.
    """
    tenures: list[Tenure] = []
    until = end
    for deployed, at in deploys:
        if at < until:
            tenures.append(Tenure(release_id=deployed, start=at, end=until))
            until = at
    return [tenure for tenure in _joined(tenures) if tenure.release_id != release_id]


def tenures_by_sessions(hours: Mapping[int, Mapping[int, int]], start: int) -> list[Tenure]:
    """Return when each release had the most sessions of the last 24 hours, newest first.

    ``hours`` are the sessions of each release by hour. Only what came before the start counts.
    """
    last = hour_of(start)
    first = min((hour for by_hour in hours.values() for hour in by_hour), default=last)
    tenures = []
    for hour in range(last, max(first, last - LOOK_BACK), -HOUR):
        current = _most_used(hours, hour)
        if current is not None:
            end = start if hour == last else hour
            tenures.append(Tenure(release_id=current, start=hour - HOUR, end=end))
    return _joined(tenures)


def _most_used(hours: Mapping[int, Mapping[int, int]], before: int) -> int | None:
    used = {
        release_id: sum(
            by_hour.get(hour, 0) for hour in range(before - CURRENT_WINDOW, before, HOUR)
        )
        for release_id, by_hour in hours.items()
    }
    most = max(used, key=lambda release_id: (used[release_id], release_id), default=None)
    return most if most is not None and used[most] else None


def _joined(tenures: Sequence[Tenure]) -> list[Tenure]:
    """Return tenures of which those of one release that follow each other are one."""
    joined = []
    for release_id, of_release in groupby(tenures, key=lambda tenure: tenure.release_id):
        group = list(of_release)
        joined.append(Tenure(release_id=release_id, start=group[-1].start, end=group[0].end))
    return joined


def candidates(tenures: Sequence[Tenure]) -> list[int]:
    """Return the releases that may be the base, the latest first."""
    return list(dict.fromkeys(tenure.release_id for tenure in tenures))


def select_hours(tenures: Sequence[Tenure], regressed: Collection[int], end: int) -> list[Tenure]:
    """Return the times that make a base of enough hours, newest first; none without a release that is not regressed.

    The first is of the base release: its last hours before it was replaced.
    """
    latest = candidates(tenures)[:RELEASES_MAX]
    if all(release_id in regressed for release_id in latest):
        return []
    selected, missing = [], BASE_SECONDS
    for tenure in tenures:
        if tenure.release_id in regressed:
            continue
        if tenure.end <= end - LOOK_BACK:
            break
        start = max(tenure.start, tenure.end - missing)
        selected.append(Tenure(release_id=tenure.release_id, start=start, end=tenure.end))
        missing -= tenure.end - start
        if missing <= 0:
            break
    return selected


def enough(sessions: Sequence[int]) -> int:
    """Return how many of the selected times are taken, by their sessions: no more once there are enough."""
    taken = 0
    for index, number in enumerate(sessions, start=1):
        taken += number
        if taken >= BASE_UNITS:
            return index
    return len(sessions)
