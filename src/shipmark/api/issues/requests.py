"""Body of a change of issues (groups-api.md 4.1)."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from shipmark.http.validation import (
    Boolean,
    Integer,
    OnlyNull,
    RequestModel,
    Text,
    choice_of,
    optional,
)
from shipmark.http.validation.errors import REQUIRED
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.infrastructure.ids import token_hex
from shipmark.issues.model import IssueChange, IssueStatus, SharingChange, StatusChange, Substatus
from shipmark.issues.people import ASSIGNEE_MAX, PeopleChange
from shipmark.issues.priorities import Priority
from shipmark.issues.search import STATUSES
from shipmark.issues.snooze import (
    COUNT_MAX,
    DURATION_MINUTES_MAX,
    WINDOW_MINUTES_MAX,
    WINDOW_USERS_MAX,
    SnoozeConditions,
)
from shipmark.releases.model import VERSION_MAX
from shipmark.repositories.model import REPOSITORY_NAME_MAX, SHA_MAX

Errors = dict[str, object]

NOT_IGNORED = "Only issues that become ignored have this condition."
_NO_COUNT = "A window needs {}."
_TOO_MANY_USERS = f"Within a window no more than {WINDOW_USERS_MAX} users are counted."
_CONDITIONS = (
    "ignore_duration",
    "ignore_count",
    "ignore_window",
    "ignore_user_count",
    "ignore_user_window",
    "snooze_duration",
)

_Minutes = Annotated[int, Integer(minimum=1, maximum=DURATION_MINUTES_MAX)]
_Count = Annotated[int, Integer(minimum=1, maximum=COUNT_MAX)]
_NotSupported = Annotated[None, OnlyNull(refusal="This can not be set: use ignoreDuration.")]
_Window = Annotated[int, Integer(minimum=1, maximum=WINDOW_MINUTES_MAX)]


class SnoozeRequest(RequestModel):
    """The conditions under which ignored issues are reopened: the first that is met."""

    ignore_duration: _Minutes | None = optional("Minutes until the issues are reopened.")
    ignore_until: _NotSupported = optional("Not supported: only null.")
    ignore_count: _Count | None = optional("Number of further events that reopens an issue.")
    ignore_window: _Window | None = optional("Minutes within which `ignoreCount` events happen.")
    ignore_user_count: _Count | None = optional("Number of further users that reopens an issue.")
    ignore_user_window: _Window | None = optional(
        "Minutes within which `ignoreUserCount` users are affected."
    )
    snooze_duration: _Minutes | None = optional(
        "Older name of `ignoreDuration`, which it yields to."
    )

    def to_conditions(self) -> SnoozeConditions | None:
        """Return the conditions for the domain, or None without any."""
        conditions = SnoozeConditions(
            duration_minutes=self.ignore_duration or self.snooze_duration,
            event_count=self.ignore_count,
            event_window_minutes=self.ignore_window,
            user_count=self.ignore_user_count,
            user_window_minutes=self.ignore_user_window,
        )
        return None if conditions == SnoozeConditions() else conditions

    def errors(self, *, is_ignoring: bool) -> Errors:
        """Return the sentences of wrong fields, by wire name; only issues that become ignored have conditions."""
        return self._errors_of_counts() if is_ignoring else self._errors_of_all()

    def _errors_of_all(self) -> Errors:
        fields = type(self).model_fields
        sent = [name for name in _CONDITIONS if getattr(self, name) is not None]
        return {fields[name].alias or name: [NOT_IGNORED] for name in sent}

    def _errors_of_counts(self) -> Errors:
        errors: Errors = {}
        if self.ignore_window is not None and self.ignore_count is None:
            errors["ignoreWindow"] = [_NO_COUNT.format("ignoreCount")]
        if self.ignore_user_window is not None and self.ignore_user_count is None:
            errors["ignoreUserWindow"] = [_NO_COUNT.format("ignoreUserCount")]
        if self.ignore_user_window is not None and (self.ignore_user_count or 0) > WINDOW_USERS_MAX:
            errors["ignoreUserCount"] = [_TOO_MANY_USERS]
        return errors


#: The status that older clients send for "resolved, in the next release".
_IN_NEXT_RELEASE = "resolvedInNextRelease"

_UNTIL_CONDITION_MET = Substatus.ARCHIVED_UNTIL_CONDITION_MET
_NO_CONDITION = "This substatus needs a condition, such as ignoreCount."
_OTHER_SUBSTATUS = (
    f"Issues that are ignored under a condition have the substatus {_UNTIL_CONDITION_MET.value}."
)
_NULLABLE_TEXT = WithJsonSchema({"type": ["string", "null"]})


_Status = Annotated[str, choice_of((*STATUSES, _IN_NEXT_RELEASE))]
_Substatus = Annotated[
    Substatus, choice_of(sorted(Substatus, key=lambda each: each is not Substatus.ONGOING))
]
_NOT_WITH_DISCARD = "This can't be changed together with discard."


class ResolvingCommitRequest(RequestModel):
    """The commit in which issues are resolved."""

    commit: Annotated[str, Text(max_length=SHA_MAX)] = Field(
        description="Whole hash of a commit that is known here."
    )
    repository: Annotated[str, Text(max_length=REPOSITORY_NAME_MAX)] = Field(
        description="Name of its repository."
    )


_NotUpcoming = Annotated[None, OnlyNull(refusal="This can not be set: use inNextRelease.")]


class StatusDetailsRequest(SnoozeRequest):
    """The release or the commit in which issues are resolved, or until what they are ignored."""

    # The protocol looks at the key and not at its value (groups-api.md 4.1).
    in_next_release: Annotated[object, _NULLABLE_TEXT] = optional(
        "Anything but null resolves in the next release."
    )
    in_release: Annotated[str, Text(max_length=VERSION_MAX, trim=False)] | None = optional(
        "Version in which the issues are resolved, or `latest`."
    )
    ignore_until_escalating: Annotated[bool, Boolean()] | None = optional(
        "True ignores the issues until they escalate, as the substatus `archived_until_escalating` does."
    )
    in_upcoming_release: _NotUpcoming = optional("Not supported: only null.")
    in_commit: ResolvingCommitRequest | None = optional("Commit in which the issues are resolved.")


class IssueUpdateRequest(SnoozeRequest):
    """A change of the status of issues, of the inbox, or of the people around them."""

    status: _Status | None = optional(
        "New status; required with its details, a substatus or conditions."
    )
    status_details: StatusDetailsRequest | None = optional(
        "Release or commit in which the issues are resolved, or until what they are ignored."
    )
    substatus: _Substatus | None = optional("New substatus, one of the status.")
    inbox: Annotated[bool, Boolean()] | None = optional(
        "Whether the issues wait for review; `false` marks them as reviewed."
    )
    assigned_to: Annotated[str, Text(max_length=ASSIGNEE_MAX, blank=True)] | None = optional(
        "Who the issues are assigned to: the id or address of a member, `user:` or `team:` with an id, or `#` with the"
        " slug of a team; null or an empty text for no assignee."
    )
    discard: Annotated[bool, Boolean()] | None = optional(
        "True deletes the issues with their events and discards later events of their kind, with the scope"
        " `event:admin`; nothing else may be changed with it. False changes nothing."
    )
    has_seen: Annotated[bool, Boolean()] | None = optional(
        "Whether the caller has seen the issues."
    )
    is_bookmarked: Annotated[bool, Boolean()] | None = optional(
        "Whether the caller bookmarks the issues, which subscribes them."
    )
    is_public: Annotated[bool, Boolean()] | None = optional(
        "Whether anyone may see the issues, without credentials, by `shareId`."
    )
    is_subscribed: Annotated[bool, Boolean()] | None = optional(
        "Whether the caller is subscribed to the issues."
    )
    merge: Annotated[bool, Boolean()] | None = optional(
        "True merges the issues into the one with the most events, after all other changes; false changes nothing."
    )
    priority: Annotated[Priority, choice_of(Priority)] | None = optional(
        "New priority, which then no longer follows the level."
    )

    @property
    def resolving_commit(self) -> ResolvingCommitRequest | None:
        """Return the commit in which the issues are resolved; `to_change` leaves it out."""
        return self.status_details.in_commit if self.status_details else None

    def is_discard(self) -> bool:
        """Return True for a request to discard issues. Raise `ValidationFailed` for all that is beside it."""
        if not self.discard:
            return False
        if others := self.sent().keys() - {"discard"}:
            raise ValidationFailed({name: [_NOT_WITH_DISCARD] for name in sorted(others)})
        return True

    def to_change(self) -> IssueChange:
        """Return the change for the domain, without the commit, which has to be looked up.

        Raise `ValidationFailed` without a status that the other fields need, and for a substatus of another status or
        conditions that do not fit it.
        """
        status = None if self.status is None else self._status_change(self.status)
        if status is None and self._needs_status():
            raise ValidationFailed({"status": [REQUIRED]})
        sharing = None
        if self.is_public is not None:
            sharing = SharingChange(is_public=self.is_public, secret=token_hex())
        return IssueChange(
            status=status,
            is_for_review=self.inbox,
            priority=self.priority,
            sharing=sharing,
            people=self._people_change(),
            is_merge=bool(self.merge),
        )

    def _needs_status(self) -> bool:
        details = self.status_details.sent().values() if self.status_details else ()
        parts = (self.substatus, self.to_conditions(), *details)
        return any(part is not None for part in parts)

    def _people_change(self) -> PeopleChange:
        is_assigned = "assigned_to" in self.model_fields_set
        return PeopleChange(
            assigned_to=self.assigned_to or "" if is_assigned else None,
            has_seen=self.has_seen,
            is_bookmarked=self.is_bookmarked,
            is_subscribed=self.is_subscribed,
        )

    def _status_change(self, name: str) -> StatusChange:
        is_next = name == _IN_NEXT_RELEASE
        status = IssueStatus.RESOLVED if is_next else STATUSES[name]
        substatus = self._requested_substatus()
        if substatus is not None and substatus.status is not status:
            message = f"This is not a substatus of {status.value} issues."
            raise ValidationFailed({"substatus": [message]})
        conditions = self._conditions(is_ignoring=status is IssueStatus.IGNORED)
        details = self.status_details
        is_next = is_next or (details is not None and details.in_next_release is not None)
        is_resolved = status is IssueStatus.RESOLVED
        return StatusChange(
            status=status,
            substatus=substatus,
            in_release=details.in_release if details and is_resolved and not is_next else None,
            is_in_next_release=is_resolved and is_next,
            conditions=conditions,
        )

    def _requested_substatus(self) -> Substatus | None:
        """Return the substatus, also as details name it that an answer had."""
        details = self.status_details
        is_until_escalating = details is not None and details.ignore_until_escalating
        if self.substatus is None and is_until_escalating:
            return Substatus.ARCHIVED_UNTIL_ESCALATING
        return self.substatus

    def _conditions(self, *, is_ignoring: bool) -> SnoozeConditions | None:
        """Return the conditions of ``statusDetails``, or else those beside it, as older clients send them."""
        details = self.status_details
        errors = self.errors(is_ignoring=is_ignoring)
        if details is not None and (nested := details.errors(is_ignoring=is_ignoring)):
            errors["statusDetails"] = nested
        conditions = (details and details.to_conditions()) or self.to_conditions()
        if problem := self._problem_of_substatus(conditions if is_ignoring else None):
            errors["substatus"] = [problem]
        if errors:
            raise ValidationFailed(errors)
        return conditions

    def _problem_of_substatus(self, conditions: SnoozeConditions | None) -> str:
        """Return why the substatus does not fit the conditions of issues that become ignored, or an empty text."""
        substatus = self._requested_substatus()
        is_conditional = substatus is _UNTIL_CONDITION_MET
        if is_conditional and conditions is None:
            return _NO_CONDITION
        return _OTHER_SUBSTATUS if conditions and substatus and not is_conditional else ""
