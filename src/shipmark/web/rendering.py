"""How does a page become an answer? Templates that escape everything, and the headers that every page has."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response

from shipmark.ground.clock import now
from shipmark.web import addresses, words
from shipmark.web.files import file_address
from shipmark.web.views.people import photo_of

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
        words.ago,
        words.full_utc,
        words.counted,
        words.initials,
        words.tone,
        words.first_line,
        words.later_lines,
        words.short_key,
        words.short_version,
        words.size_in_words,
        words.web_address,
        words.with_code,
    ):
        made.filters[word.__name__] = word
    made.globals |= {"addresses": addresses, "file_address": file_address, "photo_of": photo_of}
    return made


_TEMPLATES = _environment()


def page(template: str, *, status: int = 200, **shown: object) -> Answer:
    """A page made from a template."""
    text = _TEMPLATES.get_template(template).render({"now": now(), "place": None} | shown)
    return Response(text, status_code=status, headers=HEADERS, media_type="text/html")


def leading_to(address: str) -> Answer:
    """An answer that sends the browser on, with GET, to a page of ours."""
    return Response(
        "",
        status_code=303,
        headers=HEADERS | {"Location": address},
        media_type="text/html",
    )
