"""How does a page become an answer? Templates that escape everything, and the headers that every page has."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response

from shipmark.infrastructure.clock import now
from shipmark.web import template_filters, urls
from shipmark.web.files import file_address
from shipmark.web.view_models.people import photo_of

#: Pages load what is ours and nothing else, run no inline script, and are in nobody's frame.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

#: What every answer of the web has. Pages are for one person: no cache may keep them.
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Answer = Response[str]


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for word in (
        template_filters.ago,
        template_filters.full_utc,
        template_filters.counted,
        template_filters.initials,
        template_filters.color_class,
        template_filters.first_line,
        template_filters.later_lines,
        template_filters.short_key,
        template_filters.short_version,
        template_filters.size_in_words,
        template_filters.web_address,
        template_filters.with_code,
    ):
        made.filters[word.__name__] = word
    made.globals |= {"addresses": urls, "file_address": file_address, "photo_of": photo_of}
    return made


_TEMPLATES = _environment()


def page(template: str, *, status: int = 200, **shown: object) -> Answer:
    """A page made from a template."""
    text = _TEMPLATES.get_template(template).render({"now": now(), "place": None} | shown)
    return Response(text, status_code=status, headers=HEADERS, media_type="text/html")


def redirect(address: str) -> Answer:
    """An answer that sends the browser on, with GET, to a page of ours."""
    return Response(
        "",
        status_code=303,
        headers=HEADERS | {"Location": address},
        media_type="text/html",
    )
