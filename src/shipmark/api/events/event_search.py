"""The parameter ``query`` of the events of an issue: terms of tags, users and texts, which must all hold."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shipmark.api.events.responses import EventOverviewResponse, EventSummaryResponse
from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.search import QUERY_MAX
from shipmark.releases.search import BOOLEAN

_TERM = re.compile(r'(!?)(?:([\w.@-]+):)?("(?:[^"\\]|\\.)*"|\[[^\]]*\]|\S+)')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_LISTED = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,]*?)\s*(?:,|$)')
_BOOLEAN_WORDS = frozenset({"AND", "OR", "(", ")"})
_TERMS_MAX = 20
_USER = "user."
#: What is in an event by its attribute; any other key is that of a tag.
_ATTRIBUTES: Mapping[str, Callable[[EventSummaryResponse], str | None]] = {
    "title": lambda event: event.title,
    "message": lambda event: event.message,
    "culprit": lambda event: event.culprit,
    "location": lambda event: event.location,
    "platform": lambda event: event.platform,
    "event.type": lambda event: event.type,
    "id": lambda event: event.event_id,
    "event.id": lambda event: event.event_id,
}
_USER_ATTRIBUTES = {"id": "id", "username": "username", "email": "email", "ip": "ip_address"}
#: Keys of the search for issues that no tag of an event has.
_OF_ISSUES = frozenset({
    "is", "assigned", "assigned_or_suggested", "bookmarks", "firstSeen", "lastSeen", "age", "timesSeen", "timestamp",
    "firstRelease",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """What the values of a key must be: one of the patterns, anything at all, or, without patterns, none."""

    key: str
    patterns: tuple[re.Pattern[str], ...]
    is_negated: bool

    def holds(self, event: EventSummaryResponse) -> bool:
        values = _values_of(event, self.key)
        if not self.patterns:
            return bool(values) is self.is_negated
        found = any(pattern.search(value) for pattern in self.patterns for value in values)
        return found is not self.is_negated


@dataclass(frozen=True, slots=True)
class EventSearch:
    """A parsed query."""

    terms: Sequence[_Term]

    def finds(self, event: EventSummaryResponse) -> bool:
        """Return True if all terms hold for the event."""
        return all(term.holds(event) for term in self.terms)


def parse(query: str) -> EventSearch:
    """Parse a query. Raise `BadRequest` for one that can't be read, as ignoring a term would mislead."""
    if len(query) > QUERY_MAX:
        raise BadRequest(f"A query has no more than {QUERY_MAX} characters.")
    terms = [_term(found) for found in _TERM.finditer(query)]
    if len(terms) > _TERMS_MAX:
        raise BadRequest(f"A query has no more than {_TERMS_MAX} terms.")
    return EventSearch(terms)


def _term(found: re.Match[str]) -> _Term:
    sign, key, text = found[1], found[2] or "", found[3]
    if text in _BOOLEAN_WORDS and not key:
        raise BadRequest(BOOLEAN)
    if key in _OF_ISSUES:
        raise BadRequest(f"{key}: is no property of an event.")
    if not key and text.endswith(":"):
        raise BadRequest(f"{text} takes a value.")
    is_negated = sign == "!"
    if key == "has":
        return _Term(key=_unquoted(text), patterns=(), is_negated=not is_negated)
    return _Term(key=key, patterns=_patterns(key, text), is_negated=is_negated)


def _patterns(key: str, text: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of a value or of a list of them; ``""`` has none."""
    if not key:
        return (re.compile(re.escape(_unquoted(text)), re.IGNORECASE),)
    if not text.startswith("["):
        return tuple(map(_pattern, filter(None, [_unquoted(text)])))
    values = [_unquoted(each) for each in _LISTED.findall(text[1:-1])]
    listed = [value for value in values if value]
    if not listed:
        raise BadRequest(f"{key}: takes a list of values.")
    return tuple(map(_pattern, listed))


def _pattern(value: str) -> re.Pattern[str]:
    """Return the pattern of a whole value, in which ``*`` is any text; with one, in any case."""
    body = ".*".join(map(re.escape, value.split("*")))
    return re.compile(rf"\A{body}\Z", re.DOTALL | (re.IGNORECASE if "*" in value else 0))


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text


def _values_of(event: EventSummaryResponse, key: str) -> list[str]:
    """Return what an event has for a key; for plain text what is said of the event."""
    if not key:
        return [event.title, event.message, event.culprit]
    if key in _ATTRIBUTES:
        value = _ATTRIBUTES[key](event)
        return [value] if value else []
    own = _of_user(event, key)
    return own + [tag.value for tag in event.tags if tag.key == key]


def _of_user(event: EventOverviewResponse, key: str) -> list[str]:
    attribute = _USER_ATTRIBUTES.get(key.removeprefix(_USER))
    if not key.startswith(_USER) or attribute is None or event.user is None:
        return []
    value = getattr(event.user, attribute)
    return [value] if value else []
