"""The repositories: the list with a new one, and one with its remote, the test of its connection, and its deletion."""

from collections.abc import Mapping

from litestar import get, post
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.deletion import repository_deletion
from shipmark.http.scopes import REPOSITORY, REPOSITORY_CHANGE, REPOSITORY_DELETE
from shipmark.infrastructure.encryption import Cipher, DecryptionError
from shipmark.infrastructure.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    ValidationFailed,
)
from shipmark.releases import repository_access
from shipmark.repositories import settings as repository_settings
from shipmark.repositories import store
from shipmark.repositories.git.connection_check import ConnectionResult, check_connection
from shipmark.repositories.git.remote_credentials import remote_of
from shipmark.repositories.git.remote_rules import parse_remote_rules
from shipmark.repositories.model import Repository, RepositoryStatus, StoredRemote
from shipmark.repositories.settings import RemoteInput
from shipmark.web import urls
from shipmark.web.form_versions import require_unchanged
from shipmark.web.forms import UNSENT, FormState, form_of, problems_of, refused
from shipmark.web.handlers.settings.confirmation import Deletion, confirmation_page
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.repositories import (
    RepositoryForm,
    read_form,
    repositories_page,
    repository_row,
)

_QUERY_MAX = 200
_REPOSITORY = PATH + "repositories/{repository:str}/"
_STATUSES = {"hide": RepositoryStatus.DISABLED, "show": RepositoryStatus.ACTIVE}
_LIMITS = {"remote": 1000, "username": 200, "password": 2000, "ssh_key": 20_000}
_LONG = "Use at most {:,} characters."
#: The fields of the form of a remote by their names in the API, in which problems are reported.
_FIELDS = {"url": "remote", "sshKey": "ssh_key"}


@get(PATH + "repositories/", scopes=None, sync_to_thread=True)
def list_repositories(web_request: InjectedWebRequest) -> Answer:
    """Show the repositories with their remotes, and the last fetch of each."""
    return _list(web_request, RepositoryForm())


@post(PATH + "repositories/", scopes=None, sync_to_thread=True)
def add_repository(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Add a repository by name and URL, and redirect to it."""
    form = read_form(form_of(body))
    if form.problems:
        return _list(web_request, form, status=400)
    with web_request.change(scopes=REPOSITORY) as (connection, workspace):
        if repository_access.is_hidden(connection, workspace.access, form.name):
            raise Forbidden
        context = web_request.action_context(workspace)
        repository = repository_settings.add(connection, context, form.name, form.url or None)
    return redirect(web_request.settings_url("repositories", repository.id))


def _list(web_request: WebRequest, form: RepositoryForm, *, status: int = 200) -> Answer:
    with web_request.view(scopes=REPOSITORY) as (connection, workspace):
        repositories = repositories_page(
            connection,
            workspace,
            web_request.settings,
            web_request.parameter("query")[:_QUERY_MAX],
            web_request.page_number(),
        )
    return page(
        web_request,
        "settings/repositories.html",
        status=status,
        workspace=workspace,
        repositories=repositories,
        form=form,
    )


@get(_REPOSITORY, scopes=None, sync_to_thread=True)
def show_repository(web_request: InjectedWebRequest, repository: FromPath[str]) -> Answer:
    """Show the repository with its remote, and the forms to change them."""
    return _one(web_request, repository)


@post(_REPOSITORY, scopes=None, sync_to_thread=True)
def change_repository(
    web_request: InjectedWebRequest, repository: FromPath[str], body: RawBody
) -> Answer:
    """Edit, hide or show the repository, set or remove its remote, or test the connection."""
    sent = form_of(body)
    match sent.get("action"):
        case "edit":
            return _edit(web_request, repository, sent)
        case "hide" | "show" as action:
            status = _STATUSES[action].value
            _update(web_request, repository, {"status": status}, sent)
        case "set-remote":
            return _set_remote(web_request, repository, sent)
        case "remove-remote":
            with web_request.change(scopes=REPOSITORY_CHANGE) as opened:
                connection, workspace = opened
                current = _current(connection, workspace, repository)
                context = web_request.action_context(workspace)
                repository_settings.remove_remote(connection, context, current)
        case "test":
            return _test(web_request, repository)
        case _:
            raise BadRequest("This action is unknown.")
    return redirect(web_request.settings_url("repositories", repository))


@get(_REPOSITORY + "delete/", scopes=None, sync_to_thread=True)
def confirm_deletion(web_request: InjectedWebRequest, repository: FromPath[str]) -> Answer:
    """Show what the deletion of the repository removes, and ask for confirmation."""
    with web_request.view(scopes=REPOSITORY_DELETE) as (connection, workspace):
        current = _current(connection, workspace, repository)
        has_commits = bool(store.some_of(connection, current.id, limit=1))
    return confirmation_page(web_request, workspace, _deletion(workspace, current, has_commits))


@post(_REPOSITORY + "delete/", scopes=None, sync_to_thread=True)
def delete_repository(web_request: InjectedWebRequest, repository: FromPath[str]) -> Answer:
    """Have the repository deleted, and redirect to the list."""
    with web_request.change(scopes=REPOSITORY_DELETE) as (connection, workspace):
        current = _current(connection, workspace, repository)
        context = web_request.action_context(workspace)
        repository_settings.record_removal(connection, context, current)
        repository_deletion.request(connection, current, context.at)
    return redirect(web_request.settings_url("repositories"))


def _deletion(workspace: Workspace, repository: Repository, has_commits: bool) -> Deletion:
    slug = workspace.organization.slug
    consequences = (
        (
            "It is deleted in an hour, with its remote and its commits, which are removed from all releases too.",
            "Releases, deploys and issues stay.",
            "To keep the commits, hide the repository instead.",
        )
        if has_commits
        else ("It has no commits, and is deleted within a minute with its remote.",)
    )
    return Deletion(
        kind="repository",
        name=repository.name,
        consequences=(*consequences, "This cannot be undone."),
        address=urls.settings(slug, "repositories", repository.id, "delete"),
        cancel_address=urls.settings(slug, "repositories", repository.id),
    )


def _edit(web_request: WebRequest, repository: str, sent: Mapping[str, str]) -> Answer:
    form = read_form(sent)
    typed = {"name": form.name, "url": form.url}
    if form.problems:
        state = FormState(sent=typed, problems=form.problems, status=400)
        return _one(web_request, repository, state)
    try:
        values = {"name": form.name, "url": form.url or None}
        _update(web_request, repository, values, sent)
    except ValidationFailed as refusal:
        return _one(web_request, repository, refused(typed, refusal))
    return redirect(web_request.settings_url("repositories", repository))


def _update(
    web_request: WebRequest,
    repository: str,
    values: Mapping[str, str | None],
    sent: Mapping[str, str],
) -> None:
    with web_request.change(scopes=REPOSITORY_CHANGE) as (connection, workspace):
        current = _current(connection, workspace, repository)
        require_unchanged(sent, _values(current, None))
        if "name" in values and not current.is_known_by_name:
            raise Conflict("The provider of the repository names it.")
        context = web_request.action_context(workspace)
        repository_settings.update(connection, context, current, values)


def _set_remote(web_request: WebRequest, repository: str, sent: Mapping[str, str]) -> Answer:
    settings = web_request.settings
    values = {name: sent.get(name, "") for name in _LIMITS}
    typed = {"remote": values["remote"].strip(), "username": values["username"].strip()}
    problems = {
        name: _LONG.format(most) for name, most in _LIMITS.items() if len(values[name]) > most
    }
    try:
        if not problems:
            remote = RemoteInput(
                url=typed["remote"],
                username=typed["username"],
                password=values["password"],
                # Browsers send the line breaks of a text field as CR LF.
                ssh_key=values["ssh_key"].replace("\r\n", "\n").strip(),
            )
            new = repository_settings.read_remote(remote, allow_files=settings.git_allow_files)
    except ValidationFailed as refusal:
        problems = {_FIELDS[name]: text for name, text in problems_of(refusal).items()}
    if problems:
        state = FormState(sent=typed, problems=problems, status=400)
        return _one(web_request, repository, state)
    cipher = Cipher(text=settings.secret_key, file=settings.secret_key_file)
    try:
        with web_request.change(scopes=REPOSITORY_CHANGE) as (connection, workspace):
            current = _current(connection, workspace, repository)
            own = store.remotes_of(connection, [current.id]).get(current.id)
            require_unchanged(sent, _values(current, own))
            context = web_request.action_context(workspace)
            repository_settings.save_remote(connection, context, current, new, cipher)
    except ValidationFailed as refusal:
        return _one(web_request, repository, refused(typed, refusal))
    return redirect(web_request.settings_url("repositories", repository))


def _test(web_request: WebRequest, repository: str) -> Answer:
    try:
        result, status = _tested(web_request, repository), 200
    except TooManyRequests as refusal:
        result, status = ConnectionResult(problem=refusal.detail), 429
    return _one(web_request, repository, status=status, tested=result)


def _tested(web_request: WebRequest, repository: str) -> ConnectionResult:
    """Return the result of connecting to the repository's remote. No unit of work is open meanwhile."""
    settings = web_request.settings
    with web_request.view(scopes=REPOSITORY_CHANGE) as (connection, workspace):
        current = _current(connection, workspace, repository)
        own = store.remotes_of(connection, [current.id]).get(current.id)
    cipher = Cipher(text=settings.secret_key, file=settings.secret_key_file)
    try:
        remote = remote_of(current, own, parse_remote_rules(settings.git_remotes), cipher)
    except DecryptionError as error:
        return ConnectionResult(problem=str(error))
    if remote is None:
        raise NotFound
    return check_connection(remote, settings)


def _current(connection: Connection, workspace: Workspace, repository: str) -> Repository:
    """Return the repository. Raise `NotFound`, or `Conflict` if its deletion was requested."""
    current = repository_access.require_repository(connection, workspace.access, repository)
    if current.is_pending_deletion:
        raise Conflict("The repository is being deleted.")
    return current


def _values(repository: Repository, own: StoredRemote | None) -> dict[str, str]:
    """Return the values of the forms' fields, as stored."""
    return {
        "name": repository.name,
        "url": repository.url or "",
        "remote": own.url if own else "",
        "username": (own.username if own else None) or "",
    }


def _one(
    web_request: WebRequest,
    repository: str,
    state: FormState = UNSENT,
    *,
    status: int = 200,
    tested: ConnectionResult | None = None,
) -> Answer:
    with web_request.view() as (connection, workspace):
        workspace.require(REPOSITORY if state is UNSENT else REPOSITORY_CHANGE)
        current = repository_access.require_repository(connection, workspace.access, repository)
        row = repository_row(connection, workspace, web_request.settings, current)
    stored = _values(current, row.own)
    return page(
        web_request,
        "settings/repository.html",
        status=status,
        form_state=state,
        workspace=workspace,
        row=row,
        stored=stored,
        values=state.over(stored),
        tested=tested,
        limits=_LIMITS,
        may_change=workspace.may(REPOSITORY_CHANGE) and not current.is_pending_deletion,
        may_delete=workspace.may(REPOSITORY_DELETE) and not current.is_pending_deletion,
    )
