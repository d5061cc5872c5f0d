"""Which photos can be avatars, and how do they get smaller? (files-and-avatars.md 2.3, 2.5).

Nothing is decoded before its header says that it is small. What was sent is kept as it is, byte for byte.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore

from PIL import Image
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

BYTES_MAX = 5_000_000
SIDE_MIN, SIDE_MAX = 256, 1024
SIZES = (20, 32, 36, 48, 52, 64, 80, 96, 120)

#: So many photos are made smaller at the same time in a process; each takes some megabytes meanwhile.
_AT_ONCE = 2

_slots = BoundedSemaphore(_AT_ONCE)


class NotAnImage(Exception):
    """That is no photo that can be an avatar; ``args`` say why."""


class ImageTooLarge(Exception):
    """That is more than a photo may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of photos. The library tries dozens; we know four by their beginnings and ask for the right one."""

    media_type: str
    beginning: bytes
    opener: type[ImageFile]
    beginning_at_8: bytes = b""

    def fits(self, content: bytes) -> bool:
        """Does the content begin as the format does?"""
        return content.startswith(self.beginning) and content.startswith(self.beginning_at_8, 8)


_FORMATS = (
    Format(media_type="image/png", beginning=b"\x89PNG\r\n\x1a\n", opener=PngImageFile),
    Format(media_type="image/jpeg", beginning=b"\xff\xd8\xff", opener=JpegImageFile),
    Format(media_type="image/gif", beginning=b"GIF8", opener=GifImageFile),
    Format(
        media_type="image/webp", beginning=b"RIFF", beginning_at_8=b"WEBP", opener=WebPImageFile
    ),
)


def decode_base64(text: str) -> bytes:
    """The bytes of a base64 text, where other characters than base64's are left out.

    Raises `ImageTooLarge` before it decodes too much, and `NotAnImage` for what is no base64.
    """
    # Other characters may be three quarters of nothing; what has too many of its own is refused after.
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

    The size is what the header says; only a photo whose header is right is decoded, to see that nothing of it is
    missing or damaged. Of a moving picture the first frame is, which is the one that is shown.
    """
    image = _opened(content)
    width, height = image.size
    if width != height or not SIDE_MIN <= width <= SIDE_MAX:
        raise NotAnImage("Invalid image dimensions.")
    with _slots, _as_no_image():
        image.load()


def media_type(content: bytes) -> str:
    """What a photo is."""
    known = _format(content)
    return known.media_type if known else "application/octet-stream"


def nearest_size(size: int) -> int:
    """The nearest size that photos are made in, the smaller one of two that are as near."""
    return min(SIZES, key=lambda each: (abs(each - size), each))


def resize(content: bytes, size: int) -> bytes:
    """The photo as a PNG of that many pixels each way; raises `NotAnImage` for one that is broken."""
    with _slots, _as_no_image():
        return _smaller(_opened(content), size)


@contextmanager
def _as_no_image() -> Iterator[None]:
    """Turn what the library raises for a photo that it can't decode into `NotAnImage`."""
    try:
        yield
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError):
        raise NotAnImage("Invalid image format.") from None


def _smaller(image: Image.Image, size: int) -> bytes:
    if max(image.size) > SIDE_MAX:
        raise NotAnImage("Invalid image dimensions.")
    if image.mode not in {"RGB", "RGBA", "L", "LA"}:
        # Colours by number, and those for printing, can't be mixed.
        has_holes = image.mode in {"PA", "RGBa", "La"} or "transparency" in image.info
        image = image.convert("RGBA" if has_holes else "RGB")
    made = BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(made, format="PNG")
    return made.getvalue()


def _opened(content: bytes) -> Image.Image:
    """The photo, of which no more than the header has been read."""
    known = _format(content)
    if known is None:
        raise NotAnImage("Invalid image format.")
    try:
        return known.opener(BytesIO(content))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        raise NotAnImage("Invalid image format.") from None


def _format(content: bytes) -> Format | None:
    return next((item for item in _FORMATS if item.fits(content)), None)
