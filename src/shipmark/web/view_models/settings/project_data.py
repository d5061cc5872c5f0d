"""The view model of what is removed from the events of a project, which are dropped, and of discarded issues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.events.inbound_filters import first_current_version
from shipmark.http.scopes import ISSUE_DELETE, PROJECT_WRITE
from shipmark.issues.discarded_issues import DiscardedIssue
from shipmark.issues.short_ids import format_short_id
from shipmark.issues.store import discarded_issues
from shipmark.organizations import options as organization_options
from shipmark.organizations import store as organizations
from shipmark.projects import options, store
from shipmark.projects.model import Project
from shipmark.web.request_context import Workspace
from shipmark.web.settings_forms import FIELD_LISTS, SWITCHES, scrubbing_values

#: The filters that are on or off, by their fields in the form.
FILTER_SWITCHES: Mapping[str, str] = {
    "extensions": "browser-extensions",
    "crawlers": "web-crawlers",
    "localhost": "localhost",
}
#: The filters that are lists, by their fields: an entry a line.
FILTER_LISTS: Mapping[str, str] = {
    "senders": "filters:blacklisted_ips",
    "releases": "filters:releases",
    "messages": "filters:error_messages",
}
BROWSERS = "legacy-browsers"
BROWSER_FIELD = "browser_"
#: The browsers that the form offers; those with former names are offered where a client has set them.
_BROWSER_NAMES = {
    "ie": "Internet Explorer",
    "edge": "Edge",
    "chrome": "Chrome",
    "firefox": "Firefox",
    "safari": "Safari",
    "opera": "Opera",
    "opera_mini": "Opera Mini",
    "android": "Android browser",
}
ROWS_PER_PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDataPage:
    """The values of the forms' fields, as stored; ``browsers`` are pairs of field and label.

    ``shared`` are the fields of scrubbing that the organization turns on for all projects, ``shared_lists`` the names
    that it adds to lists.
    """

    stored: Mapping[str, str]
    browsers: Sequence[tuple[str, str]]
    shared: frozenset[str]
    shared_lists: Mapping[str, Sequence[str]]
    may_change: bool


def project_data_values(connection: Connection, project: Project) -> dict[str, str]:
    """Return the values of the forms' fields, as stored; "" for a box that is not ticked."""
    stored = store.options_of(connection, project.id)
    chosen = options.values(stored)
    browsers = options.lines(stored, BROWSERS)
    return {
        **scrubbing_values(chosen),
        **{field: "1" if chosen[name] else "" for field, name in FILTER_SWITCHES.items()},
        **{field: "\n".join(options.lines(stored, name)) for field, name in FILTER_LISTS.items()},
        **{f"{BROWSER_FIELD}{name}": "" for name in _BROWSER_NAMES},
        **{f"{BROWSER_FIELD}{name}": "1" for name in browsers},
    }


def project_data_page(
    connection: Connection, workspace: Workspace, project: Project
) -> ProjectDataPage:
    """Return the settings of a project that the user sees."""
    shared = organizations.options_of(connection, project.organization_id)
    stored = project_data_values(connection, project)
    return ProjectDataPage(
        stored=stored,
        browsers=[
            (field, _browser_label(field.removeprefix(BROWSER_FIELD)))
            for field in stored
            if field.startswith(BROWSER_FIELD)
        ],
        shared=frozenset(
            field for field, name in SWITCHES.items() if organization_options.is_on(shared, name)
        ),
        shared_lists={
            field: organization_options.words(shared, name) for field, name in FIELD_LISTS.items()
        },
        may_change=workspace.may(PROJECT_WRITE),
    )


def _browser_label(name: str) -> str:
    if name == "ie":
        return _BROWSER_NAMES[name]  # there is no current one
    known, first = _BROWSER_NAMES.get(name), first_current_version(name)
    return f"{known} before {first}" if known and first else name


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardedIssueRow:
    """A discarded issue with its former short id, and the name of who discarded it, or ""."""

    discarded: DiscardedIssue
    short_id: str
    user_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardedIssuesPage:
    """A page of the discarded issues, the last first."""

    rows: Sequence[DiscardedIssueRow]
    number: int
    has_more: bool
    may_remove: bool


def discarded_issues_page(
    connection: Connection, workspace: Workspace, project: Project, number: int
) -> DiscardedIssuesPage:
    """Return the requested page, by two statements."""
    listed = discarded_issues.page_of(
        connection,
        project.id,
        None,
        limit=ROWS_PER_PAGE + 1,
        offset=(number - 1) * ROWS_PER_PAGE,
    )
    shown = listed[:ROWS_PER_PAGE]
    users = accounts.by_ids(
        connection, {each.user_id for each in shown if each.user_id is not None}
    )
    rows = []
    for each in shown:
        user = users.get(each.user_id or 0)
        rows.append(
            DiscardedIssueRow(
                discarded=each,
                short_id=format_short_id(project.slug, each.number),
                user_name=user.display_name if user else "",
            )
        )
    return DiscardedIssuesPage(
        rows=rows,
        number=number,
        has_more=len(listed) > ROWS_PER_PAGE,
        may_remove=workspace.may(ISSUE_DELETE),
    )
