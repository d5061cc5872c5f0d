"""Parsing of search queries of issues (groups-api.md 2.3)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.search_dates import iso_moment, relative_moment
from shipmark.infrastructure.search_operators import SearchOperator
from shipmark.issues.model import (
    IssueAttribute,
    IssueCondition,
    IssueStatus,
    Substatus,
)

QUERY_MAX = 4096
_TERMS_MAX = 50
#: Statuses by the names that clients use, of which ignored issues have several.
STATUSES = {status.value: status for status in IssueStatus} | {
    "archived": IssueStatus.IGNORED,
    "muted": IssueStatus.IGNORED,
}
#: Substatuses by the names that clients use, with the status that each implies.
_SUBSTATUSES = {
    Substatus.NEW.value: (IssueStatus.UNRESOLVED, Substatus.NEW),
    Substatus.ONGOING.value: (IssueStatus.UNRESOLVED, Substatus.ONGOING),
    Substatus.REGRESSED.value: (IssueStatus.UNRESOLVED, Substatus.REGRESSED),
    Substatus.ARCHIVED_FOREVER.value: (IssueStatus.IGNORED, Substatus.ARCHIVED_FOREVER),
    "forever": (IssueStatus.IGNORED, Substatus.ARCHIVED_FOREVER),
    Substatus.ARCHIVED_UNTIL_ESCALATING.value: (
        IssueStatus.IGNORED,
        Substatus.ARCHIVED_UNTIL_ESCALATING,
    ),
    "until_escalating": (IssueStatus.IGNORED, Substatus.ARCHIVED_UNTIL_ESCALATING),
}
_FOR_REVIEW = "for_review"
IS_VALUES = (*STATUSES, *_SUBSTATUSES, _FOR_REVIEW)

#: The fields of versions by the names that clients use.
_RELEASE_KEYS = {
    "firstRelease": "first_release",
    "first-release": "first_release",
    "first_release": "first_release",
    "release": "release",
    "regressed_in_release": "regressed_in_release",
}
_ATTRIBUTES = {
    "level": IssueAttribute.LEVEL,
    "timesSeen": IssueAttribute.TIMES_SEEN,
    "times_seen": IssueAttribute.TIMES_SEEN,
    "firstSeen": IssueAttribute.FIRST_SEEN,
    "first_seen": IssueAttribute.FIRST_SEEN,
    "age": IssueAttribute.FIRST_SEEN,
    "lastSeen": IssueAttribute.LAST_SEEN,
    "last_seen": IssueAttribute.LAST_SEEN,
}
_LEVELS = frozenset({"fatal", "error", "warning", "info", "debug"})
_NUMBER_DIGITS_MAX = 18
# A word, in which a quoted part may contain blanks.
_WORD = re.compile(r'(?:"[^"]*"|\S)+')
_COMPARED = re.compile(r"(>=|<=|>|<|)(.*)", re.DOTALL)


@dataclass(slots=True, kw_only=True)
class IssueSearch:
    """A parsed query. The versions may be `LATEST`, and the releases may not exist."""

    status: IssueStatus | None = None
    substatus: Substatus | None = None
    is_for_review: bool = False
    text: str = ""
    first_release: str | None = None
    release: str | None = None
    regressed_in_release: str | None = None
    conditions: list[IssueCondition] = field(default_factory=list)


def parse(query: str, now: datetime) -> IssueSearch:
    """Parse a query, in which times ago count from ``now``.

    Raise `BadRequest` for unsupported keys, as ignoring them would mislead.
    """
    if len(query) > QUERY_MAX:
        raise BadRequest(f"A query has no more than {QUERY_MAX} characters.")
    search, words = IssueSearch(), list[str]()
    for word in _WORD.findall(query.replace("\x00", "")):
        key, colon, rest = word.partition(":")
        if not colon or word.startswith('"'):
            words.append(_unquoted(word))
        else:
            _add_term(search, key, _unquoted(rest), now)
    if len(search.conditions) > _TERMS_MAX:
        raise BadRequest(f"A query has no more than {_TERMS_MAX} conditions.")
    search.text = " ".join(words)
    return search


def _add_term(search: IssueSearch, key: str, value: str, now: datetime) -> None:
    name = key.removeprefix("!")
    is_negated = name != key
    if key == "is":
        _add_status(search, value)
    elif key == "status" and value in STATUSES:
        search.status = STATUSES[value]
    elif key in _RELEASE_KEYS and value:
        setattr(search, _RELEASE_KEYS[key], value)
    elif name in _ATTRIBUTES:
        attribute = _ATTRIBUTES[name]
        operator, operand = _READERS[attribute](name, value, now)
        operator = operator.negated if is_negated else operator
        search.conditions.append(IssueCondition(attribute, operator, operand))
    else:
        raise BadRequest(f"Invalid key for this search: {key}")


def _add_status(search: IssueSearch, value: str) -> None:
    """Set the status; a substatus implies one."""
    if value == _FOR_REVIEW:
        search.is_for_review = True
    elif value in _SUBSTATUSES:
        search.status, search.substatus = _SUBSTATUSES[value]
    elif value in STATUSES:
        search.status, search.substatus = STATUSES[value], None
    else:
        names = ", ".join(IS_VALUES)
        raise BadRequest(f'Invalid value for "is" search, valid values are [{names}]')


def _level(name: str, value: str, _: datetime) -> tuple[SearchOperator, str]:
    level = value.lower()
    if level not in _LEVELS:
        raise BadRequest(f"{name}: takes one of {', '.join(sorted(_LEVELS))}.")
    return SearchOperator.IS, level


def _number(name: str, value: str, _: datetime) -> tuple[SearchOperator, int]:
    operator, digits = _operator_of(value)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _NUMBER_DIGITS_MAX):
        raise BadRequest(f"{name}: takes a number, or a comparison with one, such as >10.")
    return operator or SearchOperator.IS, int(digits)


def _moment(name: str, value: str, now: datetime) -> tuple[SearchOperator, datetime]:
    """Return a comparison with a date, or of an age: ``-24h`` is younger than a day, ``+24h`` older."""
    if relative := relative_moment(value, now):
        return relative
    operator, date = _operator_of(value)
    moment = iso_moment(date)
    if not operator or moment is None:
        raise BadRequest(
            f"{name}: takes a comparison with a date, such as >2026-01-31, or a time ago, such as -24h."
        )
    return operator, moment


_READERS: dict[
    IssueAttribute, Callable[[str, str, datetime], tuple[SearchOperator, str | int | datetime]]
] = {
    IssueAttribute.LEVEL: _level,
    IssueAttribute.TIMES_SEEN: _number,
    IssueAttribute.FIRST_SEEN: _moment,
    IssueAttribute.LAST_SEEN: _moment,
}


def _operator_of(value: str) -> tuple[SearchOperator | None, str]:
    """Return the operator of a comparison, None without one, and its operand."""
    compared = _COMPARED.fullmatch(value)
    assert compared is not None, "both parts may be empty"
    return (SearchOperator(compared[1]) if compared[1] else None), compared[2]


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1] if is_quoted else text
