"""The users whom new issues of a release hit, which release health counts (verdict.md 1.3, N)."""

from hashlib import blake2b

from shipmark.events.parsing import Event
from shipmark.release_health.buckets import HealthUpdate
from shipmark.release_health.model import SketchKind

#: The levels of events that say that something broke.
_LEVELS = frozenset({"error", "fatal"})


def update_of(event: Event, issue_id: int) -> HealthUpdate | None:
    """Return what an event adds whose issue its release has brought to the environment, or None for a mere message.

    All events of an issue without a user count as those of one.
    """
    if event.release is None or event.level not in _LEVELS:
        return None
    user = f"user {event.user_hash}" if event.user_hash else f"issue {issue_id}"
    hash_ = int.from_bytes(blake2b(user.encode(), digest_size=8).digest(), "big")
    return HealthUpdate(
        release=event.release,
        environment=event.environment,
        started=event.at,
        members=((SketchKind.NEW_ISSUE, hash_),),
        is_session=False,
    )
