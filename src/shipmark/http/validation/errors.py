"""The sentences of refused fields, and the tables from pydantic's error types to them (releases.md 2.3.1)."""

from collections.abc import Callable, Mapping
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

REQUIRED = "This field is required."
NULL = "This field may not be null."
BLANK = "This field may not be blank."
NOT_TEXT = "Not a valid string."
NUL_CHARACTER = "Null characters are not allowed."
BAD_URL = "Enter a valid URL."
BAD_DATETIME = (
    "Datetime has wrong format. Use one of these formats instead:"
    " YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)
DATETIME_RANGE = "Datetime value out of range."
NOT_A_CHOICE = '"{}" is not a valid choice.'
BAD_INTEGER = "A valid integer is required."
BAD_DECIMAL = "A valid number is required."
BAD_BOOLEAN = "Must be a valid boolean."
EMPTY_LIST = "This list may not be empty."
NO_DATA = "No data provided"

#: The key for errors of an object as a whole.
NON_FIELD_ERRORS = "non_field_errors"

#: The error type of a value that has the wrong type or format.
INVALID = "invalid"
#: The error type of a value that a rule of the field refuses, with a sentence of its own.
REFUSED = "refused"
#: The error type of a query parameter that is neither on nor off.
BAD_FLAG = "bad_flag"

#: The branch of a field that reads a common format in compiled code; errors of the other branch count.
COMPILED = "<compiled>"
PARSED = "<parsed>"

_OBJECT_TYPES = frozenset({"model_type", "model_attributes_type", "dict_type", "dataclass_type"})
_QUERY_SENTENCES: Mapping[str, str] = {
    BAD_FLAG: "Invalid {} parameter. Use 1 or 0.",
    "too_long": "{}: takes no more than {max_length} values.",
}


def invalid(sentence: str) -> PydanticCustomError:
    """Return the error of a value with the wrong type or format."""
    return PydanticCustomError(INVALID, sentence)


def refuse(sentence: str) -> PydanticCustomError:
    """Return the error of a value that a rule refuses; a validator raises this error."""
    return PydanticCustomError(REFUSED, sentence)


def too_long(max_length: int) -> PydanticCustomError:
    """Return the error of a text with too many characters."""
    return invalid(f"Ensure this field has no more than {max_length} characters.")


def too_many(max_length: int) -> PydanticCustomError:
    """Return the error of a list with too many items."""
    return invalid(f"Ensure this field has no more than {max_length} elements.")


def field_errors(error: ValidationError) -> dict[str, object]:
    """Return the sentences of all refused fields by wire name, nested as the body is.

    Indexes of list items are left out: see docs/decisions/0003-errors-of-lists.md.
    """
    messages: dict[str, object] = {}
    for details in details_of(error):
        path = [str(part) for part in details["loc"] if not isinstance(part, int)]
        is_object = details["type"] in _OBJECT_TYPES and details["input"] is not None
        if is_object or not path:
            path.append(NON_FIELD_ERRORS)
        _add(messages, path, sentence_of(details))
    return messages


def details_of(error: ValidationError) -> list[ErrorDetails]:
    """Return the errors of pydantic, without those of other ways to read the same field."""
    return [
        {**details, "loc": tuple(part for part in details["loc"] if part != PARSED)}
        for details in error.errors(include_url=False)
        if COMPILED not in details["loc"]
    ]


def _add(messages: dict[str, object], path: list[str], sentence: str) -> None:
    for part in path[:-1]:
        inner = messages.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        messages = inner
    messages.setdefault(path[-1], [sentence])


def sentence_of(details: ErrorDetails) -> str:
    """Return the protocol's sentence for one error of pydantic."""
    sentence = _SENTENCES.get(details["type"])
    if sentence is None:
        return details["msg"]
    return sentence if isinstance(sentence, str) else sentence(details)


def query_sentence(details: ErrorDetails) -> str:
    """Return the sentence for a refused query parameter: its rule's, or a general one with the parameter's name."""
    if details["type"] in {REFUSED, "value_error"}:
        return sentence_of(details)
    name = details["loc"][0] if details["loc"] else ""
    sentence = _QUERY_SENTENCES.get(details["type"], "Invalid {} parameter.")
    return sentence.format(name, **details.get("ctx", {}))


def _wrong_list(details: ErrorDetails) -> str:
    value = details["input"]
    if value is None:
        return NULL
    return f'Expected a list of items but got type "{type(value).__name__}".'


def _wrong_object(details: ErrorDetails) -> str:
    if details["input"] is None:
        return NULL
    name = type(details["input"]).__name__
    return f"Invalid data. Expected a dictionary, but got {name}."


def _value_error(details: ErrorDetails) -> str:
    return str(cast("Mapping[str, object]", details.get("ctx", {})).get("error"))


#: The sentence of each error type of pydantic; all others carry their own.
_SENTENCES: Mapping[str, str | Callable[[ErrorDetails], str]] = {
    "missing": REQUIRED,
    "list_type": _wrong_list,
    "value_error": _value_error,
    **dict.fromkeys(_OBJECT_TYPES, _wrong_object),
}
