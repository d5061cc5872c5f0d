"""Which commits of a monorepo are a project's? Those that touch its folders, where it names some.

Prefixes are whole parts of paths: ``packages/a`` has ``packages/a/x.py`` and not ``packages/ab/x.py``.
"""

import re
from collections.abc import Collection, Iterable, Sequence

PATHS_MAX = 100
PATH_MAX = 510

_BACKSLASH = "\\"
# What globs are made of. Brackets are not among them: frameworks name folders so ("app/[slug]").
_WILDCARDS = re.compile(r"[*?]|^!|\{[^{}]*,[^{}]*\}")
_NEEDS_CLEANING = re.compile(r"^\.?/|//|/\./|\\")


def problem_of(path: str) -> str | None:
    """Return why a text can't be a prefix, naming it, or None where it can.

    A pattern would be compared letter by letter, meet no file, and leave out every commit.
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
    """A prefix as it is kept, from the root of the repository; null for what is none."""
    parts = [part for part in path.strip().split("/") if part not in {"", "."}]
    text = "/".join(parts)
    if not text or ".." in parts or len(text) > PATH_MAX or "\x00" in text:
        return None
    return text


def union_paths(of_projects: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """What limits the commits of a release of several projects: nothing, if one of them takes all."""
    result: dict[str, None] = {}
    for prefixes in of_projects:
        if not prefixes:
            return ()
        result |= dict.fromkeys(prefixes)
    return tuple(result)


def matches_paths(paths: Collection[str] | None, prefixes: Sequence[str]) -> bool:
    """Does a commit with these changed files belong? One whose files nobody knows (null) does."""
    if not prefixes or paths is None:
        return True
    starts = tuple(f"{prefix}/" for prefix in prefixes)
    files = (_normalize_file(path) for path in paths)
    return any(file.startswith(starts) or file in prefixes for file in files)


def _normalize_file(path: str) -> str:
    """Return the name of a changed file spelled as prefixes are: "./packages/web/a.py" is in packages/web too."""
    if not _NEEDS_CLEANING.search(path):
        return path
    return normalize_path(path.replace(_BACKSLASH, "/")) or path
