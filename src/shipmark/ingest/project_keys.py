"""The projects and limits of keys, remembered for a few seconds: an SDK sends many events with one key."""

import threading
from dataclasses import dataclass

from cachetools import LRUCache, TTLCache

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unavailable
from shipmark.ingest.allowed_origins import AllowedOrigins, allowed_origins
from shipmark.ingest.quotas import Quota, quotas_of
from shipmark.projects import store as projects
from shipmark.projects.model import Project, SendingKey

#: A key that is revoked is accepted for so long at most.
SECONDS = 3.0
_KEYS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class KnownKey:
    """An active key: its project, the rate limits that count for it, and the pages that may use it."""

    public_key: str
    project: Project
    quotas: tuple[Quota, ...] = ()
    origins: AllowedOrigins = None


class ProjectKeys:
    """The projects of keys; unknown keys are remembered, too. Thread-safe."""

    def __init__(self, database: Database, *, seconds: float = SECONDS) -> None:
        self._database = database
        self._keys: TTLCache[str, KnownKey | None] = TTLCache(_KEYS_MAX, seconds)
        #: Those that were seen last: they are accepted for as long as the database is away.
        self._seen: LRUCache[str, KnownKey | None] = LRUCache(_KEYS_MAX)
        self._lock = threading.Lock()

    def is_remembered(self, key: str) -> bool:
        """Return True if `find` takes no statement."""
        with self._lock:
            return key in self._keys

    def remembered(self, key: str) -> KnownKey | None:
        """Return the active key if `find` takes no statement, else None."""
        with self._lock:
            return self._keys.get(key)

    def find(self, key: str) -> KnownKey | None:
        """Return the active key, or None.

        While the database is away it is as it was seen last; raise `Unavailable` for a key that was not seen.
        """
        with self._lock:
            if key in self._keys:
                return self._keys[key]
        try:
            with self._database.autocommit_read() as connection:
                stored = projects.by_key(connection, key)
            known = _known(stored) if stored else None
        except Unavailable:
            with self._lock:
                if key not in self._seen:
                    raise
                known = self._seen[key]
        with self._lock:
            self._keys[key] = self._seen[key] = known
        return known


def _known(stored: SendingKey) -> KnownKey:
    return KnownKey(
        public_key=stored.public_key,
        project=stored.project,
        quotas=quotas_of(stored),
        origins=allowed_origins(stored.allowed_domains),
    )
