"""What the clients say when the server refuses (clients.md 2.5)."""

import json

import pytest
from conformance.clients import CLI2, CLI3, NEW, Client, Kind
from conformance.conftest import Connects
from conformance.servers import Organization, Server, shipmark

NOT_FOUND = (
    "Release not found. Ensure that you configured the correct release, project, and organization."
)
NOT_THERE = "Did nothing. Release with this version (gone@1) does not exist."


@pytest.mark.parametrize(
    "command",
    [
        "releases finalize gone@1",
        "deploys new --release gone@1 -e production",
    ],
)
def test_a_missing_release_is_told(command: str, cli: Client) -> None:
    said = cli.run(*command.split())
    assert said.exit_code == 1
    assert NOT_FOUND in said.text


def test_info_of_a_missing_release_says_nothing(cli: Client) -> None:
    said = cli.run("releases", "info", "gone@1")
    assert (said.exit_code, said.text) == (1, "")


def test_deleting_a_missing_release_is_no_failure(cli: Client) -> None:
    assert NOT_THERE in cli.succeeds("releases", "delete", "gone@1")


def test_the_newer_client_tells_a_missing_release(
    organization: Organization, connects: Connects
) -> None:
    client = connects(NEW, organization)
    for words in ("view gone@1", "finalize gone@1", "delete gone@1 --yes"):
        said = client.run("release", *words.split())
        assert said.exit_code == 30
        assert "404 Not Found" in said.text


def test_an_unknown_organization_is_told(organization: Organization, connects: Connects) -> None:
    said = connects(CLI3, organization).run("releases", "new", "web@1", SENTRY_ORG="nowhere")
    assert said.exit_code == 1
    assert "organization not found" in said.text.lower()


def test_an_unknown_project_is_told(organization: Organization, connects: Connects) -> None:
    old = connects(CLI2, organization).run("releases", "new", "web@1", "-p", "nowhere")
    assert old.exit_code == 1
    assert "Project not found" in old.text
    new = connects(CLI3, organization).run("releases", "new", "web@1", "-p", "nowhere")
    assert new.exit_code == 1
    assert "Invalid project slugs" in new.text
    assert organization.ask("GET", "releases/web@1/").status == 404


@pytest.mark.parametrize("kind", [CLI2, CLI3], ids=lambda kind: kind.name)
def test_a_wrong_token_is_told(kind: Kind, organization: Organization, connects: Connects) -> None:
    said = connects(kind, organization, "0" * 64).run("releases", "list")
    assert said.exit_code == 1
    assert "Invalid token (http status: 401)" in said.text


@pytest.mark.parametrize("kind", [CLI2, CLI3], ids=lambda kind: kind.name)
def test_a_token_without_scopes_is_told(
    kind: Kind, server: Server, organization: Organization, connects: Connects
) -> None:
    made = shipmark("token", "create", *server.options, "--user", organization.email, "--json")
    said = connects(kind, organization, json.loads(made)["token"]).run("releases", "new", "web@1")
    assert said.exit_code == 1
    assert "You do not have permission to perform this action. (http status: 403)" in said.text


def test_another_organization_is_closed(server: Server, connects: Connects) -> None:
    mine, other = server.organization(), server.organization()
    client: Client = connects(CLI3, mine)
    said = client.run("releases", "new", "web@1", SENTRY_ORG=other.slug)
    assert said.exit_code == 1
    assert other.ask("GET", "releases/web@1/").status == 404
