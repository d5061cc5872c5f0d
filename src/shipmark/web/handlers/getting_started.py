"""``/organizations/{organization}/getting-started/``: the guide from a project to its first release."""

from litestar import get, post

from shipmark.infrastructure.ids import secret_bytes
from shipmark.organizations import token_actions
from shipmark.verdicts.judgement import BASE_UNITS_MIN
from shipmark.web import setup_lines
from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.view_models.getting_started import guide

_PATH = "/organizations/{organization:str}/getting-started/"
_TOKEN_NAME = "Getting started"  # noqa: S105  # a name


@get(_PATH, scopes=None, sync_to_thread=True)
def show_guide(web_request: InjectedWebRequest) -> Answer:
    """Show the steps, with lines to copy, and which of them are done."""
    return _answer(web_request)


@post(_PATH, scopes=None, sync_to_thread=True)
def create_token(web_request: InjectedWebRequest) -> Answer:
    """Create a token for the lines, which show it only now."""
    with web_request.change() as (connection, workspace):
        _, text = token_actions.create(
            connection,
            web_request.action_context(workspace),
            name=_TOKEN_NAME,
            address=web_request.address,
            secret=secret_bytes(),
        )
    return _answer(web_request, status=201, token=text)


def _answer(web_request: WebRequest, *, status: int = 200, token: str = "") -> Answer:
    with web_request.view() as (connection, workspace):
        shown = guide(connection, web_request, workspace, token)
    return page(
        web_request,
        "getting_started.html",
        status=status,
        section="getting-started",
        workspace=workspace,
        guide=shown,
        lines=setup_lines,
        base_min=BASE_UNITS_MIN,
    )
