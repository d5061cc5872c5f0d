"""Parsing of error events.

From the JSON of an SDK to a validated, frozen `Event` (ingest.md 5, 6).
Parsing never fails: an event with invalid values is still useful, and its ``errors`` say what was left out.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain, islice

from shipmark.events import grouping, problems, security_reports, titles
from shipmark.events.context_tags import context_tags
from shipmark.events.payload import (
    Json,
    Raised,
    as_text,
    crash_frame_of,
    exceptions_of,
    is_pair,
    level_of,
    main_of,
    object_of,
    pairs_of,
    storable,
    text_of,
)
from shipmark.events.sender import is_ip_address
from shipmark.infrastructure.clock import DRIFT_MIN, moment_of
from shipmark.projects.model import ENVIRONMENT_MAX, environment_sent_as
from shipmark.releases.versions import SENT_NAME_MAX, is_valid_name

DIST_MAX = 64
LOGGER_MAX = 64
TRANSACTION_MAX = 200
TAG_NAME_MAX = 200
TAG_VALUE_MAX = 200
TAGS_MAX = 200
AGE_MAX = timedelta(days=30)
AHEAD_MAX = timedelta(seconds=60)

PLATFORMS = frozenset({
    "as3", "c", "cfml", "cocoa", "csharp", "elixir", "go", "groovy", "haskell", "java",
    "javascript", "native", "node", "objc", "other", "perl", "php", "python", "ruby",
})  # fmt: skip

#: Attributes that are texts, with their limits; logger, transaction and server name are cut, the others left out.
_TEXTS = {
    "release": SENT_NAME_MAX,
    "dist": DIST_MAX,
    "environment": ENVIRONMENT_MAX,
    "logger": LOGGER_MAX,
    "transaction": TRANSACTION_MAX,
    "server_name": TAG_VALUE_MAX,
}
_DIST = re.compile(rf"[A-Za-z0-9._-]{{1,{DIST_MAX}}}")
_TAG_NAME = re.compile(r"[a-zA-Z0-9_.:-]+")
#: The server's own tags, which a client may not set (ingest.md 5).
_RESERVED_TAGS = frozenset({"release", "dist", "user", "filename", "function"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One error event; ``environment`` is "" for none, ``message`` is the text for searches."""

    event_id: str
    at: datetime
    received_at: datetime
    platform: str
    level: str
    type: str
    release: str | None
    dist: str | None
    environment: str
    title: str
    culprit: str
    location: str | None
    logger: str | None
    message: str
    metadata: dict[str, object]
    transaction: str | None
    user_hash: str | None
    tags: tuple[tuple[str, str], ...]
    is_unhandled: bool
    hashes: tuple[str, ...]
    payload: dict[str, object]


def read(
    payload: Json,
    *,
    event_id: str,
    received_at: datetime,
    drift: timedelta = timedelta(0),
) -> Event:
    """Return the event of a payload; ``drift`` is the delay of the client's clock (ingest.md 6)."""
    lost: list[str] = []
    payload = storable(payload, lost)
    found = [problems.unstorable(name) for name in lost]
    return read_storable(
        payload, event_id=event_id, received_at=received_at, drift=drift, problems_before=found
    )


def read_storable(
    payload: Json,
    *,
    event_id: str,
    received_at: datetime,
    drift: timedelta,
    problems_before: Sequence[Json],
) -> Event:
    """Return the event of a `storable` payload.

    ``problems_before`` are of what was done to the payload already; they are added to its ``errors``.
    """
    at, clock_problem = _happened_at(payload, received_at, drift)
    before = [*([clock_problem] if clock_problem else []), *problems_before]
    payload = _with_problems(payload, before)
    exceptions = exceptions_of(payload)
    raised = main_of(exceptions, payload)
    frame = crash_frame_of(raised, payload)
    metadata = titles.metadata_of(payload, raised, frame)
    release, user = _release(payload), _user(payload)
    platform = text_of(payload, "platform")
    return Event(
        event_id=event_id,
        at=at,
        received_at=received_at,
        platform=platform if platform in PLATFORMS else "other",
        level=level_of(payload),
        type="error" if exceptions else security_reports.type_of(payload) or "default",
        release=release,
        dist=_dist(payload) if release else None,
        environment=_environment(payload),
        title=titles.title_of(metadata),
        culprit=titles.culprit_of(payload, frame),
        location=text_of(metadata, "filename") or None,
        logger=_logger(payload),
        message=titles.search_message_of(payload, metadata),
        metadata=metadata,
        transaction=_transaction(payload),
        user_hash=_md5(user[1]) if user else None,
        tags=_tags(payload, exceptions),
        is_unhandled=_is_unhandled(exceptions),
        hashes=grouping.hashes_of(payload, exceptions),
        payload=payload,
    )


def _happened_at(
    payload: Json, received_at: datetime, drift: timedelta
) -> tuple[datetime, Json | None]:
    """Return the moment by the corrected clock, or ``received_at`` and why if it is implausible (ingest.md 6)."""
    sent = payload.get("timestamp")
    if sent is None or sent == "":
        return received_at, None
    moment = moment_of(sent)
    if moment is None:
        return received_at, problems.invalid("timestamp", sent, "not a date")
    try:
        at = moment + drift if abs(drift) >= DRIFT_MIN else moment
        age = received_at - at
    except OverflowError:
        return received_at, problems.invalid("timestamp", sent, "not a date")
    if -AHEAD_MAX <= age <= AGE_MAX:
        return at, None
    kind = "past_timestamp" if age > AGE_MAX else "future_timestamp"
    data = {"name": "timestamp", "sdk_time": at.isoformat(), "server_time": received_at.isoformat()}
    return received_at, {
        "type": kind,
        "message": "The event is dated by its arrival.",
        "data": data,
    }


def _with_problems(payload: Json, before: Sequence[Json]) -> Json:
    """Return the payload with what is left out of it, or changed, in its ``errors``, after the client's own."""
    found = chain(
        before,
        problems.of_structure(payload),
        problems.of_parts(payload),
        problems.of_texts(payload, _TEXTS),
        problems.of_level(payload),
        problems.of_exceptions(payload),
        _name_problems(payload),
        _user_problems(payload),
        _tag_problems(payload),
    )
    noted = list(islice(found, problems.PROBLEMS_MAX))
    if not noted:
        return payload
    sent = payload.get("errors")
    return payload | {"errors": [*(sent if isinstance(sent, list) else []), *noted]}


def _name_problems(payload: Json) -> Iterator[Json]:
    """Yield a problem for an invalid release, dist or environment; `_TEXTS` has their types and lengths."""
    release, dist = text_of(payload, "release"), text_of(payload, "dist")
    if release and len(release) <= SENT_NAME_MAX and _release(payload) is None:
        yield problems.invalid("release", release, "not a valid name of a release")
    if dist and _release(payload) is None:
        yield problems.invalid("dist", dist, "it needs a release")
    elif dist and len(dist) <= DIST_MAX and _dist(payload) is None:
        yield problems.invalid(
            "dist", dist, "letters, digits, dots, dashes and underscores are allowed"
        )
    environment = text_of(payload, "environment")
    if environment and len(environment) <= ENVIRONMENT_MAX and not environment_sent_as(environment):
        yield problems.invalid("environment", environment, "not a valid name of an environment")


def _user_problems(payload: Json) -> Iterator[Json]:
    address = text_of(object_of(payload, "user"), "ip_address")
    # SDKs ask for the sender's address by "{{auto}}"; where that is not known it stays.
    if address and address != "{{auto}}" and not is_ip_address(address):
        yield problems.invalid("user.ip_address", address, "not an IP address")


def _tag_problems(payload: Json) -> Iterator[Json]:
    sent = payload.get("tags")
    for index, pair in enumerate(sent if isinstance(sent, list) else ()):
        if not is_pair(pair):
            yield problems.invalid(f"tags.{index}", pair, "not a pair")
    for number, (key, value) in enumerate(_sent_pairs(payload.get("tags"))):
        name = f"tags.{key[:TAG_NAME_MAX]}"
        if not _is_tag_name(key):
            is_reserved = key.removeprefix("sentry:") in _RESERVED_TAGS
            reason = "the name is reserved" if is_reserved else "not a valid name of a tag"
            yield problems.invalid(name, value, reason)
        elif len(value) > TAG_VALUE_MAX:
            yield problems.too_long(name, value, TAG_VALUE_MAX)
        elif _has_line_break(value):
            yield problems.invalid(name, value, "a value has one line")
        elif number >= TAGS_MAX:
            yield problems.invalid(name, value, f"more than {TAGS_MAX} tags")


def _release(payload: Json) -> str | None:
    """Return the release, or None if it is invalid (ingest.md 5.1)."""
    name = text_of(payload, "release")
    return name if name and len(name) <= SENT_NAME_MAX and is_valid_name(name) else None


def _dist(payload: Json) -> str | None:
    name = text_of(payload, "dist")
    return name if _DIST.fullmatch(name) else None


def _environment(payload: Json) -> str:
    """Return the attribute, else the tag of the same name (ingest.md 5)."""
    own = environment_sent_as(text_of(payload, "environment"))
    return own or environment_sent_as(_sent_tags(payload).get("environment", ""))


def _logger(payload: Json) -> str | None:
    return text_of(payload, "logger")[:LOGGER_MAX] or None


def _transaction(payload: Json) -> str | None:
    return text_of(payload, "transaction")[:TRANSACTION_MAX] or None


def _is_unhandled(exceptions: tuple[Raised, ...]) -> bool:
    return any(raised.mechanism.get("handled") is False for raised in exceptions)


def _user(payload: Json) -> tuple[str, str] | None:
    """Return the user's identifier as (kind, value), in the order of ingest.md 8.5."""
    user = object_of(payload, "user")
    for kind in ("id", "username", "email"):
        if value := as_text(user.get(kind)):
            return kind, value
    address = text_of(user, "ip_address")
    return ("ip", address) if is_ip_address(address) else None


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def tags_of(payload: Json) -> tuple[tuple[str, str], ...]:
    """Return the tags of a stored payload, as `read` does, without the work for the rest of the event."""
    return _tags(payload, exceptions_of(payload))


def _tags(payload: Json, exceptions: tuple[Raised, ...]) -> tuple[tuple[str, str], ...]:
    """Return the client's and our tags; ours take precedence, so that an invalid environment is removed.

    The client's own take precedence over those of contexts.
    """
    sent = _sent_tags(payload)
    sent.pop("environment", None)
    made = _within_limits(context_tags(payload))
    return tuple({**made, **sent, **_own_tags(payload, exceptions)}.items())


def _sent_tags(payload: Json) -> dict[str, str]:
    """Return the client's valid tags, the first of each name (ingest.md 5)."""
    tags: dict[str, str] = {}
    for key, value in _sent_pairs(payload.get("tags")):
        if _is_tag_name(key) and _is_tag_value(value) and len(tags) < TAGS_MAX:
            tags.setdefault(key, value)
    return tags


def _is_tag_name(name: str) -> bool:
    """Return True for a valid name that is free for clients; the names of tags repeat, so they are remembered."""
    return len(name) <= TAG_NAME_MAX and _is_valid_tag_name(name)


@lru_cache(1024)
def _is_valid_tag_name(name: str) -> bool:
    is_free = name.removeprefix("sentry:") not in _RESERVED_TAGS
    return is_free and _TAG_NAME.fullmatch(name) is not None


def _sent_pairs(tags: object) -> list[tuple[str, str]]:
    return [(as_text(key), as_text(value)) for key, value in pairs_of(tags)]


def _is_tag_value(text: str) -> bool:
    return 0 < len(text) <= TAG_VALUE_MAX and not _has_line_break(text)


def _has_line_break(text: str) -> bool:
    return "\n" in text or "\r" in text


def _own_tags(payload: Json, exceptions: tuple[Raised, ...]) -> dict[str, str]:
    """Return the tags made from attributes (ingest.md 5, 5.3, 5.4, 8.5)."""
    release, user = _release(payload), _user(payload)
    tags = {
        "level": level_of(payload),
        "logger": _logger(payload),
        "environment": _environment(payload),
        "transaction": _transaction(payload),
        "server_name": text_of(payload, "server_name"),
        "sentry:release": release,
        "sentry:dist": _dist(payload) if release else None,
        "sentry:user": ":".join(user) if user else None,
        "handled": _handled(exceptions),
        "mechanism": text_of(exceptions[-1].mechanism, "type") if exceptions else None,
    }
    return _within_limits(tags)


def _within_limits(tags: Mapping[str, str | None]) -> dict[str, str]:
    cut = {key: (value or "")[:TAG_VALUE_MAX] for key, value in tags.items()}
    return {key: value for key, value in cut.items() if _is_tag_value(value)}


def _handled(exceptions: tuple[Raised, ...]) -> str | None:
    """Return "no" if any exception was unhandled, None if the client reports neither."""
    if _is_unhandled(exceptions):
        return "no"
    is_known = any(raised.mechanism.get("handled") is True for raised in exceptions)
    return "yes" if is_known else None
