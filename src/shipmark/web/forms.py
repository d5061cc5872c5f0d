"""Parsing of the forms that pages send."""

from shipmark.http import body_parsing
from shipmark.infrastructure.errors import BadRequest

_FORM = "application/x-www-form-urlencoded"


def form_of(body: bytes) -> dict[str, str]:
    """Return the fields of a form, without NUL characters. Raise `BadRequest` if it is invalid."""
    sent = body_parsing.read(body, _FORM)
    if not isinstance(sent, dict):
        raise BadRequest("A form is expected.")
    return {name: str(value).replace("\x00", "") for name, value in sent.items()}
