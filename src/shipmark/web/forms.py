"""What pages' forms send, and the sentences for what is wrong with it."""

from shipmark.http import body_parsing
from shipmark.infrastructure.errors import BadRequest, NotFound, ValidationFailed
from shipmark.infrastructure.ids import id_of


def form_of(body: bytes) -> dict[str, str]:
    """Return the fields of a page's form, without NUL characters. Raise `BadRequest` if it is invalid."""
    sent = body_parsing.read(body, "application/x-www-form-urlencoded")
    if not isinstance(sent, dict):
        raise BadRequest("A form is expected.")
    return {name: str(value).replace("\x00", "") for name, value in sent.items()}


def values_of(body: bytes, name: str) -> list[str]:
    """Return all values of a field of a page's form, such as those of ticked boxes, without NUL characters."""
    sent = body_parsing.read(body, "application/x-www-form-urlencoded", lists=(name,))
    values = sent.get(name, []) if isinstance(sent, dict) else []
    return [str(value).replace("\x00", "") for value in values]


def ids_of(body: bytes, name: str, *, most: int) -> list[int]:
    """Return the ids of the rows that were ticked in a page's form, in order; other texts are ignored."""
    ids = (id_of(text) for text in values_of(body, name)[:most])
    return sorted({row_id for row_id in ids if row_id is not None})


def row_id(text: str) -> int:
    """Return the id of a row that a path names. Raise `NotFound` for any other text."""
    number = id_of(text)
    if number is None:
        raise NotFound
    return number


def problems_of(refusal: ValidationFailed) -> dict[str, str]:
    """Return the first sentence for each wrong field."""
    problems = {}
    for name, messages in refusal.fields.items():
        assert isinstance(messages, list), "fields of forms are not nested"
        problems[name] = str(messages[0])
    return problems


def problem_of(refusal: ValidationFailed | BadRequest) -> str:
    """Return the sentence that a page shows for a refusal: of several fields, the first one's."""
    if isinstance(refusal, BadRequest):
        return refusal.detail
    return next(iter(problems_of(refusal).values()))
