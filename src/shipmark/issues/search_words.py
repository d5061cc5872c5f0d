"""The words of a search query, in which quoted parts and lists of values may contain blanks."""

import re

from shipmark.infrastructure.errors import BadRequest

QUERY_MAX = 4096
_QUOTED = r'"(?:[^"\\]|\\.)*"|"[^"]*"'
_WORD = re.compile(rf"(?:{_QUOTED}|(?<=:)\[[^\]]*\]|\S)+")
_LIST = re.compile(r"\[(.*)\]", re.DOTALL)
_LISTED = re.compile(rf'(?:{_QUOTED}|[^,"])+')
#: A value in the quotes that keyboards of phones, and word processors, write; in a text they are those of the text.
_TYPOGRAPHIC = re.compile(r'(?<=:)[“„]([^“”„"]*)[“”](?!\S)')
#: Words that join terms in other searches, and are refused.
BOOLEAN_WORDS = frozenset({"AND", "OR"})


def words_of(query: str) -> list[str]:
    """Return the words of a query. Raise `BadRequest` for one that is too long."""
    if len(query) > QUERY_MAX:
        raise BadRequest(f"A query has no more than {QUERY_MAX} characters.")
    return _WORD.findall(_TYPOGRAPHIC.sub(r'"\1"', query.replace("\x00", "")))


def values_of(text: str) -> tuple[str, ...]:
    """Return the values of a list in brackets, possibly none, or the only value, without quotes."""
    is_list = _LIST.fullmatch(text)
    listed = [each.strip() for each in _LISTED.findall(is_list[1])] if is_list else [text]
    return tuple(unquoted(each) for each in listed if each)


def unquoted(text: str) -> str:
    """Return a text without the quotes around it."""
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('\\"', '"') if is_quoted else text
