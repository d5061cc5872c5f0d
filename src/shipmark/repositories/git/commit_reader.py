"""Which commits does a remote have between two? As little of its history is fetched as tells.

Servers are asked for the commits by id, without the content of files, and for as many generations as it takes; those
that give out only the heads of their branches and tags are asked for these.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dulwich.objects import Commit, ObjectID, ShaFile, Tag

from shipmark.repositories.git.addresses import Remote
from shipmark.repositories.git.backends import FetchPolicy, Source, open_source, peeled
from shipmark.repositories.git.commits import commit_input
from shipmark.repositories.git.errors import RemoteProblem
from shipmark.repositories.git.ranges import Range, between
from shipmark.repositories.model import CommitInput

#: How many commits a release gets whose first commit nobody knows (releases.md 3.5.1).
LAST = 20

#: One generation more than is looked at tells what the oldest commit changed. Null is the whole history.
_DEPTHS = (LAST + 1, 201, 2001, None)
_WHOLE_KEY = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_SHORT_KEY = re.compile(r"[0-9a-fA-F]{4,39}")
_PLACES = (b"", b"refs/heads/", b"refs/tags/", b"refs/")
_HEADS = (b"refs/heads/", b"refs/tags/")
_TAGS_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedCommits:
    """Commits that were read, the newest first; the head as the remote knows it; and what people should know."""

    commits: tuple[CommitInput, ...]
    head: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRange:
    """A range that ends with ``commit``, of a repository of that name; ``previous`` is what was there before.

    ``earlier`` are whole keys of commits that were read before, the newest first: where the remote has no ``previous``
    (it was never pushed, or the branch was rewritten), the range begins after the first of these that it has.
    """

    repository: str
    commit: str
    previous: str | None = None
    earlier: tuple[str, ...] = ()


def read_range(
    remote: Remote, commit_range: CommitRange, outside: FetchPolicy, *, most: int
) -> FetchedCommits:
    """The commits after ``previous`` up to ``commit``, or the last ones where nothing was there before.

    Raises `RemoteProblem` with a sentence for people.
    """
    with open_source(remote, outside) as source:
        reader = _Reader(source)
        head = reader.resolved(commit_range.commit)
        if head is None:
            raise _missing(commit_range.commit)
        base = reader.resolved(commit_range.previous) if commit_range.previous else None
        if commit_range.previous and base is None:
            base = reader.earlier(commit_range)
        result = reader.range(base, head, commit_range)
        if len(result) > most:
            reader.notes.append(f"Only the newest {most} of {len(result)} commits were taken.")
        commits = reader.given(result[:most], commit_range.repository)
        return FetchedCommits(commits=commits, head=reader.key_of(head), notes=tuple(reader.notes))


def read_exact(
    remote: Remote, repository: str, keys: Sequence[str], outside: FetchPolicy
) -> FetchedCommits:
    """Just these commits, in this order."""
    with open_source(remote, outside) as source:
        reader = _Reader(source)
        result = []
        for key in keys:
            commit = reader.resolved(key)
            if commit is None or not reader.has(commit):
                raise _missing(key)
            result.append(commit)
        return FetchedCommits(
            commits=reader.given(result, repository), head=reader.key_of(result[0])
        )


def _missing(key: str) -> RemoteProblem:
    return RemoteProblem(f"The remote has no commit {key}. Was it pushed?")


@dataclass(slots=True)
class _Reader:
    """A repository that is being read; ``names`` are asked for once, and only where they are needed."""

    source: Source
    notes: list[str] = field(default_factory=list)
    names: dict[bytes, bytes] | None = None

    def resolved(self, text: str) -> bytes | None:
        """The commit that a key, a short key or the name of a branch or a tag stands for."""
        if _WHOLE_KEY.fullmatch(text):
            return text.lower().encode()
        names = self._names()
        for place in _PLACES:
            if result := peeled(names, place + text.encode()):
                return result
        return self._by_beginning(text.lower().encode()) if _SHORT_KEY.fullmatch(text) else None

    def range(self, base: bytes | None, head: bytes, commit_range: CommitRange) -> list[bytes]:
        """The keys of the range, the newest first."""
        for depth in _DEPTHS:
            self._fetch([head, base] if base else [head], depth)
            is_all = depth is None or self.source.knows_by_key
            top = self._commit(head)
            if top is None and is_all:
                raise _missing(commit_range.commit)
            if base and self._commit(base) is None and is_all:
                # What is returned instead is there, so this happens once.
                return self.range(self.earlier(commit_range), head, commit_range)
            if top is None or (base and self._commit(base) is None):
                continue
            result = self._between(base, top.id)
            if depth is None or self._is_whole(result):
                break
        return result.new

    def has(self, key: bytes) -> bool:
        """Is the commit there, with its parents?"""
        for depth in (2, *_DEPTHS[1:]):
            self._fetch([key], depth)
            if self._commit(key) is not None or self.source.knows_by_key:
                break
        return self._commit(key) is not None

    def given(self, keys: Iterable[bytes], repository: str) -> tuple[CommitInput, ...]:
        """The commits of those keys, which were fetched."""
        commits = [it for key in keys if (it := self._commit(key)) is not None]
        return tuple(
            commit_input(self.source.store, commit, repository, is_cut=self._is_cut(commit.id))
            for commit in commits
        )

    def key_of(self, found: bytes) -> str:
        """The whole key of a commit that was fetched."""
        commit = self._commit(found)
        assert commit is not None, "it was fetched"
        return commit.id.decode()

    def earlier(self, commit_range: CommitRange) -> bytes | None:
        """Return where a range begins whose beginning the remote doesn't have, and note it: None for the last ones."""
        missing = f"The remote has no commit {commit_range.previous} any more"
        for key in commit_range.earlier:
            if key != commit_range.previous and self.has(key.encode()):
                self.notes.append(
                    f"{missing}, so the commits after {key} were taken,"
                    " the newest head of an earlier release that it has."
                )
                return key.encode()
        self.notes.append(f"{missing}, so the last {LAST} commits were taken.")
        return None

    def _fetch(self, wants: Sequence[bytes], depth: int | None) -> None:
        """Fetch commits by key, and from servers that don't give them out all that has a name."""
        self.source.fetch(wants, depth)
        if all(ObjectID(want) in self.source.store for want in wants):
            return
        if len(wants) > 1:
            self.source.fetch(wants[:1], depth)
        if not self.source.knows_by_key:
            self._fetch_named(depth)

    def _fetch_named(self, depth: int | None) -> None:
        heads = {value for name, value in self._names().items() if name.startswith(_HEADS)}
        if heads:
            self.source.fetch(sorted(heads), depth)

    def _names(self) -> dict[bytes, bytes]:
        if self.names is None:
            self.names = self.source.refs()
        return self.names

    def _by_beginning(self, beginning: bytes) -> bytes | None:
        result = {value for value in self._names().values() if value.startswith(beginning)}
        for depth in _DEPTHS:
            result = result or self._commits_like(beginning)
            if result or self.source.is_here:
                break
            self._fetch_named(depth)
        result = result or self._commits_like(beginning)
        if len(result) > 1:
            raise RemoteProblem(
                f"More than one commit begins with {beginning.decode()}.", is_final=True
            )
        return result.pop() if result else None

    def _commits_like(self, beginning: bytes) -> set[bytes]:
        store = self.source.store
        return {
            bytes(sha) for sha in store.iter_prefix(beginning) if isinstance(store[sha], Commit)
        }

    def _is_whole(self, found: Range) -> bool:
        """Would more history change the range? What is new could lead to what was cut off, or have led to it."""
        if any(self._is_cut(each) for each in found.new):
            return False
        ends = [self._moment(each) for each in found.old if self._is_cut(each)]
        return not ends or all(self._moment(each) > max(ends) for each in found.new)

    def _between(self, base: bytes | None, head: bytes) -> Range:
        first = self._commit(base) if base else None
        return between(
            first.id if first else None,
            head,
            lambda key: [sha for sha in self._known(key).parents if sha in self.source.store],
            self._moment,
            most=LAST,
        )

    def _moment(self, key: bytes) -> int:
        return int(self._known(key).commit_time)

    def _is_cut(self, key: bytes) -> bool:
        return any(sha not in self.source.store for sha in self._known(key).parents)

    def _known(self, key: bytes) -> Commit:
        commit = self.source.store[ObjectID(key)]
        assert isinstance(commit, Commit), "a commit's parents are commits"
        return commit

    def _commit(self, key: bytes) -> Commit | None:
        """The commit of that key, or that a tag of that key names; null for what is none, or not there."""
        result = self._object(ObjectID(key))
        for _ in range(_TAGS_MAX):
            if not isinstance(result, Tag):
                break
            result = self._object(result.object[1])
        return result if isinstance(result, Commit) else None

    def _object(self, key: ObjectID) -> ShaFile | None:
        try:
            return self.source.store[key]
        except KeyError:
            return None
