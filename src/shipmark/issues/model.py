"""What is an issue, and what can be its state?"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum


class IssueStatus(StrEnum):
    """Is it open? (groups-api.md 1)"""

    UNRESOLVED = "unresolved"
    RESOLVED = "resolved"
    IGNORED = "ignored"


class Substatus(StrEnum):
    """How is it open? Resolved issues have none (releases.md 1.15)."""

    NEW = "new"
    ONGOING = "ongoing"
    REGRESSED = "regressed"


class InboxReason(IntEnum):
    """Why should somebody look at it? The numbers are the protocol's (releases.md 1.20)."""

    NEW = 0
    REGRESSION = 2


class ResolutionType(StrEnum):
    """When does a resolution begin to count? (releases.md 1.16)"""

    IN_RELEASE = "in_release"


class HistoryStatus(StrEnum):
    """What became of an issue (releases.md 1.21)."""

    RESOLVED = "resolved"
    REGRESSED = "regressed"


class IssueActivityType(StrEnum):
    """What can happen to an issue; the words are the protocol's (groups-api.md 3.2)."""

    SET_REGRESSION = "set_regression"
    SET_RESOLVED_IN_RELEASE = "set_resolved_in_release"
    REFERENCED_IN_COMMIT = "referenced_in_commit"


class SubscriptionReason(IntEnum):
    """Why is somebody told about an issue? (releases.md 1.22)"""

    STATUS_CHANGE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What goes wrong in a project: a group of events. ``number`` is what its short id counts by."""

    id: int
    organization_id: int
    project_id: int
    number: int
    status: IssueStatus
    substatus: Substatus | None
    type: str
    title: str
    culprit: str
    location: str | None
    level: str
    logger: str | None
    platform: str | None
    metadata: dict[str, object]
    is_unhandled: bool
    times_seen: int
    user_count: int
    first_release_id: int | None
    first_seen_at: datetime
    last_seen_at: datetime
    active_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """In which release an issue was resolved, and by whom."""

    id: int
    issue_id: int
    release_id: int
    type: ResolutionType
    user_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """An issue that waits for somebody to look at it."""

    reason: InboxReason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueActivity:
    """Something that happened to an issue. ``details`` are in the protocol's words (releases.md 1.14)."""

    id: int
    issue_id: int
    type: IssueActivityType
    at: datetime
    user_id: int | None
    details: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """What became of an issue, once: the record that reports are made from."""

    issue_id: int
    status: HistoryStatus
    at: datetime
    user_id: int | None
    release_id: int | None
