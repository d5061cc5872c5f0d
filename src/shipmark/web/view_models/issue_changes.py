"""The changes of issues that pages offer, by the values of their buttons."""

from collections.abc import Mapping

from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.infrastructure.ids import token_hex
from shipmark.issues.actions.assign import UNKNOWN_ASSIGNEE
from shipmark.issues.model import IssueChange, IssueStatus, SharingChange, StatusChange
from shipmark.issues.people import PeopleChange
from shipmark.releases.versions import LATEST
from shipmark.web.view_models.issue_snooze import ARCHIVE_CHOICES

CHANGES: Mapping[str, StatusChange] = {
    "resolve": StatusChange(status=IssueStatus.RESOLVED),
    "resolve-in-current": StatusChange(status=IssueStatus.RESOLVED, in_release=LATEST),
    "resolve-in-next": StatusChange(status=IssueStatus.RESOLVED, is_in_next_release=True),
    "reopen": StatusChange(status=IssueStatus.UNRESOLVED),
    "archive": StatusChange(status=IssueStatus.IGNORED),
} | {choice.action: choice.change for choices in ARCHIVE_CHOICES for choice in choices}
NO_RELEASE = "The project has no release in which the issue could be resolved."
#: The button that removes issues from the inbox, which is no change of status.
REVIEWED = "reviewed"
#: The button that asks whether the selected issues are to be merged, and the one that confirms it.
MERGE, CONFIRM_MERGE = "merge", "confirm-merge"
#: The same of deleting them, which is no change of issues.
DELETE, CONFIRM_DELETE = "delete", "confirm-delete"
#: The buttons of what an issue is to the user alone.
MARKS: Mapping[str, PeopleChange] = {
    "bookmark": PeopleChange(is_bookmarked=True),
    "remove-bookmark": PeopleChange(is_bookmarked=False),
    "subscribe": PeopleChange(is_subscribed=True),
    "unsubscribe": PeopleChange(is_subscribed=False),
}
#: The buttons that make an issue public and private, by what it is then.
SHARING: Mapping[str, bool] = {"share": True, "unshare": False}
#: The changes of the buttons that say all.
_PLAIN: Mapping[str, IssueChange] = {
    **{action: IssueChange(status=status) for action, status in CHANGES.items()},
    REVIEWED: IssueChange(is_for_review=False),
    CONFIRM_MERGE: IssueChange(is_merge=True),
    **{action: IssueChange(people=people) for action, people in MARKS.items()},
}
#: The name of the buttons of assignees, and the action of that beside the field of an assignee.
_ASSIGN = "assign"


def requested_change(form: Mapping[str, str]) -> IssueChange:
    """Return the change of the button that was pressed. Raise `BadRequest` for an unknown one.

    Raise `ValidationFailed` if the field of an assignee is empty: there is a button that removes assignees.
    """
    if _ASSIGN in form:
        return IssueChange(people=PeopleChange(assigned_to=form[_ASSIGN]))
    action = form.get("action", "")
    if action == _ASSIGN:
        name = form.get("assignee", "").strip()
        if not name:
            raise ValidationFailed({"assignedTo": [UNKNOWN_ASSIGNEE]})
        return IssueChange(people=PeopleChange(assigned_to=name))
    if action in SHARING:
        return IssueChange(sharing=SharingChange(is_public=SHARING[action], secret=token_hex()))
    if action not in _PLAIN:
        names = ", ".join([*_PLAIN, MERGE, DELETE, CONFIRM_DELETE, *SHARING, _ASSIGN])
        raise BadRequest(f"The action must be one of {names}.")
    return _PLAIN[action]


def problem_of_change(refusal: ValidationFailed) -> str:
    """Return the sentence for a change that is refused."""
    match refusal.fields:
        case (
            {"assignedTo": [str(message), *_]}
            | {"merge": [str(message), *_]}
            | {"isPublic": [str(message), *_]}
        ):
            return message
        case _:
            return NO_RELEASE
