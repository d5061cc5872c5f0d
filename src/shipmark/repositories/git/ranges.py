"""Ranges of commits, as ``git log base..head``, without a database or a network."""

import heapq
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

#: Clocks may be wrong: so many commits that look older than all remaining ones are still read.
SLOP = 500
Parents = Callable[[bytes], Collection[bytes]]
Moment = Callable[[bytes], int]


@dataclass(slots=True)
class _Walk:
    parents: Parents
    moment: Moment
    queue: list[tuple[int, int, bytes]] = field(default_factory=list)
    seen: dict[bytes, bool] = field(default_factory=dict)
    order: list[bytes] = field(default_factory=list)
    taken: set[bytes] = field(default_factory=set)
    waiting: int = 0

    def put(self, commit: bytes, *, is_old: bool) -> None:
        """Add a commit to the queue. One that turns out to be old makes its ancestors old too."""
        if commit not in self.seen:
            self.seen[commit] = is_old
            self.waiting += not is_old
            heapq.heappush(self.queue, (-self.moment(commit), len(self.seen), commit))
        elif is_old and not self.seen[commit]:
            self._make_old(commit)

    def take(self) -> bytes:
        """Return the newest commit of the queue."""
        commit = heapq.heappop(self.queue)[2]
        self.waiting -= not self.seen[commit]
        self.order.append(commit)
        self.taken.add(commit)
        return commit

    def _make_old(self, commit: bytes) -> None:
        stack = [commit]
        while stack:
            ancestor = stack.pop()
            if self.seen.get(ancestor, True):
                continue
            self.seen[ancestor] = True
            if ancestor in self.taken:
                stack.extend(self.parents(ancestor))
            else:
                self.waiting -= 1


@dataclass(frozen=True, slots=True)
class Range:
    """The new commits, newest first, and the older ones that were read."""

    new: list[bytes]
    old: list[bytes]


def between(
    base: bytes | None, head: bytes, parents: Parents, moment: Moment, *, most: int | None = None
) -> Range:
    """Return the ancestors of ``head`` that are none of ``base``. Without a base ``most`` limits their number."""
    walk = _Walk(parents, moment)
    walk.put(head, is_old=False)
    if base is not None:
        walk.put(base, is_old=True)
    slop = SLOP
    while walk.queue and slop:
        if base is None and most is not None and len(walk.order) >= most:
            break
        slop = SLOP if walk.waiting else slop - 1
        commit = walk.take()
        for parent in parents(commit):
            walk.put(parent, is_old=walk.seen[commit])
    new = [commit for commit in walk.order if not walk.seen[commit]]
    return Range(new, [commit for commit in walk.order if walk.seen[commit]])
