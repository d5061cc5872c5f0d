"""Parsing of search queries of issues (groups-api.md 2.3)."""

import re
from dataclasses import dataclass

from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.model import IssueStatus

QUERY_MAX = 4096
#: Statuses by the names that clients use, of which ignored issues have several.
STATUSES = {status.value: status for status in IssueStatus} | {
    "archived": IssueStatus.IGNORED,
    "muted": IssueStatus.IGNORED,
}

#: The fields of versions by the names that clients use.
_RELEASE_KEYS = {
    "firstRelease": "first_release",
    "first-release": "first_release",
    "first_release": "first_release",
    "release": "release",
    "regressed_in_release": "regressed_in_release",
}
# A word, in which a quoted part may contain blanks.
_WORD = re.compile(r'(?:"[^"]*"|\S)+')


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueSearch:
    """A parsed query. The versions may be `LATEST`, and the releases may not exist."""

    status: IssueStatus | None = None
    text: str = ""
    first_release: str | None = None
    release: str | None = None
    regressed_in_release: str | None = None


def parse(query: str) -> IssueSearch:
    """Parse a query. Raise `BadRequest` for unsupported keys, as ignoring them would mislead."""
    if len(query) > QUERY_MAX:
        raise BadRequest(f"A query has no more than {QUERY_MAX} characters.")
    status: IssueStatus | None = None
    versions: dict[str, str] = {}
    words: list[str] = []
    for word in _WORD.findall(query.replace("\x00", "")):
        key, colon, rest = word.partition(":")
        value = _unquoted(rest)
        if not colon or word.startswith('"'):
            words.append(_unquoted(word))
        elif key == "is" and value in STATUSES:
            status = STATUSES[value]
        elif key in _RELEASE_KEYS and value:
            versions[_RELEASE_KEYS[key]] = value
        else:
            raise BadRequest(f"Invalid key for this search: {key}")
    return IssueSearch(status=status, text=" ".join(words), **versions)


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1] if is_quoted else text
