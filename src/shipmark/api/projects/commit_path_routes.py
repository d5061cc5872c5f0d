"""``projects/{org}/{project}/commit-paths/``: the folders of a monorepo whose commits are a project's."""

from litestar import Router, get, put
from litestar.params import FromPath, RawBody

from shipmark.api.responses import Wire
from shipmark.api.scopes import PROJECT_READ, PROJECT_WRITE
from shipmark.http.fields import Field, FieldError, ListOf, Object, Text, documented_as
from shipmark.http.request_context import InjectedRequest
from shipmark.organizations import audit
from shipmark.organizations.audit import AuditEvent
from shipmark.projects import actions, store
from shipmark.projects.commit_paths import PATHS_MAX, normalize_path, problem_of


class CommitPathsResponse(Wire):
    """Folders, from the root of a repository; none for all commits."""

    paths: list[str]


@documented_as(Text())
def _path(value: object) -> str:
    text = Text()(value) or ""
    if problem := problem_of(text):
        raise FieldError([problem])
    path = normalize_path(text)
    assert path is not None, "a path without a problem can be cleaned"
    return path


PATHS = Object({"paths": Field(ListOf(_path, max=PATHS_MAX), is_required=True)})


@get("/", scopes=PROJECT_READ, sync_to_thread=True)
def get_commit_paths(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> CommitPathsResponse:
    """Show which folders limit the commits of the project's releases."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        found = actions.require_project(connection, access, project)
    return CommitPathsResponse(paths=list(found.commit_paths))


@put("/", scopes=PROJECT_WRITE, takes=PATHS, sync_to_thread=True)
def set_commit_paths(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> CommitPathsResponse:
    """Let releases of the project hold only commits that touch these folders, from the next commits on."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        actions.require_project(connection, access, project)
    fields = context.body(body, PATHS, lists=("paths",), step="project.validate")
    paths = list(dict.fromkeys(fields["paths"]))
    with context.database.transaction() as connection:
        found = actions.require_project(connection, access, project)
        store.set_commit_paths(connection, found.id, paths)
        before = list(found.commit_paths)
        if changes := audit.changes_between({"commitPaths": before}, {"commitPaths": paths}):
            event = AuditEvent.PROJECT_EDIT
            context.log_change(connection, access, event, changes, target_id=found.id)
    return CommitPathsResponse(paths=paths)


router = Router(
    "/api/0/projects/{organization:str}/{project:str}/commit-paths",
    route_handlers=[get_commit_paths, set_commit_paths],
)
