"""Terms of a search that compare texts of issues: a value, one of several, or a pattern (groups-api.md 2.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.priorities import Priority

#: Stands for any text within a value.
ANY_TEXT = "*"


class IssueText(StrEnum):
    """What texts of issues are compared."""

    LEVEL = "level"
    PLATFORM = "platform"
    TITLE = "title"
    CULPRIT = "culprit"
    LOCATION = "location"
    MESSAGE = "message"
    EVENT_TYPE = "event_type"
    ERROR_TYPE = "error_type"
    #: The category of an issue, and its type, which are the same for all.
    CATEGORY = "category"
    PRIORITY = "priority"


#: The compared texts by the names that clients use.
KEYS = {
    "level": IssueText.LEVEL,
    "platform": IssueText.PLATFORM,
    "platform.name": IssueText.PLATFORM,
    "title": IssueText.TITLE,
    "culprit": IssueText.CULPRIT,
    "location": IssueText.LOCATION,
    "message": IssueText.MESSAGE,
    "type": IssueText.EVENT_TYPE,
    "event.type": IssueText.EVENT_TYPE,
    "error.type": IssueText.ERROR_TYPE,
    "issue.category": IssueText.CATEGORY,
    "issue.type": IssueText.CATEGORY,
    "issue.priority": IssueText.PRIORITY,
}
_CHOICES = {
    IssueText.LEVEL: ("debug", "error", "fatal", "info", "warning"),
    IssueText.PRIORITY: tuple(priority.value for priority in Priority),
}
#: Texts of which parts can be looked for; the others are compared whole.
_WITH_PATTERNS = frozenset(
    {IssueText.TITLE, IssueText.CULPRIT, IssueText.LOCATION, IssueText.MESSAGE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCondition:
    """Issues with one of these values of a text, in which `ANY_TEXT` may occur; negated, all other issues.

    An issue without the text has an empty one.
    """

    text: IssueText
    values: tuple[str, ...]
    is_negated: bool = False


def condition_of(name: str, values: Sequence[str], *, is_negated: bool) -> TextCondition:
    """Return the condition of a term. A message matches if it contains the value.

    Raise `BadRequest` for an unknown level or priority, and for a pattern where there are none.
    """
    text = KEYS[name]
    if choices := _CHOICES.get(text):
        values = [value.lower() for value in values]
        if not set(choices).issuperset(values):
            raise BadRequest(f"{name}: takes one of {', '.join(choices)}.")
    if text not in _WITH_PATTERNS and any(ANY_TEXT in value for value in values):
        raise BadRequest(f"{name}: takes no wildcards.")
    if text is IssueText.MESSAGE:
        values = [f"{ANY_TEXT}{value}{ANY_TEXT}" for value in values]
    return TextCondition(text=text, values=tuple(values), is_negated=is_negated)
