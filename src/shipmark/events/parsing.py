"""Parsing of error events.

From the JSON of an SDK to a validated, frozen `Event` (ingest.md 5, 6).
Parsing never fails: an event with invalid values is still useful, and its ``errors`` say what was left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

from shipmark.events import attribute_types, grouping, problems, security_reports, titles
from shipmark.events.context_tags import context_tags
from shipmark.events.moments import happened_at
from shipmark.events.payload import (
    Json,
    Raised,
    as_text,
    crash_frame_of,
    exceptions_of,
    is_pair,
    last_with_stack,
    level_of,
    main_of,
    object_of,
    pairs_of,
    text_of,
)
from shipmark.events.scanning import storable
from shipmark.events.sender import is_ip_address
from shipmark.projects.model import ENVIRONMENT_MAX, environment_sent_as
from shipmark.releases.versions import SENT_NAME_MAX, is_valid_name

DIST_MAX = 64
LOGGER_MAX = 64
TRANSACTION_MAX = 200
TAG_NAME_MAX = 200
TAG_VALUE_MAX = 200
TAGS_MAX = 200

PLATFORMS = frozenset({
    "as3", "c", "cfml", "cocoa", "csharp", "elixir", "go", "groovy", "haskell", "java",
    "javascript", "native", "node", "objc", "other", "perl", "php", "python", "ruby",
})  # fmt: skip

#: Attributes that are texts, with their limits; release, dist and environment are left out beyond them, others cut.
_TEXTS = {
    "release": SENT_NAME_MAX,
    "dist": DIST_MAX,
    "environment": ENVIRONMENT_MAX,
    "logger": LOGGER_MAX,
    "transaction": TRANSACTION_MAX,
    "server_name": TAG_VALUE_MAX,
    "site": TAG_VALUE_MAX,
    "culprit": titles.CULPRIT_MAX,
    "platform": TAG_VALUE_MAX,
}
_DIST = re.compile(rf"[A-Za-z0-9._-]{{1,{DIST_MAX}}}")
_TAG_NAME = re.compile(r"[a-zA-Z0-9_.:-]+")
#: The names of an application's releases repeat from event to event. They are short where this is called.
_is_valid_name = lru_cache(1024)(is_valid_name)
#: The server's own tags, which a client may not set (ingest.md 5).
_RESERVED_TAGS = frozenset({"release", "dist", "user", "filename", "function"})


#: The client's tags, as texts.
Pairs = list[tuple[str, str]]


class _Attributes(NamedTuple):
    """The attributes of an event that are in tags too: valid, within their limits, and read once."""

    release: str | None
    dist: str | None
    environment: str
    level: str
    logger: str | None
    transaction: str | None
    server_name: str
    identifiers: Pairs

    @property
    def user(self) -> tuple[str, str] | None:
        """Return what identifies the user best."""
        return self.identifiers[0] if self.identifiers else None


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
    other_identifiers: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...]
    is_unhandled: bool
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """An event and its payload, in whose ``errors`` is what was left out or changed."""

    event: Event
    payload: Json


def read(
    payload: Json, *, event_id: str, received_at: datetime, drift: timedelta = timedelta(0)
) -> Event:
    """Return the event of a payload; ``drift`` is the delay of the client's clock (ingest.md 6)."""
    return parse(payload, event_id=event_id, received_at=received_at, drift=drift).event


def parse(
    payload: Json, *, event_id: str, received_at: datetime, drift: timedelta = timedelta(0)
) -> ParsedEvent:
    """Return the event of a payload, and what of the payload can be stored."""
    lost: list[str] = []
    payload = storable(payload, lost)
    found = [problems.unstorable(name) for name in lost]
    return parse_storable(
        payload, event_id=event_id, received_at=received_at, drift=drift, problems_before=found
    )


def parse_storable(
    payload: Json,
    *,
    event_id: str,
    received_at: datetime,
    drift: timedelta,
    problems_before: Sequence[Json],
) -> ParsedEvent:
    """Return the event of a `storable` payload.

    ``problems_before`` are of what was done to the payload already; they are added to its ``errors``.
    """
    at, clock_problem = happened_at(payload, received_at, drift)
    before = [*([clock_problem] if clock_problem else []), *problems_before]
    pairs = _sent_pairs(payload.get("tags"))
    attributes = _attributes_of(payload, pairs)
    payload = _with_problems(payload, attributes, pairs, before)
    event = _event(payload, attributes, pairs, event_id=event_id, at=at, received_at=received_at)
    return ParsedEvent(event, payload)


def _event(
    payload: Json,
    attributes: _Attributes,
    pairs: Pairs,
    *,
    event_id: str,
    at: datetime,
    received_at: datetime,
) -> Event:
    exceptions = exceptions_of(payload)
    raised = main_of(exceptions, payload)
    frame = crash_frame_of(raised, payload) or crash_frame_of(last_with_stack(exceptions), payload)
    metadata = titles.metadata_of(payload, raised, frame)
    user, platform = attributes.user, text_of(payload, "platform")
    return Event(
        event_id=event_id,
        at=at,
        received_at=received_at,
        platform=platform if platform in PLATFORMS else "other",
        level=attributes.level,
        type="error" if exceptions else security_reports.type_of(payload) or "default",
        release=attributes.release,
        dist=attributes.dist,
        environment=attributes.environment,
        title=titles.title_of(metadata),
        culprit=titles.culprit_of(payload, frame),
        location=text_of(metadata, "filename") or None,
        logger=attributes.logger,
        message=titles.search_message_of(payload, metadata),
        metadata=metadata,
        transaction=attributes.transaction,
        user_hash=grouping.md5(user[1]) if user else None,
        other_identifiers=tuple(_within_limits(dict(attributes.identifiers[1:])).items()),
        tags=_tags(payload, attributes, pairs, exceptions),
        is_unhandled=_is_unhandled(exceptions),
        hashes=grouping.hashes_of(payload, exceptions),
    )


def _attributes_of(payload: Json, pairs: Pairs) -> _Attributes:
    release = _release(payload)
    return _Attributes(
        release=release,
        dist=_dist(payload) if release else None,
        environment=_environment(payload, pairs),
        level=level_of(payload),
        # The end of a name such as "com.acme.shop.orders.OrderService" says most.
        logger=text_of(payload, "logger")[-LOGGER_MAX:] or None,
        transaction=text_of(payload, "transaction")[:TRANSACTION_MAX] or None,
        server_name=text_of(payload, "server_name"),
        identifiers=_identifiers(payload),
    )


def _with_problems(
    payload: Json, attributes: _Attributes, pairs: Pairs, before: Sequence[Json]
) -> Json:
    """Return the payload with what is left out of it, or changed, in its ``errors``, after the client's own."""
    found = chain(
        before,
        problems.of_structure(payload),
        problems.of_parts(payload),
        attribute_types.problems_of(payload),
        problems.of_texts(payload, _TEXTS),
        problems.of_level(payload),
        problems.of_exceptions(payload),
        _name_problems(payload, attributes),
        problems.of_user(payload),
        _tag_problems(payload, pairs),
    )
    noted = list(islice(found, problems.PROBLEMS_MAX))
    if not noted:
        return payload
    sent = payload.get("errors")
    return payload | {"errors": [*(sent if isinstance(sent, list) else []), *noted]}


def _name_problems(payload: Json, attributes: _Attributes) -> Iterator[Json]:
    """Yield a problem for an invalid release, dist or environment; `_TEXTS` has their types and lengths."""
    release, dist = text_of(payload, "release"), text_of(payload, "dist")
    if release and len(release) <= SENT_NAME_MAX and attributes.release is None:
        yield problems.invalid("release", release, "not a valid name of a release")
    if dist and attributes.release is None:
        yield problems.invalid("dist", dist, "it needs a release")
    elif dist and len(dist) <= DIST_MAX and attributes.dist is None:
        yield problems.invalid(
            "dist", dist, "letters, digits, dots, dashes and underscores are allowed"
        )
    environment = text_of(payload, "environment")
    if environment and len(environment) <= ENVIRONMENT_MAX and not environment_sent_as(environment):
        yield problems.invalid("environment", environment, "not a valid name of an environment")


def _tag_problems(payload: Json, pairs: Pairs) -> Iterator[Json]:
    sent = payload.get("tags")
    for index, pair in enumerate(sent if isinstance(sent, list) else ()):
        if not is_pair(pair):
            yield problems.invalid(f"tags.{index}", pair, "not a pair")
    for number, (key, value) in enumerate(pairs):
        name = f"tags.{key[:TAG_NAME_MAX]}"
        if not _is_tag_name(key):
            is_reserved = key.removeprefix("sentry:") in _RESERVED_TAGS
            reason = "the name is reserved" if is_reserved else "not a valid name of a tag"
            yield problems.invalid(name, value, reason)
        elif len(value) > TAG_VALUE_MAX:
            yield problems.too_long(name, value, TAG_VALUE_MAX)
        elif not value and (holder := pairs_of(sent)[number][1]):
            yield problems.invalid(name, holder, problems.NO_TEXT)
        elif problems.has_line_break(value):
            yield problems.invalid(name, value, problems.ONE_LINE)
        elif key == "environment" and not environment_sent_as(value):
            yield problems.invalid(name, value, "not a valid name of an environment")
        elif number >= TAGS_MAX:
            yield problems.invalid(name, value, f"more than {TAGS_MAX} tags")


def _release(payload: Json) -> str | None:
    """Return the release, or None if it is invalid (ingest.md 5.1)."""
    name = text_of(payload, "release")
    return name if name and len(name) <= SENT_NAME_MAX and _is_valid_name(name) else None


def _dist(payload: Json) -> str | None:
    name = text_of(payload, "dist")
    return name if _DIST.fullmatch(name) else None


def _environment(payload: Json, pairs: Pairs) -> str:
    """Return the attribute, else the tag of the same name (ingest.md 5)."""
    own = environment_sent_as(text_of(payload, "environment"))
    return own or environment_sent_as(_sent_tags(pairs).get("environment", ""))


def _is_unhandled(exceptions: tuple[Raised, ...]) -> bool:
    return any(raised.mechanism.get("handled") is False for raised in exceptions)


def _identifiers(payload: Json) -> Pairs:
    """Return what identifies the user as (kind, value), the best first (ingest.md 8.5)."""
    user = object_of(payload, "user")
    sent = [(kind, as_text(user.get(kind))) for kind in problems.USER_IDENTIFIERS]
    address = text_of(user, "ip_address")
    if is_ip_address(address):
        sent.append(("ip", address))
    return [(kind, value) for kind, value in sent if value]


def _tags(
    payload: Json, attributes: _Attributes, pairs: Pairs, exceptions: tuple[Raised, ...]
) -> tuple[tuple[str, str], ...]:
    """Return the client's and our tags; ours take precedence, so that an invalid environment is removed.

    The client's own take precedence over those of contexts.
    """
    sent = _sent_tags(pairs)
    sent.pop("environment", None)
    # The site of servers, as clients before tags sent it.
    made = _within_limits(context_tags(payload) | {"site": text_of(payload, "site")})
    return tuple({**made, **sent, **_own_tags(attributes, exceptions)}.items())


def _sent_tags(pairs: Pairs) -> dict[str, str]:
    """Return the client's valid tags, the first of each name (ingest.md 5)."""
    tags: dict[str, str] = {}
    for key, value in pairs:
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


def _sent_pairs(tags: object) -> Pairs:
    return [(as_text(key), as_text(value)) for key, value in pairs_of(tags)]


def _is_tag_value(text: str) -> bool:
    return 0 < len(text) <= TAG_VALUE_MAX and not problems.has_line_break(text)


def _own_tags(attributes: _Attributes, exceptions: tuple[Raised, ...]) -> dict[str, str]:
    """Return the tags made from attributes (ingest.md 5, 5.3, 5.4, 8.5)."""
    tags = {
        "level": attributes.level,
        "logger": attributes.logger,
        "environment": attributes.environment,
        "transaction": attributes.transaction,
        "server_name": attributes.server_name,
        "sentry:release": attributes.release,
        "sentry:dist": attributes.dist,
        "sentry:user": ":".join(attributes.user) if attributes.user else None,
        "handled": _handled(exceptions),
        "mechanism": text_of(exceptions[-1].mechanism, "type") if exceptions else None,
    }
    return _within_limits(tags)


def _within_limits(tags: Mapping[str, str | None]) -> dict[str, str]:
    cut = {key: value[:TAG_VALUE_MAX] for key, value in tags.items() if value}
    return {key: value for key, value in cut.items() if not problems.has_line_break(value)}


def _handled(exceptions: tuple[Raised, ...]) -> str | None:
    """Return "no" if any exception was unhandled, None if the client reports neither."""
    if _is_unhandled(exceptions):
        return "no"
    is_known = any(raised.mechanism.get("handled") is True for raised in exceptions)
    return "yes" if is_known else None
