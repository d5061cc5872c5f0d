"""What may be sent to change issues, and what it becomes (groups-api.md 4.1)."""

from shipmark.http.fields import Choice, Field, FieldError, Fields, Object, Text, documented_as
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.issues.model import IssueStatus, StatusChange, Substatus
from shipmark.issues.search import STATUSES
from shipmark.releases.model import VERSION_MAX

#: The status that older clients send for "resolved, in the next release".
_IN_NEXT_RELEASE = "resolvedInNextRelease"

_NOT_KEPT = "This can not be set here."
_NO_CONDITIONS = "Issues can only be ignored until they are reopened, without a condition."
_NO_COMMITS = "This is not supported. Name the issue in the message of the commit instead."

_SUBSTATUSES = {
    Substatus.ONGOING: IssueStatus.UNRESOLVED,
    Substatus.NEW: IssueStatus.UNRESOLVED,
    Substatus.REGRESSED: IssueStatus.UNRESOLVED,
    Substatus.ARCHIVED_FOREVER: IssueStatus.IGNORED,
    Substatus.ARCHIVED_UNTIL_ESCALATING: IssueStatus.IGNORED,
}
_BY_NAME: dict[str, Substatus] = {it.value: it for it in _SUBSTATUSES}
_STATUSES = {it: it for it in (*STATUSES, _IN_NEXT_RELEASE)}
_substatus = Choice(_BY_NAME, '"{}" is not a valid choice.')


@documented_as(_substatus)
def substatus(value: object) -> Substatus | None:
    """A substatus, or null: clients send null with resolved ones."""
    return None if value is None else _substatus(value)


def _refused(reason: str) -> Field[object]:
    """A field that may be sent empty. What it would ask for is refused, because ignoring it would mislead."""

    @documented_as(Text(is_null_ok=True))
    def check(value: object) -> None:
        if value is not None:
            raise FieldError([reason])

    return Field(check)


@documented_as(Text(is_null_ok=True))
def _anything(value: object) -> bool:
    """The reference looks at the key and not at its value (groups-api.md 4.1)."""
    return value is not None


_CONDITIONS: dict[str, Field[object]] = {
    name: _refused(_NO_CONDITIONS)
    for name in (
        "ignoreDuration",
        "ignoreUntil",
        "ignoreCount",
        "ignoreWindow",
        "ignoreUserCount",
        "ignoreUserWindow",
        "snoozeDuration",
    )
}
_DETAILS = Object(
    {
        "inNextRelease": Field(_anything),
        "inRelease": Field(Text(max=VERSION_MAX, is_null_ok=True, is_trimmed=False)),
        "inCommit": _refused(_NO_COMMITS),
        **_CONDITIONS,
    }
)


@documented_as(_DETAILS)
def status_details(value: object) -> Fields:
    """In which release issues are resolved; null is as good as nothing."""
    return {} if value is None else _DETAILS(value)


_OTHERS: dict[str, Field[object]] = {
    name: _refused(_NOT_KEPT)
    for name in (
        "assignedTo",
        "discard",
        "hasSeen",
        "inbox",
        "isBookmarked",
        "isPublic",
        "isSubscribed",
        "merge",
        "priority",
    )
}

CHANGED_ISSUES = Object(
    {
        "status": Field(Choice(_STATUSES, '"{}" is not a valid choice.'), is_required=True),
        "statusDetails": Field(status_details),
        "substatus": Field(substatus),
        **_CONDITIONS,
        **_OTHERS,
    }
)


def status_change(fields: Fields) -> StatusChange:
    """Return what a checked body asks for; raises `ValidationFailed` for a substatus of another status."""
    is_next = fields["status"] == _IN_NEXT_RELEASE
    status = IssueStatus.RESOLVED if is_next else STATUSES[fields["status"]]
    wanted: Substatus | None = fields.get("substatus")
    if wanted is not None and _SUBSTATUSES[wanted] is not status:
        raise ValidationFailed(
            {"substatus": [f"This is not a substatus of {status.value} issues."]}
        )
    details: Fields = fields.get("statusDetails", {})
    is_next = is_next or bool(details.get("inNextRelease"))
    is_resolved = status is IssueStatus.RESOLVED
    return StatusChange(
        status=status,
        substatus=wanted,
        in_release=details.get("inRelease") if is_resolved and not is_next else None,
        is_in_next_release=is_resolved and is_next,
    )
