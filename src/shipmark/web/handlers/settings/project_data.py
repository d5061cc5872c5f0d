"""What is removed from the events of a project, which events are dropped, and the issues that were discarded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.events.inbound_filters import LEGACY_BROWSERS, FilterListError, entries_of
from shipmark.http.scopes import ISSUE_DELETE, PROJECT_WRITE
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.issues.actions import discard_issues
from shipmark.projects.settings import ProjectUpdate
from shipmark.web.form_versions import require_unchanged
from shipmark.web.forms import UNSENT, FormState, form_of, refused, row_id
from shipmark.web.handlers.settings.project_access import (
    PROJECT_PATH,
    change_project,
    visible_project,
)
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.settings_forms import FIELD_LISTS, SWITCHES, scrubbing_of
from shipmark.web.view_models.settings.project_data import (
    BROWSER_FIELD,
    BROWSERS,
    FILTER_LISTS,
    FILTER_SWITCHES,
    discarded_issues_page,
    project_data_page,
    project_data_values,
)

_DATA = PROJECT_PATH + "data/"


def _browser_field(name: str) -> str:
    return f"{BROWSER_FIELD}{name}"


def _filters_of(sent: Mapping[str, str]) -> dict[str, object]:
    """Return the filters that a form sets. Raise `ValidationFailed`."""
    lists, problems = dict[str, list[str]](), dict[str, object]()
    for field, name in FILTER_LISTS.items():
        try:
            lists[name] = entries_of(name, sent.get(field, ""))
        except FilterListError as problem:
            text = str(problem)
            problems[field] = [text[0].upper() + text[1:]]
    if problems:
        raise ValidationFailed(problems)
    return {
        **{name: bool(sent.get(field)) for field, name in FILTER_SWITCHES.items()},
        BROWSERS: sorted(name for name in LEGACY_BROWSERS if sent.get(_browser_field(name))),
        **lists,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """A form of the page: the fields of its boxes, and what makes options of what it sends."""

    name: str
    boxes: Sequence[str]
    options_of: Callable[[Mapping[str, str]], dict[str, object]]


_SCRUBBING = _Form(name="scrubbing", boxes=tuple(SWITCHES), options_of=scrubbing_of)
_FILTERS = _Form(
    name="filters",
    boxes=(*FILTER_SWITCHES, *map(_browser_field, LEGACY_BROWSERS)),
    options_of=_filters_of,
)


@get(_DATA, scopes=None, sync_to_thread=True)
def show_data(web_request: InjectedWebRequest, project: FromPath[str]) -> Answer:
    """Show what is removed, what is dropped, and which issues were discarded."""
    return _answer(web_request, project)


@post(_DATA + "scrubbing/", scopes=None, sync_to_thread=True)
def change_scrubbing(
    web_request: InjectedWebRequest, project: FromPath[str], body: RawBody
) -> Answer:
    """Set what is removed from events. A box that is not ticked is not sent."""
    return _change(web_request, project, _SCRUBBING, form_of(body))


@post(_DATA + "filters/", scopes=None, sync_to_thread=True)
def change_filters(
    web_request: InjectedWebRequest, project: FromPath[str], body: RawBody
) -> Answer:
    """Set which events are dropped."""
    return _change(web_request, project, _FILTERS, form_of(body))


@post(_DATA + "discarded-issues/{discarded:str}/", scopes=None, sync_to_thread=True)
def stop_discarding(
    web_request: InjectedWebRequest, project: FromPath[str], discarded: FromPath[str]
) -> Answer:
    """Store events of a discarded issue's kind again."""
    with change_project(web_request, project, ISSUE_DELETE) as change:
        discard_issues.stop_discarding(
            change.connection, change.context, change.project, row_id(discarded)
        )
    return redirect(f"{web_request.settings_url('projects', project, 'data')}?changed=discarded")


def _change(web_request: WebRequest, slug: str, form: _Form, sent: Mapping[str, str]) -> Answer:
    try:
        with change_project(web_request, slug, PROJECT_WRITE) as change:
            require_unchanged(sent, project_data_values(change.connection, change.project))
            change.update(ProjectUpdate(options=form.options_of(sent)))
    except ValidationFailed as refusal:
        # Of boxes only those that are ticked are sent; of the other form nothing is.
        typed = dict.fromkeys(form.boxes, "") | dict(sent)
        return _answer(web_request, slug, refused(typed, refusal))
    path = web_request.settings_url("projects", slug, "data")
    return redirect(f"{path}?changed={form.name}")


def _answer(web_request: WebRequest, slug: str, state: FormState = UNSENT) -> Answer:
    with web_request.view() as (connection, workspace):
        project = visible_project(connection, workspace, slug)
        shown = project_data_page(connection, workspace, project)
        number = web_request.page_number()
        discarded = discarded_issues_page(connection, workspace, project, number)
    return page(
        web_request,
        "settings/project_data.html",
        form_state=state,
        workspace=workspace,
        project=project,
        shown=shown,
        discarded=discarded,
        scrubbing_names=(*SWITCHES, *FIELD_LISTS),
        filter_names=(*_FILTERS.boxes, *FILTER_LISTS),
        values=state.over(shown.stored),
    )
