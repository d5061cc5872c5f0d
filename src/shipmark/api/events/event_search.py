"""The parameter ``query`` of the events of an issue: terms of tags, users and texts, which must all hold."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shipmark.api.events.responses import EventOverviewResponse, EventSummaryResponse
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.search_values import unquoted
from shipmark.infrastructure.wildcards import expression_of
from shipmark.issues.search_words import BOOLEAN_WORDS, term_of, values_of, words_of
from shipmark.issues.tag_search import HAS
from shipmark.releases.search import BOOLEAN

_EXPLICIT = re.compile(r"tags\[(.+)\]")
_KEY = re.compile(rf"[\w.@-]+|{_EXPLICIT.pattern}")
_NO_TERMS = BOOLEAN_WORDS | {"(", ")"}
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
    terms = [_term(word) for word in words_of(query)]
    if len(terms) > _TERMS_MAX:
        raise BadRequest(f"A query has no more than {_TERMS_MAX} terms.")
    return EventSearch(terms)


def _term(word: str) -> _Term:
    if word in _NO_TERMS:
        raise BadRequest(BOOLEAN)
    is_negated = word.startswith("!")
    key, text = _key_and_text(word.removeprefix("!"))
    if key in _OF_ISSUES:
        raise BadRequest(f"{key}: is no property of an event.")
    if key and not text:
        raise BadRequest(f"{key}: takes a value.")
    if key == HAS:
        return _Term(key=unquoted(text), patterns=(), is_negated=not is_negated)
    return _Term(key=key, patterns=_patterns(key, text), is_negated=is_negated)


def _key_and_text(term: str) -> tuple[str, str]:
    """Return the key, which is empty for plain text. Text may be a URL, or the name of a class with ``::``."""
    key, colon, text = term_of(term)
    if not colon or _KEY.fullmatch(key) is None or text.startswith(("//", ":")):
        return "", term
    return key, text


def _patterns(key: str, text: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of a value or of a list of them; ``""`` has none."""
    if not key:
        return (re.compile(re.escape(unquoted(text)), re.IGNORECASE),)
    values = values_of(text)
    if not values:
        raise BadRequest(f"{key}: takes a list of values.")
    return tuple(_pattern(value) for value in values if value)


def _pattern(value: str) -> re.Pattern[str]:
    """Return the pattern of a whole value, in which ``*`` is any text; with one, in any case."""
    return re.compile(
        rf"\A{expression_of(value)}\Z", re.DOTALL | (re.IGNORECASE if "*" in value else 0)
    )


def _values_of(event: EventSummaryResponse, key: str) -> list[str]:
    """Return what an event has for a key; for plain text what is said of the event."""
    if not key:
        return [event.title, event.message, event.culprit]
    if explicit := _EXPLICIT.fullmatch(key):
        return [tag.value for tag in event.tags if tag.key == explicit[1]]
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
