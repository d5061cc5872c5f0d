"""``set-commits`` with refs, against a git server that the release's commits are fetched from."""

import time
from collections.abc import Iterator

import pytest
from conformance.clients import CLI3, Client
from conformance.conftest import OLDER, Connects
from conformance.git import Checkout
from conformance.servers import Server, running
from remotes import PASSWORD, USERNAME, http_server

#: Where the client's working copy says that it comes from (``conformance/git.py``).
REPOSITORY = "acme/web"


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may fetch from this machine."""
    folder = tmp_path_factory.mktemp("conformance-refs")
    with running(folder / "data", SHIPMARK_OUTGOING_ALLOW_PRIVATE="true") as it:
        yield it


@pytest.fixture(params=[OLDER, CLI3], ids=lambda kind: kind.name)
def client(request: pytest.FixtureRequest, open_server: Server, connects: Connects) -> Client:
    return connects(request.param, open_server.organization())


@pytest.fixture
def keys(client: Client, repository: Checkout) -> Iterator[list[str]]:
    """The commits of the checkout, the oldest first; the server knows where to fetch them."""
    folder = repository.folder.parent / "served"
    folder.mkdir()
    repository.git("clone", "--quiet", "--bare", ".", str(folder / "web.git"))
    with http_server(folder, password=PASSWORD) as git:
        organization = client.organization
        body = {"name": REPOSITORY, "url": "https://git.example.com/acme/web"}
        made = organization.ask("POST", "repos/", body).body
        remote = {"url": f"{git.url}/web.git", "username": USERNAME, "password": PASSWORD}
        assert organization.ask("PUT", f"repos/{made['id']}/remote/", remote).status == 200
        yield repository.git("rev-list", "--reverse", "HEAD").split()


def fetched(client: Client, version: str) -> list[str]:
    """The commits of the release once they are fetched."""
    for _ in range(1200):
        found = client.organization.get(f"releases/{version}/commit-fetches/")
        if found and not {it["state"] for it in found} & {"waiting", "running"}:
            break
        time.sleep(0.1)
    assert {it["state"] for it in found} == {"done"}, found
    return [it["id"] for it in client.organization.get(f"releases/{version}/commits/")]


def test_a_commit_brings_what_came_since_the_release_before(
    client: Client, keys: list[str]
) -> None:
    for version, key in (("web@1.0.0", keys[0]), ("web@2.0.0", keys[2])):
        client.does("create", version)
        client.succeeds("releases", "set-commits", version, "--commit", f"{REPOSITORY}@{key}")
        fetched(client, version)
    assert fetched(client, "web@1.0.0") == keys[:1]
    assert sorted(fetched(client, "web@2.0.0")) == sorted(keys[1:])


def test_a_range_brings_what_is_in_it(client: Client, keys: list[str]) -> None:
    client.does("create", "web@1.0.0")
    words = ("releases", "set-commits", "web@1.0.0", "--commit")
    client.succeeds(*words, f"{REPOSITORY}@{keys[0]}..{keys[1]}")
    assert fetched(client, "web@1.0.0") == [keys[1]]
    [commit] = client.organization.get("releases/web@1.0.0/commits/")
    assert (commit["message"], commit["author"]["name"]) == ("Add a door", "Bo")


def test_several_commits_bring_just_these(client: Client, keys: list[str]) -> None:
    client.does("create", "web@1.0.0")
    named = [word for key in (keys[0], keys[2]) for word in ("--commit", f"{REPOSITORY}@{key}")]
    client.succeeds("releases", "set-commits", "web@1.0.0", *named)
    assert fetched(client, "web@1.0.0") == [keys[2], keys[0]]


def test_auto_sends_refs_for_a_repository_with_a_remote(
    client: Client, repository: Checkout, keys: list[str]
) -> None:
    client.does("create", "web@1.0.0")
    words = ("releases", "set-commits", "web@1.0.0", "--auto")
    said = client.succeeds(*words, cwd=repository.folder)
    assert REPOSITORY in said, said
    assert set(fetched(client, "web@1.0.0")) == set(keys)
