"""``organizations/{org}/chunk-upload/`` (files-and-avatars.md 4)."""

import re
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
#: The command line since the version that understands a relative address.
_COMMAND_LINE = re.compile(r"sentry-cli/(\d{1,9})\.(\d{1,9})\.(\d{1,9})")
_RELATIVE_SINCE = (1, 70, 1)


@endpoint.get(_PATH, scopes=RELEASE_READ)
def get_chunk_upload(context: RequestContext) -> ChunkUploadResponse:
    """Show how chunks are to be sent."""
    path = f"organizations/{context.access.organization.slug}/chunk-upload/"
    if _takes_relative(context):
        return ChunkUploadResponse(url=path)
    return ChunkUploadResponse(url=f"{context.address}/api/0/{path}")


def _takes_relative(context: RequestContext) -> bool:
    """Return whether to answer a relative address, which a client appends to the address that it knows the API by.

    Without a base URL, this server knows its address from the request (`server_address`). Where a proxy has changed the
    host or the scheme, the client would send its chunks elsewhere.
    """
    client = _COMMAND_LINE.match(context.user_agent or "")
    if context.settings.base_url or client is None:
        return False
    return tuple(map(int, client.groups())) >= _RELATIVE_SINCE


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
