"""When an event happened, by the clock of its client (ingest.md 6)."""

from datetime import datetime, timedelta

from shipmark.events import problems
from shipmark.events.payload import Json
from shipmark.infrastructure.clock import DRIFT_MIN, moment_of

AGE_MAX = timedelta(days=30)
AHEAD_MAX = timedelta(seconds=60)


def happened_at(
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
