"""The address of an issue's page: which event it shows, the range of its chart, and the list it was opened from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shipmark.events.payload import is_event_id
from shipmark.web import urls
from shipmark.web.request_context import WebRequest, Workspace
from shipmark.web.view_models.issue import OLDEST
from shipmark.web.view_models.issue_chart import DEFAULT_PERIOD, PERIODS
from shipmark.web.view_models.issue_list import TRENDS, IssueListSearch, issue_search_of


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueView:
    """What a page shows of an issue: an event by its id or ``oldest``, by default the latest, and a range of time.

    ``listed`` is the list that it was opened from, if it was.
    """

    server: str
    organization: str
    short_id: str
    event: str = ""
    period: str = DEFAULT_PERIOD
    listed: IssueListSearch | None = None

    @property
    def link(self) -> str:
        """Return the whole URL of the issue, for others."""
        return f"{self.server}{urls.issue(self.organization, self.short_id)}"

    @property
    def address(self) -> str:
        """Return the URL of the page."""
        return urls.issue(self.organization, self.short_id, self.event, **self.parameters)

    @property
    def parameters(self) -> Mapping[str, str]:
        """Return the parameters that pages of the issue share, which are not empty."""
        period = "" if self.period == DEFAULT_PERIOD else self.period
        chosen = self.listed.issue_parameters if self.listed else {}
        return {name: value for name, value in {"period": period, **chosen}.items() if value}

    @property
    def query(self) -> str:
        """Return the query of the address without an event, which what is sent to the issue repeats."""
        _, mark, query = replace(self, event="").address.partition("?")
        return mark + query

    @property
    def list_address(self) -> str:
        """Return the URL of the list that the issue was opened from, else of all issues."""
        listed = self.listed
        return listed.address(self.organization) if listed else urls.issues(self.organization)

    def event_address(self, event: str) -> str:
        """Return the URL of the page with another event."""
        return replace(self, event=event).address

    def period_address(self, period: str) -> str:
        """Return the URL of the page with the chart of another range."""
        return replace(self, period=period).address


def issue_view(web_request: WebRequest, workspace: Workspace, short_id: str) -> IssueView:
    """Return what the query parameters choose; what does not exist counts as the default."""
    event, period = web_request.parameter("event"), web_request.parameter("period")
    is_listed = bool(web_request.parameter("tab"))
    return IssueView(
        server=web_request.address,
        organization=workspace.organization.slug,
        short_id=short_id,
        event=event if event == OLDEST or is_event_id(event) else "",
        period=period if period in PERIODS else DEFAULT_PERIOD,
        listed=issue_search_of(web_request, workspace, period_name=TRENDS) if is_listed else None,
    )
