"""What is an issue, and what can be its state?"""

from collections.abc import Mapping
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
    ARCHIVED_FOREVER = "archived_forever"
    ARCHIVED_UNTIL_ESCALATING = "archived_until_escalating"


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
    SET_RESOLVED_IN_RELEASE = "set_resolved_in_release"
    UNRESOLVED = "unresolved"
    IGNORED = "ignored"
    REGRESSED = "regressed"


class IssueActivityType(StrEnum):
    """What can happen to an issue; the words are the protocol's (groups-api.md 3.2)."""

    SET_RESOLVED = "set_resolved"
    SET_UNRESOLVED = "set_unresolved"
    SET_IGNORED = "set_ignored"
    SET_REGRESSION = "set_regression"
    SET_RESOLVED_IN_RELEASE = "set_resolved_in_release"
    REFERENCED_IN_COMMIT = "referenced_in_commit"


class SubscriptionReason(IntEnum):
    """Why is somebody told about an issue? (releases.md 1.22)"""

    STATUS_CHANGE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedFix:
    """The resolution of an issue whose release was deleted, with no later release to take its place.

    Events of releases before the deleted one must not reopen the issue, so its version and date are kept.
    """

    version: str
    shipped_at: datetime
    is_pending: bool = False
    current_version: str | None = None


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
    deleted_fix: DeletedFix | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """In which release an issue was resolved, and by whom.

    A pending one waits for the project's next release; ``release_id`` is the newest one until then. One that was asked
    for as "in the next release" has ``current_version``, the release that the issue was seen in (groups-api.md 4.3).
    """

    id: int
    issue_id: int
    release_id: int
    type: ResolutionType
    user_id: int | None
    at: datetime
    is_pending: bool = False
    current_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A new status for issues, as a person asks for it.

    A resolution is in the release ``in_release`` (a version, or `LATEST`), or in the next one, or else at once.
    """

    status: IssueStatus
    substatus: Substatus | None = None
    in_release: str | None = None
    is_in_next_release: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFilter:
    """Which issues a list shows. The text is searched in titles and messages, in any case.

    The others map each project to a release: the one that brought the issue to an environment, one that it was seen
    in, one that it came back in. An issue of a project that is not in the mapping does not pass.
    """

    project_ids: tuple[int, ...]
    status: IssueStatus | None = None
    text: str = ""
    first_seen_in: Mapping[int, int] | None = None
    seen_in: Mapping[int, int] | None = None
    regressed_in: Mapping[int, int] | None = None


#: Names the newest release of a project wherever a version is asked for.
LATEST = "latest"


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
