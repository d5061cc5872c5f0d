"""Search for events of an issue: terms of tags, users and texts, which must all hold.

Payloads are packed, so that no index serves a search: events are read and looked at one by one, a limited number for
each page.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shipmark.events import titles
from shipmark.events.payload import Json, as_text, object_of
from shipmark.events.scrubbed_event import ScrubbedEvent, scrubbed_event
from shipmark.events.scrubbing import ScrubbingRules
from shipmark.events.store import ListedEvent
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.keyset import KeysetPosition
from shipmark.infrastructure.search_values import unquoted
from shipmark.infrastructure.wildcards import expression_of
from shipmark.issues.search_words import BOOLEAN_WORDS, term_of, values_of, words_of
from shipmark.issues.tag_search import HAS
from shipmark.releases.search import BOOLEAN

_EXPLICIT = re.compile(r"tags\[(.+)\]")
_KEY = re.compile(rf"[\w.@-]+|{_EXPLICIT.pattern}")
_NO_TERMS = BOOLEAN_WORDS | {"(", ")"}
_TERMS_MAX = 20
#: The events that a search looks at for one page: half a second. The next page goes on behind them.
EXAMINED_MAX = 1000
#: Those that are in memory together, each with its payload.
_BATCH = 100
_USER = "user."
#: What is in an event by its attribute; any other key is that of a tag.
_ATTRIBUTES: Mapping[str, Callable[[ScrubbedEvent], str | None]] = {
    "title": lambda event: event.read.title,
    "message": lambda event: titles.message_of(event.payload),
    "culprit": lambda event: event.read.culprit,
    "location": lambda event: event.read.location,
    "platform": lambda event: event.read.platform,
    "event.type": lambda event: event.read.type,
    "id": lambda event: event.stored.event_id,
    "event.id": lambda event: event.stored.event_id,
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

    def holds(self, event: ScrubbedEvent) -> bool:
        values = _values_of(event, self.key)
        if not self.patterns:
            return bool(values) is self.is_negated
        found = any(pattern.search(value) for pattern in self.patterns for value in values)
        return found is not self.is_negated


@dataclass(frozen=True, slots=True)
class EventSearch:
    """A parsed query."""

    terms: Sequence[_Term]

    def finds(self, event: ScrubbedEvent) -> bool:
        """Return True if all terms hold for the event."""
        return all(term.holds(event) for term in self.terms)


class ReadEvents(Protocol):
    """The list that is searched."""

    def __call__(self, position: KeysetPosition | None, *, limit: int) -> list[ListedEvent]:
        """Return the events behind a position."""


def find_events(
    read: ReadEvents,
    search: EventSearch,
    rules: ScrubbingRules,
    position: KeysetPosition | None,
    *,
    limit: int,
) -> tuple[list[ListedEvent], ListedEvent | None]:
    """Return the events behind a position that a search finds, up to a limit; all of them without terms.

    Beside them the last one that was looked at, if there may be more behind it; no more than `EXAMINED_MAX` are.
    """
    if not search.terms:
        return read(position, limit=limit), None
    found = list[ListedEvent]()
    for _ in range(EXAMINED_MAX // _BATCH):
        rows = read(position, limit=_BATCH)
        for row in rows:
            if search.finds(scrubbed_event(row.unpacked(), rules)):
                found.append(row)
            if len(found) == limit:
                return found, None
        if len(rows) < _BATCH:
            return found, None
        is_backwards = position is not None and position.is_backwards
        position = KeysetPosition(at=rows[-1].created_at, id=rows[-1].id, is_backwards=is_backwards)
    return found, rows[-1]


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


def _values_of(event: ScrubbedEvent, key: str) -> list[str]:
    """Return what an event has for a key; for plain text what is said of the event."""
    if not key:
        return [event.read.title, titles.message_of(event.payload), event.read.culprit]
    if explicit := _EXPLICIT.fullmatch(key):
        return _of_tag(event, explicit[1])
    if key in _ATTRIBUTES:
        value = _ATTRIBUTES[key](event)
        return [value] if value else []
    own = _of_user(object_of(event.payload, "user"), key)
    return own + _of_tag(event, key)


def _of_tag(event: ScrubbedEvent, key: str) -> list[str]:
    return [value for name, value in event.read.tags if name.removeprefix("sentry:") == key]


def _of_user(user: Json, key: str) -> list[str]:
    attribute = _USER_ATTRIBUTES.get(key.removeprefix(_USER))
    if not key.startswith(_USER) or attribute is None:
        return []
    value = as_text(user.get(attribute))
    return [value] if value else []
