"""Source maps that sentry-cli and the newer client upload, and what the server then has (clients.md 7.1)."""

import random
from pathlib import Path

import pytest
from conformance.built import build, bundles, files, looked_up
from conformance.clients import CLI3, NEW, Client
from conformance.conftest import Connects
from conformance.servers import Organization, Server, shipmark

MINIFIED, MAP = 2, 3
NOTHING_NEW = "Nothing to upload, all files are on the server"


@pytest.fixture
def dist(cli: Client) -> Path:
    """The built app, in the client's working folder."""
    return build(cli.home)


def test_files_are_found_by_the_ids_that_were_injected(cli: Client, dist: Path) -> None:
    said = cli.succeeds("sourcemaps", "inject", "dist")
    assert "have been modified to have debug ids" in said
    said = cli.succeeds("sourcemaps", "upload", "dist")
    assert "Uploaded files to Sentry" in said
    assert "Upload type: artifact bundle" in said

    [bundle] = bundles(cli.organization)
    assert bundle["associations"] == []
    held = files(cli.organization, bundle)
    assert {name: it["fileType"] for name, it in held.items()} == {
        "~/app.js": MINIFIED,
        "~/app.js.map": MAP,
    }
    [debug_id] = {it["debugId"] for it in held.values()}
    assert f"debugId={debug_id}" in (dist / "app.js").read_text("utf8")
    assert looked_up(cli.organization, f"debug_id={debug_id}") == ["debug-id"]


@pytest.mark.usefixtures("dist")
def test_files_are_found_by_release_and_dist(cli: Client) -> None:
    cli.succeeds(
        "sourcemaps", "upload", "--release", "web@1 + é", "--dist", "7", "--url-prefix", "~/js",
        "--note", "by hand", "dist",
    )  # fmt: skip
    [bundle] = bundles(cli.organization)
    assert bundle["associations"] == [{"release": "web@1 + é", "dist": "7"}]
    assert set(files(cli.organization, bundle)) == {"~/js/app.js", "~/js/app.js.map"}
    release = "release=web%401%20%2B%20%C3%A9"
    assert looked_up(cli.organization, f"{release}&dist=7&url=~/js/app.js") == ["release"]
    assert looked_up(cli.organization, f"{release}&url=~/js/app.js") == []
    # The release is nobody's until somebody makes it, or an event comes.
    assert cli.organization.get("releases/") == []


@pytest.mark.usefixtures("dist")
def test_what_is_there_already_is_not_uploaded_again(cli: Client) -> None:
    words = ("sourcemaps", "upload", "--release", "web@1", "dist")
    assert NOTHING_NEW not in cli.succeeds(*words)
    assert NOTHING_NEW in cli.succeeds(*words)
    assert len(bundles(cli.organization)) == 1


@pytest.mark.usefixtures("dist")
def test_the_same_files_for_another_dist_stay_one_bundle(cli: Client) -> None:
    words = ("sourcemaps", "upload", "--release", "web@1", "dist")
    cli.succeeds(*words)
    cli.succeeds(*words, "--dist", "8")
    [bundle] = bundles(cli.organization)
    assert bundle["associations"] == [
        {"release": "web@1", "dist": None},
        {"release": "web@1", "dist": "8"},
    ]


@pytest.mark.usefixtures("dist")
def test_a_client_that_waits_is_told_when_all_is_done(cli: Client) -> None:
    said = cli.succeeds("sourcemaps", "upload", "--wait", "--release", "web@1", "dist")
    assert "File processing complete" in said
    said = cli.succeeds("sourcemaps", "upload", "--wait-for", "5", "--release", "web@1", "dist")
    assert NOTHING_NEW in said


@pytest.mark.usefixtures("dist")
def test_two_projects_share_a_bundle(cli: Client) -> None:
    cli.succeeds("sourcemaps", "upload", "-p", "web", "-p", "api", "--release", "both@1", "dist")
    assert bundles(cli.organization) == bundles(cli.organization, "api")
    for project in ("web", "api"):
        found = looked_up(cli.organization, "release=both@1&url=~/app.js", project)
        assert found == ["release"]


def test_a_large_file_comes_in_several_chunks(cli: Client, dist: Path) -> None:
    size = 17 * 1024 * 1024
    content = random.Random(1).randbytes(size // 2).hex()
    (dist / "large.js").write_text(f"let large='{content}'", "utf8")
    cli.succeeds("sourcemaps", "upload", "--wait", "--release", "web@1", "dist")
    [bundle] = bundles(cli.organization)
    held = files(cli.organization, bundle)
    assert held["~/large.js"]["fileSize"] >= size


def test_an_empty_folder_is_no_bundle(cli: Client) -> None:
    (cli.home / "dist").mkdir()
    said = cli.succeeds("sourcemaps", "upload", "--release", "web@1", "dist")
    assert "Found 0 files" in said
    assert bundles(cli.organization) == []


@pytest.mark.usefixtures("dist")
def test_what_cannot_be_is_told(cli: Client) -> None:
    said = cli.run("sourcemaps", "upload", "-p", "nowhere", "--release", "web@1", "dist")
    assert said.exit_code == 1
    assert "One or more projects are invalid" in said.text
    said = cli.run("sourcemaps", "upload", "dist", SENTRY_ORG="nowhere")
    assert said.exit_code == 1
    assert bundles(cli.organization) == []


@pytest.mark.usefixtures("dist")
def test_a_token_that_may_only_read_uploads_nothing(
    cli: Client, server: Server, connects: Connects
) -> None:
    words = ("token", "create", *server.options, "--user", cli.organization.email)
    token = shipmark(*words, "--scope", "project:read").strip()
    reader = connects(cli.kind, cli.organization, token)
    said = reader.run("sourcemaps", "upload", "--release", "web@1", str(cli.home / "dist"))
    assert said.exit_code == 1
    assert "You do not have permission to perform this action. (http status: 403)" in said.text
    assert bundles(cli.organization) == []


def test_a_pipeline_uploads_with_an_organization_token(
    organization: Organization, connects: Connects
) -> None:
    for kind in (CLI3, NEW):
        client = connects(kind, organization, organization.organization_token)
        build(client.home)
        word = "sourcemap" if kind.is_new else "sourcemaps"
        client.succeeds(word, "upload", "--release", kind.name, "dist")
    named = [it["associations"][0]["release"] for it in bundles(organization)]
    assert sorted(named) == ["sentry", "sentry-cli 3"]


def test_the_newer_client_injects_ids_and_keeps_those_that_are_there(
    organization: Organization, connects: Connects
) -> None:
    client = connects(NEW, organization)
    dist = build(client.home)
    client.succeeds("sourcemap", "inject", "dist")
    before = (dist / "app.js").read_text("utf8")
    words = ("upload", "--release", "web@1", "--dist", "7", "--url-prefix", "~/js/", "dist")
    client.succeeds("sourcemap", *words)
    assert (dist / "app.js").read_text("utf8") == before

    [bundle] = bundles(organization)
    assert bundle["associations"] == [{"release": "web@1", "dist": "7"}]
    held = files(organization, bundle)
    assert set(held) == {"~/js/app.js", "~/js/app.js.map"}
    [debug_id] = {it["debugId"] for it in held.values()}
    assert debug_id in before
    assert looked_up(organization, f"debug_id={debug_id}") == ["debug-id"]
