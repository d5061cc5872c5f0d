"""Retries of frames in quarantine: one more source of frames for the digester, beside its logs.

A frame leaves the quarantine in the transaction that stores what is in it, so it is stored once, whatever is killed.
"""

import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from shipmark.events.digest_store import QuarantinedFrame
from shipmark.events.quarantine import store as quarantine_store
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.telemetry import report_exception
from shipmark.ingest.batches import PASSING, PreparedFrame
from shipmark.ingest.event_log import FrameType, LogFrame, StoredFrame

#: How often a digester looks for requests.
LOOK_SECONDS = 1.0
#: The frames that are tried before the logs have their turn again.
FRAMES_MAX = 20
_UNKNOWN = "This version of the server does not know what is in it."


class QuarantineRetries:
    """Digests requested frames by functions of the digester: to prepare frames, and to store what is in them."""

    def __init__(
        self,
        database: Database,
        prepare: Callable[[Sequence[StoredFrame]], list[PreparedFrame]],
        store: Callable[[Connection, Sequence[PreparedFrame]], object],
    ) -> None:
        self._database, self._prepare, self._store = database, prepare, store
        self._look_at = 0.0

    def digest_requested(self) -> int:
        """Digest the first requested frames, each in a transaction of its own. Return their number.

        One that fails stays, with the error. Raise what the database refuses for now: the request stays.
        """
        if time.monotonic() < self._look_at:
            return 0
        with self._database.autocommit_read() as connection:
            requested = quarantine_store.requested(connection, limit=FRAMES_MAX)
        if len(requested) < FRAMES_MAX:
            self._look_at = time.monotonic() + LOOK_SECONDS
        known = [(row_id, frame) for row_id, frame in requested if frame.type in set(FrameType)]
        for row_id in {row_id for row_id, _ in requested} - {row_id for row_id, _ in known}:
            self._fail(row_id, _UNKNOWN)
        for prepared in self._prepare([_stored(*each) for each in known]) if known else ():
            self._digest(prepared)
        return len(requested)

    def _digest(self, prepared: PreparedFrame) -> None:
        row_id = prepared.stored.position
        if prepared.error:
            self._fail(row_id, prepared.error)
            return
        try:
            with self._database.transaction() as connection:
                # Another digester may have been faster, or a person has discarded it.
                if quarantine_store.take(connection, row_id):
                    self._store(connection, [prepared])
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the reason why the frame stays
            report_exception("A frame in quarantine could not be stored", error, frame=row_id)
            self._fail(row_id, f"{type(error).__name__}: {error}"[:2000])

    def _fail(self, row_id: int, error: str) -> None:
        with self._database.transaction() as connection:
            quarantine_store.record_failure(connection, row_id, error)


def _stored(row_id: int, quarantined: QuarantinedFrame) -> StoredFrame:
    frame = LogFrame(
        type=FrameType(quarantined.type),
        project_id=quarantined.project_id,
        received_at=quarantined.received_at,
        payload=quarantined.payload,
        event_id=quarantined.event_id,
        sent_at=quarantined.sent_at,
        sender=quarantined.sender,
    )
    return StoredFrame(position=row_id, frame=frame)
