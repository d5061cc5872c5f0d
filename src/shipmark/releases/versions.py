"""Parsing and comparison of versions in the names of releases.

The rules of releases.md 1.3.1 (valid names), 1.4 (parsing, comparison), 1.4.1 (projects that follow
semver). Shipmark deviates from them where their order is wrong or not transitive: prereleases compare as
semver.org says (``alpha.2`` is older than ``alpha.10``), and numeric builds are older than others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

#: Bytes in a name that the parser reads (releases.md 1.4): fewer characters, if they are not ASCII.
PARSED_BYTES_MAX = 200
#: The largest number that a column holds.
NUMBER_MAX = 2**63 - 1
#: How many of a project's newest releases decide whether it follows semver (releases.md 1.4.1).
SAMPLE_MAX = 10

_OVERFLOW_MAX = 2**64 - 1
_HASH_LENGTHS = frozenset({12, 16, 20, 32, 40, 64})
_SHORT_HASH_LENGTH = 12
#: The longest name that SDKs may send (ingest.md 5.1).
SENT_NAME_MAX = 200
#: The alias for the newest release of a project in place of a version.
LATEST = "latest"
_RESERVED_NAMES = frozenset({"", ".", "..", LATEST})
_FORBIDDEN_IN_NAME = re.compile(r"[\r\n\f\t/\\]")
_REFUSED_BY_PARSER = re.compile(r"[\x00-\x1f\x7f/\\]")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+")
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+){0,3}")
_IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"""
    (?P<numbers>{_NUMBERS.pattern})
    (?: - (?P<dashed> {_IDENTIFIER} (?:\.{_IDENTIFIER})* )?
      | (?P<attached> [a-z][0-9A-Za-z-]* (?:\.{_IDENTIFIER})* )
    )?
    (?: \+ (?P<build> [0-9A-Za-z-]+ (?:\.[0-9A-Za-z-]+)* ) )?
    """,
    re.VERBOSE,
)

#: Sort key of an identifier of a prerelease, or of a build: its class, its number, its text.
Part = tuple[int, int, str]
Precedence = tuple[tuple[int, ...], int, tuple[Part, ...], Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The version in a release's name; missing numbers are 0, ``components`` counts the others.

    A number of more than 64 bits shows as 0 (releases.md 1.4); comparisons use the true one.
    """

    raw: str
    major: int
    minor: int
    patch: int
    revision: int
    pre: str | None
    build: str | None
    components: int

    @property
    def build_number(self) -> int | None:
        """Return the build as a number, or None if a column cannot hold it (releases.md 1.4, "Columns")."""
        if self.build is None or not self.build.isdigit():
            return None
        number = int(self.build)
        return number if number <= NUMBER_MAX else None

    @property
    def fits(self) -> bool:
        """Return True if columns can hold all numbers. A version that does not fit is not semver."""
        return all(number <= NUMBER_MAX for number in _numbers(self.raw))

    @property
    def precedence(self) -> Precedence:
        """Precedence among versions; equal for two spellings of one version."""
        numbers = _numbers(self.raw)
        padded = numbers + (0,) * (4 - len(numbers))
        identifiers = self.pre.split(".") if self.pre is not None else ()
        pre = tuple(_part(identifier) for identifier in identifiers)
        # No build is older than any build: its class is below those of _part.
        build = _part(self.build) if self.build is not None else (0, 0, "")
        return padded, int(self.pre is None), pre, build

    @property
    def sort_key(self) -> str:
        """Return a text that sorts, byte by byte, as the version does without its build (releases.md 1.4, "Order")."""
        numbers = (self.major, self.minor, self.patch, self.revision)
        return "".join(map(_number_key, numbers)) + _pre_key(self.pre)


@dataclass(frozen=True, slots=True, kw_only=True)
class SemverColumns:
    """Columns to sort and search by; all empty unless the release is semver (releases.md 1.4)."""

    package: str | None = None
    sort_key: str = ""
    build: str | None = None
    build_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A parsed name; ``raw`` is what follows the package, or all of it (releases.md 2.1)."""

    package: str | None
    raw: str
    version: Version | None
    build_hash: str | None
    description: str


def is_valid_name(name: str) -> bool:
    """Return True if a release may have this name, of any length (releases.md 1.3.1, rules 2 and 3)."""
    if _FORBIDDEN_IN_NAME.search(name):
        return False
    return name.strip().lower() not in _RESERVED_NAMES


@lru_cache(4096)
def parse(name: str) -> Name | None:
    """Parse a name (releases.md 1.4). Return None if the parser refuses it, as it may a valid one."""
    # Before trimming, because Python counts some control characters as white space.
    if _REFUSED_BY_PARSER.search(name):
        return None
    name = name.strip()
    # JSON can bring lone surrogates, which are no UTF-8.
    is_too_long = len(name.encode("utf-8", "surrogatepass")) > PARSED_BYTES_MAX
    if is_too_long or name.lower() in _RESERVED_NAMES:
        return None
    package, raw = _split(name)
    version = parse_version(raw) if package is not None else None
    return Name(
        package=package,
        raw=raw,
        version=version,
        build_hash=_build_hash(raw, version),
        description=_description(name, raw, version),
    )


def parse_version(raw: str) -> Version | None:
    """Parse what follows the package. Return None for a hash, and for what breaks the grammar."""
    match = _VERSION.fullmatch(raw)
    if match is None or _is_hash(raw):
        return None
    numbers = _numbers(raw)
    # "1.2a" has a prerelease; "1a" is more likely to be something else.
    if match["attached"] and len(numbers) == 1:
        return None
    padded = [number if number <= _OVERFLOW_MAX else 0 for number in numbers] + [0, 0, 0]
    return Version(
        raw=raw,
        major=padded[0],
        minor=padded[1],
        patch=padded[2],
        revision=padded[3],
        pre=match["dashed"] or match["attached"],
        build=match["build"],
        components=len(numbers),
    )


def is_semver(name: str) -> bool:
    """Return True if the name is valid, and has a package and a version whose numbers columns can hold."""
    parsed = parse(name) if is_valid_name(name) else None
    return parsed is not None and parsed.version is not None and parsed.version.fits


def semver_columns(name: str) -> SemverColumns:
    """Return the columns of a name, which are stored when its release is created and never change."""
    parsed = parse(name) if is_valid_name(name) else None
    version = parsed.version if parsed is not None else None
    if parsed is None or version is None or not version.fits:
        return SemverColumns()
    return SemverColumns(
        package=parsed.package,
        sort_key=version.sort_key,
        build=version.build,
        build_number=version.build_number,
    )


def number_prefix(numbers: Sequence[int]) -> str:
    """Return the prefix of the sort keys of all versions that begin with these numbers."""
    return "".join(map(_number_key, numbers))


def compare(left: str, right: str) -> int | None:
    """Compare the versions in two names: -1, 0 or 1, or None if one has none: then dates decide.

    Packages are ignored, so that a bare ``1.0`` has a version here (releases.md 1.4).
    """
    return _order(_compared_version(left), _compared_version(right))


def compare_same_package(left: str, right: str) -> int | None:
    """Compare as `compare` does, but only two versions of one package, or two without a package.

    A "v" before the number, as in tags of git, is no part of a version here, though ``v1.2.3`` is not semver.
    """
    first, second = parse(left), parse(right)
    if first is None or second is None or first.package != second.package:
        return None
    return _order(parse_version(_without_v(first.raw)), parse_version(_without_v(second.raw)))


def follows_semver(newest_first: Sequence[str]) -> bool:
    """Return True if a project with these newest releases follows semver (releases.md 1.4.1)."""
    votes = [is_semver(name) for name in newest_first[:SAMPLE_MAX]]
    if len(votes) < 3:
        return any(votes[:1])
    return any(votes[:3]) and (len(votes) < SAMPLE_MAX or sum(votes) >= 3)


def goes_by_semver(name: str, newest_first: Sequence[str]) -> bool:
    """Return True if a version is compared by semver in a project with these newest releases."""
    return is_semver(name) and follows_semver(newest_first)


def _order(left: Version | None, right: Version | None) -> int | None:
    if left is None or right is None:
        return None
    return (left.precedence > right.precedence) - (left.precedence < right.precedence)


def _without_v(raw: str) -> str:
    is_prefixed = raw[:1] in {"v", "V"} and raw[1:2].isdigit()
    return raw[1:] if is_prefixed else raw


def _split(name: str) -> tuple[str | None, str]:
    """Split into package and version. A first "@" belongs to the package, as in ``@acme@1.0``."""
    start = 1 if name.startswith("@") else 0
    at = name.find("@", start)
    if at <= start:
        return None, name
    return name[:at], name[at + 1 :]


def _numbers(raw: str) -> tuple[int, ...]:
    match = _NUMBERS.match(raw)
    assert match is not None, "a version begins with a number"
    return tuple(int(group) for group in match[0].split("."))


def _is_hash(text: str) -> bool:
    return len(text) in _HASH_LENGTHS and _HEXADECIMAL.fullmatch(text) is not None


def _build_hash(raw: str, version: Version | None) -> str | None:
    if _is_hash(raw):
        return raw
    build = version.build if version is not None else None
    return build if build is not None and _is_hash(build) else None


def _description(name: str, raw: str, version: Version | None) -> str:
    """Return a short name for display: without the package if the rest is a version or a hash (releases.md 1.4)."""
    if _is_hash(raw):
        return raw[:_SHORT_HASH_LENGTH]
    if version is None:
        return name
    without_build = raw.partition("+")[0]
    short = without_build if version.pre is not None else without_build.removesuffix("-")
    if version.build is None:
        return short
    build = version.build
    return f"{short} ({build[:_SHORT_HASH_LENGTH] if _is_hash(build) else build})"


def _compared_version(name: str) -> Version | None:
    parsed = parse(name)
    return parse_version(parsed.raw) if parsed is not None else None


def _part(text: str) -> Part:
    """Return the sort key of an identifier: numbers by value, before words; else ``9 < 10 < 1a < 9`` is a cycle."""
    return (1, int(text), "") if text.isdigit() else (2, 0, text)


def _number_key(number: int) -> str:
    """Return a number after its length, as a letter, so that texts of digits sort by value."""
    digits = str(number)
    return chr(ord("a") + len(digits) - 1) + digits


def _pre_key(pre: str | None) -> str:
    """Return the part of a sort key after the numbers: a release ("~") sorts after its prereleases ("-").

    Identifiers end in a blank, which sorts before all that they are made of; numbers (0) sort before words (1), and
    by their length first.
    """
    if pre is None:
        return "~"
    parts = (
        f"0{len(item):03}{item} " if item.isdigit() else f"1{item} " for item in pre.split(".")
    )
    return "-" + "".join(parts)
