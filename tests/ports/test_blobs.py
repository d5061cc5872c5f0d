"""Facts that every blob store must pass."""

import hashlib
from pathlib import Path

import pytest

from shipmark.ground.blobs import Blobs
from shipmark.ground.blobs.objects import PART_BYTES, blobs_at

CONTENT = b"hello"
SHA1 = hashlib.sha1(CONTENT).hexdigest()


@pytest.fixture(params=["folder"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Each implementation in turn, with nothing in it."""
    return blobs_at((tmp_path / "blobs of a test").as_uri())


def whole(blobs: Blobs, sha1: str, start: int = 0) -> bytes:
    return b"".join(blobs.read(sha1, start=start))


def test_what_is_put_is_there(blobs: Blobs) -> None:
    assert blobs.put(CONTENT) == SHA1
    assert (blobs.has(SHA1), blobs.size(SHA1), whole(blobs, SHA1)) == (True, 5, CONTENT)


def test_putting_again_changes_nothing(blobs: Blobs) -> None:
    for _ in range(2):
        assert blobs.put(CONTENT) == SHA1
    assert whole(blobs, SHA1) == CONTENT


def test_nothing_at_all_is_a_content_too(blobs: Blobs) -> None:
    empty = blobs.put(b"")
    assert (blobs.has(empty), blobs.size(empty), whole(blobs, empty)) == (True, 0, b"")


@pytest.mark.parametrize("start", [0, 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 5])
def test_a_large_content_is_read_in_parts_from_any_offset(blobs: Blobs, start: int) -> None:
    content = bytes(range(256)) * (2 * PART_BYTES // 256) + b"end.."
    sha1 = blobs.put(content)
    parts = list(blobs.read(sha1, start=start))
    assert b"".join(parts) == content[start:]
    assert all(0 < len(part) <= PART_BYTES for part in parts)


def test_what_is_not_there_is_told(blobs: Blobs) -> None:
    assert not blobs.has(SHA1)
    with pytest.raises(KeyError):
        blobs.size(SHA1)
    with pytest.raises(KeyError):
        whole(blobs, SHA1)


def test_what_is_removed_is_gone(blobs: Blobs) -> None:
    blobs.put(CONTENT)
    for _ in range(2):
        blobs.remove(SHA1)
    assert not blobs.has(SHA1)


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "/etc/passwd", SHA1.upper(), SHA1 + "\n", SHA1[:39]]
)
def test_a_name_that_is_no_digest_reaches_nothing(blobs: Blobs, name: str) -> None:
    for ask in (blobs.has, blobs.size, blobs.remove, lambda it: whole(blobs, it)):
        with pytest.raises(KeyError):
            ask(name)


def test_only_folders_are_known_so_far() -> None:
    with pytest.raises(ValueError, match="Blobs can be kept at file: addresses, not at s3: ones"):
        blobs_at("s3://bucket")
