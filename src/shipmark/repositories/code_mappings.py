"""Code mappings: from the paths in stacks of a project to those of files in its repositories."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from urllib.parse import unquote

ROOT_MAX = 255
BRANCH_MAX = 255
#: The most code mappings of a project.
MAPPINGS_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMapping:
    """Files below ``stack_root`` in stacks of a project are below ``source_root`` in a repository."""

    id: int
    project_id: int
    repository_id: int
    stack_root: str
    source_root: str
    default_branch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file in a repository, with the code mapping that leads to it."""

    mapping: CodeMapping
    path: str


class SourceFinder:
    """Finds the files of frames by the code mappings of a project, of which a stack may need each for each frame."""

    def __init__(self, mappings: Iterable[CodeMapping] = ()) -> None:
        # The longest root first, and of those with one root the first mapping.
        self._mappings = sorted(mappings, key=lambda each: len(each.stack_root), reverse=True)
        self._ranks: dict[str, int] = {}
        for rank, mapping in enumerate(self._mappings):
            root = _plain(mapping.stack_root).rstrip("/") + "/"
            self._ranks.setdefault(root, rank)

    @property
    def repository_ids(self) -> set[int]:
        """Return the ids of the repositories that files may be in."""
        return {mapping.repository_id for mapping in self._mappings}

    def find(self, paths: Iterable[str]) -> SourceFile | None:
        """Return the file of a frame by the longest stack root that one of its paths begins with, or None.

        Of several mappings with this root the first decides. A root ends at a part of the path: ``src`` is none of
        ``srcset/a.js``. Paths of Windows are read with slashes, and addresses
        (``file:///my%20app/a.js?1``) without their encoding and query.
        """
        if not self._mappings:
            return None
        found = [
            (self._ranks[root], rest)
            for path in paths
            for root, rest in _divided(_plain(path))
            if root in self._ranks
        ]
        if not found:
            return None
        rank, rest = min(found, key=itemgetter(0))
        mapping = self._mappings[rank]
        folder = mapping.source_root.strip("/")
        return SourceFile(mapping=mapping, path=f"{folder}/{rest.lstrip('/')}".lstrip("/"))


def _plain(path: str) -> str:
    path = path.replace("\\", "/")
    return unquote(re.split("[?#]", path, maxsplit=1)[0]) if "://" in path else path


def _divided(path: str) -> Iterator[tuple[str, str]]:
    """Yield each folder that a path begins with, up to its slash, and the rest of the path."""
    for slash in re.finditer("/", path):
        yield path[: slash.end()], path[slash.end() :]


#: For a project without code mappings.
NO_MAPPINGS = SourceFinder()
