"""Parsing of search queries of issues (groups-api.md 2.3)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.ids import id_of
from shipmark.infrastructure.search_dates import iso_moment, relative_moment
from shipmark.infrastructure.search_operators import SearchOperator
from shipmark.infrastructure.search_values import unquoted
from shipmark.issues import short_ids, tag_search, text_search
from shipmark.issues.model import IssueAttribute, IssueCondition, IssueStatus, ReleaseTie, Substatus
from shipmark.issues.search_words import BOOLEAN_WORDS, term_of, values_of, words_of
from shipmark.issues.short_ids import ShortId
from shipmark.issues.tags import TagCondition
from shipmark.issues.text_search import TextCondition
from shipmark.releases import search as release_search

_TERMS_MAX = 50
#: Terms of releases, environments, assignees and tags look up other tables, and lists of values are sent with the
#: statement.
_TIES_MAX = 10
_LISTED_MAX = 20
#: Statuses by the names that clients use, of which ignored issues have several.
STATUSES = {status.value: status for status in IssueStatus} | {
    "archived": IssueStatus.IGNORED,
    "muted": IssueStatus.IGNORED,
}
#: Substatuses by the names that clients use.
_SUBSTATUSES = {
    name: substatus
    for substatus in Substatus
    for name in (substatus.value, substatus.value.removeprefix("archived_"))
}
_FOR_REVIEW = "for_review"
#: No assignee, where assignees are named.
NO_ASSIGNEE = "none"
#: Values of ``is:``, with whether the search for `NO_ASSIGNEE` is negated.
_ASSIGNED = {"assigned": True, "unassigned": False}
#: Values of ``is:`` for states that no issue has here, with whether all issues match: there are no links to other
#: trackers.
_STATELESS = {"linked": False, "unlinked": True, "reprocessing": False}
IS_VALUES = (*STATUSES, *_SUBSTATUSES, _FOR_REVIEW, *_ASSIGNED, *_STATELESS)

#: The ties to versions by the names that clients use.
_RELEASE_KEYS = {
    "firstRelease": ReleaseTie.FIRST_SEEN,
    "first-release": ReleaseTie.FIRST_SEEN,
    "first_release": ReleaseTie.FIRST_SEEN,
    "release": ReleaseTie.SEEN,
    "regressed_in_release": ReleaseTie.REGRESSED,
}
#: Terms of the search for releases: issues match that were seen in one of those releases.
_RELEASE_FILTERS = frozenset(
    {"release.version", "release.package", "release.build", "release.stage"}
)
#: Keys that, with an empty value, ask for issues without the tag of the same name.
_OF_TAGS = frozenset({"release", "environment"})
#: The caller, where a user is named.
ME = "me"
_ATTRIBUTES = {
    "error.unhandled": IssueAttribute.IS_UNHANDLED,
    "error.handled": IssueAttribute.IS_UNHANDLED,
    "timesSeen": IssueAttribute.TIMES_SEEN,
    "times_seen": IssueAttribute.TIMES_SEEN,
    "firstSeen": IssueAttribute.FIRST_SEEN,
    "first_seen": IssueAttribute.FIRST_SEEN,
    "age": IssueAttribute.FIRST_SEEN,
    "lastSeen": IssueAttribute.LAST_SEEN,
    "last_seen": IssueAttribute.LAST_SEEN,
}
_NUMBER_DIGITS_MAX = 18
_COMPARED = re.compile(r"(>=|<=|>|<|)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTerm:
    """A term of versions, which may be `LATEST`, and whose releases may not exist. One of several is meant."""

    tie: ReleaseTie
    versions: tuple[str, ...]
    is_negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesTerm:
    """A term of environments, assignees, users or projects by names, which may be unknown. One of several is meant.

    Users are `ME`, or members by name or address; assignees also ``my_teams``, `NO_ASSIGNEE` and teams.
    """

    names: tuple[str, ...]
    is_negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTerm:
    """A term of issues by short ids or ids, which may not exist. One of several is meant."""

    short_ids: tuple[ShortId, ...]
    ids: tuple[int, ...]
    is_negated: bool


@dataclass(slots=True, kw_only=True)
class IssueSearch:
    """A parsed query. ``seen_in`` is the search for the releases of which one is meant, None for all."""

    status: IssueStatus | None = None
    substatus: Substatus | None = None
    excluded_statuses: set[IssueStatus] = field(default_factory=set)
    excluded_substatuses: set[Substatus] = field(default_factory=set)
    is_for_review: bool | None = None
    text: str = ""
    releases: list[ReleaseTerm] = field(default_factory=list)
    environments: list[NamesTerm] = field(default_factory=list)
    conditions: list[IssueCondition] = field(default_factory=list)
    assignees: list[NamesTerm] = field(default_factory=list)
    bookmarks: list[NamesTerm] = field(default_factory=list)
    subscriptions: list[NamesTerm] = field(default_factory=list)
    projects: list[NamesTerm] = field(default_factory=list)
    named: list[IssueTerm] = field(default_factory=list)
    texts: list[TextCondition] = field(default_factory=list)
    tags: list[TagCondition] = field(default_factory=list)
    seen_in: release_search.Search | None = None

    @property
    def is_of_events(self) -> bool:
        """Return True if a term is one that the protocol compares with events, such as a tag, not with issues."""
        is_unhandled = any(
            each.attribute is IssueAttribute.IS_UNHANDLED for each in self.conditions
        )
        seen = (
            any(term.tie is ReleaseTie.SEEN for term in self.releases) or self.seen_in is not None
        )
        return bool(
            self.text or self.environments or self.texts or self.tags or is_unhandled or seen
        )

    @property
    def looked_up_count(self) -> int:
        """Return the number of terms that look up other tables; all of ``seen_in`` are one."""
        return (
            len(self.releases)
            + len(self.environments)
            + len(self.assignees)
            + len(self.bookmarks)
            + len(self.subscriptions)
            + len(self.projects)
            + len(self.named)
            + len(self.tags)
            + (self.seen_in is not None)
        )


#: Adds a term to a search, given its name, its text and whether it is negated.
_Add = Callable[[IssueSearch, str, str, bool], None]


def parse(query: str, now: datetime) -> IssueSearch:
    """Parse a query, in which times ago count from ``now``.

    Raise `BadRequest` for unsupported keys, as ignoring them would mislead.
    """
    search, words, of_releases = IssueSearch(), list[str](), list[str]()
    for word in words_of(query):
        written, colon, rest = term_of(word)
        key = _known(written)
        if word in BOOLEAN_WORDS:
            raise BadRequest(release_search.BOOLEAN)
        if not colon or written.startswith('"') or _is_text(key, rest):
            words.append(unquoted(word))
        elif _searches_releases(key, rest):
            of_releases.append(word)
        else:
            _add_term(search, key, rest, now)
    if of_releases:
        search.seen_in = _release_search(" ".join(of_releases), now)
    search.text = " ".join(words)
    if text_search.ANY_TEXT in search.text:
        search.texts.append(text_search.condition_of("message", [search.text], is_negated=False))
        search.text = ""
    if len(search.conditions) + len(search.texts) > _TERMS_MAX:
        raise BadRequest(f"A query has no more than {_TERMS_MAX} conditions.")
    if search.looked_up_count > _TIES_MAX:
        raise BadRequest(
            f"A query has no more than {_TIES_MAX} terms of releases, environments, users, projects, issues and tags."
        )
    return search


def _known(key: str) -> str:
    """Return a key, which people write in any case, as it is spelled here; keys of tags are as they are."""
    name = key.removeprefix("!")
    return key.removesuffix(name) + _KEYS.get(name.lower(), name)


def _is_text(key: str, rest: str) -> bool:
    """Return True for the name of a class in Ruby, C++ or Perl, such as ``Rack::Timeout``: a tag has no such value."""
    return rest.startswith(":") and key.lower() not in _KEYS


def _searches_releases(key: str, text: str) -> bool:
    """Return True for terms of the search for releases, as are versions with a wildcard."""
    return key.removeprefix("!") in _RELEASE_FILTERS or (key == "release" and "*" in text)


def _release_search(query: str, now: datetime) -> release_search.Search:
    """Return the search for releases. A stage needs a single environment, which is checked when releases are read."""
    search = release_search.parse(query, now, environment_count=None)
    if search.texts:
        raise BadRequest(f"Terms of releases can't be read: {query}")
    return search


def _add_term(search: IssueSearch, key: str, text: str, now: datetime) -> None:
    name, value = key.removeprefix("!"), unquoted(text)
    is_negated = name != key
    if name == "is" or (name == "status" and value.lower() in STATUSES):
        _add_status(search, value.lower(), is_negated=is_negated)
    elif name in _LOOKED_UP and (value or name not in _OF_TAGS):
        if not value:
            raise BadRequest(f"{name}: takes a value.")
        _LOOKED_UP[name](search, name, text, is_negated)
    elif name in text_search.KEYS and text:
        values = _listed(name, text)
        search.texts.append(text_search.condition_of(name, values, is_negated=is_negated))
    elif name in _ATTRIBUTES:
        attribute = _ATTRIBUTES[name]
        operator, operand = _READERS[attribute](name, value, now)
        operator = operator.negated if is_negated else operator
        search.conditions.append(IssueCondition(attribute, operator, operand))
    elif (tag := tag_search.tag_of(name, text)) is not None:
        values = _listed(name, text)
        search.tags.append(tag_search.condition_of(tag, values, is_negated=is_negated))
    else:
        raise BadRequest(f"Invalid key for this search: {key}")


def _add_release(search: IssueSearch, name: str, text: str, is_negated: bool) -> None:
    versions = _values(name, text)
    term = ReleaseTerm(tie=_RELEASE_KEYS[name], versions=versions, is_negated=is_negated)
    search.releases.append(term)


def _adder(terms_of: Callable[[IssueSearch], list[NamesTerm]]) -> _Add:
    """Return the function that adds a term of names to those of a search."""

    def add(search: IssueSearch, name: str, text: str, is_negated: bool) -> None:
        terms_of(search).append(NamesTerm(names=_values(name, text), is_negated=is_negated))

    return add


def _add_issue(search: IssueSearch, name: str, text: str, is_negated: bool) -> None:
    values = _values(name, text)
    read = short_ids.parse if name == "issue" else id_of
    found = [read(value) for value in values]
    if None in found:
        kind = "short ids, such as WEB-1" if name == "issue" else "ids"
        raise BadRequest(f"{name}: takes {kind}.")
    term = IssueTerm(
        short_ids=tuple(each for each in found if isinstance(each, ShortId)),
        ids=tuple(each for each in found if isinstance(each, int)),
        is_negated=is_negated,
    )
    search.named.append(term)


#: Terms of other tables, by name.
_LOOKED_UP: dict[str, _Add] = {
    **dict.fromkeys(_RELEASE_KEYS, _add_release),
    "environment": _adder(lambda search: search.environments),
    # Nothing suggests assignees: there are no rules of ownership.
    **dict.fromkeys(
        ("assigned", "assigned_to", "assigned_or_suggested"),
        _adder(lambda search: search.assignees),
    ),
    **dict.fromkeys(("bookmarks", "bookmarked_by"), _adder(lambda search: search.bookmarks)),
    "subscribed": _adder(lambda search: search.subscriptions),
    **dict.fromkeys(
        ("project", "project.name", "project.id"), _adder(lambda search: search.projects)
    ),
    **dict.fromkeys(("issue", "issue.id"), _add_issue),
}

#: All keys but those of tags, by their names in lower case.
_KEYS = {
    key.lower(): key
    for key in (
        "is",
        "status",
        tag_search.HAS,
        *tag_search.USER_TERMS,
        *_RELEASE_FILTERS,
        *_LOOKED_UP,
        *text_search.KEYS,
        *_ATTRIBUTES,
    )
}


def _add_status(search: IssueSearch, value: str, *, is_negated: bool) -> None:
    """Set or exclude a status or substatus, of which the latter implies a status, or another state."""
    if value == _FOR_REVIEW:
        search.is_for_review = not is_negated
    elif value in _ASSIGNED:
        is_assigned = _ASSIGNED[value] is not is_negated
        search.assignees.append(NamesTerm(names=(NO_ASSIGNEE,), is_negated=is_assigned))
    elif value in _STATELESS:
        if _STATELESS[value] is is_negated:
            search.named.append(IssueTerm(short_ids=(), ids=(), is_negated=False))
    elif value in _SUBSTATUSES and is_negated:
        search.excluded_substatuses.add(_SUBSTATUSES[value])
    elif value in _SUBSTATUSES:
        search.substatus = _SUBSTATUSES[value]
        search.status = search.substatus.status
    elif value in STATUSES and is_negated:
        search.excluded_statuses.add(STATUSES[value])
    elif value in STATUSES:
        search.status, search.substatus = STATUSES[value], None
    else:
        names = ", ".join(IS_VALUES)
        raise BadRequest(f'Invalid value for "is" search, valid values are [{names}]')


def _values(name: str, text: str) -> tuple[str, ...]:
    """Return the values of a list in brackets, or the only value. Raise `BadRequest` for too many, and wildcards."""
    values = _listed(name, text)
    if any("*" in value for value in values):
        raise BadRequest(f"{name}: takes no wildcards.")
    return values


def _listed(name: str, text: str) -> tuple[str, ...]:
    """Return the values of a list in brackets, or the only value. Raise `BadRequest` for none, and for too many."""
    values = values_of(text)
    if not values or len(values) > _LISTED_MAX:
        raise BadRequest(f"{name}: takes up to {_LISTED_MAX} values.")
    return values


def _flag(name: str, value: str, _: datetime) -> tuple[SearchOperator, bool]:
    flag = {"true": True, "1": True, "false": False, "0": False}.get(value.lower())
    if flag is None:
        raise BadRequest(f"{name}: takes true or false.")
    return SearchOperator.IS, flag is (name == "error.unhandled")


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
    IssueAttribute,
    Callable[[str, str, datetime], tuple[SearchOperator, str | int | bool | datetime]],
] = {
    IssueAttribute.IS_UNHANDLED: _flag,
    IssueAttribute.TIMES_SEEN: _number,
    IssueAttribute.FIRST_SEEN: _moment,
    IssueAttribute.LAST_SEEN: _moment,
}


def _operator_of(value: str) -> tuple[SearchOperator | None, str]:
    """Return the operator of a comparison, None without one, and its operand."""
    compared = _COMPARED.fullmatch(value)
    assert compared is not None, "both parts may be empty"
    return (SearchOperator(compared[1]) if compared[1] else None), compared[2]
