"""The answer to a change of issues: what was changed, in the words of the request (groups-api.md 4.1)."""

from typing import Any

import msgspec

from shipmark.accounts.model import User
from shipmark.api.issues.responses import ActivityResponse
from shipmark.api.members.user_responses import user_response
from shipmark.api.responses import Wire
from shipmark.issues.actions.update_issue import Updated
from shipmark.issues.model import IssueStatus, StatusChange, Substatus


class IssueUpdateResponse(Wire):
    """What was changed. ``hasMore`` tells, where issues were searched, that more match than one request changes."""

    status: str
    status_details: dict[str, object]
    substatus: str | None
    inbox: Any = msgspec.UNSET
    activity: list[ActivityResponse] | msgspec.UnsetType = msgspec.UNSET
    has_more: bool | msgspec.UnsetType = msgspec.UNSET


def issue_update_response(
    change: StatusChange,
    updated: Updated,
    user: User | None,
    *,
    activity: list[ActivityResponse] | None,
    has_more: bool | None,
) -> IssueUpdateResponse:
    """Return what was changed; ``activity`` is that of a single issue that was resolved in a release."""
    is_open = change.status is IssueStatus.UNRESOLVED
    return IssueUpdateResponse(
        status=change.status.value,
        status_details=_details(change, updated, user),
        substatus=updated.substatus.value if updated.substatus else None,
        inbox=msgspec.UNSET if is_open else None,
        activity=msgspec.UNSET if activity is None else activity,
        has_more=msgspec.UNSET if has_more is None else has_more,
    )


def _details(change: StatusChange, updated: Updated, user: User | None) -> dict[str, object]:
    if change.substatus is Substatus.ARCHIVED_UNTIL_ESCALATING:
        return {"ignoreUntilEscalating": True}
    if updated.release is None:
        return {}
    actor = user_response(user) if user else None
    if change.is_in_next_release:
        return {"inNextRelease": True, "actor": actor}
    return {"inRelease": updated.release.version, "actor": actor}
