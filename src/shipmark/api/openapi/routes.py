"""``/api/openapi.json``: what this API is, for programs. People read the same at ``/api/docs/``."""

from litestar import Response, get

from shipmark.api.openapi.document import Document
from shipmark.http import AnyRequest


@get("/api/openapi.json", scopes=None, sync_to_thread=True)
def get_document(request: AnyRequest) -> Response[bytes]:
    """Answer with the OpenAPI document. It says nothing about stored data, so it needs no credentials."""
    document: Document = request.app.state.document
    headers = {"ETag": f'"{document.mark}"', "Cache-Control": "public, no-cache"}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(document.content, headers=headers, media_type="application/json")
