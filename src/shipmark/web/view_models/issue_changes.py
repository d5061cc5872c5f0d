"""The changes of issues that pages offer, by the values of their buttons."""

from collections.abc import Mapping

from shipmark.issues.model import LATEST, IssueStatus, StatusChange
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
