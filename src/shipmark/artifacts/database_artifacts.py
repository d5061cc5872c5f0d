"""The uploaded files of an event's project in the database and the blob store.

Rows are read in short transactions, contents outside of them. Only the last use of bundles is written, rarely.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, cast

from shipmark.artifacts import debug_ids, zip_entries
from shipmark.artifacts.artifact_lookup import (
    Artifact,
    LookupRequest,
    LookupResult,
    Unreadable,
    UploadSummary,
)
from shipmark.artifacts.manifests import ArtifactType, BundleProblem, lower_case
from shipmark.artifacts.model import RENEWAL_LENGTH, EventScope
from shipmark.artifacts.store import bundles, event_lookup
from shipmark.artifacts.store.event_lookup import Match, SingleMatch
from shipmark.artifacts.zip_entries import EntryLocation
from shipmark.files import piece_reader
from shipmark.files.model import FileChunk
from shipmark.files.store import files as file_store
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict, StorageFull, Unavailable
from shipmark.infrastructure.telemetry import log

AWAY = "the store of files is out of order"
GONE = "it was deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArtifact:
    """The location of a file: a file of its own, or a place in a bundle."""

    file_id: int
    place: EntryLocation | None
    bundle: str | None


class DatabaseArtifacts:
    """The ``ArtifactLookup`` for an event of a project."""

    def __init__(self, database: Database, blobs: Blobs, scope: EventScope, at: datetime) -> None:
        self._database = database
        self._blobs = blobs
        self._scope = scope
        self._at = at
        self._pieces: dict[int, list[FileChunk]] = {}
        #: True after a failure of the blob store, which is not tried again, as it may take long.
        self.is_away = False

    def find(self, lookup_request: LookupRequest) -> LookupResult:
        """Return the requested files, by one query of bundles and one of the release's single files."""
        urls = lookup_request.urls if self._scope.version else frozenset[str]()
        if not (lookup_request.debug_ids or urls):
            return LookupResult()
        single: list[SingleMatch] = []
        with self._database.snapshot() as connection:
            bundled = event_lookup.in_bundles(
                connection, self._scope, lookup_request.debug_ids, urls
            )
            if urls:
                single = event_lookup.in_release(connection, self._scope, urls)
        self._renew(bundled)
        return _lookup_result(bundled, single, urls)

    def read(self, artifact: Artifact) -> bytes:
        """Return the content of a file, or raise ``Unreadable``."""
        stored = artifact.reference
        assert isinstance(stored, StoredArtifact), "an artifact that was found here"
        if self.is_away:
            raise Unreadable(AWAY)
        try:
            content = self._content(stored)
        except Unavailable as error:
            self.is_away = True
            raise Unreadable(AWAY) from error
        except KeyError as error:
            raise Unreadable(GONE) from error
        except BundleProblem as error:
            raise Unreadable(error.reason) from error
        if len(content) != artifact.size_bytes:
            raise Unreadable(GONE)
        return content

    def survey(self, basenames: frozenset[str]) -> UploadSummary:
        """Return the uploads for the event's version, of any dist."""
        if not self._scope.version:
            return UploadSummary(has_files=False)
        with self._database.snapshot() as connection:
            if not event_lookup.has_files(connection, self._scope):
                return UploadSummary(has_files=False)
            similar = event_lookup.similar(connection, self._scope, basenames)
        return UploadSummary(has_files=True, similar=similar)

    def _content(self, stored: StoredArtifact) -> bytes:
        pieces = self._pieces_of(stored.file_id)
        if stored.place is None:
            return b"".join(piece_reader.read_range(self._blobs, pieces))
        with piece_reader.open_file(self._blobs, pieces) as stream:
            return zip_entries.read(cast("BinaryIO", stream), stored.place)

    def _pieces_of(self, file_id: int) -> Sequence[FileChunk]:
        if file_id not in self._pieces:
            with self._database.snapshot() as connection:
                self._pieces[file_id] = file_store.pieces_of(connection, file_id)
        return self._pieces[file_id]

    def _renew(self, matches: Collection[Match]) -> None:
        """Record the use of bundles, so that they are not deleted as unused (files-and-avatars.md 6.4)."""
        older = self._at - RENEWAL_LENGTH
        stale = {match.bundle_id for match in matches if match.used_at < older}
        if not stale:
            return
        try:
            with self._database.transaction() as connection:
                bundles.touch(connection, stale, self._at, older_than=older)
        except (Conflict, StorageFull) as refusal:
            # The next event tries again.
            log.warning("Bundles could not be renewed", reason=refusal.reason)


def bundle_of(artifact: Artifact) -> str | None:
    """Return the id of the file's bundle, or None for a single file."""
    return artifact.reference.bundle if isinstance(artifact.reference, StoredArtifact) else None


def _lookup_result(
    bundled: Collection[Match], single: Collection[SingleMatch], urls: frozenset[str]
) -> LookupResult:
    by_debug_id: dict[str, tuple[Artifact, ...]] = {}
    by_url = {match.name: _of_release(match) for match in single if match.name in urls}
    newest: dict[tuple[str, int | None], int] = {}
    for match in bundled:
        artifact = _of_bundle(match)
        if match.resolved_with == "debug-id" and artifact.debug_id:
            # A bundle that has the debug id replaces what older ones have with it.
            key = artifact.debug_id, match.entry.type
            if newest.setdefault(key, match.bundle_id) == match.bundle_id:
                earlier = by_debug_id.get(artifact.debug_id, ())
                by_debug_id[artifact.debug_id] = (*earlier, artifact)
        elif artifact.url in urls and artifact.url:
            by_url[artifact.url] = artifact
    return LookupResult(by_debug_id=by_debug_id, by_url=by_url)


def _of_bundle(match: Match) -> Artifact:
    entry = match.entry
    return Artifact(
        reference=StoredArtifact(
            file_id=match.file_id, place=entry.place, bundle=match.bundle_name
        ),
        type=None if entry.type is None else ArtifactType(entry.type),
        url=entry.url,
        headers=lower_case(entry.headers),
        size_bytes=entry.size,
        debug_id=entry.debug_id,
        resolved_with=match.resolved_with,
        content_key=f"{match.sha1}/{entry.place.offset}",
    )


def _of_release(match: SingleMatch) -> Artifact:
    headers = lower_case(match.headers)
    return Artifact(
        reference=StoredArtifact(file_id=match.file_id, place=None, bundle=None),
        type=None,
        url=match.name,
        headers=headers,
        size_bytes=match.size,
        debug_id=debug_ids.normalize(headers.get("debug-id", "")),
        resolved_with="release-old",
        content_key=match.sha1,
    )
