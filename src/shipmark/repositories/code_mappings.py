"""Code mappings: from the paths in stacks of a project to those of files in its repositories."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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


def source_file(mappings: Sequence[CodeMapping], paths: Iterable[str]) -> SourceFile | None:
    """Return the file of a frame by the longest stack root that one of the frame's paths begins with, or None.

    Of several mappings with this root the first decides. A root ends at a part of the path: ``src`` is none of
    ``srcset/a.js``. Paths of Windows are read with slashes.
    """
    known = [path.replace("\\", "/") for path in paths]
    for mapping in sorted(mappings, key=lambda each: len(each.stack_root), reverse=True):
        root = mapping.stack_root.replace("\\", "/").rstrip("/") + "/"
        for path in known:
            if path.startswith(root):
                folder = mapping.source_root.strip("/")
                rest = path[len(root) :].lstrip("/")
                return SourceFile(mapping=mapping, path=f"{folder}/{rest}".lstrip("/"))
    return None
