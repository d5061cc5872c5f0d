"""Debug files that sentry-cli uploads: of native code, and mappings of Android (clients.md 4.7)."""

import pytest
from conformance.clients import Client

DEBUG_ID = "3f1c5f8b-0c4e-4a53-9c3c-0ad8a5f1e9b7-a"
BREAKPAD = """\
MODULE Linux x86_64 3F1C5F8B0C4E4A539C3C0AD8A5F1E9B7A shop
FILE 0 src/shop.c
FUNC 1000 20 0 sell
1000 10 7 0
1010 10 8 0
PUBLIC 2000 0 main
"""
MAPPING = """\
# compiler: R8
com.example.Shop -> a.a:
    int coins -> a
    7:9:int sell(int) -> b
"""


@pytest.fixture(autouse=True)
def _files(cli: Client) -> None:
    """What a compiler leaves, in the client's working folder."""
    (cli.home / "shop.sym").write_text(BREAKPAD, "utf8")
    (cli.home / "mapping.txt").write_text(MAPPING, "utf8")


def test_debug_files_are_known_by_their_ids(cli: Client) -> None:
    said = cli.succeeds("debug-files", "upload", "--wait", "shop.sym")
    assert "Uploaded 1 missing debug information file" in said
    assert f"OK {DEBUG_ID} (shop.sym; x86_64 debug companion)" in said
    [found] = cli.organization.of_project(f"files/dsyms/?debug_id={DEBUG_ID}")
    assert (found["debugId"], found["objectName"]) == (DEBUG_ID, "shop.sym")
    assert (found["cpuName"], found["symbolType"]) == ("x86_64", "breakpad")
    assert cli.organization.of_project("files/dsyms/", "api") == []


def test_debug_files_that_are_there_are_not_uploaded_again(cli: Client) -> None:
    cli.succeeds("debug-files", "upload", "--wait", "shop.sym")
    said = cli.succeeds("debug-files", "upload", "--wait", "shop.sym")
    assert "Nothing to upload, all files are on the server" in said
    assert len(cli.organization.of_project("files/dsyms/")) == 1


def test_a_client_that_does_not_wait_is_content(cli: Client) -> None:
    cli.succeeds("debug-files", "upload", "shop.sym")
    assert len(cli.organization.of_project("files/dsyms/")) == 1


def test_mappings_of_android_are_kept(cli: Client) -> None:
    said = cli.succeeds("upload-proguard", "mapping.txt")
    [found] = cli.organization.of_project("files/dsyms/")
    assert found["symbolType"] == "proguard"
    assert found["debugId"] == "3a1973eb-01c8-516a-947d-19ba6526ba54"  # made of the content
    assert found["debugId"] in said


def test_what_is_no_debug_file_is_not_uploaded(cli: Client) -> None:
    (cli.home / "shop.txt").write_text("nothing", "utf8")
    cli.run("debug-files", "upload", "shop.txt")
    assert cli.organization.of_project("files/dsyms/") == []
