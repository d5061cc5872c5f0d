"""Fields of the forms of settings, which read what is sent and name what is wrong with it."""

from collections.abc import Mapping, Sequence

from shipmark.events.inbound_filters import lines_of
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.projects.model import RATE_COUNT_MAX, RESOLVE_AGE_MAX
from shipmark.projects.options import RESOLVE_AGE
from shipmark.verdicts.criteria import LETTERS, LIMITS, criteria_of
from shipmark.verdicts.model import Criteria, Measure
from shipmark.web.form_versions import ChoiceNames
from shipmark.web.forms import number_in
from shipmark.web.template_filters import counted

#: The windows to choose from: seconds, and what they are called. The API takes any.
WINDOWS = {
    60: "minute",
    300: "5 minutes",
    900: "15 minutes",
    3600: "hour",
    21_600: "6 hours",
    86_400: "day",
}
_NO_COUNT = f"Enter a number from 1 to {RATE_COUNT_MAX:,}, or nothing for no limit."
_DAY = 24
#: The ages to choose from, in hours. The API takes any.
_AGES = tuple(days * _DAY for days in (1, 2, 3, 7, 14, 30, 60, 90, 180))
#: The measures with their names.
MEASURES: Sequence[tuple[Measure, str]] = (
    (Measure.SESSIONS, "Crash-free sessions"),
    (Measure.USERS, "Crash-free users"),
    (Measure.NEW_ISSUES, "New issues"),
)
_NO_MEASURE = "Select one or more."
#: The options that are on or off, by their fields; they have the same names for projects and organizations.
SWITCHES: Mapping[str, str] = {
    "scrubbing": "dataScrubber",
    "defaults": "dataScrubberDefaults",
    "addresses": "scrubIPAddresses",
}
#: The options that are names of fields of events, a name a line.
FIELD_LISTS: Mapping[str, str] = {"sensitive": "sensitiveFields", "safe": "safeFields"}
NAMES_MAX = 500
NAME_MAX = 200


def limit_of(sent: Mapping[str, str]) -> tuple[int, int] | None:
    """Return the count and the window that a form sets, None for no limit. Raise `ValidationFailed`."""
    text, window = sent.get("count", "").strip(), sent.get("window", "")
    if not text:
        return None
    count = number_in(text, RATE_COUNT_MAX)
    if not count:
        raise ValidationFailed({"limit": [_NO_COUNT]})
    seconds = number_in(window, max(WINDOWS))
    if not seconds:
        raise ValidationFailed({"limit": ["Select a window."]})
    return count, seconds


def limit_values(limit: tuple[int, int] | None) -> dict[str, str]:
    """Return the values of the fields for a limit."""
    if limit is None:
        return {"count": "", "window": str(min(WINDOWS))}
    return {"count": str(limit[0]), "window": str(limit[1])}


def window_choices(limit: tuple[int, int] | None) -> Sequence[tuple[int, str]]:
    """Return the windows to choose from, with that of a limit which the API has set."""
    windows = dict(WINDOWS)
    if limit is not None:
        windows.setdefault(limit[1], window_name(limit[1]))
    return sorted(windows.items())


def window_name(seconds: int) -> str:
    """Return what a window is called, after "per"."""
    return WINDOWS.get(seconds) or f"{seconds:,} seconds"


def age_of(text: str) -> int:
    """Return the hours that a form sets, 0 for never. Raise `ValidationFailed`."""
    age = number_in(text, RESOLVE_AGE_MAX)
    if age is None:
        raise ValidationFailed({RESOLVE_AGE: ["Select an age."]})
    return age


def age_choices(hours: int) -> Sequence[tuple[int, str]]:
    """Return the ages to choose from, with the one that the API has set."""
    return [(age, age_name(age)) for age in sorted({0, *_AGES, hours})]


def age_name(hours: int) -> str:
    """Return what an age is called as a choice, 0 for never."""
    return f"After {age_in_words(hours)}" if hours else "Never"


def age_in_words(hours: int) -> str:
    """Return an age in days, or in hours if it is no number of days."""
    return counted(hours, "hour") if hours % _DAY else counted(hours // _DAY, "day")


def criteria_in(sent: Mapping[str, str]) -> Criteria:
    """Return the criteria that a form sets; what is empty has its default. Raise `ValidationFailed`."""
    letters = [letter for letter, measure in LETTERS.items() if sent.get(measure)]
    if not letters:
        raise ValidationFailed({"measure": [_NO_MEASURE]})
    texts = {name: sent.get(name, "").strip() for name in LIMITS}
    return criteria_of(texts | {"measure": ",".join(letters)}, Criteria())


def scrubbing_of(sent: Mapping[str, str]) -> dict[str, object]:
    """Return the options that a form sets. A box that is not ticked is not sent. Raise `ValidationFailed`."""
    lists = {field: lines_of(sent.get(field, "")) for field in FIELD_LISTS}
    problems = {field: _problem_of(names) for field, names in lists.items()}
    if wrong := {field: [problem] for field, problem in problems.items() if problem}:
        raise ValidationFailed(wrong)
    return {
        **{name: bool(sent.get(field)) for field, name in SWITCHES.items()},
        **{FIELD_LISTS[field]: names for field, names in lists.items()},
    }


def scrubbing_values(chosen: Mapping[str, object]) -> dict[str, str]:
    """Return the values of the fields for options by their names."""
    return {
        **{field: "1" if chosen[name] else "" for field, name in SWITCHES.items()},
        **{field: _text_of(chosen[name]) for field, name in FIELD_LISTS.items()},
    }


def _text_of(names: object) -> str:
    return "\n".join(str(name) for name in names) if isinstance(names, list) else ""


def _problem_of(names: list[str]) -> str | None:
    if len(names) > NAMES_MAX:
        return f"Enter at most {NAMES_MAX} names."
    is_long = any(len(name) > NAME_MAX for name in names)
    return f"A name has at most {NAME_MAX} characters." if is_long else None


#: What the choices of limits and ages are called, by their fields.
CHOICE_NAMES: ChoiceNames = {
    "window": lambda seconds: window_name(int(seconds)),
    RESOLVE_AGE: lambda hours: age_name(int(hours)),
}
