"""What is in a bundle: files-and-avatars.md 6, clients.md 7.3."""

import json

import pytest
from bundling import BUILT, SYSB, bundle, file, opened, zipped

from shipmark.artifacts.manifests import ArtifactType, BundleProblem, source_map_header

DEBUG_ID = "dfb8e43a-f242-3d73-a453-aeb6a777ef75"


@pytest.mark.parametrize(
    ("name", "release", "dist", "has_id", "has_debug_ids"),
    [
        ("sentry-cli", "webapp@1.0.0", "7", True, False),
        ("sentry-cli-debug-ids", None, None, True, True),
        ("sentry", "webapp@1.0.0", "7", False, True),
        ("vite5", "webapp@9.0.0", "7", True, True),
        ("vite11", "webapp@9.0.0", "7", False, True),
        ("webpack11", "webapp@9.1.0", None, False, True),
    ],
)
def test_real_bundles_are_read(
    name: str, release: str | None, dist: str | None, has_id: bool, has_debug_ids: bool
) -> None:
    found = opened((BUILT / f"{name}.sysb").read_bytes())
    script, map_ = found.entries
    assert (found.manifest.organization, found.manifest.project) == ("demo", "webapp")
    assert (found.manifest.release, found.manifest.dist) == (release, dist)
    assert (found.manifest.debug_id is not None) == has_id
    assert (script.type, map_.type) == (ArtifactType.MINIFIED_SOURCE, ArtifactType.SOURCE_MAP)
    assert script.url
    assert (source_map_header(script.headers) or "").endswith(".map")
    assert (script.debug_id is not None) == has_debug_ids
    assert script.debug_id == map_.debug_id
    assert b"sourceMappingURL" in found.read(script)
    assert json.loads(found.read(map_))["version"] == 3
    assert len(found.entries) == len(found.manifest.files)


def test_a_plain_zip_is_a_bundle() -> None:
    content = zipped([("manifest.json", b"{}")])
    assert opened(content).entries == ()


def test_a_prefix_that_offsets_do_not_count_is_passed_over() -> None:
    assert opened(SYSB + zipped([("manifest.json", b"{}")])).entries == ()


def test_header_names_are_in_any_case() -> None:
    headers = {"SourceMap": "app.js.map", "DEBUG-ID": DEBUG_ID.upper()}
    (entry,) = opened(bundle({"a.js": (file(headers=headers), b"x")})).entries
    assert (source_map_header(entry.headers), entry.debug_id) == ("app.js.map", DEBUG_ID)


def test_the_older_header_is_known() -> None:
    (entry,) = opened(bundle({"a.js": (file(headers={"X-SourceMap": " a.map "}), b"x")})).entries
    assert source_map_header(entry.headers) == "a.map"


def test_the_facts_of_a_member_come_from_the_zip() -> None:
    (entry,) = opened(bundle({"a.js": (file(), b"x" * 1000)})).entries
    assert (entry.path, entry.url, entry.size_bytes) == ("a.js", "~/app.js", 1000)
    assert entry.place.crc


def test_an_unknown_type_and_a_bad_debug_id_are_none() -> None:
    about = file(type="novel", headers={"debug-id": "rubbish", "more": 1})
    (entry,) = opened(bundle({"a.js": (about, b"x")})).entries
    assert (entry.type, entry.debug_id, source_map_header(entry.headers)) == (None, None, None)


def test_a_bundle_id_has_no_appendix() -> None:
    assert opened(bundle({}, debug_id=f"{DEBUG_ID.upper()}-f")).manifest.debug_id == DEBUG_ID


def test_urls_are_optional() -> None:
    (entry,) = opened(bundle({"a.js": (file(url=None), b"x")})).entries
    assert entry.url is None


def test_what_the_zip_has_not_is_left_out() -> None:
    held = [("manifest.json", json.dumps({"files": {"a.js": file(), "b.js": file()}}).encode())]
    found = opened(zipped([*held, ("b.js", b"x")]))
    assert [entry.path for entry in found.entries] == ["b.js"]


def test_members_that_the_manifest_does_not_name_are_no_entries() -> None:
    assert opened(zipped([("x", b"x"), ("manifest.json", b"{}")])).entries == ()


def test_a_member_is_read_in_pieces() -> None:
    content = bytes(range(256)) * 2000
    found = opened(bundle({"a.js": (file(), content)}))
    pieces = list(found.stream(found.entries[0]))
    assert len(pieces) > 1
    assert b"".join(pieces) == content


def test_a_member_that_the_caller_finds_too_large_is_not_read() -> None:
    found = opened(bundle({"a.js": (file(), b"x" * 1000)}))
    with pytest.raises(BundleProblem, match="the bundle is invalid") as problem:
        found.read(found.entries[0], 999)
    assert problem.value.reason == "a.js is larger than 999 bytes"


def test_ten_thousand_files_are_read() -> None:
    found = opened(bundle({f"f/{at}.js": (file(), b"") for at in range(10_000)}))
    assert len(found.entries) == 10_000
