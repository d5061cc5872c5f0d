"""Changes of organizations for pages that stay open: one reader in each worker process, whatever they number."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from litestar.concurrency import sync_to_thread
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from shipmark.deploys.store import newest
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Refusal, TooManyRequests
from shipmark.release_health.store import pair_buckets

#: The most streams of this process: in all, and of one user, whose browser has one for each visible page.
STREAMS_MAX = 500
STREAMS_PER_USER_MAX = 8
_RETRY_AFTER_SECONDS = 60
#: The pause between two readings, while there are streams.
POLL_SECONDS = 1.0


@dataclass(eq=False, slots=True)
class Follower:
    """A stream of a user. ``mark`` is the state of the organization that the page shows, empty if unknown."""

    user_id: int
    organization_id: int
    mark: str
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False

    async def wait(self, seconds: float) -> bool:
        """Wait for a change of the organization, or the end of the stream. Return False after this time without one."""
        try:
            async with asyncio.timeout(seconds):
                await self.changed.wait()
        except TimeoutError:
            return False
        self.changed.clear()
        return True


class LiveUpdates:
    """The followers of this process. All methods are called in the event loop.

    While there are any, the marks of all their organizations are read once a second by one statement, in a thread and
    with a connection that are held for that statement only.
    """

    def __init__(self) -> None:
        self._followers: set[Follower] = set()
        self._reader: asyncio.Task[None] | None = None
        self._is_stopping = False

    def require_capacity(self, user_id: int) -> None:
        """Raise `TooManyRequests` if no further stream of the user may begin."""
        own = sum(follower.user_id == user_id for follower in self._followers)
        if own >= STREAMS_PER_USER_MAX or len(self._followers) >= STREAMS_MAX:
            raise TooManyRequests(
                "Too many pages are open.", retry_after_seconds=_RETRY_AFTER_SECONDS
            )

    def open(self, database: Database, user_id: int, organization_id: int, mark: str) -> Follower:
        """Begin to follow an organization."""
        follower = Follower(user_id, organization_id, mark, is_over=self._is_stopping)
        self._followers.add(follower)
        if self._reader is None:
            self._reader = asyncio.get_running_loop().create_task(self._read(database))
        return follower

    def close(self, follower: Follower) -> None:
        """End to follow; without followers nothing is read any more."""
        self._followers.discard(follower)

    def stop(self) -> None:
        """End all streams, and those that begin from now on: the server waits for them before it ends."""
        self._is_stopping = True
        for follower in self._followers:
            follower.is_over = True
            follower.changed.set()

    async def _read(self, database: Database) -> None:
        try:
            while self._followers and not self._is_stopping:
                ids = {follower.organization_id for follower in self._followers}
                self._report(await sync_to_thread(_marks, database, ids))
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._reader = None

    def _report(self, marks: dict[int, str]) -> None:
        for follower in self._followers:
            mark = marks.get(follower.organization_id, follower.mark)
            if mark != follower.mark:
                follower.mark = mark
                follower.changed.set()


def _marks(database: Database, organization_ids: Collection[int]) -> dict[int, str]:
    """Return the marks of organizations, or nothing while the database is away: that is logged where it is noticed."""
    try:
        with database.autocommit_read() as connection:
            return marks_of(connection, organization_ids)
    except (Refusal, SQLAlchemyError):
        return {}


def marks_of(connection: Connection, organization_ids: Collection[int]) -> dict[int, str]:
    """Return a text for each organization that changes with what pages follow, by two statements.

    That is releases, deploys and commits, the first event and source maps of a project, and its first session.
    """
    marks = newest.marks_of(connection, organization_ids)
    used = pair_buckets.count_used_projects(connection, organization_ids)
    return {id_: f"{mark}-{used.get(id_, 0)}" for id_, mark in marks.items()}
