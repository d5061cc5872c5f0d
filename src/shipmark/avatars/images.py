"""Validation and resizing of photos for avatars (files-and-avatars.md 2.3, 2.5).

A photo is decoded only after its header has shown that it is small. The original is stored unchanged.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, assert_never

from shipmark.infrastructure.module_loading import LateModule

if TYPE_CHECKING:
    from PIL import (
        GifImagePlugin,
        Image,
        ImageFile,
        JpegImagePlugin,
        PngImagePlugin,
        WebPImagePlugin,
    )
else:
    # Loaded by the first photo, as most servers have only initials.
    Image = LateModule("PIL.Image")
    GifImagePlugin = LateModule("PIL.GifImagePlugin")
    JpegImagePlugin = LateModule("PIL.JpegImagePlugin")
    PngImagePlugin = LateModule("PIL.PngImagePlugin")
    WebPImagePlugin = LateModule("PIL.WebPImagePlugin")

BYTES_MAX = 5_000_000
SIDE_MIN, SIDE_MAX = 256, 1024
SIZES = (20, 32, 36, 48, 52, 64, 80, 96, 120)

#: Photos that a process decodes at once; each takes some megabytes.
_CONCURRENCY_MAX = 2
_slots = BoundedSemaphore(_CONCURRENCY_MAX)


class NotAnImage(Exception):
    """A content cannot be an avatar's photo; ``args`` has the reason."""


class ImageTooLarge(Exception):
    """A photo is too large."""


class MediaType(StrEnum):
    """The media types of photos."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    GIF = "image/gif"
    WEBP = "image/webp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of photos. The library tries dozens; Shipmark detects four by their signatures."""

    media_type: MediaType
    signature: bytes
    signature_at_8: bytes = b""

    def matches(self, content: bytes) -> bool:
        """Return True if the content begins with the signature of the format."""
        return content.startswith(self.signature) and content.startswith(self.signature_at_8, 8)


_FORMATS = (
    Format(media_type=MediaType.PNG, signature=b"\x89PNG\r\n\x1a\n"),
    Format(media_type=MediaType.JPEG, signature=b"\xff\xd8\xff"),
    Format(media_type=MediaType.GIF, signature=b"GIF8"),
    Format(media_type=MediaType.WEBP, signature=b"RIFF", signature_at_8=b"WEBP"),
)


def decode_base64(text: str) -> bytes:
    """Decode a base64 text, ignoring characters that are not base64's.

    Raise `ImageTooLarge` before decoding too much, and `NotAnImage` for invalid base64.
    """
    # The text may contain ignored characters, so that this limit is wide; the exact one follows.
    if len(text) > 4 * BYTES_MAX:
        raise ImageTooLarge
    try:
        content = b64decode(text)
    except (binascii.Error, ValueError):
        raise NotAnImage("Invalid image format.") from None
    if len(content) > BYTES_MAX:
        raise ImageTooLarge
    return content


def check(content: bytes) -> None:
    """Raise `NotAnImage` unless it is a whole, square GIF, JPEG, PNG or WebP of 256 to 1024 pixels.

    The size is read from the header; only a photo with a valid header is decoded, to detect missing or damaged data. Of
    an animation only the first frame is decoded, which is the one that is served.
    """
    image = _opened(content)
    width, height = image.size
    if width != height or not SIDE_MIN <= width <= SIDE_MAX:
        raise NotAnImage("Invalid image dimensions.")
    with _slots, _translate_errors():
        image.load()


def media_type(content: bytes) -> str:
    """Return the media type of a photo."""
    known = _format(content)
    return known.media_type if known else "application/octet-stream"


def nearest_size(size: int) -> int:
    """Return the nearest size that photos are resized to, the smaller of two equally near."""
    return min(SIZES, key=lambda item: (abs(item - size), item))


def resize(content: bytes, size: int) -> bytes:
    """Return the photo as a square PNG with this side in pixels. Raise `NotAnImage` for a damaged one."""
    with _slots, _translate_errors():
        return _resized(_opened(content), size)


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Turn the library's errors for a photo that it can't decode into `NotAnImage`."""
    try:
        yield
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, Image.DecompressionBombError):
        raise NotAnImage("Invalid image format.") from None


def _resized(image: "Image.Image", size: int) -> bytes:
    if max(image.size) > SIDE_MAX:
        raise NotAnImage("Invalid image dimensions.")
    if image.mode not in {"RGB", "RGBA", "L", "LA"}:
        # Resampling cannot mix palette indexes or print colours.
        is_transparent = image.mode in {"PA", "RGBa", "La"} or "transparency" in image.info
        image = image.convert("RGBA" if is_transparent else "RGB")
    output = BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(output, format="PNG")
    return output.getvalue()


def _opened(content: bytes) -> "Image.Image":
    """Open a photo, reading only its header."""
    known = _format(content)
    if known is None:
        raise NotAnImage("Invalid image format.")
    with _translate_errors():
        return _opener(known.media_type)(BytesIO(content))


def _opener(media_type: MediaType) -> "type[ImageFile.ImageFile]":
    match media_type:
        case MediaType.PNG:
            return PngImagePlugin.PngImageFile
        case MediaType.JPEG:
            return JpegImagePlugin.JpegImageFile
        case MediaType.GIF:
            return GifImagePlugin.GifImageFile
        case MediaType.WEBP:
            return WebPImagePlugin.WebPImageFile
        case _:
            assert_never(media_type)


def _format(content: bytes) -> Format | None:
    return next((item for item in _FORMATS if item.matches(content)), None)
