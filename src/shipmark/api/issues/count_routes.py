"""How many issues each of some searches finds (groups-api.md 7.7)."""

from shipmark.api.issues.queries import issue_filter
from shipmark.api.projects.path_project import ListedProjects
from shipmark.api.queries import EnvironmentQuery, ProjectQuery
from shipmark.http import endpoint
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ISSUE_READ
from shipmark.http.validation import repeatable
from shipmark.infrastructure.clock import now
from shipmark.issues.search import parse
from shipmark.issues.store import issue_lists

QUERIES_MAX = 10
#: A count stops here.
COUNT_MAX = 100


class IssueCountsQuery(EnvironmentQuery, ProjectQuery):
    """The searches to count."""

    query: list[str] = repeatable(
        f"A search as in the list of issues; up to {QUERIES_MAX}.",
        most=QUERIES_MAX,
        example="is:unresolved",
    )


@endpoint.get("/organizations/{organization:str}/issues-count/", scopes=ISSUE_READ)
def count_issues(
    context: RequestContext, projects: ListedProjects, query: IssueCountsQuery
) -> dict[str, int]:
    """Count the issues that each query finds in the caller's projects; 100 stands for 100 or more."""
    counts = {}
    at = now()
    with context.database.snapshot() as connection:
        for text in dict.fromkeys(query.query):
            conditions = issue_filter(connection, context.access, projects, parse(text, at), query)
            counts[text] = issue_lists.count_of(connection, conditions, limit=COUNT_MAX)
    return counts
