"""Errors without debug ids find what clients have uploaded, by release, dist and URL (files-and-avatars.md 7, 8.5)."""

import json
import time
from typing import Any
from uuid import uuid4

from conformance.built import build
from conformance.clients import CLI2, CLI3, NEW, Client
from conformance.conftest import Connects
from conformance.servers import Organization

VERSION = "web@1.0.0"
DIGEST_SECONDS = 120.0
BUNDLE = ("sourcemaps", "upload", "--release", VERSION, "--url-prefix", "~/js")


def test_by_the_files_of_a_bundle(cli: Client) -> None:
    build(cli.home)
    cli.succeeds(*BUNDLE, "dist")
    assert is_readable(cli)


def test_by_the_files_of_the_dist(cli: Client) -> None:
    build(cli.home)
    cli.succeeds(*BUNDLE, "--dist", "7", "dist")
    assert not is_readable(cli, dist="8")
    assert is_readable(cli, number=2, dist="7")


def test_by_a_bundle_of_the_newer_client(organization: Organization, connects: Connects) -> None:
    client = connects(NEW, organization)
    build(client.home)
    words = ("upload", "--release", VERSION, "--no-rewrite", "--url-prefix", "~/js/", "dist")
    client.succeeds("sourcemap", *words)
    assert is_readable(client, by=connects(CLI3, organization))


def test_by_single_files_of_the_release(organization: Organization, connects: Connects) -> None:
    client = connects(CLI2, organization)
    build(client.home)
    client.succeeds("releases", "new", VERSION)
    for name in ("app.js", "app.js.map"):
        words = ("upload", f"dist/{name}", f"~/js/{name}")
        client.succeeds("releases", "files", VERSION, *words)
    assert is_readable(client)


def test_not_by_files_under_another_url(cli: Client) -> None:
    build(cli.home)
    cli.succeeds("sourcemaps", "upload", "--release", VERSION, "dist")
    assert not is_readable(cli)


def is_readable(
    client: Client, *, number: int = 1, dist: str | None = None, by: Client | None = None
) -> bool:
    """Send an error as a browser would see it; is the issue's place that of the source?"""
    frame = {
        "abs_path": "https://www.example.com/js/app.js?v=1",
        "function": "c",
        "lineno": 1,
        "colno": 33,
        "in_app": True,
    }
    error = {"type": f"Error{number}", "value": "no coins", "stacktrace": {"frames": [frame]}}
    event: dict[str, Any] = {
        "event_id": uuid4().hex,
        "platform": "javascript",
        "release": VERSION,
        "exception": {"values": [error]},
    }
    if dist is not None:
        event["dist"] = dist
    sender = by or client
    (sender.home / "event.json").write_text(json.dumps(event), "utf8")
    dsn = client.organization.dsns["web"]
    sender.succeeds("send-event", "--raw", "event.json", SENTRY_DSN=dsn)
    place = place_of(client.organization, number)
    assert place in {("src/app.js", "count"), ("js/app.js", "c")}, place
    return place == ("src/app.js", "count")


def place_of(organization: Organization, number: int) -> tuple[str, str]:
    """The last two parts of the file, and the function, where the issue happened."""
    deadline = time.monotonic() + DIGEST_SECONDS
    while (answer := organization.ask("GET", f"issues/WEB-{number}/")).status != 200:
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)
    metadata = answer.body["metadata"]
    path = metadata["filename"].partition("?")[0]
    return "/".join(path.split("/")[-2:]), metadata["function"]
