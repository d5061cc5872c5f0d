"""Reading of ranges of commits from a remote, with as little of its history as possible.

Commits are fetched by hash, without the content of files, and with as many generations as needed; from servers that
serve only the heads of their branches and tags, these are fetched.
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

#: Number of commits of a range without a known start (releases.md 3.5.1).
LAST = 20

#: One generation more than is read, for the changes of the oldest commit. None is the whole history.
_DEPTHS = (LAST + 1, 201, 2001, None)
_WHOLE_KEY = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_SHORT_KEY = re.compile(r"[0-9a-fA-F]{4,39}")
#: sentry-cli 1 fills up short keys with zeros. No hash of a commit ends with twenty of them.
_FILLED_KEY = re.compile(r"(?=[0-9a-fA-F]{40}$)([0-9a-fA-F]{3,19}[1-9a-fA-F])0{20,36}")
_REF_PREFIXES = (b"", b"refs/heads/", b"refs/tags/", b"refs/")
_HEADS = (b"refs/heads/", b"refs/tags/")
_TAGS_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedCommits:
    """Commits that were read, newest first, with the hash of the head and notes for users."""

    commits: tuple[CommitInput, ...]
    head: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRange:
    """A range of a repository's commits that ends with ``commit`` and begins after ``previous``.

    ``earlier`` are full hashes of commits that were read before, newest first: if the remote has no ``previous`` (it
    was never pushed, or the branch was rewritten), the range begins after the first of these that it has.
    """

    repository: str
    commit: str
    previous: str | None = None
    earlier: tuple[str, ...] = ()


def read_range(
    remote: Remote, commit_range: CommitRange, policy: FetchPolicy, *, most: int
) -> FetchedCommits:
    """Return the commits after ``previous`` up to ``commit``, or the last ones without ``previous``.

    Raise `RemoteProblem`, with a message for users, if they cannot be read.
    """
    with open_source(remote, policy) as source:
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
        commits = reader.inputs(result[:most], commit_range.repository)
        return FetchedCommits(commits=commits, head=reader.key_of(head), notes=tuple(reader.notes))


def read_exact(
    remote: Remote, repository: str, keys: Sequence[str], policy: FetchPolicy
) -> FetchedCommits:
    """Return exactly these commits, in this order. Raise `RemoteProblem` if one cannot be read."""
    with open_source(remote, policy) as source:
        reader = _Reader(source)
        result = []
        for key in keys:
            commit = reader.resolved(key)
            if commit is None or not reader.has(commit):
                raise _missing(key)
            result.append(commit)
        return FetchedCommits(
            commits=reader.inputs(result, repository), head=reader.key_of(result[0])
        )


def _missing(key: str) -> RemoteProblem:
    return RemoteProblem(f"The remote has no commit {key}. Was it pushed?")


@dataclass(slots=True)
class _Reader:
    """A repository that is being read; ``names`` are its refs, requested once and only if needed."""

    source: Source
    notes: list[str] = field(default_factory=list)
    names: dict[bytes, bytes] | None = None

    def resolved(self, text: str) -> bytes | None:
        """Return the hash of a commit, given in full or abbreviated or as a branch or tag, or None."""
        if filled := _FILLED_KEY.fullmatch(text):
            return self._by_prefix(filled[1].lower().encode())
        if _WHOLE_KEY.fullmatch(text):
            return text.lower().encode()
        names = self._names()
        for prefix in _REF_PREFIXES:
            if result := peeled(names, prefix + text.encode()):
                return result
        return self._by_prefix(text.lower().encode()) if _SHORT_KEY.fullmatch(text) else None

    def range(self, base: bytes | None, head: bytes, commit_range: CommitRange) -> list[bytes]:
        """Return the hashes of the range, newest first."""
        for depth in _DEPTHS:
            self._fetch([head, base] if base else [head], depth)
            is_all = depth is None or self.source.knows_by_key
            top = self._commit(head)
            if top is None and is_all:
                raise _missing(commit_range.commit)
            if base and self._commit(base) is None and is_all:
                # The base that replaces it exists, so this recurs at most once.
                return self.range(self.earlier(commit_range), head, commit_range)
            if top is None or (base and self._commit(base) is None):
                continue
            result = self._between(base, top.id)
            if depth is None or self._is_complete(result):
                break
        return result.new

    def has(self, key: bytes) -> bool:
        """Return True if the remote has the commit, and fetch it with its parents."""
        for depth in (2, *_DEPTHS[1:]):
            self._fetch([key], depth)
            if self._commit(key) is not None or self.source.knows_by_key:
                break
        return self._commit(key) is not None

    def inputs(self, keys: Iterable[bytes], repository: str) -> tuple[CommitInput, ...]:
        """Return the fetched commits with these hashes."""
        return tuple(
            commit_input(self.source.store, commit, repository, is_cut=self._is_cut(commit.id))
            for key in keys
            if (commit := self._commit(key)) is not None
        )

    def key_of(self, key: bytes) -> str:
        """Return the full hash of a fetched commit."""
        commit = self._commit(key)
        assert commit is not None, "it was fetched"
        return commit.id.decode()

    def earlier(self, commit_range: CommitRange) -> bytes | None:
        """Return the base of a range whose ``previous`` is missing, and note it. None stands for the last commits."""
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
        """Fetch commits by hash, or, from servers that don't support it, all that have a name."""
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

    def _by_prefix(self, prefix: bytes) -> bytes | None:
        result = {value for value in self._names().values() if value.startswith(prefix)}
        for depth in _DEPTHS:
            result = result or self._commits_like(prefix)
            if result or self.source.is_here:
                break
            self._fetch_named(depth)
        result = result or self._commits_like(prefix)
        if len(result) > 1:
            raise RemoteProblem(
                f"More than one commit begins with {prefix.decode()}.", is_final=True
            )
        return result.pop() if result else None

    def _commits_like(self, prefix: bytes) -> set[bytes]:
        store = self.source.store
        return {bytes(sha) for sha in store.iter_prefix(prefix) if isinstance(store[sha], Commit)}

    def _is_complete(self, commits: Range) -> bool:
        """Return True if more history cannot change the range: no cut-off commit could lead to or from a new one."""
        if any(self._is_cut(key) for key in commits.new):
            return False
        ends = [self._time(key) for key in commits.old if self._is_cut(key)]
        return not ends or all(self._time(key) > max(ends) for key in commits.new)

    def _between(self, base: bytes | None, head: bytes) -> Range:
        first = self._commit(base) if base else None
        return between(
            first.id if first else None,
            head,
            lambda key: [sha for sha in self._known(key).parents if sha in self.source.store],
            self._time,
            most=LAST,
        )

    def _time(self, key: bytes) -> int:
        return int(self._known(key).commit_time)

    def _is_cut(self, key: bytes) -> bool:
        return any(sha not in self.source.store for sha in self._known(key).parents)

    def _known(self, key: bytes) -> Commit:
        commit = self.source.store[ObjectID(key)]
        assert isinstance(commit, Commit), "a commit's parents are commits"
        return commit

    def _commit(self, key: bytes) -> Commit | None:
        """Return the commit with this hash, or the target of the tag with it. None for others and missing ones."""
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
