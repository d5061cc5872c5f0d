"""``/preferences/theme/``: the theme of the browser."""

from litestar import post
from litestar.params import RawBody

from shipmark.web import urls
from shipmark.web.forms import form_of
from shipmark.web.preferences import THEME_COOKIE, preference_cookie, theme_of
from shipmark.web.rendering import Answer, redirect
from shipmark.web.request_context import InjectedWebRequest


@post(urls.THEME, scopes=None, sync_to_thread=False)
def set_theme(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Keep the theme in a cookie, and redirect to the page that it was chosen on."""
    sent = form_of(body)
    answer = redirect(urls.local_or_home(sent.get("next", "")))
    theme = theme_of(sent.get("theme"))
    answer.set_cookie(preference_cookie(THEME_COOKIE, theme.value, is_secure=web_request.is_secure))
    return answer
