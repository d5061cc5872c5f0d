"""``organizations/{org}/chunk-upload/`` (files-and-avatars.md 4)."""

from litestar import Response, Router, get, post
from litestar.params import FromPath

from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.api.scopes import RELEASE_READ, RELEASE_WRITE
from shipmark.api.uploads.chunks import ENCODINGS, REQUEST_MAX, ChunkReceiver
from shipmark.api.uploads.responses import ChunkUploadResponse, chunk_upload_response
from shipmark.http import multipart
from shipmark.http.multipart import threaded
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadUpload
from shipmark.organizations.model import Access

#: What frames the chunks, and chunks that grow when they are compressed.
_BODY_MAX = 2 * REQUEST_MAX


@get(
    "/organizations/{organization:str}/chunk-upload/",
    scopes=RELEASE_READ,
    sync_to_thread=True,
)
def get_chunk_upload(context: InjectedRequest, organization: FromPath[str]) -> ChunkUploadResponse:
    """Show how chunks are to be sent."""
    access = _entered(context, organization)
    return chunk_upload_response(access.organization, context.settings.address)


@post(
    "/organizations/{organization:str}/chunk-upload/",
    scopes=RELEASE_WRITE,
    uploads={
        "file": "A chunk; its file name is its SHA-1.",
        "file_gzip": "A chunk that is compressed; its file name is the SHA-1 of what it was before.",
    },
    status_code=200,
    request_max_body_size=_BODY_MAX,
    answers={200: None, **UPLOAD_REFUSED},
)
async def upload_chunks(context: InjectedRequest, organization: FromPath[str]) -> Response[bytes]:
    """Take chunks, to assemble files of them later. All are kept, or none."""
    access = await threaded(_entered, context, organization)
    headers = context.request.headers
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise BadUpload("Unsupported Content-Encoding")
    if headers.get("content-type", "") or headers.get("content-length", "0") != "0":
        receiver = ChunkReceiver(context.database, context.blobs, now(), encoding)
        await multipart.receive(context.request, receiver)
        await threaded(receiver.keep, access.organization.id)
    return Response(b"", status_code=200, media_type="application/json")


def _entered(context: RequestContext, organization: str) -> Access:
    with context.database.autocommit_read() as connection:
        return context.authorize(connection, organization)


router = Router("/api/0", route_handlers=[get_chunk_upload, upload_chunks])
