"""``organizations/{org}/releases/{version}/compare/``: what a release has that another one has not."""

from litestar import Router, get
from litestar.params import FromPath

from shipmark.api.issues.routes import serialize_issues
from shipmark.api.query_parameters import BASE, PROJECTS
from shipmark.api.releases import loading
from shipmark.api.releases.comparison_responses import ComparisonResponse, comparison_response
from shipmark.api.scopes import RELEASE_READ
from shipmark.http.request_context import InjectedRequest
from shipmark.infrastructure.errors import BadRequest
from shipmark.publishing.comparison import compare
from shipmark.releases import actions as releases


@get("/", scopes=RELEASE_READ, asks=(BASE, *PROJECTS), sync_to_thread=True)
def compare_releases(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> ComparisonResponse:
    """Compare a release with the one that ``base`` names."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        base_version = context.parameter("base")
        if not base_version:
            raise BadRequest("The base parameter is missing: the version to compare with.")
        ids = [project.id for project in context.selectable_projects(connection, access)]
        head = releases.find(connection, access.organization.id, version, ids)
        base = releases.find(connection, access.organization.id, base_version, ids)
        found = compare(connection, base, head, ids)
        nested = loading.prefetch_for_comparison(connection, access.organization.id, found)
        named = {
            issue.id: issue
            for side in (found.base, found.head)
            for some in (side.new, side.resolved, side.regressed)
            for issue in some.issues
        }
        shown = serialize_issues(context, connection, access, list(named.values()))
    return comparison_response(found, nested, dict(zip(named, shown, strict=True)))


router = Router(
    "/api/0/organizations/{organization:str}/releases/{version:str}/compare",
    route_handlers=[compare_releases],
)
