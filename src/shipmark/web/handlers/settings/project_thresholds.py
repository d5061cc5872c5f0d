"""A project's release thresholds."""

from collections.abc import Mapping

from litestar import get, post
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.http.scopes import RELEASE_WRITE, THRESHOLD_CHANGE
from shipmark.infrastructure.errors import NotFound, ValidationFailed
from shipmark.projects.model import Project
from shipmark.releases import threshold_actions
from shipmark.releases.store import thresholds as store
from shipmark.releases.thresholds import (
    NUMBER_MAX,
    NewThreshold,
    Threshold,
    ThresholdType,
    Trigger,
)
from shipmark.web import forms
from shipmark.web.form_versions import require_unchanged
from shipmark.web.forms import UNSENT, FormState, form_of, refused, row_id
from shipmark.web.handlers.settings.project_access import (
    PROJECT_PATH,
    change_project,
    visible_project,
)
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.view_models.settings.project_thresholds import (
    CHOICE_NAMES,
    TRIGGER_NAMES,
    UNITS,
    threshold_values,
    thresholds_page,
)

_LIST = PROJECT_PATH + "thresholds/"
_ONE = _LIST + "{threshold:str}/"
_NUMBER = f"Enter a whole number from 0 to {NUMBER_MAX:,}."
_LONG = "The time is too long."


@get(_LIST, scopes=None, sync_to_thread=True)
def list_thresholds(web_request: InjectedWebRequest, project: FromPath[str]) -> Answer:
    """Show the thresholds, and the form for a new one."""
    return _answer(web_request, project)


@post(_LIST, scopes=None, sync_to_thread=True)
def create_threshold(
    web_request: InjectedWebRequest, project: FromPath[str], body: RawBody
) -> Answer:
    """Add a threshold."""
    sent = form_of(body)
    try:
        with change_project(web_request, project, RELEASE_WRITE) as change:
            new = _threshold(change.connection, change.project, sent)
            threshold_actions.add(change.connection, change.context, change.project, new)
    except ValidationFailed as refusal:
        return _answer(web_request, project, state=refused(sent, refusal))
    return redirect(web_request.settings_url("projects", project, "thresholds"))


@get(_ONE, scopes=None, sync_to_thread=True)
def show_threshold(
    web_request: InjectedWebRequest, project: FromPath[str], threshold: FromPath[str]
) -> Answer:
    """Show the thresholds, and the form that changes one of them."""
    return _answer(web_request, project, threshold)


@post(_ONE, scopes=None, sync_to_thread=True)
def change_threshold(
    web_request: InjectedWebRequest, project: FromPath[str], threshold: FromPath[str], body: RawBody
) -> Answer:
    """Change a threshold, or delete it."""
    sent = form_of(body)
    try:
        with change_project(web_request, project, THRESHOLD_CHANGE) as change:
            connection, owner = change.connection, change.project
            known = _find(connection, owner, threshold)
            if sent.get("action") == "delete":
                threshold_actions.remove(connection, change.context, owner, known)
            else:
                require_unchanged(sent, threshold_values(known), CHOICE_NAMES)
                new = _threshold(connection, owner, sent)
                threshold_actions.change(connection, change.context, owner, known, new)
    except ValidationFailed as refusal:
        return _answer(web_request, project, threshold, refused(sent, refusal))
    return redirect(web_request.settings_url("projects", project, "thresholds"))


def _find(connection: Connection, project: Project, text: str) -> Threshold:
    threshold = store.of_project(connection, project.id, row_id(text))
    if threshold is None:
        raise NotFound
    return threshold


def _threshold(connection: Connection, project: Project, sent: Mapping[str, str]) -> NewThreshold:
    """Return the values of a form. Raise `ValidationFailed` for each field that is wrong."""
    value, window, unit = (
        forms.number_in(sent.get(name, "").strip(), NUMBER_MAX)
        for name in ("value", "window", "unit")
    )
    unit = unit if unit in UNITS else 0
    forms.require_none(
        type=None if sent.get("type") in set(ThresholdType) else "Select a metric.",
        trigger=None if sent.get("trigger") in set(Trigger) else "Select a condition.",
        value=_NUMBER if value is None else None,
        window=_NUMBER if window is None else _LONG if window * (unit or 0) > NUMBER_MAX else None,
        unit=None if unit else "Select a unit.",
    )
    assert value is not None
    assert window is not None
    assert unit, "each would be a problem"
    return NewThreshold(
        type=ThresholdType(sent["type"]),
        trigger=Trigger(sent["trigger"]),
        value=value,
        window_seconds=window * unit,
        environment=threshold_actions.environment_named(
            connection, project.organization_id, sent.get("environment", "")
        ),
    )


def _answer(
    web_request: WebRequest, slug: str, edited: str = "", state: FormState = UNSENT
) -> Answer:
    with web_request.view() as (connection, workspace):
        project = visible_project(connection, workspace, slug)
        threshold = _find(connection, project, edited) if edited else None
        if threshold is not None:
            workspace.require(THRESHOLD_CHANGE)
        shown = thresholds_page(connection, workspace, project, threshold)
    return page(
        web_request,
        "settings/project_thresholds.html",
        form_state=state,
        workspace=workspace,
        project=project,
        shown=shown,
        values=state.over(shown.values),
        triggers=[(trigger.value, name) for trigger, name in TRIGGER_NAMES.items()],
        units=[(unit, name) for unit, name in reversed(UNITS.items())],
    )
