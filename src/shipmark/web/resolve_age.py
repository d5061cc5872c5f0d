"""The age at which the issues of a project are resolved, in forms and in words."""

from collections.abc import Sequence

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.projects.model import RESOLVE_AGE_MAX
from shipmark.web.template_filters import counted

_DAY = 24
#: The ages to choose from, in hours. The API takes any.
_AGES = tuple(days * _DAY for days in (1, 2, 3, 7, 14, 30, 60, 90, 180))


def age_of(text: str) -> int:
    """Return the hours that a form sets, 0 for never. Raise `ValidationFailed`."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(RESOLVE_AGE_MAX))
    if not is_number or int(text) > RESOLVE_AGE_MAX:
        raise ValidationFailed({"resolveAge": ["Select an age."]})
    return int(text)


def age_choices(hours: int) -> Sequence[tuple[int, str]]:
    """Return the ages to choose from, with the one that the API has set."""
    ages = sorted({*_AGES, hours} - {0})
    return [(0, "Never"), *((age, f"After {age_in_words(age)}") for age in ages)]


def age_in_words(hours: int) -> str:
    """Return an age in days, or in hours if it is no number of days."""
    return counted(hours, "hour") if hours % _DAY else counted(hours // _DAY, "day")
