"""``/preferences/``: the theme, the time zone and the keys of the browser, and the list of keys."""

from litestar import get, post
from litestar.params import RawBody

from shipmark.web import urls
from shipmark.web.cookies import (
    KEYS_COOKIE,
    THEME_COOKIE,
    ZONE_COOKIE,
    has_single_keys,
    preference_cookie,
    theme_of,
)
from shipmark.web.forms import form_of
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.time_zones import zone_name


@post(urls.THEME, scopes=None, sync_to_thread=False)
def set_theme(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Keep the theme in a cookie, and redirect to the page that it was chosen on."""
    sent = form_of(body)
    return _kept(web_request, THEME_COOKIE, theme_of(sent.get("theme")).value, sent)


@post(urls.TIME_ZONE, scopes=None, sync_to_thread=True)
def set_time_zone(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Keep the time zone in a cookie, and redirect to the page that it was chosen on."""
    sent = form_of(body)
    return _kept(web_request, ZONE_COOKIE, zone_name(sent.get("zone")), sent)


@post(urls.SINGLE_KEYS, scopes=None, sync_to_thread=False)
def set_single_keys(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Keep in a cookie whether single keys act, and redirect to the page that it was chosen on."""
    sent = form_of(body)
    value = "on" if has_single_keys(sent.get("keys")) else "off"
    return _kept(web_request, KEYS_COOKIE, value, sent)


@get(urls.KEYS, scopes=None, sync_to_thread=True)
def show_keys(web_request: InjectedWebRequest) -> Answer:
    """Show the list of keys, which the key ``?`` opens as a dialog."""
    with web_request.database.snapshot() as connection:
        user = web_request.user(connection)
        workspace = web_request.workspace_of(connection, user)
    return page(web_request, "keys.html", workspace=workspace, user=user)


def _kept(web_request: WebRequest, name: str, value: str, sent: dict[str, str]) -> Answer:
    answer = redirect(urls.local_or(sent.get("next", "")))
    answer.set_cookie(preference_cookie(name, value, is_secure=web_request.is_secure))
    return answer
