"""The view model of a project's release thresholds, with the form for one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.http.scopes import RELEASE_WRITE, THRESHOLD_CHANGE
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases.store import thresholds as store
from shipmark.releases.thresholds import RATES, THRESHOLDS_MAX, Threshold, ThresholdType, Trigger
from shipmark.web.form_versions import ChoiceNames
from shipmark.web.request_context import Workspace
from shipmark.web.threshold_names import TYPE_NAMES

#: Those that are not measured yet are offered only where a client has set them.
_MEASURED = (ThresholdType.ERRORS, ThresholdType.NEW_ISSUES, *RATES)
TRIGGER_NAMES = {Trigger.OVER: "more than", Trigger.UNDER: "less than"}
#: Units of windows, in seconds, largest first.
UNITS = {86400: "days", 3600: "hours", 60: "minutes", 1: "seconds"}
#: What the choices of the form are called, by their fields.
CHOICE_NAMES: ChoiceNames = {
    "type": lambda metric: TYPE_NAMES[ThresholdType(metric)],
    "trigger": lambda trigger: TRIGGER_NAMES[Trigger(trigger)],
    "unit": lambda seconds: UNITS[int(seconds)],
}
_NEW = {
    "type": ThresholdType.ERRORS.value,
    "trigger": Trigger.OVER.value,
    "value": "0",
    "window": "1",
    "unit": "3600",
    "environment": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRow:
    """A threshold, with its window in words."""

    threshold: Threshold
    metric: str
    limit: str
    window: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdsPage:
    """The thresholds of a project, and the values of the form: of the ``edited`` one, or of a new one."""

    rows: Sequence[ThresholdRow]
    edited: Threshold | None
    values: Mapping[str, str]
    types: Sequence[tuple[str, str]]
    environments: Sequence[tuple[str, str]]
    may_create: bool
    may_change: bool


def thresholds_page(
    connection: Connection, workspace: Workspace, project: Project, edited: Threshold | None
) -> ThresholdsPage:
    """Return the thresholds of the project, oldest first."""
    thresholds = store.page_of(connection, [project.id], limit=THRESHOLDS_MAX)
    names = projects.environment_names(connection, [project.id]).get(project.id, [])
    values, types = _NEW, list(_MEASURED)
    if edited is not None:
        values = threshold_values(edited)
        types += [edited.type] if edited.type not in types else []
        if values["environment"] not in {"", *names}:
            names = [values["environment"], *names]
    return ThresholdsPage(
        rows=[_row(threshold) for threshold in thresholds],
        edited=edited,
        values=values,
        types=[(each.value, TYPE_NAMES[each]) for each in types],
        environments=[("", "All environments"), *((name, name) for name in names)],
        may_create=workspace.may(RELEASE_WRITE),
        may_change=workspace.may(THRESHOLD_CHANGE),
    )


def _row(threshold: Threshold) -> ThresholdRow:
    count, unit = _window(threshold.window_seconds)
    name = UNITS[unit].removesuffix("s") if count == 1 else UNITS[unit]
    return ThresholdRow(
        threshold=threshold,
        metric=TYPE_NAMES[threshold.type],
        limit=f"{TRIGGER_NAMES[threshold.trigger]} {threshold.value:,}",
        window=f"{count:,} {name}",
    )


def threshold_values(threshold: Threshold) -> dict[str, str]:
    """Return the values of the form's fields, as stored."""
    count, unit = _window(threshold.window_seconds)
    return {
        "type": threshold.type.value,
        "trigger": threshold.trigger.value,
        "value": str(threshold.value),
        "window": str(count),
        "unit": str(unit),
        "environment": threshold.environment.name if threshold.environment else "",
    }


def _window(seconds: int) -> tuple[int, int]:
    """Return a length of time in the largest unit that measures it exactly, and the seconds of the unit."""
    unit = next(unit for unit in UNITS if seconds % unit == 0 and (seconds or unit == 1))
    return seconds // unit, unit
