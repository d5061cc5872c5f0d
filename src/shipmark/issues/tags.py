"""Tags of issues: what is counted of the tags of their events, by the names that clients use, and how much of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

#: The values of a key that an issue keeps apart: those that most events have, of equal ones the last seen.
VALUES_MAX = 500
#: The keys that an issue keeps, by the number of their events.
KEYS_MAX = 200
#: The tags of one event that are counted. Our own are the last, and always among them.
COUNTED_MAX = 100
#: An issue is looked at for too many values each time it has got so many events more.
TRIMMED_EACH = 500

#: The kinds of what identifies a user, as values of the tag ``user`` begin (ingest.md 8.5).
USER_KINDS = ("id", "username", "email", "ip")
#: The names of our own tags, which events have with a prefix (ingest.md 5).
_NAMES = {"sentry:release": "release", "sentry:dist": "dist", "sentry:user": "user"}

#: The number of events, and the first and the last second, since 1970, in which one was seen.
Seen = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagValue:
    """A value of a tag, and how many events of the issue have it; its moments are whole seconds."""

    value: str
    event_count: int
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TagKey:
    """A key, how many events of the issue have it, and how many values of it are kept apart."""

    key: str
    event_count: int
    value_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPattern:
    """A value of a tag, or what values begin with."""

    text: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCondition:
    """Issues that were seen with one of these values of a tag, or with any if there is none; negated, all others."""

    key: str
    patterns: tuple[TagPattern, ...]
    is_negated: bool = False
    #: A key that has values of the same kind, which no client sees.
    hidden_key: str | None = None


def hidden_key_of(kind: str) -> str:
    """Return the key of the identifiers of a kind that users have beside the one in the tag ``user``.

    No tag of a client has a blank in its name.
    """
    return f"user {kind}"


HIDDEN_KEYS = tuple(hidden_key_of(kind) for kind in USER_KINDS)


def key_of(name: str) -> str:
    """Return the key of a tag by its name within events, as clients may write it too: ``sentry:release``."""
    return _NAMES.get(name, name)


def moment_of(second: int) -> datetime:
    """Return the moment of a second since 1970."""
    return datetime.fromtimestamp(second, UTC)


def counted(
    tagged: Iterable[tuple[datetime, tuple[tuple[str, str], ...]]],
) -> Mapping[tuple[str, str], Seen]:
    """Return how often each pair of a name and a value was seen in events, given by their moment and their tags."""
    seen: dict[tuple[str, str], list[int]] = {}
    for at, tags in tagged:
        second = int(at.timestamp())
        for pair in tags[-COUNTED_MAX:]:
            numbers = seen.get(pair)
            if numbers is None:
                seen[pair] = [1, second, second]
            else:
                numbers[0] += 1
                if second < numbers[1]:
                    numbers[1] = second
                elif second > numbers[2]:
                    numbers[2] = second
    return {
        (_NAMES.get(key, key), value): (count, first, last)
        for (key, value), (count, first, last) in seen.items()
    }
