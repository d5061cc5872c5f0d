"""``organizations/{org}/chunk-upload/`` (files-and-avatars.md 4)."""

from litestar import Response

from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.api.scopes import RELEASE_READ, RELEASE_WRITE
from shipmark.api.uploads.chunks import ENCODINGS, REQUEST_MAX, ChunkReceiver
from shipmark.api.uploads.responses import ChunkUploadResponse, chunk_upload_response
from shipmark.http import endpoint, multipart
from shipmark.http.multipart import threaded
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadUpload

#: Space for the form around the chunks, and for chunks that grow when they are compressed.
_BODY_MAX = 2 * REQUEST_MAX
_PATH = "/organizations/{organization:str}/chunk-upload/"


@endpoint.get(_PATH, scopes=RELEASE_READ)
def get_chunk_upload(context: RequestContext) -> ChunkUploadResponse:
    """Show how chunks are to be sent."""
    return chunk_upload_response(context.access.organization, context.address)


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
