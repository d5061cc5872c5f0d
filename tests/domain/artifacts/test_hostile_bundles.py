"""Bundles that mean harm, or were cut on the way."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from unittest.mock import patch

import pytest
from bundling import bundle, file, opened, zipped
from fuzzing import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from shipmark.artifacts import bundles, manifests
from shipmark.artifacts.bundles import as_bundle_error
from shipmark.artifacts.manifests import BundleProblem


def reason(content: bytes) -> str:
    with pytest.raises(BundleProblem) as problem:
        opened(content)
    assert str(problem.value) == "the bundle is invalid"
    return problem.value.reason


def said(manifest: object) -> str:
    text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    return reason(zipped([("manifest.json", text)], method=zipfile.ZIP_STORED))


@pytest.mark.parametrize(
    "content", [b"", b"x", b"PK\x05\x06", b"SYSB\x02\x00\x00\x00", b"\x00" * 9999]
)
def test_what_is_no_zip(content: bytes) -> None:
    assert reason(content) == "it is not a zip file, or not a whole one"


def test_a_bundle_without_a_manifest() -> None:
    assert reason(zipped([("a", b"")])) == "manifest.json is missing"


@pytest.mark.parametrize("cut", [1, 10, 22, 60, 200])
def test_a_bundle_that_is_cut(cut: int) -> None:
    assert "not a whole one" in reason(bundle()[:-cut])


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (b"", "manifest.json is not JSON"),
        (b"nonsense", "manifest.json is not JSON"),
        (b"\xff\xfe", "manifest.json is not UTF-8"),
        (b"[" * 100_000, "manifest.json is nested too deeply"),
        (b"[" + b"1," * 2_100_000, "manifest.json holds too many values"),
        (b"9" * 10_000, "manifest.json is not JSON"),
        ([], "manifest.json is not a JSON object"),
        ({"files": []}, None),
        ({"files": ["a"]}, "files is not a JSON object"),
        ({"files": {"a": "b"}}, "'a' in manifest.json is not a JSON object"),
        ({"files": {"a": {"url": 1}}}, "the url of 'a' in manifest.json is not a string"),
        (
            {"files": {"a": {"headers": [1]}}},
            "headers of 'a' in manifest.json is not a JSON object",
        ),
        ({"files": {"a": {"headers": {"x": "\x00"}}}}, "manifest.json has odd headers for 'a'"),
        ({"files": {"a": {"headers": {"\ud800": ""}}}}, "manifest.json has odd headers for 'a'"),
        (
            {"files": {"a": {"url": "x" * 5000}}},
            "the url of 'a' in manifest.json is too long, or cannot be stored",
        ),
        ({"release": 1}, "release in manifest.json is not a string"),
        ({"dist": ["a"]}, "dist in manifest.json is not a string"),
        ({"debug_id": {}}, "debug_id in manifest.json is not a string"),
        ({"org": "x" * 251}, "org in manifest.json is too long, or cannot be stored"),
        ({"project": "\ud800"}, "project in manifest.json is too long, or cannot be stored"),
    ],
)
def test_a_manifest_of_wrong_types(manifest: object, why: str | None) -> None:
    if why is None:
        text = json.dumps(manifest).encode()
        assert opened(zipped([("manifest.json", text)])).entries == ()
    else:
        assert said(manifest) == why


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/etc/passwd", "its name is absolute"),
        ("C:/boot.ini", "its name is absolute"),
        ("../../x", "its name leads out of the bundle"),
        ("a/../b", "its name leads out of the bundle"),
        ("a\\..\\b", "its name has letters that names must not have"),
        ("a\x00b", "its name has letters that names must not have"),
        ("a\nb", "its name has letters that names must not have"),
        ("a\u202eb", "its name has letters that names must not have"),
        ("x" * 4096, "its name is too long"),
        ("folder/", "it is a folder"),
        ("", "it is a folder"),
    ],
)
def test_a_name_that_leads_elsewhere_is_left_out(path: str, why: str) -> None:
    text = json.dumps({"files": {path: file(), "good.js": file()}}).encode()
    members = [(path, b"x")] if path else []
    found = opened(zipped([*members, ("good.js", b"y"), ("manifest.json", text)]))
    assert [entry.path for entry in found.entries] == ["good.js"]
    assert as_bundle_error(path) == why


def test_dots_within_a_name_are_fine() -> None:
    assert len(opened(bundle({"a..b/...c": (file(), b"")})).entries) == 1


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_may_stand_there_once() -> None:
    assert reason(zipped([("a", b"1"), ("a", b"2")])) == "it has two members named 'a'"


def test_a_member_that_grows_a_thousandfold() -> None:
    content = bundle({"a.js": (file(), b"\x00" * 3_000_000)})
    assert reason(content) == "its member 'a.js' is compressed more than 250 times"


def test_a_small_member_may_be_all_zeros() -> None:
    assert opened(bundle({"a.js": (file(), b"\x00" * 1_000_000)})).entries


def test_a_declared_size_is_never_exceeded() -> None:
    """The directory says ten bytes; a megabyte is behind it, and stays there."""
    content = bundle({"a.js": (file(), b"x" * 1_000_000)})
    lied = content.replace(struct.pack("<L", 1_000_000), struct.pack("<L", 10))
    found = opened(lied)
    with pytest.raises(BundleProblem) as problem:
        found.read(found.entries[0])
    assert problem.value.reason == "its member a.js is damaged"


def test_a_member_that_is_damaged() -> None:
    content = bundle({"a.js": (file(), b"hello world")})
    found = opened(content.replace(zlib_of(b"hello world"), b"\xff" * len(zlib_of(b"hello world"))))
    with pytest.raises(BundleProblem) as problem:
        list(found.stream(found.entries[0]))
    assert problem.value.reason == "its member a.js is damaged"


def zlib_of(content: bytes) -> bytes:
    held = zipped([("a", content)])
    at = held.index(b"a", 30) + 1
    return held[at : held.index(b"PK\x01\x02")]


def with_entry(change: Callable[[bytearray, int], None]) -> bytes:
    """A bundle with its first directory entry changed."""
    content = bytearray(bundle())
    change(content, content.index(b"PK\x01\x02"))
    return bytes(content)


def test_a_member_that_is_encrypted() -> None:
    def encrypt(content: bytearray, at: int) -> None:
        content[at + 8] |= 1

    assert reason(with_entry(encrypt)) == "its member 'files/_/_/app.js' is encrypted"


@pytest.mark.parametrize("method", [1, 9, 12, 14, 93, 99])
def test_a_member_that_is_compressed_otherwise(method: int) -> None:
    def change(content: bytearray, at: int) -> None:
        content[at + 10] = method

    assert "compressed in a way that is not supported" in reason(with_entry(change))


def test_members_that_share_their_bytes() -> None:
    content = bytearray(zipped([("a", b"x" * 99), ("manifest.json", b"{}")]))
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    content[second + 42 : second + 46] = struct.pack("<L", 1)
    assert reason(bytes(content)) == "its members overlap"


def test_a_name_that_is_not_utf_8() -> None:
    content = zipped([("ä.js", b""), ("manifest.json", b"{}")])
    assert "not a zip file" in reason(content.replace("ä".encode(), b"\xff\xff"))


def test_a_zip_of_several_disks() -> None:
    content = bytearray(bundle())
    end = content.rindex(b"PK\x05\x06")
    content[end + 4 : end + 8] = b"\x01\x00\x01\x00"
    # The directory is here all the same; what is elsewhere is missing, and would be damaged.
    assert opened(bytes(content)).entries


def test_a_large_zip_is_read() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive, archive.open("m", "w", force_zip64=True) as member:
        member.write(b"x")
    with zipfile.ZipFile(held, "a") as archive:
        archive.writestr("manifest.json", '{"files": {"m": {}}}')
    found = opened(held.getvalue())
    assert found.read(found.entries[0]) == b"x"


def test_too_many_members() -> None:
    with patch.object(manifests, "ENTRIES_MAX", 3):
        content = bundle({f"{at}": (file(), b"") for at in range(5)})
        assert reason(content) == "it has more than 3 members"


def test_too_many_files_in_the_manifest() -> None:
    with patch.object(manifests, "ENTRIES_MAX", 3):
        assert (
            said({"files": {f"{at}": {} for at in range(4)}})
            == "manifest.json names more than 3 files"
        )


def test_a_directory_without_end() -> None:
    content = bytearray(bundle())
    with patch.object(bundles, "DIRECTORY_BYTES_MAX", 30):
        assert reason(bytes(content)) == "its directory is larger than 30 bytes"


def test_a_manifest_that_is_huge() -> None:
    with patch.object(manifests, "MANIFEST_BYTES_MAX", 5):
        assert reason(bundle()) == "manifest.json is too large"


def test_a_bundle_that_is_huge_in_the_end() -> None:
    with patch.object(bundles, "TOTAL_BYTES_MAX", 5):
        assert reason(bundle()) == "it would be larger than 5 bytes"
    with patch.object(bundles, "MEMBER_BYTES_MAX", 2):
        assert reason(bundle()) == "its member 'files/_/_/app.js' is larger than 2 bytes"


def test_a_store_that_fails_is_no_problem_of_the_bundle() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise TimeoutError(size)

    with pytest.raises(TimeoutError):
        bundles.open_bundle(Broken(bundle()))


WHOLE = bundle(
    {"a.js": (file(), b"abc" * 50), "b.js.map": (file(type="source_map"), b"{}")}, org="acme"
)


@settings(max_examples=examples(100))
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=6),
    st.integers(0, len(WHOLE)),
    st.integers(0, 30),
)
def test_whatever_is_changed_there_is_no_other_error(
    changes: list[tuple[int, int]], cut: int, length: int
) -> None:
    content = bytearray(WHOLE)
    for at, value in changes:
        content[at] = value
    del content[cut : cut + length]
    try:
        found = opened(bytes(content))
        for entry in found.entries:
            assert len(found.read(entry)) == entry.size_bytes
    except BundleProblem as problem:
        assert problem.reason


@given(st.binary(max_size=400))
def test_any_bytes_are_a_bundle_or_none(content: bytes) -> None:
    for text in (content, b"PK\x05\x06" + content, content + zipped([])):
        try:
            opened(text)
        except BundleProblem as problem:
            assert problem.reason
