"""Users of releases, and the verdict that the product gives on a release: all measures, against the base it chooses.

Each active user of an hour has two sessions. What is drawn goes through `select_hours`, `frozen_base` and
`evaluate` as buckets and sketches, so the spreads are those of the product.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from verdict_simulation import FirstTimes, Runs, bad_units

from shipmark.release_health.model import BucketWidth, SketchKind
from shipmark.release_health.sketches import DistinctValues
from shipmark.verdicts.base_selection import enough, select_hours, tenures_by_deploys
from shipmark.verdicts.criteria import LETTERS
from shipmark.verdicts.evaluation import evaluate, frozen_base
from shipmark.verdicts.hours import Bucket, BucketSketch, Health
from shipmark.verdicts.judgement import VerdictStatus
from shipmark.verdicts.model import Base, Criteria, Evaluation

HOUR, LOOK = int(BucketWidth.HOUR), int(BucketWidth.TEN_MINUTES)
START = 500_000 * HOUR
SESSIONS_OF_A_USER = 2
_NEW = 0
_NOTHING = Health([], [])


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """How many sessions there are in an hour, and how often something breaks.

    ``crash`` and ``new_crash`` are for each session, ``new_error`` for each user of an hour; what is new is an event of
    a new issue. ``loop`` is the probability that a crash is followed by another one of the same user, and ``again``
    for each later user of an hour the probability of meeting that ``new_error``. Without ids of users all that is new
    is of one issue.
    """

    sessions: int = 840
    crash: float = 0.0
    new_crash: float = 0.0
    new_error: float = 0.0
    loop: float = 0.0
    again: float = 0.0
    has_users: bool = True

    @property
    def users(self) -> int:
        return self.sessions // SESSIONS_OF_A_USER


@dataclass(frozen=True, kw_only=True)
class History:
    """For how many hours earlier releases were current, the latest first."""

    hours: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """After how many sessions a run was first regressed, and first healthy: by each measure, and by the verdict."""

    regressed: FirstTimes
    healthy: FirstTimes


def looks(hours: int) -> list[int]:
    """Return the seconds of looks: every ten minutes for four hours, then each after 5 % more."""
    ends = list(range(LOOK, 4 * HOUR + 1, LOOK))
    while ends[-1] < hours * HOUR:
        ends.append(min(hours * HOUR, int(ends[-1] * 1.05) // LOOK * LOOK + LOOK))
    return [end for end in ends if end <= hours * HOUR]


def base_of(random: Random, traffic: Traffic, history: History) -> Base:
    """Return the base that the product makes of earlier releases with the same traffic."""
    ages = accumulate(history.hours)
    deploys = [(number, START - age * HOUR) for number, age in enumerate(ages, start=1)]
    tenures = select_hours(tenures_by_deploys(deploys, _NEW, START), (), START)
    parts = [
        health_of(random, traffic, start=each.start, end=each.end, width=HOUR) for each in tenures
    ]
    taken = enough([sum(bucket.sessions for bucket in part.buckets) for part in parts])
    return frozen_base(parts[:taken])


def health_of(random: Random, traffic: Traffic, *, start: int, end: int, width: int) -> Health:
    """Return the buckets of a release from a time to another, and the sketches of the users with something bad."""
    slots, in_slot = (end - start) // width, traffic.sessions * width // HOUR
    crashes, affected = drawn(random, traffic, slots * in_slot)
    crashed = Counter(session // in_slot for session in crashes)
    members: dict[tuple[int, SketchKind], set[int]] = defaultdict(set)
    users: dict[int, int] = {}
    for kind, user_hours in affected.items():
        for user_hour in user_hours:
            user = users.setdefault(user_hour, random.randrange(10 * traffic.users))
            member = user if traffic.has_users else 0
            members[user_hour * SESSIONS_OF_A_USER // in_slot, kind].add(member)
    if not traffic.has_users:
        members = {key: set_ for key, set_ in members.items() if key[1] is SketchKind.NEW_ISSUE}
    return Health(
        [
            Bucket(
                series_id=1,
                width=width,
                start=start + slot * width,
                sessions=in_slot,
                crashed=crashed[slot],
                users=in_slot // SESSIONS_OF_A_USER if traffic.has_users else 0,
                users_crashed=len(members.get((slot, SketchKind.CRASHED), ())),
                users_new_issue=len(members.get((slot, SketchKind.NEW_ISSUE), ())),
            )
            for slot in range(slots)
        ],
        [
            BucketSketch(
                series_id=1,
                width=width,
                start=start + slot * width,
                kind=kind,
                encoded=encoded(members[slot, kind]),
            )
            for slot, kind in sorted(members)
        ],
        first_start=start,
    )


def drawn(
    random: Random, traffic: Traffic, sessions: int
) -> tuple[list[int], dict[SketchKind, set[int]]]:
    """Return the sessions that crash, and the users of an hour with a crash and with a new issue, by their numbers."""
    user_hours = sessions // SESSIONS_OF_A_USER
    new = [place - 1 for place in bad_units(random, traffic.new_crash, sessions)]
    known = [place - 1 for place in bad_units(random, traffic.crash, sessions)]
    crashes = []
    for session in new + known:
        crashes.append(session)
        while random.random() < traffic.loop:
            crashes.append(session)
    errors = [place - 1 for place in bad_units(random, traffic.new_error, user_hours)]
    later = [
        error + place
        for error in errors
        for place in bad_units(random, traffic.again, user_hours - error - 1)
    ]
    return crashes, {
        SketchKind.CRASHED: {session // SESSIONS_OF_A_USER for session in crashes},
        SketchKind.NEW_ISSUE: {session // SESSIONS_OF_A_USER for session in new}.union(
            errors, later
        ),
    }


def encoded(users: set[int]) -> bytes:
    values = DistinctValues()
    for user in users:
        values.add((user * 0x9E3779B97F4A7C15) & (2**64 - 1))
    return values.encode()


def outcomes(
    base: Traffic, new: Traffic, history: History, *, hours: int, runs: Runs
) -> dict[str, Outcome]:
    """Return how the runs came out, by the letter of each measure, and for the verdict as "all"."""
    seen = list(runs_of(base, new, history, hours=hours, runs=runs))
    by_measure = {
        letter: [[evaluation.results[index].judgement.status for evaluation in run] for run in seen]
        for index, letter in enumerate(LETTERS)
    }
    verdicts = [[evaluation.status for evaluation in run] for run in seen]
    sessions = [end * new.sessions // HOUR for end in looks(hours)]
    return {
        name: outcome(sessions, statuses)
        for name, statuses in (by_measure | {"all": verdicts}).items()
    }


def outcome(sessions: Sequence[int], runs: Sequence[Sequence[VerdictStatus]]) -> Outcome:
    """Return when each run was first regressed, and first healthy before that: regressed stays."""

    def firsts(status: VerdictStatus) -> list[int | None]:
        ends = {status, VerdictStatus.REGRESSED}
        first = [
            next(
                ((units, each) for units, each in zip(sessions, run, strict=True) if each in ends),
                None,
            )
            for run in runs
        ]
        return [each[0] if each and each[1] == status else None for each in first]

    return Outcome(
        regressed=FirstTimes(firsts(VerdictStatus.REGRESSED)),
        healthy=FirstTimes(firsts(VerdictStatus.HEALTHY)),
    )


def runs_of(
    base: Traffic, new: Traffic, history: History, *, hours: int, runs: Runs
) -> Iterator[list[Evaluation]]:
    """Yield the evaluations of each run, one for each look of this many hours."""
    random = Random(runs.seed)
    for _ in range(runs.bases):
        frozen = base_of(random, base, history)
        for _ in range(runs.for_each_base):
            yield evaluations(random, frozen, new, hours)


def evaluations(random: Random, base: Base, new: Traffic, hours: int) -> list[Evaluation]:
    """Return what the product says of a release at each look."""
    health = health_of(random, new, start=START, end=START + hours * HOUR, width=LOOK)
    return [
        evaluate(
            base,
            health.between(START, START + end),
            _NOTHING,
            start=START,
            end=START + end,
            criteria=Criteria(),
        )
        for end in looks(hours)
    ]
