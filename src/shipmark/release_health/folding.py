"""Many updates as what each bucket gains: sums of numbers, and members of sets (verdict.md 2.2)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import TypeVar

from shipmark.release_health.buckets import HealthUpdate
from shipmark.release_health.model import SessionCounts, SketchKind
from shipmark.release_health.sketches import DistinctValues, Durations

Key = TypeVar("Key")
_NUMBERS = tuple(each.name for each in fields(SessionCounts))


@dataclass(slots=True)
class Gain:
    """What a bucket gains."""

    numbers: Counter[str] = field(default_factory=Counter)
    members: dict[SketchKind, set[int]] = field(default_factory=dict)
    durations: list[float] = field(default_factory=list)

    def add(self, update: HealthUpdate) -> None:
        """Add an update."""
        for name in _NUMBERS:
            if number := getattr(update.counts, name):
                self.numbers[name] += number
        for kind, hash_ in update.members:
            self.members.setdefault(kind, set()).add(hash_)
        if update.duration is not None:
            self.durations.append(update.duration)

    @property
    def kinds(self) -> list[SketchKind]:
        """Return the sketches that it changes."""
        return [*self.members, *([SketchKind.DURATIONS] if self.durations else [])]


def gains_of(updates: Iterable[tuple[Key, HealthUpdate]]) -> dict[Key, Gain]:
    """Return what each bucket gains by updates, which are given with their buckets."""
    gains: dict[Key, Gain] = {}
    for key, update in updates:
        gains.setdefault(key, Gain()).add(update)
    return gains


@dataclass(frozen=True, slots=True)
class Grown:
    """A sketch after it has gained, and the difference of its size."""

    encoded: bytes
    difference: int


def grown(gain: Gain, kind: SketchKind, before: bytes) -> Grown:
    """Return a sketch of a bucket with what it gains; ``before`` is empty for a new one."""
    if kind is SketchKind.DURATIONS:
        durations = Durations(before)
        for seconds in gain.durations:
            durations.add(seconds)
        return Grown(durations.encode(), len(gain.durations))
    values = DistinctValues(before)
    size = len(values)
    for hash_ in gain.members[kind]:
        values.add(hash_)
    return Grown(values.encode(), len(values) - size)


def united(kind: SketchKind, before: bytes, others: Iterable[bytes]) -> Grown:
    """Return the union of sketches of one kind, and its difference to the first."""
    if kind is SketchKind.DURATIONS:
        durations = Durations(before)
        number = durations.number
        for other in others:
            durations.update(Durations(other))
        return Grown(durations.encode(), durations.number - number)
    values = DistinctValues(before)
    size = len(values)
    for other in others:
        values.update(DistinctValues(other))
    return Grown(values.encode(), len(values) - size)
