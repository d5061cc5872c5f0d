"""``/api/docs/``: the documentation of the API. It is public, as it contains no data of this server."""

from functools import lru_cache
from typing import Any

from litestar import get
from litestar.params import FromPath
from markupsafe import Markup

from shipmark.infrastructure.errors import NotFound
from shipmark.web import urls
from shipmark.web.rendering import Answer, fragment, page
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.view_models.documentation import DescribedRow, Documentation, documentation

_QUERY_MAX = 200


@get(urls.DOCUMENTATION, scopes=None, sync_to_thread=True)
def show_documentation(web_request: InjectedWebRequest) -> Answer:
    """Show the operations that contain the words of ``query``, and what holds for all of them."""
    query = web_request.parameter("query")[:_QUERY_MAX]
    shown = _of(web_request)
    return _page(
        web_request, "documentation.html", shown, query=query, matching=shown.matching(query)
    )


@get(urls.DOCUMENTATION + "{subject:str}/", scopes=None, sync_to_thread=True)
def show_subject(web_request: InjectedWebRequest, subject: FromPath[str]) -> Answer:
    """Show the operations on one subject, with their objects."""
    shown = _of(web_request)
    for each in shown.subjects:
        if each.anchor == subject:
            content = _content(web_request.request.app.state.document, subject)
            return _page(
                web_request, "documentation_subject.html", shown, subject=each, content=content
            )
    raise NotFound


def _of(web_request: WebRequest) -> Documentation:
    return _documentation(web_request.request.app.state.document)


@lru_cache(maxsize=1)
def _documentation(document: DescribedRow) -> Documentation:
    """Return the pages of the document, which does not change while a server runs."""
    return documentation(document.described)


@lru_cache(maxsize=32)
def _content(document: DescribedRow, subject: str) -> Markup:
    """Return the operations and objects of a subject as HTML, which took three quarters of the time of its page."""
    shown = _documentation(document)
    [described] = [each for each in shown.subjects if each.anchor == subject]
    return fragment("documentation_operations.html", shown=shown, subject=described)


def _page(web_request: WebRequest, template: str, shown: Documentation, **variables: Any) -> Answer:
    with web_request.database.snapshot() as connection:
        workspace = web_request.workspace_if_any(connection)
    return page(
        web_request,
        template,
        section="documentation",
        workspace=workspace,
        shown=shown,
        **variables,
    )
