"""Tags: of an issue, with the numbers of events that have each value; and of projects, to suggest for a search."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.issues.path_issue import PathIssue, find_issue, issue_paths
from shipmark.api.projects.path_project import ListedProjects, PathProject
from shipmark.api.queries import PageQuery, ProjectQuery, one_of
from shipmark.api.tags.responses import (
    IssueTagResponse,
    IssueTagValueResponse,
    ProjectTagResponse,
    ProjectTagValueResponse,
    tag_response,
    tag_value_response,
)
from shipmark.events.project_rules import rules_from, scrubbing_of_project
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.pagination.offset import paginate_all
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ISSUE_READ
from shipmark.http.validation import optional, require
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.issues.model import Issue
from shipmark.issues.shown_tags import shown_texts, shown_values
from shipmark.issues.store import project_tags, tag_counts
from shipmark.issues.tag_names import label_of, value_label_of
from shipmark.issues.tags import TagKey, TagValue, key_of
from shipmark.projects import store as projects

_TAG = issue_paths("tags/{tag_key:str}/")
#: The values that a tag is shown with: by itself, and among others.
_VALUES_ALONE = 10
_VALUES_EACH = 4
_SORTS = ("date", "age", "count")
_IS_SORT = require(
    lambda sort: not sort or sort in _SORTS,
    f"Invalid sort parameter. Use one of {', '.join(_SORTS)}.",
)


class TagValuesQuery(PageQuery):
    """A page of the values of a tag."""

    sort: Annotated[str | None, _IS_SORT, one_of(*_SORTS, default="date")] = optional(
        "The order: by the last event (`date`), the first event (`age`) or the number of events (`count`), the highest"
        " first.",
        example="count",
    )

    def ordered(self, values: Sequence[TagValue]) -> list[TagValue]:
        """Return the values, which are in the order of their texts, in that of the list."""
        if self.sort == "count":
            return sorted(values, key=lambda value: -value.event_count)
        if self.sort == "age":
            return sorted(values, key=lambda value: value.first_seen_at, reverse=True)
        return sorted(values, key=lambda value: value.last_seen_at, reverse=True)


def _find_tag(
    context: RequestContext,
    connection: Connection,
    organization: str | None,
    issue: str,
    tag_key: str,
) -> tuple[Issue, TagKey]:
    """Return the issue and its tag with this key. Raise `NotFound` if no event of it has had one."""
    row, key = find_issue(context, connection, organization, issue), key_of(tag_key)
    tag = next((each for each in tag_counts.keys_of(connection, row.id) if each.key == key), None)
    if tag is None:
        raise NotFound
    return row, tag


PathTag = Annotated[tuple[Issue, TagKey], Load(_find_tag)]


@endpoint.get(issue_paths("tags/"), scopes=ISSUE_READ)
def list_tags(context: RequestContext, issue: PathIssue) -> list[IssueTagResponse]:
    """List the tags of an issue's events, each with its most frequent values."""
    with context.database.snapshot() as connection:
        tags = tag_counts.keys_of(connection, issue.id)
        top = tag_counts.top_values(connection, issue.id, most=_VALUES_EACH)
        values = _shown(connection, issue, top)
    return [tag_response(tag, values.get(tag.key, ())) for tag in tags]


@endpoint.get(_TAG, scopes=ISSUE_READ)
def get_tag(context: RequestContext, issue_and_tag: PathTag) -> IssueTagResponse:
    """Show a tag of an issue's events with its most frequent values."""
    issue, tag = issue_and_tag
    values = TagValuesQuery(sort="count").ordered(_values(context, issue, tag))
    return tag_response(tag, values[:_VALUES_ALONE])


@endpoint.get([f"{path}values/" for path in _TAG], scopes=ISSUE_READ)
def list_tag_values(
    context: RequestContext, issue_and_tag: PathTag, query: TagValuesQuery
) -> Response[list[IssueTagValueResponse]]:
    """List the values of a tag of an issue's events, by default the last seen first."""
    issue, tag = issue_and_tag
    values, links = paginate_all(query.ordered(_values(context, issue, tag)), query.page())
    return context.listed([tag_value_response(tag.key, value) for value in values], links)


def _values(context: RequestContext, issue: Issue, tag: TagKey) -> Sequence[TagValue]:
    with context.database.snapshot() as connection:
        values = tag_counts.values_of(connection, issue.id, tag.key)
        return _shown(connection, issue, {tag.key: values})[tag.key]


def _shown(
    connection: Connection, issue: Issue, values: Mapping[str, Sequence[TagValue]]
) -> Mapping[str, Sequence[TagValue]]:
    """Return the values without what the rules of the project remove by now."""
    rules = scrubbing_of_project(connection, issue.organization_id, issue.project_id)
    return shown_values(values, rules)


_ORGANIZATION_TAGS = "/organizations/{organization:str}/tags/"
_PROJECT_TAGS = "/projects/{organization:str}/{project:str}/tags/"
_QUERY_MAX = 200


class ProjectTagValuesQuery(PageQuery):
    """A page of the values of a tag of projects."""

    query: str | None = optional("What the values begin with, in this case.", example="Fire")

    def prefix(self) -> str:
        """Return what values begin with. Raise `BadRequest` for more than is compared."""
        prefix = self.query or ""
        if len(prefix) > _QUERY_MAX:
            raise BadRequest(f"A query has no more than {_QUERY_MAX} characters.")
        return prefix


class OrganizationTagValuesQuery(ProjectTagValuesQuery, ProjectQuery):
    """A page of the values of a tag of the projects that are named, or of all of the caller's."""


@endpoint.get(_ORGANIZATION_TAGS, scopes=ISSUE_READ)
def list_organization_tags(
    context: RequestContext, projects: ListedProjects
) -> list[ProjectTagResponse]:
    """List the keys of the tags that issues of the caller's projects were seen with, by key."""
    return _keys(context, [project.id for project in projects])


@endpoint.get(_PROJECT_TAGS, scopes=ISSUE_READ)
def list_project_tags(context: RequestContext, project: PathProject) -> list[ProjectTagResponse]:
    """List the keys of the tags that issues of a project were seen with, by key."""
    return _keys(context, [project.id])


@endpoint.get(f"{_ORGANIZATION_TAGS}{{tag_key:str}}/values/", scopes=ISSUE_READ)
def list_organization_tag_values(
    context: RequestContext,
    projects: ListedProjects,
    tag_key: str,
    query: OrganizationTagValuesQuery,
) -> Response[list[ProjectTagValueResponse]]:
    """List the values of a tag that issues of the caller's projects were seen with, in the order of their texts."""
    return _values_page(context, [project.id for project in projects], key_of(tag_key), query)


@endpoint.get(f"{_PROJECT_TAGS}{{tag_key:str}}/values/", scopes=ISSUE_READ)
def list_project_tag_values(
    context: RequestContext, project: PathProject, tag_key: str, query: ProjectTagValuesQuery
) -> Response[list[ProjectTagValueResponse]]:
    """List the values of a tag that issues of a project were seen with, in the order of their texts."""
    return _values_page(context, [project.id], key_of(tag_key), query)


def _values_page(
    context: RequestContext, project_ids: list[int], key: str, query: ProjectTagValuesQuery
) -> Response[list[ProjectTagValueResponse]]:
    """Return a page of the values, without what the rules of their project remove by now."""
    with context.database.snapshot() as connection:
        found = project_tags.values_of(connection, project_ids, key, prefix=query.prefix())
        if not found and key not in project_tags.keys_of(connection, project_ids):
            raise NotFound
        options = projects.options_of_projects(connection, context.organization_id, found)
    values = {
        value
        for project_id, texts in found.items()
        for value in shown_texts(key, texts, rules_from(options[project_id]).scrubbing)
    }
    shown, links = paginate_all(sorted(values), query.page())
    return context.listed(
        [
            ProjectTagValueResponse(key=key, name=value_label_of(key, value), value=value)
            for value in shown
        ],
        links,
    )


def _keys(context: RequestContext, project_ids: list[int]) -> list[ProjectTagResponse]:
    with context.database.snapshot() as connection:
        keys = project_tags.keys_of(connection, project_ids)
    return [ProjectTagResponse(key=key, name=label_of(key)) for key in keys]
