"""Issues and their states."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from shipmark.infrastructure.search_operators import SearchOperator
from shipmark.issues.people import (
    NO_PEOPLE_CHANGE,
    AssignmentCondition,
    PeopleChange,
    UserCondition,
)
from shipmark.issues.priorities import Priority, priority_of
from shipmark.issues.snooze import SnoozeConditions
from shipmark.issues.tags import TagCondition
from shipmark.issues.text_search import TextCondition
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
    ESCALATING = "escalating"
    ARCHIVED_FOREVER = "archived_forever"
    ARCHIVED_UNTIL_ESCALATING = "archived_until_escalating"
    ARCHIVED_UNTIL_CONDITION_MET = "archived_until_condition_met"

    @property
    def status(self) -> IssueStatus:
        """Return the status of the issues that have it."""
        is_archived = self.value.startswith("archived_")
        return IssueStatus.IGNORED if is_archived else IssueStatus.UNRESOLVED


#: What is stored as the status of an issue that was merged, until a job has moved its events. No reader selects it.
PENDING_MERGE = "pending_merge"
_SNOOZED = {Substatus.ARCHIVED_UNTIL_CONDITION_MET, Substatus.ARCHIVED_UNTIL_ESCALATING}


class InboxReason(IntEnum):
    """The reason for an issue to be in the inbox, with the protocol's numbers (releases.md 1.20)."""

    NEW = 0
    REGRESSION = 2
    MANUAL = 3
    ESCALATING = 5
    ONGOING = 6


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
    ESCALATING = "escalating"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    AUTO_RESOLVED = "auto_resolved"
    ONGOING = "ongoing"


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
    SET_ESCALATING = "set_escalating"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    NOTE = "note"
    SET_RESOLVED_BY_AGE = "set_resolved_by_age"
    MERGE = "merge"
    SET_PRIORITY = "set_priority"
    SET_PUBLIC = "set_public"
    SET_PRIVATE = "set_private"


class SubscriptionReason(IntEnum):
    """The reason for a user's subscription to an issue (releases.md 1.22)."""

    UNKNOWN = 0
    COMMENT = 1
    ASSIGNED = 2
    BOOKMARK = 3
    STATUS_CHANGE = 4
    MENTIONED = 6
    TEAM_MENTIONED = 7


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
    """A group of error events of a project. ``number`` is the number in its short id.

    ``recent_counts`` is what `recent_counts` reads the numbers of events of the last hours and days from.
    ``chosen_priority`` is None unless a user has set the priority, and ``share_id`` unless the issue is public.
    """

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
    recent_counts: str | None = None
    auto_resolved_at: datetime | None = None
    chosen_priority: Priority | None = None
    priority_locked_at: datetime | None = None
    share_id: str | None = None

    @property
    def priority(self) -> Priority:
        """Return the priority that a user has set, or else that of the level."""
        return self.chosen_priority or priority_of(self.level, is_unhandled=self.is_unhandled)

    @property
    def is_snoozed(self) -> bool:
        """Return True if the issue is ignored until something happens: it has a `Snooze`."""
        return self.substatus in _SNOOZED

    @property
    def is_auto_resolved(self) -> bool:
        """Return True if the issue is resolved by age, and not by a user or a commit since."""
        return self.resolved_at is not None and self.resolved_at == self.auto_resolved_at


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
    else at once. Issues are ignored until one of the conditions is met, without any for ever.
    """

    status: IssueStatus
    substatus: Substatus | None = None
    in_release: str | None = None
    is_in_next_release: bool = False
    in_commit: Commit | None = None
    conditions: SnoozeConditions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingChange:
    """Whether issues are public. ``secret`` is random, and what the ids by which they are public are made of."""

    is_public: bool
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueChange:
    """A change of issues, as requested by a user.

    A value that is None stays. ``is_for_review`` is False for issues that were reviewed. With ``is_merge`` they become
    one, after all else.
    """

    status: StatusChange | None = None
    is_for_review: bool | None = None
    priority: Priority | None = None
    sharing: SharingChange | None = None
    people: PeopleChange = NO_PEOPLE_CHANGE
    is_merge: bool = False

    @property
    def only_status(self) -> IssueStatus | None:
        """Return the new status if nothing else is changed: issues that have it already are then done."""
        is_alone = self == IssueChange(status=self.status)
        return self.status.status if self.status and is_alone else None


class IssueAttribute(StrEnum):
    """What issues are compared by."""

    IS_UNHANDLED = "is_unhandled"
    TIMES_SEEN = "times_seen"
    FIRST_SEEN = "first_seen_at"
    LAST_SEEN = "last_seen_at"


@dataclass(frozen=True, slots=True)
class IssueCondition:
    """A comparison of an attribute of issues."""

    attribute: IssueAttribute
    operator: SearchOperator
    operand: str | int | bool | datetime


class ReleaseTie(StrEnum):
    """What ties an issue to a release: it introduced the issue to an environment, has it, or has it again."""

    FIRST_SEEN = "first_seen"
    SEEN = "seen"
    REGRESSED = "regressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCondition:
    """Issues with a tie to one of the releases, or, negated, those with a tie to none of them.

    The releases are pairs of the ids of a project and of a release: they are meant for the issues of that project.
    Conditions that many issues may fulfil are looked up for each issue of a list; else a list begins at them.
    """

    tie: ReleaseTie
    releases: frozenset[tuple[int, int]]
    is_negated: bool = False
    is_looked_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFilter:
    """The conditions of a list of issues. The text is searched in titles and messages, ignoring case.

    Issues for review are those in the inbox: with False, issues match that are not in it.

    With environments, issues match that were seen in one of them; the first release and that they were seen in count
    there. Issues that were seen in excluded ones don't match. With ids, only these issues match.

    ``seen_between`` are the first and the last moment of a time that an event of the issue happened in.
    """

    project_ids: tuple[int, ...]
    ids: tuple[int, ...] | None = None
    excluded_ids: tuple[int, ...] = ()
    status: IssueStatus | None = None
    substatus: Substatus | None = None
    excluded_statuses: frozenset[IssueStatus] = frozenset()
    excluded_substatuses: frozenset[Substatus] = frozenset()
    is_for_review: bool | None = None
    text: str = ""
    releases: tuple[ReleaseCondition, ...] = ()
    environment_ids: tuple[int, ...] | None = None
    excluded_environment_ids: tuple[int, ...] = ()
    conditions: tuple[IssueCondition, ...] = ()
    assignments: tuple[AssignmentCondition, ...] = ()
    bookmarks: tuple[UserCondition, ...] = ()
    subscriptions: tuple[UserCondition, ...] = ()
    tags: tuple[TagCondition, ...] = ()
    texts: tuple[TextCondition, ...] = ()
    seen_between: tuple[datetime, datetime] | None = None


class IssueSort(StrEnum):
    """The order of a list of issues, the highest first, with the protocol's names (groups-api.md 2.1).

    The last one is of the moments when issues came into the inbox, and lists no others.
    """

    LAST_SEEN = "date"
    FIRST_SEEN = "new"
    EVENTS = "freq"
    USERS = "user"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePosition:
    """The position of an issue in a list: its value in the list's order, and its id, which orders equal values.

    Pages exclude the issue itself. A page before it is read backwards, nearest issue first.
    """

    value: datetime | int
    issue_id: int
    is_backwards: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedIssue:
    """An issue of a list, with its value in the list's order."""

    issue: Issue
    value: datetime | int


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """An issue in the inbox, which waits for review. ``details`` have the protocol's names (releases.md 1.20)."""

    reason: InboxReason
    at: datetime
    details: dict[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueActivity:
    """An activity of an issue. ``details`` have the protocol's names (releases.md 1.14)."""

    id: int
    issue_id: int
    type: IssueActivityType
    at: datetime
    user_id: int | None
    details: dict[str, object] = field(default_factory=dict)
