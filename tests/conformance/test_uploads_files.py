"""Single files of releases, as sentry-cli 2 uploads, lists and deletes them (clients.md 7.5)."""

import hashlib

import pytest
from conformance.built import SCRIPT, build, bundles
from conformance.clients import CLI2, Client
from conformance.conftest import Connects
from conformance.servers import Organization, Server

VERSION = "web@1.0.0 + é"
PATH = "releases/web%401.0.0%20%2B%20%C3%A9/files/"
HEADER = ("-H", "Sourcemap: one.js.map")


@pytest.fixture
def client(organization: Organization, connects: Connects) -> Client:
    """A client with a release and a built app."""
    it = connects(CLI2, organization)
    it.succeeds("releases", "new", VERSION)
    build(it.home)
    return it


def said_of_files(client: Client, *words: str) -> str:
    """What the commands print below ``releases files`` of the release."""
    return client.succeeds("releases", "files", VERSION, *words)


def test_a_file_is_kept_under_its_name_with_dist_and_headers(client: Client) -> None:
    said = said_of_files(client, "upload", "dist/app.js", "~/one.js", "-d", "5", *HEADER)
    sha1 = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
    assert f"A {sha1}  ({len(SCRIPT)} bytes)" in said
    for found in (client.organization.get(PATH), client.organization.of_project(PATH)):
        [file] = found
        assert (file["name"], file["dist"]) == ("~/one.js", "5")
        assert (file["sha1"], file["size"]) == (sha1, len(SCRIPT))
        assert file["headers"]["Sourcemap"] == "one.js.map"


def test_a_file_is_uploaded_once_for_each_dist(client: Client) -> None:
    upload = ("upload", "dist/app.js", "~/one.js")
    said_of_files(client, *upload)
    said = client.run("releases", "files", VERSION, *upload)
    assert said.exit_code == 1
    assert "File already present!" in said.text
    said_of_files(client, *upload, "-d", "6")
    assert len(client.organization.get(PATH)) == 2


def test_files_are_listed_and_deleted_by_name(client: Client) -> None:
    said_of_files(client, "upload", "dist/app.js", "~/one.js", "-d", "5", *HEADER)
    said_of_files(client, "upload", "dist/app.js", "~/größe (1).js")
    for said in (
        said_of_files(client, "list"),
        client.succeeds("files", "list", "--release", VERSION),
    ):
        assert f"| ~/one.js       | 5            | one.js.map | {len(SCRIPT)}B  |" in said
        assert "~/größe (1).js" in said
    assert "D ~/one.js" in said_of_files(client, "delete", "~/one.js")
    assert [file["name"] for file in client.organization.get(PATH)] == ["~/größe (1).js"]


def test_all_files_go_at_once(client: Client) -> None:
    for name in ("~/one.js", "~/two.js"):
        said_of_files(client, "upload", "dist/app.js", name)
    said = client.succeeds("files", "delete", "--release", VERSION, "-A")
    assert "All files deleted." in said
    assert client.organization.get(PATH) == []


def test_a_folder_becomes_a_bundle(client: Client) -> None:
    said = said_of_files(client, "upload", "dist", "-u", "~/d")
    assert "Upload type: artifact bundle" in said
    [bundle] = bundles(client.organization)
    assert bundle["associations"] == [{"release": VERSION, "dist": None}]


def test_an_empty_file_is_a_file(client: Client) -> None:
    (client.home / "empty.js").touch()
    said_of_files(client, "upload", "empty.js", "~/empty.js")
    [file] = client.organization.get(PATH)
    assert file["size"] == 0


def test_a_release_of_another_organization_is_missing(
    client: Client, server: Server, connects: Connects
) -> None:
    said_of_files(client, "upload", "dist/app.js", "~/one.js")
    stranger = connects(CLI2, server.organization())
    said = stranger.run("releases", "files", VERSION, "list")
    assert said.exit_code == 1
    assert "one.js" not in said.text


def test_deleting_what_is_not_there_is_no_failure(client: Client) -> None:
    said_of_files(client, "delete", "~/none.js")
    assert client.organization.get(PATH) == []


def test_a_missing_release_is_told(client: Client) -> None:
    for words in (("list",), ("upload", "dist/app.js", "~/one.js")):
        said = client.run("releases", "files", "gone@1", *words)
        assert said.exit_code == 1
        assert "Release not found." in said.text
