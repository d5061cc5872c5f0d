"""Snoozes of issues in words: the choices of the menu, and until when or what an issue is archived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.issues.model import Issue, IssueStatus, StatusChange, Substatus
from shipmark.issues.snooze import SnoozeConditions
from shipmark.issues.store import snoozes
from shipmark.web.template_filters import counted

_HOUR = 60
_DAY = 24 * _HOUR
_WEEK = 7 * _DAY
_LENGTHS = {_HOUR: "an hour", _DAY: "a day", _WEEK: "a week"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveChoice:
    """A way to archive issues: the value of its button, its name, and its conditions, or None until it escalates."""

    action: str
    name: str
    conditions: SnoozeConditions | None

    @property
    def change(self) -> StatusChange:
        """Return the change of status."""
        substatus = None if self.conditions else Substatus.ARCHIVED_UNTIL_ESCALATING
        return StatusChange(
            status=IssueStatus.IGNORED, substatus=substatus, conditions=self.conditions
        )


#: The ways beside "forever"; groups are set apart.
ARCHIVE_CHOICES: Sequence[Sequence[ArchiveChoice]] = (
    (
        ArchiveChoice(
            action="archive-until-escalating", name="Until it escalates", conditions=None
        ),
        ArchiveChoice(
            action="archive-for-a-day",
            name="For a day",
            conditions=SnoozeConditions(duration_minutes=_DAY),
        ),
        ArchiveChoice(
            action="archive-for-a-week",
            name="For a week",
            conditions=SnoozeConditions(duration_minutes=_WEEK),
        ),
    ),
    tuple(
        ArchiveChoice(
            action=f"archive-until-events-{count}",
            name=f"Until it happens {how_often}",
            conditions=SnoozeConditions(event_count=count),
        )
        for count, how_often in ((1, "again"), (10, "10 more times"), (100, "100 more times"))
    ),
    tuple(
        ArchiveChoice(
            action=f"archive-until-users-{count}",
            name=f"Until {count} more users are affected",
            conditions=SnoozeConditions(user_count=count),
        )
        for count in (10, 100)
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSnooze:
    """Until when an issue is archived, or None, until what, in sentences, and the name of the user, or empty."""

    ends_at: datetime | None
    events: tuple[str, ...]
    by: str


def shown_snooze(connection: Connection, issue: Issue) -> ShownSnooze | None:
    """Return until when or what an issue is archived, or None if it is not, or for ever."""
    snooze = snoozes.of_issues(connection, [issue.id] if issue.is_snoozed else []).get(issue.id)
    if snooze is None:
        return None
    user_ids = [] if snooze.user_id is None else [snooze.user_id]
    [*users] = accounts.by_ids(connection, user_ids).values()
    return ShownSnooze(
        ends_at=snooze.ends_at,
        events=_sentences(
            snooze.hourly_event_count or snooze.events_left(issue.times_seen),
            _HOUR if snooze.hourly_event_count else snooze.event_window_minutes,
            snooze.users_left(issue.user_count),
            snooze.user_window_minutes,
        ),
        by=users[0].display_name if users else "",
    )


def archived_in_words(details: Mapping[str, object]) -> str:
    """Return the conditions in the activity of an issue that was archived: ``for a day or until it happens again``."""
    if details.get("ignoreUntilEscalating"):
        return "until it escalates"
    minutes = _number(details, "ignoreDuration")
    names = ("ignoreCount", "ignoreWindow", "ignoreUserCount", "ignoreUserWindow")
    sentences = _sentences(*(_number(details, name) for name in names))
    parts = [f"for {_length(minutes)}"] if minutes else []
    return " or ".join([*parts, *(f"until {sentence}" for sentence in sentences)])


def expired_in_words(details: Mapping[str, object]) -> str | None:
    """Return what has reopened an issue, of the activity that says so, or None for other activities.

    The text is empty if only a time was over.
    """
    if (forecast := _number(details, "forecast")) is not None:
        return f"until {_sentences(forecast, _HOUR, None, None)[0]}"
    expired = details.get("expired_snooze")
    if not isinstance(expired, dict):
        return None
    names = ("count", "window", "user_count", "user_window")
    sentences = _sentences(*(_number(expired, name) for name in names))
    return " or ".join(f"until {sentence}" for sentence in sentences)


def _sentences(
    events: int | None, event_window: int | None, users: int | None, user_window: int | None
) -> tuple[str, ...]:
    sentences = []
    if events is not None and event_window is not None:
        sentences.append(f"it happens {counted(events, 'time')} within {_length(event_window)}")
    elif events is not None:
        more = "again" if events == 1 else f"{events:,} more times"
        sentences.append(f"it happens {more}")
    if users is not None:
        is_one = users == 1
        verb = "is" if is_one else "are"
        more = "" if user_window is not None else " more"
        within = "" if user_window is None else f" within {_length(user_window)}"
        noun = "user" if is_one else "users"
        sentences.append(f"{users:,}{more} {noun} {verb} affected{within}")
    return tuple(sentences)


def _length(minutes: int) -> str:
    if minutes in _LENGTHS:
        return _LENGTHS[minutes]
    for step, noun in ((_DAY, "day"), (_HOUR, "hour")):
        if minutes % step == 0:
            return counted(minutes // step, noun)
    return counted(minutes, "minute")


def _number(details: Mapping[str, object], name: str) -> int | None:
    value = details.get(name)
    return value if isinstance(value, int) else None
