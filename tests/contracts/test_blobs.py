"""Facts that every blob store must pass."""

import pytest
from artifacts import holds

from shipmark.infrastructure.blobs import KEY_MAX, PART_BYTES, Blobs

CONTENT = b"hello"
KEY = "ab/cdef0123-4567"


def whole(blobs: Blobs, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join(blobs.read(key, start=start, end=end))


@pytest.mark.parametrize("content", [CONTENT, b""])
def test_what_is_put_is_there(blobs: Blobs, content: bytes) -> None:
    blobs.put(KEY, content)
    assert (holds(blobs, KEY), blobs.size(KEY), whole(blobs, KEY)) == (True, len(content), content)


@pytest.mark.parametrize("start", [0, 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 5])
def test_a_large_content_is_read_in_parts_from_any_offset(blobs: Blobs, start: int) -> None:
    content = bytes(range(256)) * (2 * PART_BYTES // 256) + b"end.."
    blobs.put(KEY, content)
    parts = list(blobs.read(KEY, start=start))
    assert b"".join(parts) == content[start:]
    assert all(0 < len(part) <= PART_BYTES for part in parts)


@pytest.mark.parametrize(("start", "end"), [(0, 2), (1, 3), (3, 3), (4, 2), (2, 99), (9, 10)])
def test_a_stretch_is_read_as_a_slice_is(blobs: Blobs, start: int, end: int) -> None:
    blobs.put(KEY, CONTENT)
    assert whole(blobs, KEY, start, end) == CONTENT[start:end]


def test_what_is_not_there_is_told(blobs: Blobs) -> None:
    assert not holds(blobs, KEY)
    with pytest.raises(KeyError):
        blobs.size(KEY)
    with pytest.raises(KeyError):
        whole(blobs, KEY)


def test_what_is_removed_is_gone(blobs: Blobs) -> None:
    blobs.put(KEY, CONTENT)
    blobs.put("ab/other", CONTENT)
    for _ in range(2):
        blobs.remove(KEY)
    assert (holds(blobs, KEY), holds(blobs, "ab/other")) == (False, True)


def test_missing_contents_are_told_before_the_first_part(blobs: Blobs) -> None:
    with pytest.raises(KeyError):
        blobs.read(KEY)


@pytest.mark.parametrize("key", ["a", "-", "a/b/c/d", "a" * KEY_MAX])
def test_keys_may_be_short_long_and_deep(blobs: Blobs, key: str) -> None:
    blobs.put(key, CONTENT)
    assert whole(blobs, key) == CONTENT


def test_a_folder_of_keys_is_no_key(blobs: Blobs) -> None:
    blobs.put("ab/cd/ef", CONTENT)
    assert [holds(blobs, it) for it in ("ab", "ab/cd", "ab/zz")] == [False, False, False]
    with pytest.raises(KeyError):
        whole(blobs, "ab/cd/ef/gh")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "a//b",
        "a/",
        "A",
        "a\n",
        "a.b",
        "a" * (KEY_MAX + 1),
    ],
)
def test_a_name_that_is_no_key_reaches_nothing(blobs: Blobs, name: str) -> None:
    for ask in (blobs.size, blobs.remove, lambda it: whole(blobs, it)):
        with pytest.raises(KeyError):
            ask(name)
    with pytest.raises(KeyError):
        blobs.put(name, CONTENT)
