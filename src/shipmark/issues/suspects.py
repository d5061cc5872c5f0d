"""Matching of the stack of an error with the changed files of commits (groups-api.md 7.4).

A frame and a file are compared from their ends, part by part, ignoring case: clients report where a file was built
or is served from, repositories where it is stored. One equal part is too little, as every project has an
``index.js``, unless the file is at the top of its repository, or the client reports bare names and only one changed
file has that name.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from shipmark.events.payload import Json, exceptions_of, filename_of, main_frames, paths_of, text_of
from shipmark.infrastructure.groups import grouped
from shipmark.releases.model import FileChange
from shipmark.repositories.code_mappings import NO_MAPPINGS, SourceFinder

#: The most frames that can be requested; a stored stack has no more.
FRAMES_MAX = 250
#: The most suspects of all committers.
SUSPECTS_MAX = 100

_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://[^/]*")
# What a package of Dart is imported by: the folder of its sources.
_DART_PACKAGE = re.compile(r"package:[^/]*/")
_DRIVE = re.compile(r"[a-zA-Z]:")
# Extensions of languages whose files lie in the folders of their package, and of those whose frames may be bare names.
_JVM = frozenset({"java", "kt", "scala", "groovy"})
_BARE = frozenset({"swift", "m", "mm"})
_NOT_A_NAME = frozenset({"", ".", "..", "~"})

#: The parts of a path, the file's name last.
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A commit, its release, and the changed file that matches the stack best.

    ``score`` is the number of equal path parts; ``places`` are the indexes of matching frames, the nearest being 0.
    """

    commit_id: int
    author_id: int | None
    release_id: int
    filename: str
    score: int
    at: datetime
    places: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Committer:
    """An author with suspect commits; ``author_id`` None is for all commits without one."""

    author_id: int | None
    suspects: tuple[Suspect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _FileMatch:
    index: int
    touch: FileChange
    score: int


def parts_of(path: str) -> Path:
    """Return the parts of a path in comparable form: without scheme, host, drive, and parts like ``.``.

    Accepts paths of Windows, ``app:///``, ``webpack:///./``, URLs with a query, and ``package:shop/`` of Dart.
    """
    path = _DART_PACKAGE.sub("lib/", path, count=1) if path.startswith("package:") else path
    if match := _ADDRESS.match(path):
        path = unquote(re.split(r"[?#]", path[match.end() :], maxsplit=1)[0])
    parts = path.replace("\\", "/").split("/")
    names = [part.lower() for part in parts if part not in _NOT_A_NAME]
    return tuple(names[1:] if names and _DRIVE.fullmatch(names[0]) else names)


def frames_of(payload: Json, limit: int, sources: SourceFinder = NO_MAPPINGS) -> list[Path]:
    """Return the paths of the application's frames, of all exceptions, the nearest to the error first, each once.

    If no frame is marked as in the application, those not marked as outside of it count. A path that is mapped is the
    one in the repository.
    """
    stacks = [raised.frames for raised in exceptions_of(payload) if raised.frames]
    # Of a chain of exceptions the last was raised last: "during handling of the above exception, …".
    nearest = [call for stack in reversed(stacks or [main_frames(payload)]) for call in stack[::-1]]
    selected = [item for item in nearest if item.get("in_app") is True]
    selected = selected or [item for item in nearest if item.get("in_app") is not False]
    return list(
        dict.fromkeys(path for call in selected[:limit] if (path := _path_of(call, sources)))
    )


def names_of(frames: Iterable[Path]) -> set[str]:
    """Return the names of the files."""
    return {frame[-1] for frame in frames}


def committers(
    frames: Sequence[Path], touches: Collection[FileChange], first_release_id: int
) -> list[Committer]:
    """Return the authors of the commits that match the frames best, the most suspicious first.

    The newest commit of the first release among the best matches of a frame leads: the release in which an error is
    first seen most likely introduced it. Others follow by their matching frames, nearer ones weighing more.
    """
    matches = _file_matches(frames, touches)
    here = [file_match for file_match in matches if file_match.touch.release_id == first_release_id]
    newest = max(
        _best(here), key=lambda match: (match.touch.at, match.touch.commit_id), default=None
    )
    leader_id = newest.touch.commit_id if newest else None
    suspects = _suspects([*_best(matches), *([newest] if newest else [])], first_release_id)
    suspects.sort(
        key=lambda item: (item.commit_id == leader_id, item.score, item.at, item.commit_id),
        reverse=True,
    )
    by_author = grouped((suspect.author_id, suspect) for suspect in suspects)
    ranked = sorted(
        by_author.items(), key=lambda row: _rank(row[1], leader_id, len(frames)), reverse=True
    )
    return _first(ranked)


def _path_of(call: Json, sources: SourceFinder) -> Path:
    """Return the path of a frame in its repository, if it is mapped, else the most complete one that is reported.

    Two folders may each have an ``app/views.py``: the absolute path distinguishes them. For the JVM a bare name is in
    the folder of the package, whatever its class is called (``CartKt`` in ``Cart.kt``).
    """
    if mapped := sources.find(paths_of(call)):
        return parts_of(mapped.path)
    path = parts_of(filename_of(call))
    absolute = parts_of(text_of(call, "abs_path"))
    # The path of an address is as encoded as the address.
    if path and absolute[-len(path) :] in (path, parts_of(unquote(filename_of(call)))):
        return absolute
    if len(path) != 1:
        return path
    *package, name = text_of(call, "module").lower().split(".")
    stem, _, extension = path[0].partition(".")
    if package and (extension in _JVM or name.partition("$")[0] == stem):
        return (*package, *path)
    return path


def _is_bare(frame: Path) -> bool:
    """Return True for a name without folders, from a compiler that reports no more."""
    return len(frame) == 1 and frame[0].rpartition(".")[2] in _BARE


def _file_matches(frames: Sequence[Path], touches: Collection[FileChange]) -> list[_FileMatch]:
    indexes: dict[str, list[int]] = defaultdict(list)
    for index, frame in enumerate(frames):
        indexes[frame[-1]].append(index)
    files = {touch.filename: parts_of(touch.filename) for touch in touches}
    names = Counter(file[-1] for file in set(files.values()) if file)
    result = []
    for touch in touches:
        file = files[touch.filename]
        for index in indexes.get(file[-1], ()) if file else ():
            frame = frames[index]
            score = _equal_at_end(frame, file)
            is_only = _is_bare(frame) and names[file[-1]] == 1
            if score > 1 or len(file) == 1 or is_only:
                result.append(_FileMatch(index=index, touch=touch, score=score))
    return result


def _equal_at_end(path: Path, other: Path) -> int:
    count = 0
    for left, right in zip(reversed(path), reversed(other), strict=False):
        if left != right:
            break
        count += 1
    return count


def _best(matches: Collection[_FileMatch]) -> list[_FileMatch]:
    """Return the best matches of each frame."""
    best: dict[int, int] = {}
    for file_match in matches:
        best[file_match.index] = max(file_match.score, best.get(file_match.index, 0))
    return [match for match in matches if match.score == best[match.index]]


def _suspects(matches: Iterable[_FileMatch], first_release_id: int) -> list[Suspect]:
    by_commit = grouped((match.touch.commit_id, match) for match in matches)
    result = []
    for commit_id, met in by_commit.items():
        # A commit in several releases counts for the first release, if it is in that.
        selected = max(
            met,
            key=lambda match: (
                match.touch.release_id == first_release_id,
                match.score,
                -match.index,
                match.touch.release_id,
                match.touch.filename,
            ),
        )
        result.append(
            Suspect(
                commit_id=commit_id,
                author_id=selected.touch.author_id,
                release_id=selected.touch.release_id,
                filename=selected.touch.filename,
                score=max(match.score for match in met),
                at=selected.touch.at,
                places=frozenset(match.index for match in met),
            )
        )
    return result


def _rank(suspects: Sequence[Suspect], leader_id: int | None, frames: int) -> tuple[object, ...]:
    met = frozenset[int]().union(*(suspect.places for suspect in suspects))
    newest = max((suspect.at, suspect.commit_id) for suspect in suspects)
    leads = any(suspect.commit_id == leader_id for suspect in suspects)
    return leads, sum(frames - index for index in met), newest


def _first(ranked: Iterable[tuple[int | None, Sequence[Suspect]]]) -> list[Committer]:
    """Return the first committers with at most `SUSPECTS_MAX` suspects."""
    result: list[Committer] = []
    remaining = SUSPECTS_MAX
    for author_id, suspects in ranked:
        if remaining > 0:
            result.append(Committer(author_id=author_id, suspects=tuple(suspects[:remaining])))
        remaining -= len(suspects)
    return result
