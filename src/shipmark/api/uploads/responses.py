"""How chunks are to be sent (files-and-avatars.md 4.1)."""

from shipmark.api.responses import Wire
from shipmark.api.uploads.chunks import CHUNKS_MAX, REQUEST_MAX
from shipmark.files.model import CHUNK_MAX, FILE_MAX
from shipmark.organizations.model import Organization

#: In the order in which clients look; what has no endpoint here is not offered (clients.md 7.4).
ACCEPTED = (
    "debug_files",
    "release_files",
    "pdbs",
    "sources",
    "bcsymbolmaps",
    "il2cpp",
    "portablepdbs",
    "artifact_bundles",
    "artifact_bundles_v2",
    "proguard",
    "dartsymbolmap",
)
_SIDE_BY_SIDE = 8


class ChunkUploadResponse(Wire):
    """Where to send chunks, how large they may be, and what can be made of them."""

    url: str
    chunk_size: int
    chunks_per_request: int
    max_file_size: int
    max_request_size: int
    concurrency: int
    hash_algorithm: str
    compression: list[str]
    accept: list[str]


def chunk_upload_response(organization: Organization, address: str) -> ChunkUploadResponse:
    """The rules for an organization; the address is absolute, which every client understands."""
    return ChunkUploadResponse(
        url=f"{address}/api/0/organizations/{organization.slug}/chunk-upload/",
        chunk_size=CHUNK_MAX,
        chunks_per_request=CHUNKS_MAX,
        max_file_size=FILE_MAX,
        max_request_size=REQUEST_MAX,
        concurrency=_SIDE_BY_SIDE,
        hash_algorithm="sha1",
        compression=["gzip"],
        accept=list(ACCEPTED),
    )
