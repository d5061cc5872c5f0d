"""The fields of forms that set what is removed from events: of a project, and of all of an organization."""

from collections.abc import Mapping

from shipmark.events.filter_lists import lines_of
from shipmark.infrastructure.errors import ValidationFailed

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
