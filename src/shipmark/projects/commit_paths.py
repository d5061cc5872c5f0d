"""Which commits of a monorepo are a project's? Those that touch its folders, where it names some.

Prefixes are whole parts of paths: ``packages/a`` has ``packages/a/x.py`` and not ``packages/ab/x.py``.
"""

from collections.abc import Collection, Iterable, Sequence

PATHS_MAX = 100
PATH_MAX = 510


def cleaned(path: str) -> str | None:
    """A prefix as it is kept, from the root of the repository; null for what is none."""
    parts = [part for part in path.strip().split("/") if part not in {"", "."}]
    text = "/".join(parts)
    if not text or ".." in parts or len(text) > PATH_MAX or "\x00" in text:
        return None
    return text


def together(of_projects: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """What limits the commits of a release of several projects: nothing, if one of them takes all."""
    found: dict[str, None] = {}
    for prefixes in of_projects:
        if not prefixes:
            return ()
        found |= dict.fromkeys(prefixes)
    return tuple(found)


def touch(paths: Collection[str] | None, prefixes: Sequence[str]) -> bool:
    """Does a commit with these changed files belong? One whose files nobody knows (null) does."""
    if not prefixes or paths is None:
        return True
    starts = tuple(f"{prefix}/" for prefix in prefixes)
    return any(path.startswith(starts) or path in prefixes for path in paths)
