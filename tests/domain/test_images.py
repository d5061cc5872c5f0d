"""Which photos can be avatars, and what becomes of them when they get smaller (files-and-avatars.md 2.3, 2.5)."""

import struct
import tracemalloc
import zlib
from base64 import b64encode
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pictures import picture, sent
from PIL import Image

from shipmark.avatars import images
from shipmark.avatars.images import BYTES_MAX, SIZES, ImageTooLarge, NotAnImage

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}


def header_of_png(width: int, height: int) -> bytes:
    """A PNG that tells of many pixels and has none."""
    said = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + said + struct.pack(">I", zlib.crc32(said))


def size_of(content: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(content)) as image:
        return image.size


@pytest.mark.parametrize("side", [256, 257, 1024])
@pytest.mark.parametrize("kind", FORMATS)
def test_square_photos_of_four_formats_are_taken(kind: str, side: int) -> None:
    content = picture(kind, side)
    images.check(content)
    assert images.media_type(content) == FORMATS[kind]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("size", [(255, 255), (1025, 1025), (300, 256), (256, 300), (1, 1)])
def test_other_dimensions_are_refused(kind: str, size: tuple[int, int]) -> None:
    with pytest.raises(NotAnImage, match="Invalid image dimensions"):
        images.check(picture(kind, *size))


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "ICO", "PPM", "TGA"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(NotAnImage, match="Invalid image format"):
        images.check(picture(kind))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an image",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        b"GIF89a",
        b"GIF8" + b"\xff" * 2000,
        b"\xff\xd8\xff",
        b"\xff\xd8\xff" + b"\x00" * 2000,
        b"RIFF\x00\x00\x00\x00WEBP",
        b"RIFF" + b"\xff" * 4 + b"WEBPVP8L" + b"\xff" * 2000,
        b"RIFF\x00\x00\x00\x00WAVE",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_what_only_looks_like_a_photo_is_refused(content: bytes) -> None:
    with pytest.raises(NotAnImage, match="Invalid image format"):
        images.check(content)


@given(
    kind=some.sampled_from(sorted(FORMATS)),
    noise=some.binary(min_size=1, max_size=40),
    at=some.integers(4, 400),
)
def test_no_spoilt_photo_is_a_bug(kind: str, noise: bytes, at: int) -> None:
    content = picture(kind)
    spoilt = content[:at] + noise + content[at + len(noise) :]
    try:
        images.check(spoilt)
        images.resize(spoilt, 32)
    except NotAnImage:
        return


@pytest.mark.parametrize("side", [1025, 20_000, 2**31 - 1])
def test_a_photo_that_would_grow_is_refused_before_it_is_decoded(side: int) -> None:
    content = header_of_png(side, side)
    with pytest.raises(NotAnImage):
        images.check(content)
    with pytest.raises(NotAnImage):
        images.resize(content, 32)


def test_a_text_that_would_grow_is_refused() -> None:
    """A compressed comment of a PNG: 90 MiB in 90 KB."""
    said = b"zTXtComment\0\0" + zlib.compress(b"x" * (90 << 20), 9)
    chunk = struct.pack(">I", len(said) - 4) + said + struct.pack(">I", zlib.crc32(said))
    content = picture()[:33] + chunk + picture()[33:]
    tracemalloc.start()
    with pytest.raises(images.NotAnImage):
        images.check(content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 << 20


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("aGVsbG8=", b"hello"),
        ("aGVs\nbG8=\n", b"hello"),
        (" a G V s b G 8 = ", b"hello"),
        ("aGVs*bG8=", b"hello"),
    ],
)
def test_other_characters_than_those_of_base64_are_left_out(text: str, content: bytes) -> None:
    assert images.decode_base64(text) == content


@pytest.mark.parametrize("text", ["aGVsbG8", "a", "=a", "ä", "aGVsb\u2026"])
def test_what_is_no_base64_is_no_photo(text: str) -> None:
    with pytest.raises(NotAnImage, match="Invalid image format"):
        images.decode_base64(text)


def test_a_photo_has_five_million_bytes_at_most() -> None:
    assert len(images.decode_base64(b64encode(bytes(BYTES_MAX)).decode())) == BYTES_MAX
    for length in (BYTES_MAX + 1, 4 * BYTES_MAX):
        with pytest.raises(ImageTooLarge):
            images.decode_base64(b64encode(bytes(length)).decode())


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        (-5, 20),
        (0, 20),
        (20, 20),
        (26, 20),
        (27, 32),
        (34, 32),
        (42, 36),
        (58, 52),
        (72, 64),
        (88, 80),
        (100, 96),
        (108, 96),
        (109, 120),
        (120, 120),
        (10**9, 120),
    ],
)
def test_sizes_snap_to_the_nearest_and_ties_to_the_smaller(asked: int, size: int) -> None:
    assert images.nearest_size(asked) == size


@pytest.mark.parametrize("kind", FORMATS)
def test_a_smaller_photo_is_a_png_of_that_size(kind: str) -> None:
    small = images.resize(picture(kind, 512), 48)
    assert (images.media_type(small), size_of(small)) == ("image/png", (48, 48))
    with Image.open(BytesIO(small)) as image:
        red, green, blue = image.convert("RGB").getpixel((24, 24))
    assert red > 240
    assert green + blue < 20


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "1"),
        ("PNG", "P"),
        ("PNG", "L"),
        ("PNG", "LA"),
        ("PNG", "RGBA"),
        ("PNG", "I;16"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("GIF", "P"),
        ("WEBP", "RGBA"),
    ],
)
def test_photos_of_any_kind_of_colours_get_smaller(kind: str, mode: str) -> None:
    content = picture(kind, 256, mode=mode, colour=0)
    assert all(size_of(images.resize(content, size)) == (size, size) for size in SIZES)


def test_what_can_be_seen_through_stays_so() -> None:
    small = images.resize(picture("PNG", 256, mode="RGBA", colour=(0, 0, 0, 0)), 20)
    with Image.open(BytesIO(small)) as image:
        assert image.convert("RGBA").getpixel((10, 10))[3] == 0


def test_of_pictures_that_move_the_first_is_shown() -> None:
    made = BytesIO()
    frames = [Image.new("RGB", (256, 256), colour) for colour in ("red", "blue", "blue")]
    frames[0].save(made, format="GIF", save_all=True, append_images=frames[1:])
    with Image.open(BytesIO(images.resize(made.getvalue(), 32))) as image:
        assert image.convert("RGB").getpixel((5, 5))[0] > 240


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("kept", [0.99, 0.5, 0.1])
def test_a_photo_that_was_cut_off_is_none(kind: str, kept: float) -> None:
    noise = Image.effect_noise((512, 512), 90).convert("RGB")
    made = BytesIO()
    noise.save(made, format=kind)
    content = made.getvalue()
    images.check(content)
    with pytest.raises(images.NotAnImage, match="Invalid image"):
        images.check(content[: int(len(content) * kept)])


def test_a_photo_whose_middle_is_damaged_is_none() -> None:
    content = bytearray(picture("PNG", 512))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(images.NotAnImage, match="Invalid image"):
        images.check(bytes(content))


def test_the_text_of_clients_is_read() -> None:
    assert images.decode_base64(sent(picture())) == picture()
