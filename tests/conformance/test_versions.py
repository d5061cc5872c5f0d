"""Versions with odd characters come back as they went, however a client writes them in an address (clients.md 1.13)."""

import pytest
from conformance.clients import NEW, Client
from conformance.conftest import Connects
from conformance.servers import Organization
from fuzzing import some_in_each_run

ODD = [
    "a b",
    "100%",
    "a%20b",
    "web@1.0.0+build.7",
    "a#b",
    "a?b=c",
    "web@1.0.0",
    "größe→1",
    "a[b]|c^d",
    "a&b=c;d,e~f$g!h",
    "a'b\"c<d>e{f}g(h)*:i`j",
]


@pytest.mark.parametrize("version", some_in_each_run(ODD))
def test_sentry_cli_does_everything_with_an_odd_version(version: str, cli: Client) -> None:
    for verb in ("create", "show", "finalize", "deploy", "archive", "restore"):
        cli.does(verb, version)
    assert cli.organization.release(version)["version"] == version
    assert cli.organization.release(version)["dateReleased"] is not None
    cli.does("delete", version)
    assert cli.organization.get("releases/") == []


@pytest.mark.exhaustive
def test_the_newer_client_does_everything_with_an_odd_version(
    organization: Organization, connects: Connects
) -> None:
    client = connects(NEW, organization)
    version = "größe a%20b+c#d?[e]|^&=;,~$!@1"
    for words in ("create {} --project web", "view {}", "finalize {}", "delete {} --yes"):
        client.succeeds("release", *(word.format(version) for word in words.split()))
        if words.startswith("finalize"):
            assert organization.release(version)["dateReleased"] is not None
    assert organization.get("releases/") == []


def test_a_backslash_is_refused_in_a_version_but_not_in_an_address(cli: Client) -> None:
    said = cli.run("releases", "new", "a\\b")
    assert said.exit_code == 1
    assert "is not allowed" in said.text
    assert cli.run("releases", "info", "a\\b").exit_code == 1
    assert "does not exist" in cli.succeeds("releases", "delete", "a\\b")
