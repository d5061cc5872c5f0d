"""Rendering of templates, with autoescaping, and the headers of pages."""

import gzip
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from markupsafe import Markup

from shipmark.accounts.model import User
from shipmark.avatars import images
from shipmark.http import AnyRequest
from shipmark.infrastructure.clock import now
from shipmark.web import template_filters, urls
from shipmark.web.cookies import (
    KEYS_COOKIE,
    ORGANIZATION_COOKIE,
    THEME_COOKIE,
    has_single_keys,
    preference_cookie,
    theme_of,
)
from shipmark.web.files import file_address
from shipmark.web.form_versions import checksums
from shipmark.web.forms import UNSENT, FormState
from shipmark.web.keyboard import shortcut_groups
from shipmark.web.navigation import (
    needs_guide,
    project_tabs,
    sections,
    settings_pages,
)
from shipmark.web.request_context import WebRequest, Workspace, request_url
from shipmark.web.view_models.issue_snooze import ARCHIVE_CHOICES
from shipmark.web.view_models.issue_trend import PERIODS, issue_trend
from shipmark.web.view_models.people import photo_of
from shipmark.web.view_models.release_artifacts import type_in_words

#: Pages load files and data of this origin only, run no inline script, and can't be framed.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

#: The policy for a content that a browser may be made to show as a page: nothing in it runs.
SANDBOX = {"Content-Security-Policy": "default-src 'none'; sandbox"}

#: The headers of every page. Pages are for one user: caches must not store them.
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

#: The filters of templates, by their names there.
_FILTERS = (
    template_filters.ago,
    template_filters.ago_short,
    template_filters.in_zone,
    template_filters.full_time,
    template_filters.code_text,
    template_filters.counted,
    template_filters.initials,
    template_filters.tone,
    template_filters.percent,
    template_filters.thousands,
    template_filters.first_line,
    template_filters.later_lines,
    template_filters.short_key,
    template_filters.short_version,
    template_filters.size_in_words,
    template_filters.web_address,
    template_filters.with_code,
    type_in_words,
    issue_trend,
)

_HTML = "text/html"
#: The fastest one: the others take three times as long for a tenth less.
_GZIP_LEVEL = 1
#: How a client says that it can't unpack something.
_REFUSED = frozenset({"q=0", "q=0.0", "q=0.00", "q=0.000"})

Answer = Response[bytes]


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {each.__name__: each for each in _FILTERS}
    environment.globals |= {
        "addresses": urls,
        "archive_choices": ARCHIVE_CHOICES,
        "checksums": checksums,
        "photo_limits": images,
        "trend_periods": PERIODS,
        "file_address": file_address,
        "shortcut_groups": shortcut_groups,
        "needs_guide": needs_guide,
        "photo_of": photo_of,
        "project_tabs": project_tabs,
        "sections": sections,
        "settings_pages": settings_pages,
    }
    return environment


_TEMPLATES = _environment()


def page(
    web_request: WebRequest,
    template: str,
    *,
    status: int = 200,
    section: str = "",
    workspace: Workspace | None = None,
    user: User | None = None,
    form_state: FormState = UNSENT,
    **variables: object,
) -> Answer:
    """Return a page rendered from a template.

    In a ``workspace`` it has the navigation, with this ``section`` as the current one, and the browser remembers the
    organization. Without one, ``user`` is the signed-in user, if any. With a form that was refused, it has its status
    and problems.
    """
    frame = _frame(web_request) | {
        "section": section,
        "workspace": workspace,
        "user": user,
        "problems": form_state.problems,
        "is_stale": form_state.is_stale,
    }
    text = _TEMPLATES.get_template(template).render(frame | variables)
    status = status if form_state is UNSENT else form_state.status
    answer = _response(web_request, text, status)
    slug = workspace.organization.slug if workspace else None
    if slug is not None and slug != web_request.last_organization:
        answer.set_cookie(
            preference_cookie(ORGANIZATION_COOKIE, slug, is_secure=web_request.is_secure)
        )
    return answer


def _frame(web_request: WebRequest) -> dict[str, object]:
    """Return what the frame of every page shows of the request."""
    cookies = web_request.request.cookies
    changed = web_request.parameter("changed")
    return {
        "now": now(),
        "here": request_url(web_request.request),
        "theme": theme_of(cookies.get(THEME_COOKIE)).value,
        "zone_name": web_request.zone_name,
        "zone": web_request.zone,
        "has_single_keys": has_single_keys(cookies.get(KEYS_COOKIE)),
        "changed": changed,
        "is_result": web_request.request.method == "POST" or bool(changed),
    }


def _response(web_request: WebRequest, text: str, status: int) -> Answer:
    """Return a response with a page, packed if the browser can unpack it: a third of the time on a slow network.

    The length of a packed page tells what in it resembles the query (BREACH). A page of another origin can't try that:
    cookies are sent with links that a person follows, and no others (SameSite).
    """
    content, headers = text.encode(), HEADERS | {"Vary": "Accept-Encoding"}
    if accepts_gzip(web_request.request):
        content = gzip.compress(content, _GZIP_LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(content, status_code=status, headers=headers, media_type=_HTML)


def accepts_gzip(request: AnyRequest) -> bool:
    """Return True if the client can unpack gzip."""
    offered = (
        each.partition(";") for each in request.headers.get("accept-encoding", "").split(",")
    )
    return any(
        name.strip() == "gzip" and quality.strip() not in _REFUSED for name, _, quality in offered
    )


def fragment(template: str, **variables: object) -> Markup:
    """Return a part of a page that depends on nothing of the request, to be kept and put into pages."""
    return Markup(_TEMPLATES.get_template(template).render(variables))  # noqa: S704  # it is escaped by the template


def redirect(address: str) -> Answer:
    """Return a redirect, with GET, to a page of ours."""
    return _redirect(303, address)


def resend(address: str) -> Answer:
    """Return a redirect to a page of ours with the same method and form."""
    return _redirect(307, address)


def _redirect(status: int, address: str) -> Answer:
    headers = HEADERS | {"Location": address}
    return Response(b"", status_code=status, headers=headers, media_type=_HTML)
