"""Names of tags and of their values, and the terms that search for them, as the reference writes them."""

from datetime import UTC, datetime

from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.search import parse

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LABELS = {"dist": "Distribution", "url": "URL", "os": "OS", "os.name": "OS.Name"}
_USER = "user"


def label_of(key: str) -> str:
    """Return the name to show for a key: ``Server Name``."""
    return _LABELS.get(key) or key.replace("_", " ").title()


def value_label_of(key: str, value: str) -> str:
    """Return the name to show for a value, of a user without the kind of identifier."""
    return value.partition(":")[2] if key == _USER and ":" in value else value


def term_of(key: str, value: str) -> str:
    """Return the term that searches for issues with this value, such as ``user.id:"7"``, or an empty text.

    There is none for values with quotes and asterisks, nor for names that mean something else in a search.
    """
    if key == _USER and ":" in value:
        kind, _, identifier = value.partition(":")
        key, value = f"{key}.{kind}", identifier
    term = f'{key}:"{value}"'
    return term if not {*'"*'}.intersection(value) and ":" not in key and _is_valid(term) else ""


def _is_valid(term: str) -> bool:
    try:
        parse(term, _EPOCH)
    except BadRequest:
        return False
    return True
