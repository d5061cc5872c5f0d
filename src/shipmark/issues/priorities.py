"""Priorities of issues: how bad their last event was, unless a user has set another."""

from enum import StrEnum

#: The levels of errors, and of what is less, as far as they count.
ERROR_LEVELS = ("fatal", "error")
WARNING = "warning"


class Priority(StrEnum):
    """The priority of an issue, with the protocol's names (groups-api.md 3.1)."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def priority_of(level: str, *, is_unhandled: bool) -> Priority:
    """Return the priority by the level: high for errors, and whatever was not handled."""
    if is_unhandled or level in ERROR_LEVELS:
        return Priority.HIGH
    return Priority.MEDIUM if level == WARNING else Priority.LOW
