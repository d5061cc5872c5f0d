"""Release notes in Markdown, from the messages of commits: by the types of Conventional Commits, or else as others."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shipmark.infrastructure.markdown import inline_text

_BREAKING = "Breaking changes"
_OTHER = "Other"
#: The sections in their order, with the types of commits in each.
_SECTIONS: dict[str, frozenset[str]] = {
    _BREAKING: frozenset(),
    "Features": frozenset({"feat", "feature"}),
    "Fixes": frozenset({"fix", "bugfix", "hotfix"}),
    "Performance": frozenset({"perf"}),
    "Reverts": frozenset({"revert"}),
    "Refactoring": frozenset({"refactor"}),
    "Documentation": frozenset({"docs", "doc"}),
    "Maintenance": frozenset({"build", "chore", "ci", "deps", "style", "test", "tests"}),
    _OTHER: frozenset(),
}
_SECTION_OF = {kind: section for section, kinds in _SECTIONS.items() for kind in kinds}
_HEADER = re.compile(
    r"(?P<type>[A-Za-z]+)(?:\((?P<scope>[^()]+)\))?(?P<breaking>!)?: +(?P<text>.+)"
)
_BREAKING_FOOTER = re.compile(r"^BREAKING[ -]CHANGE: ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedCommit:
    """A commit with its author, if known, and the short ids of the issues that it fixes."""

    message: str
    author: str = ""
    fixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedRelease:
    """A release with its commits, newest first, and the short ids and titles of the issues that it resolves.

    ``left_out_count`` commits are too many to be listed.
    """

    title: str
    released_at: datetime | None
    commits: Sequence[NotedCommit]
    resolved: Sequence[tuple[str, str]] = ()
    left_out_count: int = 0


def markdown(release: NotedRelease) -> str:
    """Return the notes. What commits and issues say stays text: it can't bring links, images or HTML."""
    blocks = [f"## {inline_text(release.title)}"]
    if release.released_at is not None:
        blocks.append(f"Released on {release.released_at:%Y-%m-%d}.")
    sections: dict[str, list[str]] = {name: [] for name in _SECTIONS}
    for commit in release.commits:
        section, item = _item(commit)
        sections[section].append(item)
    blocks += [_section(name, items) for name, items in sections.items() if items]
    if release.left_out_count:
        blocks.append(f"And {release.left_out_count:,} more commits.")
    if release.resolved:
        items = [
            f"{inline_text(short_id)}: {inline_text(title)}" for short_id, title in release.resolved
        ]
        blocks.append(_section("Resolved issues", items))
    authors = dict.fromkeys(commit.author for commit in release.commits if commit.author)
    if authors:
        blocks.append(f"Authors: {', '.join(map(inline_text, sorted(authors, key=str.casefold)))}.")
    return "\n\n".join(blocks) + "\n"


def _section(name: str, items: Iterable[str]) -> str:
    return f"### {name}\n\n" + "\n".join(f"- {item}" for item in items)


def _item(commit: NotedCommit) -> tuple[str, str]:
    """Return the section of a commit, and its line."""
    subject = next((line.strip() for line in commit.message.splitlines() if line.strip()), "")
    header = _HEADER.fullmatch(subject)
    section = _SECTION_OF.get(header["type"].lower(), _OTHER) if header else _OTHER
    is_breaking = bool(header and header["breaking"]) or bool(
        _BREAKING_FOOTER.search(commit.message)
    )
    text = inline_text(subject or "No message")
    if header and section is not _OTHER:
        scope = f"**{inline_text(header['scope'])}:** " if header["scope"] else ""
        text = scope + inline_text(header["text"])
    details = f" ({', '.join(map(inline_text, commit.fixes))})" if commit.fixes else ""
    details += f", by {inline_text(commit.author)}" if commit.author else ""
    return _BREAKING if is_breaking else section, text + details
