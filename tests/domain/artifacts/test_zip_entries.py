"""A member of a bundle, read without the bundle's directory."""

import io
import zipfile
from dataclasses import replace

import pytest
from bundling import BUILT, SYSB, bundle, file, opened, zipped
from hypothesis import given
from hypothesis import strategies as st

from shipmark.artifacts import zip_entries
from shipmark.artifacts.manifests import BundleProblem

REAL = sorted(path.name for path in BUILT.glob("*.sysb"))
MANIFEST = b'{"files": {"a.js": {}}}'


@pytest.mark.parametrize("name", REAL)
def test_real_members_are_the_same_as_by_the_directory(name: str) -> None:
    content = (BUILT / name).read_bytes()
    found = opened(content)
    for entry in found.entries:
        assert zip_entries.read(io.BytesIO(content), entry.place) == found.read(entry)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("text", [b"", b"x", b"x" * 100_000])
def test_stored_and_deflated_members(method: int, text: bytes) -> None:
    content = SYSB + zipped([("a.js", text), ("manifest.json", MANIFEST)], method=method)
    (entry,) = opened(content).entries
    assert zip_entries.read(io.BytesIO(content), entry.place) == text


@pytest.mark.parametrize(
    "changes",
    [
        {"offset": 1},
        {"offset": 10**9},
        {"size_bytes": 5},
        {"size_bytes": 0},
        {"size_bytes": 10**9},
        {"compressed_bytes": 0},
        {"crc": 1},
        {"is_deflated": False},
    ],
)
def test_a_place_that_is_wrong(changes: dict[str, int]) -> None:
    content = bundle({"a.js": (file(), b"x" * 10_000)})
    place = opened(content).entries[0].place
    with pytest.raises(BundleProblem) as problem:
        zip_entries.read(io.BytesIO(content), replace(place, **changes))  # type: ignore[arg-type]
    assert problem.value.reason in {"a member is not where it was", "a member is damaged"}


@given(st.binary(max_size=200), st.integers(0, 300), st.integers(0, 255))
def test_a_byte_that_changed_is_seen_or_does_not_matter(text: bytes, at: int, value: int) -> None:
    content = bytearray(bundle({"a.js": (file(), text)}))
    place = opened(bytes(content)).entries[0].place
    content[min(at, len(content) - 1)] = value
    try:
        assert zip_entries.read(io.BytesIO(bytes(content)), place) == text
    except BundleProblem as problem:
        assert problem.reason
