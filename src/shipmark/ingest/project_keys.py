"""The projects of keys, remembered for a few seconds: an SDK sends many events with one key."""

import threading

from cachetools import TTLCache

from shipmark.infrastructure.database import Database
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
        """Return the project with this active key, or None."""
        with self._lock:
            if key in self._projects:
                return self._projects[key]
        with self._database.autocommit_read() as connection:
            project = projects.by_key(connection, key)
        with self._lock:
            self._projects[key] = project
        return project
