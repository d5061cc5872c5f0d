"""The statements of requests that pipelines and pages send most: each is a round trip on PostgreSQL."""

from collections.abc import Callable

import pytest
from factories import Caller, World, statements
from httpx import Response

from shipmark.infrastructure.database import Database

RELEASES = "/organizations/acme/releases/"
RELEASE = f"{RELEASES}web@1.0.0/"


def commit(sha: str) -> dict[str, object]:
    return {
        "id": sha,
        "repository": "acme/web",
        "author_name": "Ada",
        "author_email": "ada@example.com",
        "patch_set": [{"path": "a.py", "type": "M"}],
    }


@pytest.fixture
def count(database: Database, alice: Caller, world: World) -> Callable[..., int]:
    alice.publish("web@1.0.0", "web", commits=[commit("a"), commit("b")])

    def counted(send: Callable[..., Response], *arguments: object) -> int:
        with statements(database) as found:
            answer = send(*arguments)
        assert answer.status_code < 300
        return len(found.texts)

    return counted


def test_finalizing_a_release(count: Callable[..., int], alice: Caller) -> None:
    assert count(alice.put, RELEASE, {"dateReleased": "2026-01-05T09:00:00Z"}) <= 14


def test_a_deploy(count: Callable[..., int], alice: Caller) -> None:
    assert count(alice.post, f"{RELEASE}deploys/", {"environment": "production"}) <= 12


def test_a_page_of_releases(count: Callable[..., int], alice: Caller) -> None:
    alice.post(f"{RELEASE}deploys/", {"environment": "production"})
    alice.publish("web@2.0.0", "web", commits=[commit("c")])
    assert count(alice.get, RELEASES) <= 8


def test_a_new_release(count: Callable[..., int], alice: Caller) -> None:
    assert count(alice.post, RELEASES, {"version": "web@2.0.0", "projects": ["web"]}) <= 6


def test_a_new_release_with_commits(count: Callable[..., int], alice: Caller) -> None:
    body = {"version": "web@2.0.0", "projects": ["web"], "commits": [commit("c"), commit("d")]}
    assert count(alice.post, RELEASES, body) <= 15
