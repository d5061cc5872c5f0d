"""From an error in a program to the release that resolves it: a real SDK, a real repository, each client."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from conformance.clients import CLI2, CLI3, NEW, Client, Kind
from conformance.conftest import Connects
from conformance.git import Checkout
from conformance.servers import Organization, Server

PROGRAM = """
import sys
import sentry_sdk

sentry_sdk.init(dsn=sys.argv[1], release="web@1.0.0", environment="production")


def open_door():
    raise ValueError("no door")


open_door()
"""


_SERVERS = ("SQLite", "PostgreSQL")


def _combined(server: str, kind: Kind) -> object:
    """Leave all but one combination of a database and a client to CI."""
    marks = () if (server, kind) == (_SERVERS[0], CLI3) else pytest.mark.exhaustive
    return pytest.param(server, kind, id=f"{server}-{kind.name}", marks=marks)


@pytest.fixture
def any_server(request: pytest.FixtureRequest) -> Server:
    """A server on each database."""
    name = {"SQLite": "server", "PostgreSQL": "server_on_postgresql"}[request.param]
    it: Server = request.getfixturevalue(name)
    return it


@pytest.mark.parametrize(
    ("any_server", "kind"),
    [
        _combined(server, kind)
        for server, kind in (
            (_SERVERS[0], CLI2),
            (_SERVERS[0], CLI3),
            (_SERVERS[1], CLI3),
            (_SERVERS[1], NEW),
        )
    ],
    indirect=["any_server"],
)
def test_an_error_is_resolved_in_the_release_that_fixes_it(
    kind: Kind, any_server: Server, connects: Connects, repository: Checkout
) -> None:
    organization = any_server.organization()
    client = connects(kind, organization)
    run_the_program(organization, repository.folder.parent)
    check_the_new_issue(organization)

    fix = mend(repository, kind, organization.email)
    ship(client, repository, "web@1.1.0")
    check_the_release(organization, repository, "web@1.1.0", kind)
    check_the_resolved_issue(organization, "web@1.1.0", fix)
    check_that_repeating_changes_nothing(organization, "web@1.1.0")
    check_the_next_release(client, repository)
    check_putting_away(client)


@pytest.mark.parametrize(
    "kind",
    [CLI3, pytest.param(NEW, marks=pytest.mark.exhaustive)],
    ids=lambda kind: kind.name,
)
def test_a_pipeline_ships_with_an_organization_token(
    kind: Kind, organization: Organization, connects: Connects, repository: Checkout
) -> None:
    client = connects(kind, organization, organization.organization_token)
    run_the_program(organization, repository.folder.parent)
    organization.digested_issue()
    fix = mend(repository, kind, organization.email)

    ship(client, repository, "web@1.1.0")

    check_the_release(organization, repository, "web@1.1.0", kind)
    check_the_resolved_issue(organization, "web@1.1.0", fix)


def run_the_program(organization: Organization, folder: Path) -> None:
    """Step 1: a program with the SDK ends with an error."""
    program = folder / "program.py"
    program.write_text(PROGRAM, "utf8")
    command = [sys.executable, str(program), organization.dsns["web"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ValueError: no door" in done.stderr


def check_the_new_issue(organization: Organization) -> None:
    issue = organization.digested_issue()
    assert issue["title"] == "ValueError: no door"
    assert issue["status"] == "unresolved"
    assert issue["inbox"]["reason"] == 0
    assert issue["firstRelease"]["version"] == "web@1.0.0"
    release = organization.release("web@1.0.0")
    assert [project["slug"] for project in release["projects"]] == ["web"]
    assert release["newGroups"] == 1
    assert release["dateReleased"] is None


def mend(repository: Checkout, kind: Kind, email: str) -> str:
    """Commit a fix as a member of the organization; the newer client sends only the first line of it."""
    message = "Find the door, fixes WEB-1" if kind.is_new else "Find the door\n\nFixes WEB-1\n"
    # By the wall clock this is the earliest of all commits.
    return repository.commit(message, "src/shop.py", "2026-01-02T08:00:00-05:00", ("Dee", email))


def ship(client: Client, repository: Checkout, version: str) -> None:
    """Step 2: the whole flow, in the client's words."""
    client.does("create", version)
    client.does("set commits", version, cwd=repository.folder)
    client.does("finalize", version)
    client.does("deploy", version)
    client.does("list deploys", version)


def check_the_release(
    organization: Organization, repository: Checkout, version: str, kind: Kind
) -> None:
    """Step 3: commits newest first, authors, changed files, counts."""
    keys = repository.git("log", "--format=%H").split()
    release = organization.release(version)
    assert release["commitCount"] == len(keys) == 4
    assert release["lastCommit"]["id"] == keys[0]
    assert {author["email"] for author in release["authors"]} == {
        "ada@example.com", "bo@example.com", organization.email,
    }  # fmt: skip
    assert release["dateReleased"] is not None
    assert release["deployCount"] == 1
    assert release["lastDeploy"]["environment"] == "production"

    commits = organization.get(f"releases/{quote(version)}/commits/")
    assert [commit["id"] for commit in commits] == keys
    assert [commit["author"]["name"] for commit in commits[1:]] == ["Bo", "Bo", "Ada"]
    [name] = {commit["repository"]["name"] for commit in commits}
    # Others send the name of the git remote, "origin".
    assert name == "acme/web" if kind.is_new else name.startswith("organization-")

    changed = organization.get(f"releases/{quote(version)}/commitfiles/")
    files = sorted((file["filename"], file["type"]) for file in changed)
    assert files == ([] if kind.is_new else [
        ("src/door.py", "A"), ("src/door.py", "M"), ("src/shop.py", "A"), ("src/shop.py", "M"),
    ])  # fmt: skip


def check_the_resolved_issue(organization: Organization, version: str, fix: str) -> None:
    """Step 3: the issue is resolved in the release, out of the inbox, and its activity says so."""
    issue = organization.get("issues/WEB-1/")
    assert issue["status"] == "resolved"
    assert issue["statusDetails"]["inRelease"] == version
    assert issue["inbox"] is None
    resolved, referenced, first = issue["activity"]
    assert first["type"] == "first_seen"
    assert referenced["type"] == "referenced_in_commit"
    assert referenced["data"]["commit"]["id"] == fix
    assert resolved["type"] == "set_resolved_in_release"
    assert resolved["data"]["version"] == version
    assert resolved["user"]["email"] == organization.email
    assert [user["email"] for user in issue["participants"]] == [organization.email]
    named = organization.get(f"releases/{quote(version)}/resolved/")
    assert [it["shortId"] for it in named] == ["WEB-1"]
    assert organization.get("issues/?query=is:unresolved") == []


def check_that_repeating_changes_nothing(organization: Organization, version: str) -> None:
    """The same release posted again answers 208, twice, and leaves every answer as it was."""
    before = everything(organization, version)
    commits = organization.get(f"releases/{quote(version)}/commits/")
    body = {
        "version": version,
        "projects": ["web"],
        "commits": [
            {
                "id": commit["id"],
                "message": commit["message"],
                "repository": commit["repository"]["name"],
                "author_name": commit["author"]["name"],
                "author_email": commit["author"]["email"],
                "timestamp": commit["dateCreated"],
            }
            for commit in commits
        ],
    }
    for _ in range(2):
        assert organization.ask("POST", "releases/", body).status == 208
        assert everything(organization, version) == before


def everything(organization: Organization, version: str) -> list[Any]:
    """All that the API tells of a release and of the issue."""
    return [
        organization.release(version),
        organization.get(f"releases/{quote(version)}/commits/"),
        organization.get(f"releases/{quote(version)}/commitfiles/"),
        organization.get(f"releases/{quote(version)}/resolved/"),
        organization.get("issues/WEB-1/"),
        organization.get("repos/"),
    ]


def check_the_next_release(client: Client, repository: Checkout) -> None:
    """The next release has only what came after the last one, by ``--auto`` too."""
    key = repository.commit("Add a window", "src/window.py", "2026-01-03T08:00:00+00:00")
    client.does("create", "web@1.2.0")
    if client.kind.is_new:
        # It knows the repository now, so it names its head commit and leaves the rest to the server.
        client.succeeds("release", "set-commits", "web@1.2.0", "--auto", cwd=repository.folder)
        assert client.organization.release("web@1.2.0")["commitCount"] == 0
        return
    text = client.succeeds("releases", "set-commits", "web@1.2.0", "--auto", cwd=repository.folder)
    assert "Proceeding to find commits from local git tree." in text
    assert "Success! Set commits for release web@1.2.0" in text
    commits = client.organization.get("releases/web@1.2.0/commits/")
    assert [commit["id"] for commit in commits] == [key]
    again = client.succeeds(
        "releases", "set-commits", "web@1.2.0", "--local", cwd=repository.folder
    )
    assert "No commits found. Leaving release alone." in again
    assert client.organization.release("web@1.2.0")["commitCount"] == 1


def check_putting_away(client: Client) -> None:
    """Shown, listed, archived, restored, deleted; deleting resolves or reopens nothing."""
    text = client.does("show", "web@1.1.0")
    if not client.kind.is_new:
        assert re.findall(r"\b[0-9a-f]{40}\b", text) == [
            commit["id"] for commit in client.organization.get("releases/web@1.1.0/commits/")
        ]
    client.does("list", "web@1.1.0")
    client.does("archive", "web@1.1.0")
    assert client.organization.release("web@1.1.0")["status"] == "archived"
    with pytest.raises(AssertionError):
        client.does("list", "web@1.1.0")
    client.does("restore", "web@1.1.0")
    assert client.organization.release("web@1.1.0")["status"] == "open"
    client.does("list", "web@1.1.0")
    client.does("delete", "web@1.2.0")
    assert client.organization.ask("GET", "releases/web@1.2.0/").status == 404
    assert client.organization.get("issues/WEB-1/")["status"] == "resolved"
