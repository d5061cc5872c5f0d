"""Assembling of bundles from chunks, within the request (files-and-avatars.md 5.2).

Reading and validation take long and happen outside of any transaction; a short one stores the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, cast
from uuid import uuid4

from sqlalchemy import Connection

from shipmark.artifacts import actions, arrivals, bundles, debug_ids
from shipmark.artifacts.bundles import Bundle, Entry
from shipmark.artifacts.manifests import BundleProblem
from shipmark.artifacts.model import (
    ARCHIVE_FILES_MIN,
    DIST_MAX,
    VERSION_MAX,
    AssembleKey,
    AssembleState,
    Assembly,
    Association,
    BundleEntry,
    NewBundle,
)
from shipmark.artifacts.store import assemblies
from shipmark.files import actions as files
from shipmark.files import assembling, piece_reader, staging
from shipmark.files.assembling import Assembled, ChunksMissing, NotAssembled
from shipmark.files.model import FILE_MAX, FileKind, NewFile, StagedFile
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.telemetry import span
from shipmark.organizations.model import Organization
from shipmark.releases.model import Release

MISSING = "Not all chunks available for assembling"
OTHER_ORGANIZATION = "organization does not match uploaded bundle"
OTHER_RELEASE = "release does not match uploaded bundle"
NOTHING_TO_FIND_IT_BY = "uploading a bundle without debug ids or release is prohibited"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRequest:
    """A bundle to assemble. ``release`` is set if it is for the release itself (5.3)."""

    key: AssembleKey
    organization: Organization
    chunks: Sequence[str]
    project_ids: Sequence[int]
    version: str | None = None
    dist: str | None = None
    release: Release | None = None


def assemble(
    database: Database, blobs: Blobs, request: BundleRequest, at: datetime, *, most: int = FILE_MAX
) -> Assembly:
    """Assemble and store a bundle, unless another request does. Return the state for clients."""
    with database.transaction() as connection:
        if not assemblies.begin(connection, request.key, at):
            return Assembly(state=AssembleState.ASSEMBLING)
    assembler = _Assembler(database, blobs, request, at)
    with span("artifacts.assemble", **{"chunks.count": len(request.chunks)}) as fields:
        try:
            outcome = assembler.assemble(most)
        except BaseException:
            # After any error the client may try again at once.
            with database.transaction() as connection:
                assemblies.delete_one(connection, request.key)
            raise
        fields |= {"assemble.state": outcome.state.value, "assemble.reason": outcome.reason}
    return outcome


@dataclass(frozen=True, slots=True)
class _Assembler:
    """Assembles one bundle, and stores it or the error."""

    database: Database
    blobs: Blobs
    request: BundleRequest
    at: datetime

    def assemble(self, most: int) -> Assembly:
        """Return the state for clients. It is stored, unless chunks are missing."""
        try:
            assembled = assembling.assemble(
                self.database,
                self.blobs,
                self.request.organization.id,
                self.request.chunks,
                sha1=self.request.key.sha1,
                at=self.at,
                most=most,
            )
            with piece_reader.open_file(self.blobs, assembled.pieces) as stream:
                return self._store(assembled, bundles.open_bundle(cast("BinaryIO", stream)))
        except ChunksMissing:
            return self._failed(MISSING)
        except NotAssembled as problem:
            return self._failed(problem.detail)
        except BundleProblem as problem:
            return self._failed(str(problem), problem.reason)

    def _store(self, assembled: Assembled, bundle: Bundle) -> Assembly:
        release = self.request.release
        if problem := _mismatch(self.request, bundle):
            return self._failed(problem)
        is_small = release is not None and len(bundle.entries) < ARCHIVE_FILES_MIN
        extracted = [
            (entry, staging.stage_parts(self.database, self.blobs, bundle.stream(entry), self.at))
            for entry in bundle.entries
            if is_small
        ]
        entries = [] if is_small else _entries(bundle, is_summed=release is not None)
        done = Assembly(state=AssembleState.OK)
        organization_id = self.request.organization.id
        with self.database.transaction() as connection:
            if release is not None and is_small:
                for entry, content in extracted:
                    self._store_file(connection, bundle, entry, content)
                arrivals.announce_release_files(connection, organization_id, release.id, self.at)
            else:
                new, file = _new_bundle(self.request, bundle, entries)
                row_id = actions.upsert_bundle(connection, new, file, assembled.content, self.at)
                arrivals.announce_bundle(connection, organization_id, row_id, self.at)
            assemblies.record(connection, self.request.key, done, self.at)
        return done

    def _store_file(
        self, connection: Connection, bundle: Bundle, entry: Entry, content: StagedFile
    ) -> None:
        assert self.request.release is not None, "only releases get single files"
        association = _association(self.request, bundle)
        dist = association.dist if association else None
        name = entry.url or entry.path
        file_name = name.rpartition("/")[2]
        new = NewFile(name=file_name, kind=FileKind.RELEASE_FILE, headers=entry.sent_headers)
        file = files.create(connection, new, content, self.at)
        release_id = self.request.release.id
        actions.upsert_release_file(connection, release_id, name, dist, file, self.at)

    def _failed(self, detail: str, reason: str | None = None) -> Assembly:
        outcome = Assembly(state=AssembleState.ERROR, detail=detail, reason=reason)
        with self.database.transaction() as connection:
            if detail == MISSING:
                # The client may send the missing chunks at once.
                assemblies.delete_one(connection, self.request.key)
            else:
                assemblies.record(connection, self.request.key, outcome, self.at)
        return outcome


def _mismatch(request: BundleRequest, bundle: Bundle) -> str | None:
    """Return the protocol's message if the bundle does not match the request, else None."""
    manifest = bundle.manifest
    association = _association(request, bundle)
    if request.release is not None:
        if manifest.organization != request.organization.slug:
            return OTHER_ORGANIZATION
        if manifest.release != request.release.version:
            return OTHER_RELEASE
        if any(entry.url is None for entry in bundle.entries):
            raise BundleProblem("a file of a release has no url")
    elif association is None and not any(entry.debug_id for entry in bundle.entries):
        return NOTHING_TO_FIND_IT_BY
    if association is not None:
        if len(association.version) > VERSION_MAX:
            raise BundleProblem(f"its release is longer than {VERSION_MAX} characters")
        if len(association.dist or "") > DIST_MAX:
            raise BundleProblem(f"its dist is longer than {DIST_MAX} characters")
    return None


def _association(request: BundleRequest, bundle: Bundle) -> Association | None:
    version = request.version or bundle.manifest.release
    dist = request.dist or bundle.manifest.dist
    return Association(version=version, dist=dist or None) if version else None


def _new_bundle(
    request: BundleRequest, bundle: Bundle, entries: Sequence[BundleEntry]
) -> tuple[NewBundle, NewFile]:
    release = request.release
    prefix = "release-artifacts" if release else "bundle-artifacts"
    kind = FileKind.RELEASE_BUNDLE if release else FileKind.ARTIFACT_BUNDLE
    # A bundle without an id has one derived from its content (clients.md 7.3).
    bundle_id = bundle.manifest.debug_id or debug_ids.of_checksum(request.key.sha1)
    new = NewBundle(
        organization_id=request.organization.id,
        bundle_id=bundle_id or str(uuid4()),
        project_ids=request.project_ids,
        association=_association(request, bundle),
        release_id=release.id if release else None,
        entries=entries,
    )
    return new, NewFile(name=f"{prefix}-{uuid4().hex}.zip", kind=kind)


def _entries(bundle: Bundle, *, is_summed: bool) -> list[BundleEntry]:
    """Return the entries of the bundle; those of a release have checksums, for which their content is read."""
    return [
        BundleEntry(
            number=number,
            path=entry.path,
            url=entry.url,
            debug_id=entry.debug_id,
            type=entry.type.value if entry.type else None,
            size=entry.size_bytes,
            sha1=piece_reader.sha1_of(bundle.stream(entry)) if is_summed else None,
            headers=entry.sent_headers,
            place=entry.place,
        )
        for number, entry in enumerate(bundle.entries)
    ]
