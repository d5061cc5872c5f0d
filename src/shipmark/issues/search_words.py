"""The words of a search query, in which quoted parts and lists of values may contain blanks."""

import re

from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.search_values import listed_values, unquoted

QUERY_MAX = 4096
_QUOTED = r'"(?:[^"\\]|\\.)*"|"[^"]*"'
_WORD = re.compile(rf"(?:{_QUOTED}|(?<=:)\[[^\]]*\]|\S)+")
#: The name of a tag that contains colons, where a word begins: ``tags[app:tier]`` or ``"app:tier"``.
_NAME_WITH_COLONS = re.compile(
    r"""(!?)(?:tags\[([\w.:-]+)\]|"([\w.-]+:[\w.:-]+)"):(?=.)""", re.DOTALL
)
_LIST = re.compile(r"\[(.*)\]", re.DOTALL)
#: A value in the quotes that keyboards of phones, and word processors, write; in a text they are those of the text.
_TYPOGRAPHIC = re.compile(r'(?<=:)[“„]([^“”„"]*)[“”](?!\S)')
#: Words that join terms in other searches, and are refused.
BOOLEAN_WORDS = frozenset({"AND", "OR"})


def words_of(query: str) -> list[str]:
    """Return the words of a query. Raise `BadRequest` for one that is too long."""
    if len(query) > QUERY_MAX:
        raise BadRequest(f"A query has no more than {QUERY_MAX} characters.")
    return _WORD.findall(_TYPOGRAPHIC.sub(r'"\1"', query.replace("\x00", "")))


def term_of(word: str) -> tuple[str, str, str]:
    """Return the key of a term, the colon and the rest; a word without a colon is a key alone."""
    if named := _NAME_WITH_COLONS.match(word):
        return f"{named[1]}tags[{named[2] or named[3]}]", ":", word[named.end() :]
    return word.partition(":")


def values_of(text: str) -> tuple[str, ...]:
    """Return the values of a list in brackets, possibly none, or the only value, without quotes."""
    if is_list := _LIST.fullmatch(text):
        return listed_values(is_list[1])
    return (unquoted(text),) if text else ()
