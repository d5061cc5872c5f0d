"""Issues and their states."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from shipmark.repositories.model import Commit


class IssueStatus(StrEnum):
    """The status of an issue (groups-api.md 1)."""

    UNRESOLVED = "unresolved"
    RESOLVED = "resolved"
    IGNORED = "ignored"


class Substatus(StrEnum):
    """The substatus of an open or ignored issue; resolved issues have none (releases.md 1.15)."""

    NEW = "new"
    ONGOING = "ongoing"
    REGRESSED = "regressed"
    ARCHIVED_FOREVER = "archived_forever"
    ARCHIVED_UNTIL_ESCALATING = "archived_until_escalating"


class InboxReason(IntEnum):
    """The reason for an issue to be in the inbox, with the protocol's numbers (releases.md 1.20)."""

    NEW = 0
    REGRESSION = 2
    MANUAL = 3


class ResolutionType(StrEnum):
    """The release from which a resolution counts: this one or the next (releases.md 1.16)."""

    IN_RELEASE = "in_release"


class HistoryStatus(StrEnum):
    """The status in an entry of an issue's history (releases.md 1.21)."""

    RESOLVED = "resolved"
    SET_RESOLVED_IN_RELEASE = "set_resolved_in_release"
    SET_RESOLVED_IN_COMMIT = "set_resolved_in_commit"
    UNRESOLVED = "unresolved"
    IGNORED = "ignored"
    REGRESSED = "regressed"
    REVIEWED = "reviewed"


class IssueActivityType(StrEnum):
    """The types of activities of issues, with the protocol's names (groups-api.md 3.2)."""

    SET_RESOLVED = "set_resolved"
    SET_UNRESOLVED = "set_unresolved"
    SET_IGNORED = "set_ignored"
    SET_REGRESSION = "set_regression"
    SET_RESOLVED_IN_RELEASE = "set_resolved_in_release"
    SET_RESOLVED_IN_COMMIT = "set_resolved_in_commit"
    REFERENCED_IN_COMMIT = "referenced_in_commit"
    MARK_REVIEWED = "mark_reviewed"
    AUTO_SET_ONGOING = "auto_set_ongoing"


class SubscriptionReason(IntEnum):
    """The reason for a user's subscription to an issue (releases.md 1.22)."""

    STATUS_CHANGE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedFix:
    """The resolution of an issue whose release was deleted, with no later release to take its place.

    Events of releases before the deleted one must not reopen the issue, so its version and date are stored.
    """

    version: str
    shipped_at: datetime
    is_pending: bool = False
    current_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A group of error events of a project. ``number`` is the number in its short id."""

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
    """The release in which an issue was resolved, and the user who resolved it.

    A pending one waits for the project's next release; ``release_id`` is the newest one until then. One that was
    requested as "in the next release" has ``current_version``, the release the issue was seen in (groups-api.md 4.3).
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
    """A new status for issues, as requested by a user.

    A resolution is in the release ``in_release`` (a version, or `LATEST`), or in the next one, or else in a commit, or
    else at once.
    """

    status: IssueStatus
    substatus: Substatus | None = None
    in_release: str | None = None
    is_in_next_release: bool = False
    in_commit: Commit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueChange:
    """A change of issues, as requested by a user: their status, whether they wait for review, or both.

    A value that is None stays. ``is_for_review`` is False for issues that were reviewed.
    """

    status: StatusChange | None = None
    is_for_review: bool | None = None

    @property
    def only_status(self) -> IssueStatus | None:
        """Return the new status if nothing else is changed: issues that have it already are then done."""
        return self.status.status if self.status and self.is_for_review is None else None


class IssueAttribute(StrEnum):
    """What issues are compared by."""

    LEVEL = "level"
    TIMES_SEEN = "times_seen"
    FIRST_SEEN = "first_seen_at"
    LAST_SEEN = "last_seen_at"


@dataclass(frozen=True, slots=True)
class IssueCondition:
    """A comparison of an attribute of issues. The operators are ``=``, ``!=``, ``>``, ``>=``, ``<`` and ``<=``."""

    attribute: IssueAttribute
    operator: str
    operand: str | int | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFilter:
    """The conditions of a list of issues. The text is searched in titles and messages, ignoring case.

    Issues for review are those in the inbox.

    The mappings are of projects to releases: the one that introduced the issue to an environment, one that it was seen
    in, one that it regressed in. An issue of a project that is not in the mapping does not match.

    With environments, issues match that were seen in one of them; the first release and that they were seen in count
    there.
    """

    project_ids: tuple[int, ...]
    status: IssueStatus | None = None
    substatus: Substatus | None = None
    is_for_review: bool = False
    text: str = ""
    first_seen_in: Mapping[int, int] | None = None
    seen_in: Mapping[int, int] | None = None
    regressed_in: Mapping[int, int] | None = None
    environment_ids: tuple[int, ...] | None = None
    conditions: tuple[IssueCondition, ...] = ()


#: The alias for the newest release of a project in place of a version.
LATEST = "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """An issue in the inbox, which waits for review."""

    reason: InboxReason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueActivity:
    """An activity of an issue. ``details`` have the protocol's names (releases.md 1.14)."""

    id: int
    issue_id: int
    type: IssueActivityType
    at: datetime
    user_id: int | None
    details: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """A change of an issue's status, as recorded for reports."""

    issue_id: int
    status: HistoryStatus
    at: datetime
    user_id: int | None
    release_id: int | None
