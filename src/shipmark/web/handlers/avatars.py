"""Avatars of users, teams, projects and organizations: photos and initials (files-and-avatars.md 2.5).

No authentication is required: the URL of a photo contains an unguessable ident, and that of initials reveals only
the initials.
"""

import re
from collections.abc import Callable
from threading import Lock

from cachetools import LRUCache, cached
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from shipmark.avatars import images, initials, store
from shipmark.avatars.model import FOLDERS, OwnerKind
from shipmark.files import piece_reader
from shipmark.files.store import files
from shipmark.infrastructure.ids import is_hex32
from shipmark.web.rendering import SANDBOX
from shipmark.web.request_context import InjectedWebRequest, WebRequest


# One takes up to some 30 KB. A photo is never changed under its ident, so neither is a small one of it.
@cached(LRUCache(256), key=lambda etag, _: etag, lock=Lock())
def _small(etag: str, make: Callable[[], bytes]) -> bytes:  # noqa: ARG001  # the key
    return make()


# Pictures never change under their URL. Pages of other origins may show them, and they contain no scripts.
_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "max-age=315360000",
    **SANDBOX,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_SIZE = re.compile(r"[+-]?[0-9]{1,9}")
Picture = Response[bytes]


def _show_photo_of(kind: OwnerKind, folder: str) -> HTTPRouteHandler:
    @get(f"/{folder}/{{ident:str}}/", scopes=None, sync_to_thread=True)
    def show_photo(web_request: InjectedWebRequest, ident: FromPath[str]) -> Picture:
        """Answer with an owner's photo in its original size, or in the size requested with ``s``."""
        return _answer(web_request, kind, ident)

    return show_photo


show_photos = [_show_photo_of(kind, folder) for kind, folder in FOLDERS.items()]


def _answer(web_request: WebRequest, kind: OwnerKind, ident: str) -> Picture:
    requested = web_request.request.query_params.get("s")
    if requested is not None and not _SIZE.fullmatch(requested):
        return _nothing(400)
    with web_request.database.snapshot() as connection:
        file_id = store.photo(connection, kind, ident) if is_hex32(ident) else None
    if file_id is None:
        return _nothing(404)
    size = None if requested is None else images.nearest_size(int(requested))
    etag = f'"{ident}-{size or "whole"}"'
    headers = _HEADERS | {"ETag": etag}
    if etag in web_request.request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    try:
        content = _photo(web_request, file_id, size, etag)
    except (KeyError, images.NotAnImage):
        return _nothing(404)
    return Response(content, headers=headers, media_type=images.media_type(content))


def _photo(web_request: WebRequest, file_id: int, size: int | None, etag: str) -> bytes:
    if size is None:
        return _original(web_request, file_id)
    return _small(etag, lambda: images.resize(_original(web_request, file_id), size))


def _original(web_request: WebRequest, file_id: int) -> bytes:
    with web_request.database.snapshot() as connection:
        pieces = files.pieces_of(connection, file_id)
    return b"".join(piece_reader.read_range(web_request.blobs, pieces))


@get("/letter-avatar/{colour:str}/{text:str}/", scopes=None, sync_to_thread=False)
def show_letters(colour: FromPath[str], text: FromPath[str]) -> Picture:
    """Answer with one or two letters in the colour with this number."""
    is_known = colour in {str(number) for number in range(len(initials.COLOURS))}
    if not is_known or len(text) > initials.INITIALS_MAX or not text.isprintable():
        return _nothing(404)
    drawn = initials.render_svg(text, int(colour))
    return Response(drawn.encode(), headers=_HEADERS, media_type="image/svg+xml")


def _nothing(status: int) -> Picture:
    headers = _HEADERS | {"Cache-Control": "no-store"}
    return Response(b"", status_code=status, headers=headers, media_type="text/html")
