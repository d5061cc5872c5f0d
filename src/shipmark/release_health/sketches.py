"""Sketches: the number of distinct users, and the distribution of durations, in a few bytes that can be united.

Distinct values are exact up to 256 and estimated by HyperLogLog beyond: 2,048 registers, 1.6 to 2.1 % standard error,
by the estimator of O. Ertl (arXiv 1702.01284), which needs no tables. Durations are counted in buckets that grow by
8 %, as in DDSketch (Masson et al., VLDB 2019). Pure Python: see verdict.md 2.1 for what was measured.
"""

import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil, inf, log, sqrt

_REGISTERS = 2048
#: Values up to this number are kept themselves, four bytes each.
_EXACT_MAX = 256
#: 11 of the upper 32 bits of a hash name the register, the others give the rank, from 1 to 22.
_RANK_BITS = 21
_RANK_MASK = (1 << _RANK_BITS) - 1
#: The first byte of an encoded sketch, so that other kinds can be added.
_SPARSE, _DENSE, _LOGARITHMIC = b"S", b"D", b"L"
_DURATION_BASE = 1.08
_LOG_BASE = log(_DURATION_BASE)
#: Durations below a millisecond are in the first bucket.
_DURATION_MIN = 0.001


class DistinctValues:
    """A set of 64-bit hashes of which the size is known, not the members."""

    __slots__ = ("coupons", "registers")

    def __init__(self, encoded: bytes = b"") -> None:
        self.coupons: set[int] = set()
        self.registers: bytearray | None = None
        if encoded[:1] == _DENSE:
            self.registers = bytearray(encoded[1:])
        elif encoded:
            self.coupons = set(_read_integers(encoded[1:]))

    def add(self, hash_: int) -> None:
        """Add a value by its hash."""
        self._add_coupon(hash_ >> 32)

    def update(self, other: "DistinctValues") -> None:
        """Add all values of another set."""
        if other.registers is None:
            for coupon in other.coupons:
                self._add_coupon(coupon)
            return
        if self.registers is None:
            self._to_registers()
        assert self.registers is not None
        self.registers = bytearray(map(max, self.registers, other.registers))

    def encode(self) -> bytes:
        """Return the bytes to store: the same for the same values, in any order."""
        if self.registers is not None:
            return _DENSE + bytes(self.registers)
        return _SPARSE + _integer_bytes(sorted(self.coupons))

    def __len__(self) -> int:
        """Return the number of values, an estimate beyond 256."""
        if self.registers is None:
            return len(self.coupons)
        return _estimated(self.registers)

    def _add_coupon(self, coupon: int) -> None:
        if self.registers is None:
            self.coupons.add(coupon)
            if len(self.coupons) > _EXACT_MAX:
                self._to_registers()
            return
        register = coupon >> _RANK_BITS
        rank = _RANK_BITS + 1 - (coupon & _RANK_MASK).bit_length()
        self.registers[register] = max(self.registers[register], rank)

    def _to_registers(self) -> None:
        coupons, self.coupons, self.registers = self.coupons, set(), bytearray(_REGISTERS)
        for coupon in coupons:
            self._add_coupon(coupon)


class Durations:
    """A distribution of durations in seconds: quantiles within 4 %, exact number, sum and maximum."""

    __slots__ = ("buckets", "maximum", "number", "total")

    def __init__(self, encoded: bytes = b"") -> None:
        self.buckets: Counter[int] = Counter()
        self.number, self.total, self.maximum = 0, 0.0, 0.0
        if encoded:
            self.total, self.maximum = struct.unpack("<dd", encoded[1:17])
            pairs = iter(_read_integers(encoded[17:]))
            self.buckets.update(dict(zip(pairs, pairs, strict=True)))
            self.number = self.buckets.total()

    def add(self, seconds: float) -> None:
        """Add a duration."""
        bucket = max(0, ceil(log(max(seconds, _DURATION_MIN) / _DURATION_MIN) / _LOG_BASE))
        self.buckets[bucket] += 1
        self.number += 1
        self.total += seconds
        self.maximum = max(self.maximum, seconds)

    def update(self, other: "Durations") -> None:
        """Add all durations of another distribution."""
        self.buckets.update(other.buckets)
        self.number += other.number
        self.total += other.total
        self.maximum = max(self.maximum, other.maximum)

    def encode(self) -> bytes:
        """Return the bytes to store."""
        numbers = [number for pair in sorted(self.buckets.items()) for number in pair]
        head = struct.pack("<dd", self.total, self.maximum)
        return _LOGARITHMIC + head + _integer_bytes(numbers)

    @property
    def average(self) -> float | None:
        """Return the mean in seconds, or None without durations."""
        return self.total / self.number if self.number else None

    def quantile(self, share: float) -> float | None:
        """Return the duration that this share, from 0 to 1, does not exceed; None without durations."""
        rank, seen = share * self.number, 0
        for bucket, number in sorted(self.buckets.items()):
            seen += number
            if seen >= rank:
                middle = _DURATION_MIN * _DURATION_BASE**bucket * 2 / (1 + _DURATION_BASE)
                return min(self.maximum, middle)
        return None


def union(encoded: Iterable[bytes]) -> DistinctValues:
    """Return the union of encoded sets."""
    result = DistinctValues()
    for each in encoded:
        result.update(DistinctValues(each))
    return result


def distinct(encoded: Sequence[bytes]) -> int:
    """Return the size of the union of encoded sets: exact if all of them are, whatever it comes to."""
    if any(each[:1] == _DENSE for each in encoded):
        return len(union(encoded))
    coupons: set[int] = set()
    for each in encoded:
        coupons.update(_read_integers(each[1:]))
    return len(coupons)


def _integer_bytes(numbers: Sequence[int]) -> bytes:
    """Return 32-bit integers, the least significant byte first, on any machine."""
    return struct.pack(f"<{len(numbers)}I", *numbers)


def _read_integers(encoded: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(encoded) // 4}I", encoded)


def _estimated(registers: bytearray) -> int:
    """Return the estimate of Ertl's algorithm 6 for the number of values in registers."""
    numbers = Counter(registers)
    z = _REGISTERS * _tau(1 - numbers[_RANK_BITS + 1] / _REGISTERS)
    for rank in range(_RANK_BITS, 0, -1):
        z = 0.5 * (z + numbers[rank])
    z += _REGISTERS * _sigma(numbers[0] / _REGISTERS)
    return round(_REGISTERS * _REGISTERS / (2 * log(2)) / z)


def _sigma(x: float) -> float:
    if x == 1:
        return inf
    y, z = 1.0, x
    while True:
        x *= x
        previous = z
        z += x * y
        y += y
        if z == previous:
            return z


def _tau(x: float) -> float:
    if x in (0, 1):
        return 0.0
    y, z = 1.0, 1 - x
    while True:
        x = sqrt(x)
        previous = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
        if z == previous:
            return z / 3
