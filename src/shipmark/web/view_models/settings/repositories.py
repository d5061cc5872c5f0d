"""The view models of repositories in the settings: the list, and one with its remote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from shipmark.http.scopes import RELEASE_WRITE
from shipmark.http.validation.urls import is_url
from shipmark.infrastructure.settings import Settings
from shipmark.releases import repository_access
from shipmark.releases.model import Fetch, FetchState, Release
from shipmark.releases.store import fetches, releases
from shipmark.releases.store import projects as release_projects
from shipmark.repositories import store
from shipmark.repositories.git.remote_rules import parse_remote_rules
from shipmark.repositories.model import REPOSITORY_NAME_MAX, Repository, StoredRemote
from shipmark.web import forms
from shipmark.web.request_context import Workspace

ROWS_PER_PAGE = 50
URL_MAX = 200
_BAD_URL = f"Enter a URL such as https://git.example.com/acme/web, of at most {URL_MAX} characters."


@dataclass(frozen=True, slots=True, kw_only=True)
class LastFetch:
    """The last fetch of a repository's commits, and its release if the user may see it."""

    fetch: Fetch
    release: Release | None
    may_retry: bool

    @property
    def state(self) -> str:
        """Return the state in a word. A fetch that was replaced by a later one of its release is not current."""
        if self.fetch.state is FetchState.WAITING and self.fetch.error:
            return "retrying"
        return self.fetch.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryRow:
    """A repository with its remote: its ``own``, or the address by the operator's rules, or neither."""

    repository: Repository
    own: StoredRemote | None
    rule: str | None
    last: LastFetch | None

    @property
    def remote_url(self) -> str | None:
        """Return the address that commits are fetched from, without credentials, or None."""
        return self.own.url if self.own else self.rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoriesPage:
    """A page of the repositories by name."""

    rows: Sequence[RepositoryRow]
    query: str
    number: int
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryForm:
    """Name and URL of a repository as typed, and the problems of the fields by name."""

    name: str = ""
    url: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)


def read_form(sent: Mapping[str, str]) -> RepositoryForm:
    """Return the form as sent."""
    name, url = sent.get("name", "").strip(), sent.get("url", "").strip()
    problems = {}
    if problem := forms.name_problem(name, REPOSITORY_NAME_MAX):
        problems["name"] = problem
    if url and (len(url) > URL_MAX or not is_url(url)):
        problems["url"] = _BAD_URL
    return RepositoryForm(name=name, url=url, problems=problems)


def repositories_page(
    connection: Connection, workspace: Workspace, settings: Settings, query: str, number: int
) -> RepositoriesPage:
    """Return the requested page of the repositories that the user may see, of any status."""
    page = store.page_of(
        connection,
        workspace.organization.id,
        statuses=None,
        name_parts=[query] if query else [],
        visible=repository_access.condition(workspace.access),
        limit=ROWS_PER_PAGE + 1,
        offset=(number - 1) * ROWS_PER_PAGE,
    )
    shown = page[:ROWS_PER_PAGE]
    return RepositoriesPage(
        rows=_rows(connection, workspace, settings, shown),
        query=query,
        number=number,
        has_more=len(page) > ROWS_PER_PAGE,
    )


def repository_row(
    connection: Connection, workspace: Workspace, settings: Settings, repository: Repository
) -> RepositoryRow:
    """Return one repository with the same."""
    return _rows(connection, workspace, settings, [repository])[0]


def _rows(
    connection: Connection,
    workspace: Workspace,
    settings: Settings,
    repositories: Sequence[Repository],
) -> list[RepositoryRow]:
    ids = [repository.id for repository in repositories]
    own = store.remotes_of(connection, ids)
    rules = parse_remote_rules(settings.git_remotes)
    last = _last_fetches(connection, workspace, ids)
    rows = []
    for repository in repositories:
        rule = rules.of(repository.name)
        rows.append(
            RepositoryRow(
                repository=repository,
                own=own.get(repository.id),
                rule=str(rule.address) if rule else None,
                last=last.get(repository.id),
            )
        )
    return rows


def _last_fetches(
    connection: Connection, workspace: Workspace, repository_ids: Sequence[int]
) -> dict[int, LastFetch]:
    latest = fetches.latest_of_repositories(connection, repository_ids)
    release_ids = {fetch.release_id for fetch in latest.values()}
    by_id = releases.by_ids(connection, release_ids)
    attached = release_projects.of_releases(connection, release_ids)
    project_ids, may_write = set(workspace.project_ids), workspace.may(RELEASE_WRITE)
    result = {}
    for repository_id, fetch in latest.items():
        of_release = {each.project_id for each in attached.get(fetch.release_id, ())}
        is_open = fetch.state in {FetchState.FAILED, FetchState.WAITING}
        result[repository_id] = LastFetch(
            fetch=fetch,
            release=by_id.get(fetch.release_id) if of_release & project_ids else None,
            may_retry=may_write and is_open and bool(fetch.error) and of_release <= project_ids,
        )
    return result
