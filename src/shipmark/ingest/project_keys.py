"""The projects of keys, remembered for a few seconds: an SDK sends many events with one key."""

import threading

from cachetools import LRUCache, TTLCache

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unavailable
from shipmark.projects import store as projects
from shipmark.projects.model import Project

#: A key that is revoked is accepted for so long at most.
SECONDS = 3.0
_KEYS_MAX = 10_000


class ProjectKeys:
    """The projects of keys; unknown keys are remembered, too. Thread-safe."""

    def __init__(self, database: Database, *, seconds: float = SECONDS) -> None:
        self._database = database
        self._projects: TTLCache[str, Project | None] = TTLCache(_KEYS_MAX, seconds)
        #: Those that were seen last: they are accepted for as long as the database is away.
        self._seen: LRUCache[str, Project | None] = LRUCache(_KEYS_MAX)
        self._lock = threading.Lock()

    def is_remembered(self, key: str) -> bool:
        """Return True if `project_of` takes no statement."""
        with self._lock:
            return key in self._projects

    def remembered(self, key: str) -> Project | None:
        """Return the project if `project_of` takes no statement, else None."""
        with self._lock:
            return self._projects.get(key)

    def project_of(self, key: str) -> Project | None:
        """Return the project with this active key, or None.

        While the database is away it is the one that was seen last; raise `Unavailable` for a key that was not seen.
        """
        with self._lock:
            if key in self._projects:
                return self._projects[key]
        try:
            with self._database.autocommit_read() as connection:
                project = projects.by_key(connection, key)
        except Unavailable:
            with self._lock:
                if key not in self._seen:
                    raise
                project = self._seen[key]
        with self._lock:
            self._projects[key] = self._seen[key] = project
        return project
