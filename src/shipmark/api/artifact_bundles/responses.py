"""Artifact bundles, their files, assemblies of bundles, and results of look-ups (files-and-avatars.md 5.1, 7)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from shipmark.api.responses import Wire
from shipmark.artifacts.model import (
    ArtifactBundle,
    AssembleState,
    Assembly,
    Association,
    BundleEntry,
)


class AssociationResponse(Wire):
    """What a bundle is for."""

    release: str | None
    dist: str | None


class ArtifactBundleResponse(Wire):
    """A bundle in a list. Its moments have no fractions."""

    bundle_id: str
    associations: list[AssociationResponse]
    file_count: int
    date_modified: str | None
    date: str


class BundleFileResponse(Wire):
    """A file in a bundle."""

    id: str
    file_type: int
    file_path: str | None
    file_size: int
    debug_id: str | None


class BundleFilesResponse(Wire):
    """A bundle with some of its files."""

    bundle_id: str
    associations: list[AssociationResponse]
    files: list[BundleFileResponse]


class DeletedResponse(Wire):
    """How many bundles were deleted at once; ``is_complete`` is false where there are more to delete."""

    deleted: int
    is_complete: bool


class FoundArtifactResponse(Wire):
    """A bundle or a file that a look-up found."""

    id: str
    type: str
    url: str
    resolved_with: str = msgspec.field(name="resolved_with")
    abs_path: str | msgspec.UnsetType = msgspec.field(name="abs_path", default=msgspec.UNSET)
    headers: Mapping[str, str] | msgspec.UnsetType = msgspec.UNSET


class AssemblyResponse(Wire):
    """The state of an assembly of chunks. ``detail`` is there once it has ended; ``reason`` says more."""

    state: AssembleState
    missing_chunks: Sequence[str] = ()
    detail: str | msgspec.UnsetType | None = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET


def artifact_bundle_response(
    bundle: ArtifactBundle, of: Sequence[Association]
) -> ArtifactBundleResponse:
    """Return a bundle with what it is for."""
    return ArtifactBundleResponse(
        bundle_id=bundle.bundle_id,
        associations=_associations(of),
        file_count=bundle.file_count,
        date_modified=_second(bundle.changed_at),
        date=_second(bundle.used_at),
    )


def bundle_files_response(
    bundle: ArtifactBundle, of: Sequence[Association], entries: Sequence[BundleEntry]
) -> BundleFilesResponse:
    """Return a bundle with a page of its files."""
    return BundleFilesResponse(
        bundle_id=bundle.bundle_id,
        associations=_associations(of),
        files=[
            BundleFileResponse(
                id=urlsafe_b64encode(entry.path.encode()).decode(),
                file_type=entry.type or 0,
                file_path=entry.url,
                file_size=entry.size,
                debug_id=entry.debug_id,
            )
            for entry in entries
        ],
    )


def path_of(file_id: str) -> str | None:
    """Return the path in a bundle, of the id that a file is shown by, or None for what is none."""
    try:
        path = urlsafe_b64decode(file_id.encode("ascii", "replace")).decode()
    except (NotBase64, ValueError):
        return None
    return None if not path or "\0" in path else path


def assembly_response(assembly: Assembly) -> AssemblyResponse:
    """Return the stored state."""
    return AssemblyResponse(
        state=assembly.state, detail=assembly.detail, reason=assembly.reason or msgspec.UNSET
    )


def _associations(of: Sequence[Association]) -> list[AssociationResponse]:
    return [AssociationResponse(release=row.version, dist=row.dist) for row in of]


def _second(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
