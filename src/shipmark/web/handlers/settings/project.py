"""A project's profile, teams, commit paths, fingerprint rules, rate limit, criteria of verdicts, and deletion."""

from collections.abc import Callable, Mapping

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.events import fingerprint_rules
from shipmark.events.fingerprint_rules import FingerprintRuleError
from shipmark.http.scopes import PROJECT_DELETE, PROJECT_WRITE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, NotFound, ValidationFailed
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import membership
from shipmark.organizations import store as organizations
from shipmark.projects import commit_paths, deletion_requests, settings, store
from shipmark.projects.commit_paths import PATHS_MAX
from shipmark.projects.model import NAME_MAX, PLATFORM_MAX, Project
from shipmark.projects.options import RATE_LIMIT, RESOLVE_AGE, VERDICT_CRITERIA
from shipmark.projects.settings import ProjectUpdate
from shipmark.verdicts.criteria import LIMITS, to_option
from shipmark.verdicts.model import Measure
from shipmark.web import forms, urls
from shipmark.web.form_versions import require_unchanged
from shipmark.web.forms import UNSENT, FormState, form_of, refused
from shipmark.web.handlers.settings.confirmation import Deletion, confirmation_page
from shipmark.web.handlers.settings.project_access import (
    PROJECT_PATH,
    ProjectChange,
    change_project,
    visible_project,
)
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace
from shipmark.web.settings_forms import (
    CHOICE_NAMES,
    MEASURES,
    age_choices,
    age_in_words,
    age_of,
    criteria_in,
    limit_of,
    window_choices,
    window_name,
)
from shipmark.web.view_models.settings.project import PLATFORMS, project_page, project_values


@get(PROJECT_PATH, scopes=None, sync_to_thread=True)
def show_project(web_request: InjectedWebRequest, project: FromPath[str]) -> Answer:
    """Show the settings of a project."""
    return _answer(web_request, project)


@post(PROJECT_PATH, scopes=None, sync_to_thread=True)
def edit_project(web_request: InjectedWebRequest, project: FromPath[str], body: RawBody) -> Answer:
    """Change name, slug, platform and the age of issues. The former slug leads to the project from now on."""
    form = form_of(body)
    sent = {field: form.get(field, "").strip() for field in ("name", "slug", "platform")}
    try:
        with change_project(web_request, project, PROJECT_WRITE) as change:
            _require_valid(sent)
            _require_unchanged(form, change)
            age = {RESOLVE_AGE: age_of(form[RESOLVE_AGE])} if RESOLVE_AGE in form else {}
            columns = sent | {"platform": sent["platform"] or None}
            update = ProjectUpdate(columns=columns, options=age)
            after = change.update(update)
    except ValidationFailed as refusal:
        return _answer(web_request, project, refused(form | sent, refusal))
    return redirect(f"{web_request.settings_url('projects', after.slug)}?changed=profile")


@post(PROJECT_PATH + "commit-paths/", scopes=None, sync_to_thread=True)
def change_commit_paths(
    web_request: InjectedWebRequest, project: FromPath[str], body: RawBody
) -> Answer:
    """Limit the commits of the project's releases to folders, one a line."""
    sent = form_of(body)

    def apply(change: ProjectChange) -> None:
        paths = _paths_of(sent.get("paths", ""))
        settings.set_commit_paths(change.connection, change.context, change.project, paths)

    return _change(web_request, project, apply, name="paths", sent={"paths": ""} | sent)


@post(PROJECT_PATH + "grouping/", scopes=None, sync_to_thread=True)
def change_fingerprint_rules(
    web_request: InjectedWebRequest, project: FromPath[str], body: RawBody
) -> Answer:
    """Set the rules that group events by a fingerprint of the project, one a line."""
    sent = form_of(body)
    rules = sent.get("rules", "").replace("\r\n", "\n")

    def apply(change: ProjectChange) -> None:
        change.update(ProjectUpdate(options={"fingerprintingRules": _rules_of(rules)}))

    return _change(web_request, project, apply, name="grouping", sent=sent | {"rules": rules})


@post(PROJECT_PATH + "rate-limit/", scopes=None, sync_to_thread=True)
def change_rate_limit(
    web_request: InjectedWebRequest, project: FromPath[str], body: RawBody
) -> Answer:
    """Limit how many events the project takes in, with all its keys together."""
    sent = form_of(body)

    def apply(change: ProjectChange) -> None:
        limit = limit_of(sent)
        value = {"count": limit[0], "window": limit[1]} if limit else None
        change.update(ProjectUpdate(options={RATE_LIMIT: value}))

    return _change(web_request, project, apply, name="limit", sent={"count": ""} | sent)


@post(PROJECT_PATH + "verdicts/", scopes=None, sync_to_thread=True)
def change_verdict_criteria(
    web_request: InjectedWebRequest, project: FromPath[str], body: RawBody
) -> Answer:
    """Set how much worse than before a release of the project may be, and what is measured."""
    sent = form_of(body)

    def apply(change: ProjectChange) -> None:
        change.update(ProjectUpdate(options={VERDICT_CRITERIA: to_option(criteria_in(sent))}))

    typed = dict.fromkeys((*LIMITS, *Measure), "") | sent
    return _change(web_request, project, apply, name="verdicts", sent=typed)


@post(PROJECT_PATH + "teams/", scopes=None, sync_to_thread=True)
def change_project_teams(
    web_request: InjectedWebRequest, project: FromPath[str], body: RawBody
) -> Answer:
    """Add a team to the owners of the project, or remove one."""
    sent = form_of(body)
    is_added = sent.get("action") == "add"
    with change_project(web_request, project, PROJECT_WRITE) as change:
        team = organizations.team_by_slug(
            change.connection, change.workspace.organization.id, sent.get("team", "")
        )
        if team is None:
            raise NotFound
        membership.require_team_access(change.connection, change.workspace.access, team)
        save = settings.add_team if is_added else settings.remove_team
        save(change.connection, change.context, change.project, team)
        is_visible = _is_still_visible(change)
    if not is_visible:
        return redirect(web_request.settings_url("projects"))
    return redirect(web_request.settings_url("projects", project))


@get(PROJECT_PATH + "delete/", scopes=None, sync_to_thread=True)
def confirm_project_deletion(web_request: InjectedWebRequest, project: FromPath[str]) -> Answer:
    """Say what goes with the project, and ask for its slug."""
    return _deletion_page(web_request, project)


@post(PROJECT_PATH + "delete/", scopes=None, sync_to_thread=True)
def delete_project(
    web_request: InjectedWebRequest, project: FromPath[str], body: RawBody
) -> Answer:
    """Delete the project: it is hidden at once, and its data is deleted a day later."""
    typed = form_of(body).get("confirmation", "")
    try:
        with change_project(web_request, project, PROJECT_DELETE) as change:
            _deletion(change.workspace, change.project).require(typed)
            deletion_requests.request(
                change.connection, change.context, change.project, spare_slug=hex32()
            )
    except BadRequest as refusal:
        return _deletion_page(web_request, project, typed, refusal.detail)
    return redirect(web_request.settings_url("projects"))


def _change(
    web_request: WebRequest,
    slug: str,
    apply: Callable[[ProjectChange], None],
    *,
    name: str,
    sent: Mapping[str, str],
) -> Answer:
    """Change the project by the form of this name, or show it again with what was sent and what is wrong with it."""
    try:
        with change_project(web_request, slug, PROJECT_WRITE) as change:
            _require_unchanged(sent, change)
            apply(change)
    except ValidationFailed as refusal:
        return _answer(web_request, slug, refused(sent, refusal))
    return redirect(f"{web_request.settings_url('projects', slug)}?changed={name}")


def _require_unchanged(sent: Mapping[str, str], change: ProjectChange) -> None:
    stored = project_values(change.connection, change.project)
    require_unchanged(sent, stored, CHOICE_NAMES)


def _require_valid(sent: Mapping[str, str]) -> None:
    forms.require_none(
        name=forms.name_problem(sent["name"], NAME_MAX),
        slug=forms.project_slug_problem(sent["slug"]),
        platform=forms.platform_problem(sent["platform"]),
    )


def _paths_of(typed: str) -> list[str]:
    """Return the folders, one a line. Raise `ValidationFailed` for the first that is none, or for too many."""
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    forms.require_none(
        paths=f"Enter at most {PATHS_MAX} folders."
        if len(lines) > PATHS_MAX
        else next(filter(None, map(commit_paths.problem_of, lines)), None)
    )
    return [path for line in lines if (path := commit_paths.normalize_path(line))]


def _rules_of(typed: str) -> str:
    """Return the fingerprint rules as they are stored. Raise `ValidationFailed` for the first that is wrong."""
    try:
        fingerprint_rules.parse(typed)
    except FingerprintRuleError as problem:
        raise ValidationFailed({"rules": [str(problem)]}) from None
    return typed.strip()


def _is_still_visible(change: ProjectChange) -> bool:
    access, user = change.workspace.access, change.workspace.user
    if access.reaches_all or access.organization.is_open:
        return True
    return store.is_on_its_team(change.connection, change.project.id, user.id)


def _deletion(workspace: Workspace, project: Project) -> Deletion:
    slug = workspace.organization.slug
    return Deletion(
        kind="project",
        name=project.name,
        consequences=(
            "It disappears at once, and its client keys are refused.",
            "A day later its issues, events, debug files and the releases of no other project are deleted.",
            "Until then an operator can restore it on the command line.",
            "Releases of other projects too stay there.",
        ),
        address=urls.settings(slug, "projects", project.slug, "delete"),
        cancel_address=urls.settings(slug, "projects", project.slug),
        slug=project.slug,
    )


def _deletion_page(
    web_request: WebRequest, slug: str, typed: str = "", problem: str = ""
) -> Answer:
    with web_request.view() as (connection, workspace):
        project = visible_project(connection, workspace, slug)
    workspace.require(PROJECT_DELETE)
    deletion = _deletion(workspace, project)
    return confirmation_page(web_request, workspace, deletion, typed=typed, problem=problem)


def _answer(web_request: WebRequest, slug: str, state: FormState = UNSENT) -> Answer:
    with web_request.view() as (connection, workspace):
        project = visible_project(connection, workspace, slug)
        shown = project_page(connection, workspace, project, now())
    return page(
        web_request,
        "settings/project.html",
        form_state=state,
        workspace=workspace,
        project=shown.project,
        shown=shown,
        values=state.over(shown.stored),
        name_max=NAME_MAX,
        platform_max=PLATFORM_MAX,
        platforms=PLATFORMS,
        age_choices=age_choices,
        age_in_words=age_in_words,
        window_choices=window_choices,
        window_name=window_name,
        measures=MEASURES,
        criteria_fields=(*LIMITS, *Measure),
    )
