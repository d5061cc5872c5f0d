"""Photos for tests, of any format and size."""

from base64 import b64encode
from functools import cache
from io import BytesIO

from PIL import Image


@cache
def picture(
    kind: str = "PNG", width: int = 256, height: int | None = None, **more: object
) -> bytes:
    """A photo in one colour; ``mode`` and ``colour`` may be told."""
    mode, colour = str(more.get("mode", "RGB")), more.get("colour", "red")
    made = BytesIO()
    Image.new(mode, (width, height or width), colour).save(made, format=kind)
    return made.getvalue()


def sent(content: bytes) -> str:
    """As clients send it."""
    return b64encode(content).decode()
