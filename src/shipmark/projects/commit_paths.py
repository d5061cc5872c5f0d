"""Commit paths: in a monorepo, the folders that limit which commits belong to a project.

Prefixes are whole parts of paths: ``packages/a`` matches ``packages/a/x.py`` and not ``packages/ab/x.py``.
"""

import re
from collections.abc import Collection, Iterable, Sequence

PATHS_MAX = 100
PATH_MAX = 510

_BACKSLASH = "\\"
# The syntax of globs. Brackets are allowed: frameworks have folders such as "app/[slug]".
_WILDCARDS = re.compile(r"[*?]|^!|\{[^{}]*,[^{}]*\}")
_NEEDS_CLEANING = re.compile(r"^\.?/|//|/\./|\\")


def problem_of(path: str) -> str | None:
    """Return the reason why a text is no valid prefix, or None if it is.

    A pattern would be compared as plain text, match no file, and leave out every commit.
    """
    if _BACKSLASH in path:
        return f'"{path}" has a backslash: separate folders by "/".'
    if _WILDCARDS.search(path):
        folder = re.sub(r"/\*\*?$", "", path)
        hint = "" if _WILDCARDS.search(folder) else f' For all below a folder give "{folder}".'
        return f'"{path}" is a pattern: only folders and files can be given.{hint}'
    if normalize_path(path) is None:
        return f'"{path}" is not a path from the root of a repository.'
    return None


def normalize_path(path: str) -> str | None:
    """Return a prefix as stored, from the root of the repository, or None if it is invalid."""
    parts = [part for part in path.strip().split("/") if part not in {"", "."}]
    text = "/".join(parts)
    if not text or ".." in parts or len(text) > PATH_MAX or "\x00" in text:
        return None
    return text


def union_paths(of_projects: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return the commit paths of a release of several projects: empty, for all, if those of one are."""
    result: dict[str, None] = {}
    for prefixes in of_projects:
        if not prefixes:
            return ()
        result |= dict.fromkeys(prefixes)
    return tuple(result)


def matches_paths(paths: Collection[str] | None, prefixes: Sequence[str]) -> bool:
    """Return True if a commit with these changed files matches a prefix, or if its files are unknown (None)."""
    if not prefixes or paths is None:
        return True
    starts = tuple(f"{prefix}/" for prefix in prefixes)
    files = (_normalize_file(path) for path in paths)
    return any(file.startswith(starts) or file in prefixes for file in files)


def _normalize_file(path: str) -> str:
    """Return the name of a changed file, normalized as prefixes are: "./packages/web/a.py" is in packages/web too."""
    if not _NEEDS_CLEANING.search(path):
        return path
    return normalize_path(path.replace(_BACKSLASH, "/")) or path
