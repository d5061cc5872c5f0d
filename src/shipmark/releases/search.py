"""What does somebody look for who searches releases? The grammar of the parameter ``query`` (releases.md 4.7).

A query is words, and terms ``key:value`` that must all hold. With any word in it, all of it is a text that versions
must contain. We part from the reference where it is wrong: ``!`` counts with wildcards too, a ``*`` in the middle is
one, and ``!=`` with a package leaves out just that version of that package.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shipmark.infrastructure.errors import BadRequest
from shipmark.releases import versions

QUERY_MAX = 4096
TERMS_MAX = 20
VALUES_MAX = 100

BAD_VERSION = (
    'Invalid format of semantic version. For searching non-semver releases, use "release:" instead.'
)


class Comparison(StrEnum):
    """How a value is compared."""

    IS = "="
    IS_NOT = "!="
    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="


#: What a term says when "!" stands before it.
NEGATED = {
    Comparison.IS: Comparison.IS_NOT,
    Comparison.IS_NOT: Comparison.IS,
    Comparison.ABOVE: Comparison.AT_MOST,
    Comparison.AT_MOST: Comparison.ABOVE,
    Comparison.BELOW: Comparison.AT_LEAST,
    Comparison.AT_LEAST: Comparison.BELOW,
}


class Stage(StrEnum):
    """How far a release has got in an environment (releases.md 1.7)."""

    ADOPTED = "adopted"
    LOW_ADOPTION = "low_adoption"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameTerm:
    """The version is, or is not, one of these; ``*`` stands for any text. Case counts."""

    patterns: tuple[str, ...]
    is_negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTerm:
    """The package is, or is not, one of these."""

    packages: tuple[str, ...]
    is_negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTerm:
    """The version part compares like this with a sort key (`versions.SemverColumns`).

    ``is_prefix``: the key stands for all that begin with it, and the comparison is ``=`` or ``!=``.
    """

    comparison: Comparison
    sort_key: str
    package: str | None
    is_prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildNumberTerm:
    """The build, a number, compares like this."""

    comparison: Comparison
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildTerm:
    """The build is, or is not, one of these; ``*`` stands for any text."""

    patterns: tuple[str, ...]
    is_negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTerm:
    """The release is, or is not, in one of these stages, in the environment that the list is filtered by."""

    stages: frozenset[Stage]
    is_negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizedTerm:
    """The release is finalized, or not yet."""

    is_finalized: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedTerm:
    """The release was created before or after a moment."""

    comparison: Comparison
    at: datetime


Term = (
    NameTerm
    | PackageTerm
    | VersionTerm
    | BuildNumberTerm
    | BuildTerm
    | StageTerm
    | FinalizedTerm
    | CreatedTerm
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for: versions that hold one of the texts, in any case, or releases that meet all terms."""

    texts: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()


#: What every release passes.
EVERYTHING = Search()


@dataclass(frozen=True, slots=True)
class _RawTerm:
    """A term as it was written. ``comparison`` has "!" counted in; a list has several values."""

    key: str
    comparison: Comparison
    values: tuple[str, ...]
    is_list: bool

    @property
    def is_negated(self) -> bool:
        return self.comparison is Comparison.IS_NOT


_TERM = re.compile(r"(!?)([A-Za-z_][\w.\-]*):")
_OPERATOR = re.compile(r">=|<=|!=|>|<|=")
_LIST = re.compile(r"\[([^\[\]]*)\]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BARE = re.compile(r"[^\s()\"]*")
_WORD = re.compile(r"[^\s()\"]+")
_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^",]*?))\s*(?:,|$)')
_WITH_SUFFIX = re.compile(r"([^\s()][^()]*?)\s+\(([^()]+)\)")
_RELATIVE = re.compile(r"([+-])(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse(query: str, now: datetime, *, environment_count: int = 0) -> Search:
    """What a query asks for; raises `BadRequest` in the reference's words where it can't be read.

    A stage is one in an environment, of which the list must be filtered by just one.
    """
    text = query.strip()
    if len(text) > QUERY_MAX:
        raise BadRequest(f"The query is longer than {QUERY_MAX} characters.")
    result = list(_read(text))
    raw_terms = [item for item in result if isinstance(item, _RawTerm)]
    if len(raw_terms) > TERMS_MAX:
        raise BadRequest(f"The query has more than {TERMS_MAX} terms.")
    terms = tuple(_KEYS[raw_term.key](raw_term, now) for raw_term in raw_terms)
    if environment_count != 1 and any(isinstance(term, StageTerm) for term in terms):
        raise BadRequest("Choose a single environment to filter by release stage.")
    if len(raw_terms) == len(result):
        return Search(terms=terms)
    text = unquoted(text)
    # What people see of "1.2.3+45" is "1.2.3 (45)", and that is what they paste.
    shown = _WITH_SUFFIX.fullmatch(text)
    return Search(texts=(text, f"{shown[1]}+{shown[2]}") if shown else (text,))


def unquoted(text: str) -> str:
    """Return the text with each part in double quotes replaced by what is between them.

    Quotes only keep parentheses, blanks and colons from being read as grammar; one after a backslash counts as text.
    """
    return _QUOTED.sub(lambda quoted: quoted[1].replace('\\"', '"'), text)


def _read(text: str) -> Iterator[_RawTerm | str]:
    """The terms and words of a query, in order."""
    place, opened = 0, list[int]()
    while place < len(text):
        if text[place].isspace():
            place += 1
        elif text[place] == "(":
            opened.append(place)
            place += 1
        elif text[place] == ")":
            if not opened:
                raise _unreadable(text, place)
            opened.pop()
            place += 1
        else:
            read, place = _piece(text, place)
            yield read
    if opened:
        raise _unreadable(text, opened[-1])


def _piece(text: str, place: int) -> tuple[_RawTerm | str, int]:
    """The term or word at a place, and the place after it."""
    if text[place] == '"':
        quoted = _QUOTED.match(text, place)
        if quoted is None:
            raise _unreadable(text, place)
        return quoted[1], quoted.end()
    if key := _TERM.match(text, place):
        return _parse_term(text, key)
    word = _WORD.match(text, place)
    assert word is not None, "neither white space, nor a parenthesis, nor a quote"
    if word[0] in {"AND", "OR"}:
        detail = 'Boolean statements containing "OR" or "AND" are not supported in this search'
        raise BadRequest(detail)
    return word[0], word.end()


def _parse_term(text: str, key: re.Match[str]) -> tuple[_RawTerm, int]:
    if key[2] not in _KEYS:
        raise BadRequest(f"Invalid key for this search: {key[2]}")
    operator = _OPERATOR.match(text, key.end())
    comparison = Comparison(operator[0]) if operator else Comparison.IS
    if key[1]:
        comparison = NEGATED[comparison]
    values, is_list, end = _values(text, operator.end() if operator else key.end(), key[2])
    return _RawTerm(key[2], comparison, values, is_list), end


def _values(text: str, place: int, key: str) -> tuple[tuple[str, ...], bool, int]:
    """The values at a place, whether they are a list, and the place after them."""
    if listed := _LIST.match(text, place):
        values = tuple(_unquoted(match) for match in _ITEM.finditer(listed[1]) if match[0].strip())
        if not values or len(values) > VALUES_MAX:
            raise BadRequest(f"{key}: takes a list of 1 to {VALUES_MAX} values.")
        return values, True, listed.end()
    if quoted := _QUOTED.match(text, place):
        return (quoted[1].replace('\\"', '"'),), False, quoted.end()
    bare = _BARE.match(text, place)
    if bare is None or not bare[0]:
        raise BadRequest(f"Empty string after '{key}:'")
    return (bare[0],), False, bare.end()


def _unquoted(item: re.Match[str]) -> str:
    return item[2] if item[1] is None else item[1].replace('\\"', '"')


def _unreadable(text: str, place: int) -> BadRequest:
    return BadRequest(
        f"Parse error at '{text[place : place + 10]}' (column {place + 1})."
        " This is commonly caused by unmatched parentheses. Enclose any text in double quotes."
    )


def _name(given: _RawTerm, _: datetime) -> Term:
    return NameTerm(patterns=_equal(given), is_negated=given.is_negated)


def _package(given: _RawTerm, _: datetime) -> Term:
    return PackageTerm(packages=_equal(given), is_negated=given.is_negated)


def _version(given: _RawTerm, _: datetime) -> Term:
    if given.is_list:
        raise BadRequest("Invalid operation 'IN' for semantic version filter.")
    value = given.values[0].strip()
    name = versions.parse(value)
    raw, package = (name.raw, name.package) if name else (value, None)
    version = versions.parse_version(raw)
    if version is not None and version.fits:
        return VersionTerm(comparison=given.comparison, sort_key=version.sort_key, package=package)
    comparison = Comparison.IS_NOT if given.is_negated else Comparison.IS
    return VersionTerm(
        comparison=comparison, sort_key=_wildcard(raw), package=package, is_prefix=True
    )


def _wildcard(raw: str) -> str:
    """What the sort keys of ``1.2.*`` begin with."""
    numbers: list[int] = []
    for part in raw.split(".", 3):
        if part in {"*", "X", "x"}:
            return versions.number_prefix(numbers)
        if not (part.isascii() and part.isdigit() and len(part) < 20):
            break
        numbers.append(int(part))
    raise BadRequest(BAD_VERSION)


def _build(given: _RawTerm, _: datetime) -> Term:
    value = given.values[0]
    is_number = value.isascii() and value.isdigit() and int(value) <= versions.NUMBER_MAX
    if is_number and not given.is_list:
        return BuildNumberTerm(comparison=given.comparison, number=int(value))
    # An empty value, which must be quoted, asks for any build.
    patterns = tuple(item or "*" for item in _equal(given))
    return BuildTerm(patterns=patterns, is_negated=given.is_negated)


def _stage(given: _RawTerm, _: datetime) -> Term:
    try:
        stages = frozenset(Stage(value) for value in _equal(given))
    except ValueError:
        raise BadRequest("Unsupported release.stage value.") from None
    return StageTerm(stages=stages, is_negated=given.is_negated)


def _finalized(given: _RawTerm, _: datetime) -> Term:
    words = {"true": True, "1": True, "false": False, "0": False}
    value = _equal(given)[0].lower()
    if value not in words or given.is_list:
        raise BadRequest("finalized: takes true or false.")
    return FinalizedTerm(is_finalized=words[value] is not given.is_negated)


def _created(given: _RawTerm, now: datetime) -> Term:
    value = given.values[0]
    if relative := _RELATIVE.fullmatch(value):
        sign, number, unit = relative.groups()
        comparison = Comparison.AT_LEAST if sign == "-" else Comparison.AT_MOST
        try:
            at = now - timedelta(**{_UNITS[unit]: int(number)})
        except OverflowError:
            at = datetime.min.replace(tzinfo=UTC)
        return CreatedTerm(
            comparison=NEGATED[comparison] if given.is_negated else comparison, at=at
        )
    if given.is_list or given.comparison in {Comparison.IS, Comparison.IS_NOT}:
        raise BadRequest(
            "release.created: takes a comparison with a date, such as >2026-01-31,"
            " or a time ago, such as -7d."
        )
    return CreatedTerm(comparison=given.comparison, at=_moment(value))


def _moment(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadRequest(f"release.created: {value} is not an ISO 8601 date.") from None


def _equal(given: _RawTerm) -> tuple[str, ...]:
    """The values of a term that can only be equal to them, or not."""
    if given.comparison not in {Comparison.IS, Comparison.IS_NOT}:
        raise BadRequest(f"Invalid operation '{given.comparison}' for {given.key}.")
    return given.values


_KEYS: dict[str, Callable[[_RawTerm, datetime], Term]] = {
    "release": _name,
    "release.package": _package,
    "release.version": _version,
    "release.build": _build,
    "release.stage": _stage,
    "release.created": _created,
    "finalized": _finalized,
}
