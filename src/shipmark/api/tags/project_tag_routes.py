"""Tags of the issues of a project, or of an organization: what clients suggest while a search is typed."""

from litestar import Response

from shipmark.api.projects.path_project import ListedProjects, PathProject
from shipmark.api.queries import PageQuery
from shipmark.api.tags.responses import ProjectTagResponse, ProjectTagValueResponse
from shipmark.events.project_rules import rules_from
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate_all
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ISSUE_READ
from shipmark.http.validation import optional
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.issues.shown_tags import shown_texts
from shipmark.issues.store import project_tags
from shipmark.issues.tag_names import label_of, value_label_of
from shipmark.issues.tags import key_of
from shipmark.projects import store as projects

_PROJECT_TAGS = "/projects/{organization:str}/{project:str}/tags/"
_QUERY_MAX = 200


class ProjectTagValuesQuery(PageQuery):
    """A page of the values of a tag of a project."""

    query: str | None = optional("What the values begin with, in this case.", example="Fire")

    def prefix(self) -> str:
        """Return what values begin with. Raise `BadRequest` for more than is compared."""
        prefix = self.query or ""
        if len(prefix) > _QUERY_MAX:
            raise BadRequest(f"A query has no more than {_QUERY_MAX} characters.")
        return prefix


@endpoint.get("/organizations/{organization:str}/tags/", scopes=ISSUE_READ)
def list_organization_tags(
    context: RequestContext, projects: ListedProjects
) -> list[ProjectTagResponse]:
    """List the keys of the tags that issues of the caller's projects were seen with, by key."""
    return _keys(context, [project.id for project in projects])


@endpoint.get(_PROJECT_TAGS, scopes=ISSUE_READ)
def list_project_tags(context: RequestContext, project: PathProject) -> list[ProjectTagResponse]:
    """List the keys of the tags that issues of a project were seen with, by key."""
    return _keys(context, [project.id])


@endpoint.get(f"{_PROJECT_TAGS}{{tag_key:str}}/values/", scopes=ISSUE_READ)
def list_project_tag_values(
    context: RequestContext, project: PathProject, tag_key: str, query: ProjectTagValuesQuery
) -> Response[list[ProjectTagValueResponse]]:
    """List the values of a tag that issues of a project were seen with, in the order of their texts."""
    key = key_of(tag_key)
    with context.database.snapshot() as connection:
        found = project_tags.values_of(connection, project.id, key, prefix=query.prefix())
        if not found and key not in project_tags.keys_of(connection, [project.id]):
            raise NotFound
        options = projects.options_with_organization(
            connection, context.organization_id, project.id
        )
    shown, links = paginate_all(
        shown_texts(key, found, rules_from(options).scrubbing), query.page()
    )
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


router = endpoint.router("/api/0", __name__)
