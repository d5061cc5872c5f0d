"""``/static/{name}``: the static files of pages."""

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from shipmark.infrastructure.errors import NotFound
from shipmark.web.files import FILES
from shipmark.web.rendering import HEADERS, accepts_gzip

_FOREVER = "public, max-age=31536000, immutable"
_CHECKED_EACH_TIME = "public, no-cache"


@get("/static/{name:str}", scopes=None, sync_to_thread=False)
def get_file(request: Request[object, object, State], name: FromPath[str]) -> Response[bytes]:
    """Answer with a file, cacheable for ever under the URL that pages use, or with 304."""
    file = FILES.get(name)
    if file is None:
        raise NotFound
    is_marked = request.query_params.get("v") == file.mark
    etag = f'W/"{file.mark}"'  # packed or not
    cached = _FOREVER if is_marked else _CHECKED_EACH_TIME
    headers = HEADERS | {"Cache-Control": cached, "ETag": etag, "Vary": "Accept-Encoding"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    if not accepts_gzip(request):
        return Response(file.content, headers=headers, media_type=file.media_type)
    headers["Content-Encoding"] = "gzip"
    return Response(file.packed, headers=headers, media_type=file.media_type)
