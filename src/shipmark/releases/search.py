"""The search language of releases: the grammar of the parameter ``query`` (releases.md 4.7).

A query has words, and terms ``key:value`` that must all hold. With any word in it, the whole query is a text that
versions must contain. Shipmark deviates from the reference where that is wrong: ``!`` negates wildcards too, a ``*``
in the middle is a wildcard, and ``!=`` with a package excludes just that version of that package.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.search_dates import iso_moment, relative_moment
from shipmark.infrastructure.search_operators import SearchOperator
from shipmark.infrastructure.search_values import listed_values, unquoted
from shipmark.releases import versions

QUERY_MAX = 4096
TERMS_MAX = 20
VALUES_MAX = 100
BAD_VERSION = (
    'Invalid format of semantic version. For searching non-semver releases, use "release:" instead.'
)
BOOLEAN = 'Boolean statements containing "OR" or "AND" are not supported in this search'


class Stage(StrEnum):
    """Adoption stage of a release in an environment (releases.md 1.7)."""

    ADOPTED = "adopted"
    LOW_ADOPTION = "low_adoption"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameTerm:
    """The version is, or is not, one of these; ``*`` matches any text. Case-sensitive.

    ``latest_ids`` are the releases that `LATEST` stood for, which no version is.
    """

    patterns: tuple[str, ...]
    is_negated: bool
    latest_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTerm:
    """The package is, or is not, one of these."""

    packages: tuple[str, ...]
    is_negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTerm:
    """The version part compares like this with a sort key (`versions.SemverColumns`).

    ``is_prefix``: the key matches all that begin with it, and the operator is ``=`` or ``!=``.
    """

    operator: SearchOperator
    sort_key: str
    package: str | None
    is_prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildNumberTerm:
    """The build, a number, compares like this."""

    operator: SearchOperator
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildTerm:
    """The build is, or is not, one of these; ``*`` matches any text."""

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
    """The release was created before or after a date."""

    operator: SearchOperator
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
    """A parsed query: versions that contain one of the texts, in any case, or releases that meet all terms."""

    texts: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()


#: The search that matches every release.
EVERYTHING = Search()


@dataclass(frozen=True, slots=True)
class _RawTerm:
    """A term as written. ``operator`` has "!" applied; a list has several values."""

    key: str
    operator: SearchOperator
    values: tuple[str, ...]
    is_list: bool

    @property
    def is_negated(self) -> bool:
        return self.operator is SearchOperator.IS_NOT


_TERM = re.compile(r"(!?)([A-Za-z_][\w.\-]*):")
_OPERATOR = re.compile(r">=|<=|!=|>|<|=")
_LIST = re.compile(r"\[([^\[\]]*)\]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BARE = re.compile(r"[^\s()\"]*")
_WORD = re.compile(r"[^\s()\"]+")
#: A whole text or value in the quotes that keyboards of phones, and word processors, write.
_TYPOGRAPHIC = re.compile(r'(?<![^\s:\[,])[“„]([^“”„"]*)[“”](?![^\s,\])])')
_WITH_SUFFIX = re.compile(r"([^\s()][^()]*?)\s+\(([^()]+)\)")


def parse(query: str, now: datetime, *, environment_count: int | None = 0) -> Search:
    """Parse a query. Raise `BadRequest`, in the reference's words, if it is invalid.

    Without the number of environments that the list is filtered by, `check_stages` is left to the caller.
    """
    text = query.strip()
    if len(text) > QUERY_MAX:
        raise BadRequest(f"The query is longer than {QUERY_MAX} characters.")
    result = list(_read(_straight(text)))
    raw_terms = [item for item in result if isinstance(item, _RawTerm)]
    if len(raw_terms) > TERMS_MAX:
        raise BadRequest(f"The query has more than {TERMS_MAX} terms.")
    terms = tuple(_KEYS[raw_term.key](raw_term, now) for raw_term in raw_terms)
    if environment_count is not None:
        check_stages(terms, environment_count)
    if len(raw_terms) == len(result):
        return Search(terms=terms)
    return text_search(text)


def check_stages(terms: Iterable[Term], environment_count: int) -> None:
    """Raise `BadRequest` for a stage unless there is exactly one environment: releases have stages in environments."""
    if environment_count != 1 and any(isinstance(term, StageTerm) for term in terms):
        raise BadRequest("Choose a single environment to filter by release stage.")


def text_search(query: str) -> Search:
    """Return the search for a text in versions, with and without the quotes around its parts.

    Quotes only escape parentheses, blanks and colons, and a quote after a backslash is text; but versions have quotes.
    """
    text = _QUOTED.sub(lambda quoted: unquoted(quoted[0]), _straight(query))
    # Pages show "1.2.3+45" as "1.2.3 (45)", and that is what users paste.
    match = _WITH_SUFFIX.fullmatch(text)
    texts = (text, f"{match[1]}+{match[2]}" if match else text, query)
    return Search(texts=tuple(dict.fromkeys(texts)))


def _straight(query: str) -> str:
    return _TYPOGRAPHIC.sub(r'"\1"', query)


def _read(text: str) -> Iterator[_RawTerm | str]:
    """Yield the terms and words of a query, in order."""
    offset, open_parentheses = 0, list[int]()
    while offset < len(text):
        if text[offset].isspace():
            offset += 1
        elif text[offset] == "(":
            open_parentheses.append(offset)
            offset += 1
        elif text[offset] == ")":
            if not open_parentheses:
                raise _unreadable(text, offset)
            open_parentheses.pop()
            offset += 1
        else:
            item, offset = _term_or_word(text, offset)
            yield item
    if open_parentheses:
        raise _unreadable(text, open_parentheses[-1])


def texts_of(query: str) -> tuple[str, ...]:
    """Return the text of each term and word of a valid query, so that a page can offer to leave one out."""
    texts, offset = [], 0
    while offset < len(query):
        if query[offset].isspace() or query[offset] in "()":
            offset += 1
            continue
        _, end = _term_or_word(query, offset)
        texts.append(query[offset:end])
        offset = end
    return tuple(texts)


def _term_or_word(text: str, offset: int) -> tuple[_RawTerm | str, int]:
    """Return the term or word at an offset, and the offset after it."""
    if text[offset] == '"':
        quoted = _QUOTED.match(text, offset)
        if quoted is None:
            raise _unreadable(text, offset)
        return quoted[1], quoted.end()
    if key := _TERM.match(text, offset):
        return _parse_term(text, key)
    word = _WORD.match(text, offset)
    assert word is not None, "neither white space, nor a parenthesis, nor a quote"
    if word[0] in {"AND", "OR"}:
        raise BadRequest(BOOLEAN)
    return word[0], word.end()


def _parse_term(text: str, key: re.Match[str]) -> tuple[_RawTerm, int]:
    name = key[2].lower()
    if name not in _KEYS:
        raise BadRequest(f"Invalid key for this search: {key[2]}")
    written = _OPERATOR.match(text, key.end())
    operator = SearchOperator(written[0]) if written else SearchOperator.IS
    if key[1]:
        operator = operator.negated
    values, is_list, end = _values(text, written.end() if written else key.end(), name)
    return _RawTerm(name, operator, values, is_list), end


def _values(text: str, offset: int, key: str) -> tuple[tuple[str, ...], bool, int]:
    """Return the values at an offset, whether they are a list, and the offset after them."""
    if listed := _LIST.match(text, offset):
        values = listed_values(listed[1])
        if not values or len(values) > VALUES_MAX:
            raise BadRequest(f"{key}: takes a list of 1 to {VALUES_MAX} values.")
        return values, True, listed.end()
    if quoted := _QUOTED.match(text, offset):
        return (unquoted(quoted[0]),), False, quoted.end()
    bare = _BARE.match(text, offset)
    if bare is None or not bare[0]:
        raise BadRequest(f"Empty string after '{key}:'")
    return (bare[0],), False, bare.end()


def _unreadable(text: str, offset: int) -> BadRequest:
    return BadRequest(
        f"Parse error at '{text[offset : offset + 10]}' (column {offset + 1})."
        " This is commonly caused by unmatched parentheses. Enclose any text in double quotes."
    )


def _name(term: _RawTerm, _: datetime) -> Term:
    return NameTerm(patterns=_equal(term), is_negated=term.is_negated)


def _package(term: _RawTerm, _: datetime) -> Term:
    return PackageTerm(packages=_equal(term), is_negated=term.is_negated)


def _version(term: _RawTerm, _: datetime) -> Term:
    if term.is_list:
        raise BadRequest("Invalid operation 'IN' for semantic version filter.")
    value = term.values[0].strip()
    name = versions.parse(value)
    raw, package = (name.raw, name.package) if name else (value, None)
    version = versions.parse_version(raw)
    if version is not None and version.fits:
        return VersionTerm(operator=term.operator, sort_key=version.sort_key, package=package)
    operator = SearchOperator.IS_NOT if term.is_negated else SearchOperator.IS
    return VersionTerm(operator=operator, sort_key=_wildcard(raw), package=package, is_prefix=True)


def _wildcard(raw: str) -> str:
    """Return the prefix of the sort keys of ``1.2.*``."""
    numbers: list[int] = []
    for part in raw.split(".", 3):
        if part in {"*", "X", "x"}:
            return versions.number_prefix(numbers)
        if not (part.isascii() and part.isdigit() and len(part) < 20):
            break
        numbers.append(int(part))
    raise BadRequest(BAD_VERSION)


def _build(term: _RawTerm, _: datetime) -> Term:
    value = term.values[0]
    is_number = value.isascii() and value.isdigit() and int(value) <= versions.NUMBER_MAX
    if is_number and not term.is_list:
        return BuildNumberTerm(operator=term.operator, number=int(value))
    # An empty value, which must be quoted, matches any build.
    patterns = tuple(item or "*" for item in _equal(term))
    return BuildTerm(patterns=patterns, is_negated=term.is_negated)


def _stage(term: _RawTerm, _: datetime) -> Term:
    try:
        stages = frozenset(Stage(value) for value in _equal(term))
    except ValueError:
        raise BadRequest("Unsupported release.stage value.") from None
    return StageTerm(stages=stages, is_negated=term.is_negated)


def _finalized(term: _RawTerm, _: datetime) -> Term:
    values = {"true": True, "1": True, "false": False, "0": False}
    value = _equal(term)[0].lower()
    if value not in values or term.is_list:
        raise BadRequest("finalized: takes true or false.")
    return FinalizedTerm(is_finalized=values[value] is not term.is_negated)


def _created(term: _RawTerm, now: datetime) -> Term:
    value = term.values[0]
    if relative := relative_moment(value, now):
        operator, at = relative
        return CreatedTerm(operator=operator.negated if term.is_negated else operator, at=at)
    if term.is_list or term.operator in {SearchOperator.IS, SearchOperator.IS_NOT}:
        raise BadRequest(
            "release.created: takes a comparison with a date, such as >2026-01-31,"
            " or a time ago, such as -7d."
        )
    return CreatedTerm(operator=term.operator, at=_date(value))


def _date(value: str) -> datetime:
    moment = iso_moment(value)
    if moment is None:
        raise BadRequest(f"release.created: {value} is not an ISO 8601 date.")
    return moment


def _equal(term: _RawTerm) -> tuple[str, ...]:
    """Return the values of a term that supports ``=`` and ``!=`` only."""
    if term.operator not in {SearchOperator.IS, SearchOperator.IS_NOT}:
        raise BadRequest(f"Invalid operation '{term.operator}' for {term.key}.")
    return term.values


_KEYS: dict[str, Callable[[_RawTerm, datetime], Term]] = {
    "release": _name,
    "release.package": _package,
    "release.version": _version,
    "release.build": _build,
    "release.stage": _stage,
    "release.created": _created,
    "finalized": _finalized,
}
