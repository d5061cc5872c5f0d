"""``organizations/{org}/chunk-upload/`` (files-and-avatars.md 4)."""

from collections.abc import Sequence

from litestar import Response

from shipmark.api.responses import Wire
from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.api.uploads.chunks import CHUNKS_MAX, ENCODINGS, REQUEST_MAX, ChunkReceiver
from shipmark.files.model import CHUNK_MAX, FILE_MAX
from shipmark.http import endpoint, multipart
from shipmark.http.multipart import threaded
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_READ, RELEASE_WRITE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadUpload

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


class ChunkUploadResponse(Wire):
    """Where to send chunks, how large they may be, and what can be made of them."""

    # The address is absolute, which every client understands.
    url: str
    chunk_size: int = CHUNK_MAX
    chunks_per_request: int = CHUNKS_MAX
    max_file_size: int = FILE_MAX
    max_request_size: int = REQUEST_MAX
    concurrency: int = 8
    hash_algorithm: str = "sha1"
    compression: Sequence[str] = ("gzip",)
    accept: Sequence[str] = ACCEPTED


#: Space for the form around the chunks, and for chunks that grow when they are compressed.
_BODY_MAX = 2 * REQUEST_MAX
_PATH = "/organizations/{organization:str}/chunk-upload/"


@endpoint.get(_PATH, scopes=RELEASE_READ)
def get_chunk_upload(context: RequestContext) -> ChunkUploadResponse:
    """Show how chunks are to be sent."""
    path = f"/api/0/organizations/{context.access.organization.slug}/chunk-upload/"
    return ChunkUploadResponse(url=f"{context.address}{path}")


@endpoint.post(
    _PATH,
    scopes=RELEASE_WRITE,
    files={
        "file": "A chunk; its file name is its SHA-1.",
        "file_gzip": "A compressed chunk; its file name is the SHA-1 of its uncompressed content.",
    },
    status_code=200,
    request_max_body_size=_BODY_MAX,
    responses={200: None, **UPLOAD_REFUSED},
)
async def upload_chunks(context: RequestContext) -> Response[bytes]:
    """Store chunks, to assemble files of them later. All are stored, or none."""
    headers = context.request.headers
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise BadUpload("Unsupported Content-Encoding")
    if headers.get("content-type", "") or headers.get("content-length", "0") != "0":
        receiver = ChunkReceiver(context.database, context.blobs, now(), encoding)
        await multipart.receive(context.request, receiver)
        await threaded(receiver.keep, context.organization_id)
    return Response(b"", status_code=200, media_type="application/json")


router = endpoint.router("/api/0", __name__)
