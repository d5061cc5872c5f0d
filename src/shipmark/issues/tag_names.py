"""Names of tags and of their values, and the terms that search for them, as the reference writes them."""

from shipmark.infrastructure.clock import EPOCH
from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.search import parse
from shipmark.issues.tag_search import USER_TERMS

_LABELS = {"dist": "Distribution", "url": "URL", "os": "OS", "os.name": "OS.Name"}
_USER = "user"
_LEVEL = "level"
#: The tags that say what other terms are of, also in the list of issues.
_REPEATED = frozenset({"release", "environment"})


def label_of(key: str) -> str:
    """Return the name to show for a key: ``Server Name``."""
    return _LABELS.get(key) or key.replace("_", " ").title()


def value_label_of(key: str, value: str) -> str:
    """Return the name to show for a value, of a user without the kind of identifier."""
    return value.partition(":")[2] if key == _USER and ":" in value else value


def term_of(key: str, value: str) -> str:
    """Return the term that searches for issues with this value, such as ``user.id:"7"``, or an empty text.

    There is none for values with asterisks and backslashes before quotes. Names that mean something else in a search,
    and those with colons, are marked as tags: ``tags[platform]:"ios"``.
    """
    if key == _USER and ":" in value:
        kind, _, identifier = value.partition(":")
        key, value = f"{key}.{kind}", identifier
    escaped = value.replace('"', '\\"')
    if "*" in value or '\\"' in f'{value}"':
        return ""
    terms = (f'{key}:"{escaped}"', f'tags[{key}]:"{escaped}"')
    return next((term for term in terms if _finds(key, term)), "")


def _finds(key: str, term: str) -> bool:
    """Return True if the term is of the tag, or of what the tag repeats, such as a release."""
    try:
        search = parse(term, EPOCH)
    except BadRequest:
        return False
    is_repeated = bool(search.releases or search.environments) and key in _REPEATED
    tag = _USER if key in USER_TERMS else key
    return any(each.key == tag for each in search.tags) or is_repeated or key == _LEVEL
