"""The parameters of addresses of issues; see parameters.py."""

from dataclasses import replace

from shipmark.api.query_parameters import PER_PAGE, RELEASE_QUERY, Parameter
from shipmark.http.pagination.offset import PER_PAGE_MAX
from shipmark.issues.search import STATUSES as ISSUE_STATUSES

ISSUE_QUERY = replace(
    RELEASE_QUERY,
    about="Text that titles hold, and "
    + ", ".join(f"`is:{status}`" for status in ISSUE_STATUSES)
    + ", `firstRelease:`, `release:`, `regressed_in_release:` with a version or `latest`.",
    example="is:unresolved",
)
ISSUE_LIMIT = replace(
    PER_PAGE, name="limit", about=f"The same as `per_page`; more than {PER_PAGE_MAX} is as good."
)
ISSUE_IDS = Parameter(
    name="id",
    about="The issues to be changed, by id; without any, those that `query` and `status` find.",
    schema={"type": "integer"},
    example="1",
    is_repeatable=True,
)
ISSUE_STATUS = Parameter(
    name="status",
    about="Only issues of this status.",
    schema={"type": "string", "enum": list(ISSUE_STATUSES)},
    example="unresolved",
)
