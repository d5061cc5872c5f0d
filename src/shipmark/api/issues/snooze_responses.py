"""Until what issues are ignored, as ``statusDetails`` have it (groups-api.md 1.1)."""

from collections.abc import Mapping

from shipmark.accounts.model import User
from shipmark.api.members.user_responses import optional_user_response
from shipmark.issues.model import Issue
from shipmark.issues.snooze import Snooze


def snooze_details(issue: Issue, snooze: Snooze, users: Mapping[int, User]) -> dict[str, object]:
    """Return the conditions of an ignored issue; numbers without a window are those that are left.

    An issue that is ignored until it escalates has none (groups-api.md 1.1).
    """
    if snooze.hourly_event_count is not None:
        return {}
    return {
        "ignoreCount": snooze.events_left(issue.times_seen),
        "ignoreUntil": snooze.ends_at,
        "ignoreUserCount": snooze.users_left(issue.user_count),
        "ignoreUserWindow": snooze.user_window_minutes,
        "ignoreWindow": snooze.event_window_minutes,
        "actor": optional_user_response(users.get(snooze.user_id or 0)),
    }
