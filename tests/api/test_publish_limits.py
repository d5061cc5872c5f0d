"""POST ``organizations/{org}/releases/``: bodies that are too deep, too large, or have too much in them."""

import pytest
from client_fixtures import Serve
from factories import RELEASES, Caller, commit, on_one_database, release, rows

from shipmark.infrastructure.database import Database


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000])
@on_one_database
def test_a_body_that_would_choke_a_parser_is_refused(alice: Caller, content: bytes) -> None:
    answer = alice.post(RELEASES, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "media_type", ["application/xml", "image/png", "application/x-ndjson", "text/plain", ""]
)
@on_one_database
def test_other_media_types_are_refused(alice: Caller, media_type: str) -> None:
    answer = alice.post(RELEASES, content=b"<a/>", headers={"Content-Type": media_type})
    told = {"detail": f'Unsupported media type "{media_type}" in request.'}
    assert (answer.status_code, answer.json()) == (415, told)


@on_one_database
def test_a_wrong_method_is_refused(alice: Caller) -> None:
    answer = alice.put(RELEASES, {})
    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "PUT" not allowed.'})
    assert answer.headers["allow"] == "GET, POST, OPTIONS"


@on_one_database
def test_a_body_over_the_limit_is_refused(serve: Serve, alice: Caller, database: Database) -> None:
    small = Caller(serve(body_max_bytes=1000), alice.token)
    assert small.post(RELEASES, release(commits=[commit(message="a" * 300)])).status_code == 201
    answer = small.post(RELEASES, release("web@2.0.0", commits=[commit(message="a" * 1000)]))
    assert (answer.status_code, answer.json()) == (
        413,
        {"detail": "The request's body is over the limit of this server."},
    )
    assert len(rows(database, "releases")) == 1


@on_one_database
def test_more_commits_than_the_limit_are_refused(
    serve: Serve, alice: Caller, database: Database
) -> None:
    small = Caller(serve(commits_max=3), alice.token)
    commits = [commit(str(number)) for number in range(4)]
    answer = small.post(RELEASES, release(commits=commits))
    assert (answer.status_code, answer.json()) == (
        400,
        {"commits": ["Ensure this field has no more than 3 elements."]},
    )
    assert rows(database, "releases") == []
    assert small.post(RELEASES, release(commits=commits[:3])).status_code == 201


@on_one_database
def test_more_files_of_a_commit_than_the_limit_are_refused(alice: Caller) -> None:
    files = [{"path": f"{number}.py", "type": "A"} for number in range(100_001)]
    answer = alice.post(RELEASES, release(commits=[{"id": "a" * 40, "patch_set": files}]))
    assert (answer.status_code, answer.json()) == (
        400,
        {"commits": {"patch_set": ["Ensure this field has no more than 100000 elements."]}},
    )


@on_one_database
def test_more_refs_than_the_limit_are_refused(alice: Caller) -> None:
    refs = [{"commit": "a" * 40, "repository": "acme/web"}] * 10_001
    answer = alice.post(RELEASES, release(refs=refs))
    assert (answer.status_code, answer.json()) == (
        400,
        {"refs": ["Ensure this field has no more than 10000 elements."]},
    )
