"""Sessions of apps as SDKs send them: single updates and aggregates, read and accepted (ingest.md 7.1, 7.2, 7.4)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from shipmark.infrastructure.clock import DRIFT_MIN, moment_of
from shipmark.projects.model import environment_sent_as
from shipmark.releases.versions import SENT_NAME_MAX, is_valid_name

#: The entries of an item with aggregates that are read.
AGGREGATES_MAX = 100
AGE_MAX = timedelta(days=5)
AHEAD_MAX = timedelta(seconds=60)
_NIL = UUID(int=0)
_SEQUENCE_MAX = 2**64 - 1
_COUNT_MAX = 2**31 - 1
#: Longer ones, a hundred years, are not a duration.
_DURATION_MAX = 3.2e9

Json = Mapping[str, object]


class SessionStatus(StrEnum):
    """The state of a session. One that Shipmark does not know counts as errored."""

    OK = "ok"
    EXITED = "exited"
    CRASHED = "crashed"
    ABNORMAL = "abnormal"
    ERRORED = "errored"
    #: An exception was not handled, and the process went on.
    UNHANDLED = "unhandled"


class AbnormalMechanism(StrEnum):
    """Why a session ended abnormally: the app did not respond, before the user's eyes or in the background."""

    NONE = "none"
    ANR_FOREGROUND = "anr_foreground"
    ANR_BACKGROUND = "anr_background"


class SessionProblem(StrEnum):
    """Why a session is dropped, as it is counted."""

    INVALID = "invalid"
    TOO_OLD = "too_old"
    IN_FUTURE = "in_future"
    RELEASE = "invalid_release"
    TOO_MANY = "too_many_aggregates"


class InvalidSessionError(Exception):
    """A session is dropped, for the problem that is its argument."""

    def __init__(self, problem: SessionProblem = SessionProblem.INVALID) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAttributes:
    """What sessions have in common: names as sent, and what filters look at, "" for what is missing."""

    release: str
    environment: str = ""
    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUpdate:
    """A state of one session. ``sequence`` and ``timestamp`` order updates, which no count depends on."""

    sid: str
    did: str | None
    sequence: int
    is_init: bool
    started: datetime
    timestamp: datetime
    duration: float | None
    status: SessionStatus
    errors: int
    mechanism: AbnormalMechanism
    attributes: SessionAttributes


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAggregate:
    """Numbers of ended sessions that started in one minute, of one user or of unknown ones. They are disjoint."""

    started: datetime
    did: str | None
    exited: int
    errored: int
    crashed: int
    abnormal: int
    unhandled: int
    attributes: SessionAttributes


Session = TypeVar("Session", bound=SessionUpdate | SessionAggregate)


def read_update(item: Json, *, default_sid: str, received_at: datetime) -> SessionUpdate:
    """Read the payload of a ``session`` item; null counts as missing. Raise `InvalidSessionError`."""
    is_init = _boolean(item, "init")
    status = _status(item)
    errors = _integer(item, "errors", most=_SEQUENCE_MAX)
    return SessionUpdate(
        sid=_sid(item, default_sid),
        did=_did(item),
        sequence=_sequence(item, received_at, is_init=is_init),
        is_init=is_init,
        started=_started(item),
        timestamp=_moment(item, "timestamp") or received_at,
        duration=_duration(item),
        status=status,
        errors=max(errors, 1) if status is SessionStatus.CRASHED else errors,
        mechanism=_mechanism(item),
        attributes=_attributes(item),
    )


def read_aggregates(item: Json) -> list[SessionAggregate | SessionProblem]:
    """Read the payload of a ``sessions`` item: each entry, or why it is dropped. Raise `InvalidSessionError`.

    Those beyond `AGGREGATES_MAX` are dropped.
    """
    entries, attributes = item.get("aggregates"), _attributes(item)
    if not isinstance(entries, list):
        raise InvalidSessionError
    read: list[SessionAggregate | SessionProblem] = []
    for entry in entries[:AGGREGATES_MAX]:
        try:
            read.append(_aggregate(entry, attributes))
        except InvalidSessionError as error:
            read.append(error.problem)
    return read + [SessionProblem.TOO_MANY] * (len(entries) - AGGREGATES_MAX)


def accepted(session: Session, *, received_at: datetime, drift: timedelta) -> Session:
    """Return the session with corrected moments and names. Raise `InvalidSessionError` (ingest.md 7.4).

    ``drift`` is the delay of the client's clock, zero if it is unknown. An invalid environment is removed; an invalid
    release drops the session.
    """
    session = _corrected(session, drift)
    moments = [session.started]
    if isinstance(session, SessionUpdate):
        moments.append(session.timestamp)
    if received_at - min(moments) > AGE_MAX:
        raise InvalidSessionError(SessionProblem.TOO_OLD)
    if max(moments) - received_at > AHEAD_MAX:
        raise InvalidSessionError(SessionProblem.IN_FUTURE)
    attributes = _with_valid_names(session.attributes)
    return session if attributes == session.attributes else replace(session, attributes=attributes)


def _corrected(session: Session, drift: timedelta) -> Session:
    """Return the session by the clock of the server, which ends no earlier than it begins."""
    # Copies take longer than all the rest, and most clocks are right.
    if abs(drift) >= DRIFT_MIN:
        try:
            session = _moved(session, drift)
        except OverflowError:
            raise InvalidSessionError from None
    if isinstance(session, SessionUpdate) and session.timestamp < session.started:
        return replace(session, timestamp=session.started)
    return session


def _moved(session: Session, drift: timedelta) -> Session:
    started = session.started + drift
    if isinstance(session, SessionUpdate):
        return replace(session, started=started, timestamp=session.timestamp + drift)
    return replace(session, started=started)


@lru_cache(1024)
def _with_valid_names(attributes: SessionAttributes) -> SessionAttributes:
    release = attributes.release.strip()
    if len(release) > SENT_NAME_MAX or not (is_valid_name(release) and _is_storable(release)):
        raise InvalidSessionError(SessionProblem.RELEASE)
    environment = environment_sent_as(attributes.environment.strip())
    environment = environment if _is_storable(environment) else ""
    return replace(attributes, release=release, environment=environment)


def _is_storable(text: str) -> bool:
    """Return False for a text with NUL or a lone surrogate, which PostgreSQL does not store."""
    return "\x00" not in text and text == text.encode(errors="replace").decode()


def _aggregate(entry: object, attributes: SessionAttributes) -> SessionAggregate:
    if not isinstance(entry, dict):
        raise InvalidSessionError
    return SessionAggregate(
        started=_started(entry),
        did=_did(entry),
        exited=_integer(entry, "exited", most=_COUNT_MAX),
        errored=_integer(entry, "errored", most=_COUNT_MAX),
        crashed=_integer(entry, "crashed", most=_COUNT_MAX),
        abnormal=_integer(entry, "abnormal", most=_COUNT_MAX),
        unhandled=_integer(entry, "unhandled", most=_COUNT_MAX),
        attributes=attributes,
    )


def _attributes(item: Json) -> SessionAttributes:
    sent = item.get("attrs")
    release = sent.get("release") if isinstance(sent, dict) else None
    if not isinstance(sent, dict) or isinstance(release, bool | list | dict | None):
        raise InvalidSessionError
    return SessionAttributes(
        release=_text(sent, "release"),
        environment=_text(sent, "environment"),
        address=_text(sent, "ip_address"),
        user_agent=_text(sent, "user_agent"),
    )


def _text(item: Json, key: str) -> str:
    """Return a text, or ""; a number counts as its text, as in events: builds are often numbers."""
    value = item.get(key)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _sid(item: Json, default: str) -> str:
    """Return the id as 32 digits: SDKs write it with or without dashes."""
    sent = item.get("sid")
    if sent is None:
        return default
    sid = _uuid(sent)
    if sid is None:
        raise InvalidSessionError
    return sid.hex


def _did(item: Json) -> str | None:
    """Return the id of a user or device; a number counts as its text, and a nil UUID as none."""
    did = item.get("did")
    if isinstance(did, int) and not isinstance(did, bool):
        did = str(did)
    if not isinstance(did, str | None):
        raise InvalidSessionError
    return None if not did or _uuid(did) == _NIL else did


def _uuid(value: object) -> UUID | None:
    # The parser would take braces and prefixes too.
    if not isinstance(value, str) or len(value) not in {32, 36}:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None


def _sequence(item: Json, received_at: datetime, *, is_init: bool) -> int:
    if item.get("seq") is None:
        sequence = int(received_at.timestamp() * 1000)
    else:
        # The largest number is reserved.
        sequence = _integer(item, "seq", most=_SEQUENCE_MAX - 1)
    return 0 if is_init else sequence


def _integer(item: Json, key: str, *, most: int) -> int:
    """Return a number from 0, which is the default. Some SDKs send whole numbers with a decimal point."""
    value = item.get(key)
    if value is None:
        return 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not 0 <= value <= most:
        raise InvalidSessionError
    return value


def _boolean(item: Json, key: str) -> bool:
    value = item.get(key)
    if not isinstance(value, bool | None):
        raise InvalidSessionError
    return value is True


def _started(item: Json) -> datetime:
    started = _moment(item, "started")
    if started is None:
        raise InvalidSessionError
    return started


def _moment(item: Json, key: str) -> datetime | None:
    value = item.get(key)
    moment = moment_of(value)
    if moment is None and value is not None:
        raise InvalidSessionError
    return moment


def _duration(item: Json) -> float | None:
    """Return the seconds; SDKs send -1 and the like for a session that goes on."""
    value = item.get("duration")
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidSessionError
    is_plausible = math.isfinite(value) and 0 <= value <= _DURATION_MAX
    return float(value) if is_plausible else None


def _status(item: Json) -> SessionStatus:
    value = item.get("status")
    if value is None:
        return SessionStatus.OK
    if not isinstance(value, str):
        raise InvalidSessionError
    return SessionStatus(value) if value in set(SessionStatus) else SessionStatus.ERRORED


def _mechanism(item: Json) -> AbnormalMechanism:
    value = item.get("abnormal_mechanism")
    if isinstance(value, str) and value in set(AbnormalMechanism):
        return AbnormalMechanism(value)
    return AbnormalMechanism.NONE
