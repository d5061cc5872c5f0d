"""``/account/avatar/``: the user's own avatar."""

from litestar import get, post

from shipmark.accounts import actions as accounts
from shipmark.accounts.model import User
from shipmark.http.multipart import threaded
from shipmark.infrastructure.clock import now
from shipmark.web import urls
from shipmark.web.avatar_forms import BODY_MAX, AvatarForm, receive, save
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest


@get(urls.ACCOUNT_AVATAR, scopes=None, sync_to_thread=True)
def show_avatar_form(web_request: InjectedWebRequest) -> Answer:
    """Show the form by itself; the page of the account has it too."""
    return _form(web_request)


@post(urls.ACCOUNT_AVATAR, scopes=None, request_max_body_size=BODY_MAX)
async def change_avatar(web_request: InjectedWebRequest) -> Answer:
    """Show the user by a photo or by letters. Who is not signed in is refused before the photo is received."""
    user = await threaded(web_request.require_user)
    form = await receive(web_request)
    return await threaded(_save, web_request, user, form)


def _save(web_request: WebRequest, user: User, form: AvatarForm) -> Answer:
    problem = save(
        web_request,
        form,
        lambda connection, new: accounts.save_avatar(connection, user, new, now()),
    )
    if problem is not None:
        return _form(web_request, status=problem.status, problem=problem.text)
    return redirect(f"{urls.ACCOUNT}?changed=avatar")


def _form(web_request: WebRequest, *, status: int = 200, problem: str = "") -> Answer:
    with web_request.database.snapshot() as connection:
        user = web_request.user(connection)
        workspace = web_request.workspace_of(connection, user)
    return page(
        web_request,
        "account_avatar.html",
        status=status,
        workspace=workspace,
        user=user,
        problem=problem,
    )
