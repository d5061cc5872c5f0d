"""Conversion of git's commits to `CommitInput`."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from dulwich.diff_tree import TreeChange, tree_changes, tree_changes_for_merge
from dulwich.object_store import BaseObjectStore
from dulwich.objects import Commit, ObjectID

from shipmark.repositories.model import FILENAME_MAX, Change, CommitInput, shortened

#: Of a commit that changed more files (a vendored library, a first import), only the first are read.
FILES_MAX = 2000
MESSAGE_MAX = 100_000

_CHANGES = {"add": Change.ADDED, "delete": Change.DELETED, "modify": Change.MODIFIED}


def commit_input(
    store: BaseObjectStore, commit: Commit, repository: str, *, is_cut: bool
) -> CommitInput:
    """Return the commit as a client would send it. Changes are unknown if its parents were cut off."""
    name, email = _author(commit)
    return CommitInput(
        sha=commit.id.decode(),
        repository=repository,
        message=_text(commit.message, commit.encoding).rstrip()[:MESSAGE_MAX],
        author_name=name or None,
        author_email=email or None,
        at=_datetime(commit.author_time),
        changes=() if is_cut else tuple(_changes(store, commit).items()),
    )


def _author(commit: Commit) -> tuple[str, str]:
    name, _, email = _text(commit.author, commit.encoding).rpartition("<")
    return name.strip(), email.partition(">")[0].strip()


def _text(content: bytes, encoding: bytes | None) -> str:
    try:
        text = content.decode((encoding or b"utf-8").decode("ascii", "replace"), "replace")
    except (LookupError, ValueError):
        text = content.decode("utf-8", "replace")
    # PostgreSQL cannot store NUL, and UTF-8 no lone surrogates.
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _datetime(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _changes(store: BaseObjectStore, commit: Commit) -> dict[str, Change]:
    try:
        trees = [_tree(store, parent) for parent in commit.parents]
        if len(trees) > 1:
            rows = _of_merge(tree_changes_for_merge(store, trees, commit.tree))
        else:
            before = trees[0] if trees else None
            rows = _of_change(tree_changes(store, before, commit.tree))
        return _cut(rows)
    except KeyError:
        # The server omitted more than requested: return the commit without its files.
        return {}


def _tree(store: BaseObjectStore, commit_id: ObjectID) -> ObjectID:
    commit = store[commit_id]
    assert isinstance(commit, Commit), "a commit's parents are commits"
    tree: ObjectID = commit.tree
    return tree


def _of_change(changes: Iterable[TreeChange]) -> Iterator[tuple[bytes, Change]]:
    for change in changes:
        entry = change.new if change.new is not None and change.new.path is not None else change.old
        kind = _CHANGES.get(change.type)
        if kind is not None and entry is not None and entry.path is not None:
            yield entry.path, kind


def _of_merge(changes: Iterable[Sequence[TreeChange | None]]) -> Iterator[tuple[bytes, Change]]:
    """Yield the files that differ from all parents."""
    for of_parents in changes:
        known = dict.fromkeys(_of_change(change for change in of_parents if change is not None))
        kinds = {kind for _, kind in known}
        for path, _ in islice(known, 1):
            yield path, kinds.pop() if len(kinds) == 1 else Change.MODIFIED


def _cut(rows: Iterator[tuple[bytes, Change]]) -> dict[str, Change]:
    changes: dict[str, Change] = {}
    for path, kind in islice(rows, FILES_MAX):
        name = shortened(_text(path, None), FILENAME_MAX)
        # A file that became a link, or the other way round, is listed twice.
        changes[name] = kind if changes.get(name, kind) is kind else Change.MODIFIED
    return changes
