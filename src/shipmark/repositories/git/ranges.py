"""Which commits are new between two? ``git log base..head``, without a database or a network."""

import heapq
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

#: Clocks are wrong sometimes: so many commits that look older than all that is left are still looked at.
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
        """Have a commit looked at; one that turns out to be old makes all that is before it old too."""
        if commit not in self.seen:
            self.seen[commit] = is_old
            self.waiting += not is_old
            heapq.heappush(self.queue, (-self.moment(commit), len(self.seen), commit))
        elif is_old and not self.seen[commit]:
            self._make_old(commit)

    def take(self) -> bytes:
        """The newest commit that waits."""
        commit = heapq.heappop(self.queue)[2]
        self.waiting -= not self.seen[commit]
        self.order.append(commit)
        self.taken.add(commit)
        return commit

    def _make_old(self, commit: bytes) -> None:
        left = [commit]
        while left:
            each = left.pop()
            if self.seen.get(each, True):
                continue
            self.seen[each] = True
            if each in self.taken:
                left.extend(self.parents(each))
            else:
                self.waiting -= 1


@dataclass(frozen=True, slots=True)
class Range:
    """The commits that are new, the newest first, and those before them that were looked at."""

    new: list[bytes]
    old: list[bytes]


def between(
    base: bytes | None, head: bytes, parents: Parents, moment: Moment, *, most: int | None = None
) -> Range:
    """The commits that lead to ``head`` and not to ``base``. Without a base ``most`` is how many at the most."""
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
