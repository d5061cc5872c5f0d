"""Organization tokens."""

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.infrastructure.ids import secret_bytes
from shipmark.organizations import token_actions
from shipmark.web.forms import form_of, name_problem, row_id
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.members import token_rows

_NAME_MAX = 64


@get(PATH + "tokens/", scopes=None, sync_to_thread=True)
def list_tokens(web_request: InjectedWebRequest) -> Answer:
    """Show the organization's tokens, but for their text."""
    return _answer(web_request)


@post(PATH + "tokens/", scopes=None, sync_to_thread=True)
def create_token(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Create a token, and show its text, which is never shown again."""
    name = form_of(body).get("name", "").strip()
    if problem := name_problem(name, _NAME_MAX):
        return _answer(web_request, status=400, name=name, problem=problem)
    with web_request.change() as (connection, workspace):
        _, text = token_actions.create(
            connection,
            web_request.action_context(workspace),
            name=name,
            address=web_request.address,
            secret=secret_bytes(),
        )
    return _answer(web_request, status=201, created=name, text=text)


@post(PATH + "tokens/{token:str}/", scopes=None, sync_to_thread=True)
def revoke_token(web_request: InjectedWebRequest, token: FromPath[str]) -> Answer:
    """Revoke a token: what uses it fails from now on."""
    with web_request.change() as (connection, workspace):
        token_actions.revoke(connection, web_request.action_context(workspace), row_id(token))
    return redirect(web_request.settings_url("tokens"))


def _answer(
    web_request: WebRequest,
    *,
    status: int = 200,
    name: str = "",
    problem: str = "",
    created: str = "",
    text: str = "",
) -> Answer:
    with web_request.view() as (connection, workspace):
        rows = token_rows(connection, workspace)
    return page(
        web_request,
        "settings/tokens.html",
        status=status,
        workspace=workspace,
        rows=rows,
        name=name,
        problem=problem,
        created=created,
        text=text,
    )
