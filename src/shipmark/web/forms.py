"""The forms that our own pages send."""

from shipmark.ground.errors import BadRequest
from shipmark.serving import bodies

_FORM = "application/x-www-form-urlencoded"


def form_of(body: bytes) -> dict[str, str]:
    """Return the fields of a form, without NUL characters; raises `BadRequest` for what is none."""
    sent = bodies.read(body, _FORM)
    if not isinstance(sent, dict):
        raise BadRequest("A form is expected.")
    return {name: str(value).replace("\x00", "") for name, value in sent.items()}
