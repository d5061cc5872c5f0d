"""References in commit messages to the issues that the commit resolves.

The grammar of releases.md 3.7.4, with its newer part: Markdown links and addresses of issues.
Messages come from any user who can push, so the time must be linear in their length: runs do
not overlap, and no expression below backtracks into text that it has failed on.
"""

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from shipmark.issues import short_ids
from shipmark.issues.short_ids import ShortId

#: The most issues that one message can name; further ones are ignored.
REFERENCES_MAX = 100

#: The most characters in the URL of an issue; longer ones are ignored.
URL_MAX = 2000

#: The largest id of the database.
ISSUE_ID_MAX = 2**63 - 1

# Brackets and parentheses may not nest, or each "[" of "[[[[…" would cause a scan to the end.
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")
# The subject that `git revert` and forges quote; each "Revert" turns round what is within.
_QUOTING = re.compile(r"[\s>-]*((?:(?:revert|reapply) \")+)", re.IGNORECASE)
_REVERT = re.compile("revert", re.IGNORECASE)
_KEYWORD = re.compile(r"\b(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?):?\s+", re.IGNORECASE)
_RUN = re.compile(r"[A-Za-z0-9_,\s-]*")
_WORD_CHARACTER = re.compile(r"\w")
_WORD_CHARACTERS_OF_RUNS = string.ascii_letters + string.digits + "_"
_NUMBER = re.compile(r"[A-Za-z0-9]+")
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_ISSUE_IN_PATH = re.compile(r"/issues/([0-9]{1,19})\b", re.ASCII)
# Pages name an issue by its short id, permalinks of the API by its id.
_PAGE_PATH = re.compile(
    r"/organizations/([^/]+)/issues/([A-Z0-9_-]+-[A-Z0-9]+)\b", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """The issues that a message names, each once, in order of appearance. They may not exist."""

    short_ids: tuple[ShortId, ...] = ()
    issue_ids: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Return True if the message names any issue."""
        return bool(self.short_ids or self.issue_ids)


_NONE = References()


def find(message: str, *, host: str, organization: str) -> References:
    """Return the references in a message; URLs count on ``host`` and its subdomains.

    A short id in one counts only below the organization with this slug.
    """
    text = _MARKDOWN_LINK.sub(r"\1", message) if "](" in message else message
    # Code and emphasis of Markdown, and its bullets.
    text = text.replace("`", "").replace("*", "")
    # Most messages name no issue, and a release may have thousands.
    if _KEYWORD.search(text) is None:
        return _NONE
    text = _without_reverted(text)
    result: dict[ShortId | int, None] = {}
    for reference in _references(text, host.lower(), organization):
        result[reference] = None
        if len(result) == REFERENCES_MAX:
            break
    return References(
        short_ids=tuple(each for each in result if isinstance(each, ShortId)),
        issue_ids=tuple(each for each in result if isinstance(each, int)),
    )


def _without_reverted(text: str) -> str:
    """Return the text without the subjects of reverted commits: what these fixed is broken again.

    What else the message of a revert says counts, behind the subject too.
    """
    if _REVERT.search(text) is None:
        return text
    return "\n".join(map(_line_without_reverted, text.split("\n")))


def _line_without_reverted(line: str) -> str:
    quoting = _QUOTING.match(line)
    if quoting is None or len(_REVERT.findall(quoting[1])) % 2 == 0:
        return line
    # A subject may have quotes in it, and a cut one has no end.
    end = line.rfind('"', quoting.end())
    return line[end:] if end >= 0 else ""


def _references(text: str, host: str, organization: str) -> Iterator[ShortId | int]:
    """Yield the references after each keyword; a keyword within an earlier run is skipped."""
    scanned_to = 0
    for keyword in _KEYWORD.finditer(text):
        start = keyword.end()
        if start >= scanned_to:
            run = _run_at(text, start)
            scanned_to = start + len(run)
            yield from _short_ids(run)
        url = _URL.match(text, start)
        if url is not None:
            yield from _issues_at(url[0], host, organization)


def _run_at(text: str, start: int) -> str:
    """Return the part of the text that may contain short ids, without a last word that continues behind it."""
    match = _RUN.match(text, start)
    assert match is not None, "a run may be empty"
    run = match[0]
    if _WORD_CHARACTER.match(text, match.end()):
        return run.rstrip(_WORD_CHARACTERS_OF_RUNS)
    return run


def _short_ids(run: str) -> Iterator[ShortId]:
    for word in run.replace(",", " ").split():
        short_id = _short_id(word)
        if short_id is not None:
            yield short_id


def _short_id(word: str) -> ShortId | None:
    """Parse the longest prefix that is a short id: ``APP-1-`` and ``APP-1-x_`` name ``APP-1``."""
    parts = word.lstrip("-").split("-")
    while len(parts) > 1 and not _NUMBER.fullmatch(parts[-1]):
        parts.pop()
    return short_ids.parse("-".join(parts)) if len(parts) > 1 else None


def _issues_at(url: str, host: str, organization: str) -> Iterator[ShortId | int]:
    if len(url) > URL_MAX:
        return
    try:
        parts = urlsplit(url)
        url_host = parts.hostname or ""
    except ValueError:  # such as an unclosed IPv6 address
        return
    if not (url_host == host or url_host.endswith(f".{host}")):
        return
    if page := _PAGE_PATH.match(parts.path):
        short_id = short_ids.parse(page[2]) if page[1] == organization else None
        if short_id is not None:
            yield short_id
    elif (issue := _ISSUE_IN_PATH.search(parts.path)) and int(issue[1]) <= ISSUE_ID_MAX:
        yield int(issue[1])
