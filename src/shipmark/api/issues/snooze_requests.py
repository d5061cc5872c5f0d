"""The conditions under which ignored issues are reopened, as requests have them (groups-api.md 4.1)."""

from typing import Annotated

from shipmark.http.validation import Integer, OnlyNull, RequestModel, optional
from shipmark.issues.snooze import (
    COUNT_MAX,
    DURATION_MINUTES_MAX,
    WINDOW_MINUTES_MAX,
    WINDOW_USERS_MAX,
    SnoozeConditions,
)

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
        given = [name for name in _CONDITIONS if getattr(self, name) is not None]
        return {fields[name].alias or name: [NOT_IGNORED] for name in given}

    def _errors_of_counts(self) -> Errors:
        errors: Errors = {}
        if self.ignore_window is not None and self.ignore_count is None:
            errors["ignoreWindow"] = [_NO_COUNT.format("ignoreCount")]
        if self.ignore_user_window is not None and self.ignore_user_count is None:
            errors["ignoreUserWindow"] = [_NO_COUNT.format("ignoreUserCount")]
        if self.ignore_user_window is not None and (self.ignore_user_count or 0) > WINDOW_USERS_MAX:
            errors["ignoreUserCount"] = [_TOO_MANY_USERS]
        return errors
