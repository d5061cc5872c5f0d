"""From chunks to bundles: the states, and what stands in their way."""

import io
import json
import threading
import zipfile
from datetime import timedelta
from functools import cache

import pytest
from artifacts import (
    APP,
    ARTIFACT_BUNDLES,
    BUNDLE_ID,
    DEBUG_ID,
    asked,
    bundle,
    cut,
    many,
    send,
    sha1,
    upload,
)
from factories import NOT_ALLOWED, NOT_FOUND, RELEASES, Bearer, Caller, World, statements
from sqlalchemy import func, select

from shipmark.artifacts.store import assemblies
from shipmark.artifacts.store.bundles import artifact_bundles, bundle_releases
from shipmark.artifacts.store.entries import bundle_entries
from shipmark.artifacts.store.release_files import release_files
from shipmark.files.store import garbage
from shipmark.files.store.files import files
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database

OK = {"state": "ok", "detail": None, "missingChunks": []}
OF_RELEASE = f"{RELEASES}web@1.0.0/assemble/"


def count(database: Database, table: object) -> int:
    with database.snapshot() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]


def test_a_bundle_goes_from_missing_to_there(alice: Caller, database: Database) -> None:
    content = bundle(debug_id=BUNDLE_ID)
    chunks = cut(content, 100)
    body = asked(content, chunks=chunks, projects=["web"], version="web@1.0.0", dist="7")
    told = alice.post(ARTIFACT_BUNDLES, body).json()
    assert told == {"state": "not_found", "missingChunks": [sha1(each) for each in chunks]}
    send(alice, *chunks[1:])
    assert alice.post(ARTIFACT_BUNDLES, body).json()["missingChunks"] == [sha1(chunks[0])]
    send(alice, chunks[0])
    created = {"state": "created", "missingChunks": []}
    assert alice.post(ARTIFACT_BUNDLES, body).json() == created
    assert alice.post(ARTIFACT_BUNDLES, body).json() == OK
    assert alice.post(ARTIFACT_BUNDLES, body | {"chunks": []}).json() == OK
    with database.snapshot() as connection:
        assert connection.execute(select(artifact_bundles.c.bundle_id)).scalars().all() == [
            BUNDLE_ID
        ]
        entries = connection.execute(select(bundle_entries.c.url, bundle_entries.c.debug_id))
        assert {tuple(row) for row in entries} == {
            ("~/app.js", DEBUG_ID),
            ("~/app.js.map", DEBUG_ID),
        }


def test_a_release_is_not_made_by_its_bundle(alice: Caller) -> None:
    assert upload(alice, bundle(), version="never@1")["state"] == "ok"
    assert alice.get(f"{RELEASES}never@1/").status_code == 404


def test_the_bundle_says_what_it_is_for_where_the_request_does_not(
    alice: Caller, database: Database
) -> None:
    upload(alice, bundle(release="web@2.0.0", dist="9"))
    with database.snapshot() as connection:
        row = connection.execute(select(bundle_releases.c.version, bundle_releases.c.dist)).one()
    assert tuple(row) == ("web@2.0.0", "9")


@pytest.mark.parametrize("is_in_manifest", [True, False])
def test_a_dist_may_be_a_number(alice: Caller, database: Database, is_in_manifest: bool) -> None:
    version = {"release" if is_in_manifest else "version": "web@2.0.0", "dist": 9}
    content = bundle(**version) if is_in_manifest else bundle()
    assert upload(alice, content, **({} if is_in_manifest else version))["state"] == "ok"
    with database.snapshot() as connection:
        row = connection.execute(select(bundle_releases.c.version, bundle_releases.c.dist)).one()
    assert tuple(row) == ("web@2.0.0", "9")


def test_a_bundle_that_nothing_could_find_is_refused(alice: Caller) -> None:
    told = upload(alice, bundle(many(2)))
    error = "uploading a bundle without debug ids or release is prohibited"
    assert told == {"state": "error", "detail": error, "missingChunks": []}


def test_the_same_bundle_for_another_project_is_for_both(alice: Caller, database: Database) -> None:
    content = bundle(debug_id=BUNDLE_ID)
    for project, version in (("web", "web@1"), ("mobile", "mobile@1"), ("web", "web@1")):
        assert upload(alice, content, project, version=version) == OK
    assert (count(database, artifact_bundles), count(database, bundle_releases)) == (1, 2)
    assert (count(database, files), count(database, bundle_entries)) == (1, 2)


def test_a_bundle_that_changed_takes_the_place_of_the_one_before(
    alice: Caller, database: Database
) -> None:
    upload(alice, bundle(debug_id=BUNDLE_ID))
    other = {"files/_/_/b.js": APP["files/_/_/app.js"] | {"url": "~/b.js"}}
    assert upload(alice, bundle(other, debug_id=BUNDLE_ID)) == OK
    with database.snapshot() as connection:
        assert connection.execute(select(bundle_entries.c.url)).scalars().all() == ["~/b.js"]
        assert connection.execute(select(artifact_bundles.c.file_count)).scalar_one() == 1
        assert garbage.with_wrong_ref_count(connection) == []
    assert count(database, files) == 1


def test_a_bundle_without_an_id_gets_one_of_its_content(alice: Caller, database: Database) -> None:
    for _ in range(2):
        upload(alice, bundle())
    assert count(database, artifact_bundles) == 1


def test_two_who_upload_the_same_at_once_make_it_once(alice: Caller, database: Database) -> None:
    content = bundle(debug_id=BUNDLE_ID)
    send(alice, content)
    body = asked(content, projects=["web"])
    states: list[str] = []

    def assemble() -> None:
        states.append(alice.post(ARTIFACT_BUNDLES, body).json()["state"])

    threads = [threading.Thread(target=assemble) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(states) <= {"created", "assembling", "ok"}
    assert alice.post(ARTIFACT_BUNDLES, body).json() == OK
    assert (count(database, artifact_bundles), count(database, files)) == (1, 1)


def test_one_that_died_halfway_is_begun_again(alice: Caller, database: Database) -> None:
    content = bundle()
    send(alice, content)
    body = asked(content, projects=["web"])
    alice.post(ARTIFACT_BUNDLES, body)
    table = assemblies.assemblies
    for age, told in ((timedelta(), "assembling"), (assemblies.ASSEMBLING_LENGTH, "created")):
        with database.transaction() as connection:
            connection.execute(table.update().values(state="assembling", updated_at=now() - age))
        assert alice.post(ARTIFACT_BUNDLES, body).json()["state"] == told


def test_chunks_in_the_wrong_order_are_told(alice: Caller) -> None:
    content = bundle()
    chunks = cut(content, 200)
    send(alice, *chunks)
    body = asked(content, chunks=chunks[::-1], projects=["web"])
    alice.post(ARTIFACT_BUNDLES, body)
    error = {"state": "error", "detail": "Reported checksum mismatch", "missingChunks": []}
    assert alice.post(ARTIFACT_BUNDLES, body).json() == error


def test_a_client_that_does_not_wait_is_told_of_a_bad_bundle_at_once(alice: Caller) -> None:
    send(alice, b"no bundle")
    body = asked(b"no bundle", projects=["web"])
    told = alice.post(ARTIFACT_BUNDLES, body).json()
    assert (told["state"], told["detail"]) == ("error", "the bundle is invalid")
    assert alice.post(ARTIFACT_BUNDLES, body).json() == told


@cache
def bundle_of_a_gibibyte() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        manifest = {"org": "acme", "release": "web@1.0.0"} | {
            "files": {"a.js": {"url": "~/a.js", "type": "source"}}
        }
        archive.writestr("manifest.json", json.dumps(manifest))
        with archive.open("a.js", "w") as member:
            for _ in range(1024):
                member.write(bytes(2**20))
    return held.getvalue()


@pytest.mark.parametrize("path", [ARTIFACT_BUNDLES, OF_RELEASE])
def test_a_member_of_a_gibibyte_refuses_a_bundle_of_either_kind(
    alice: Caller, database: Database, path: str
) -> None:
    alice.publish("web@1.0.0")
    content = bundle_of_a_gibibyte()
    send(alice, content)
    body = asked(content) if path == OF_RELEASE else asked(content, projects=["web"])
    told = alice.post(path, body).json()
    reason = "its member 'a.js' is larger than 536870912 bytes"
    assert (told["state"], told["reason"]) == ("error", reason)
    assert alice.post(path, body).json() == told
    assert (count(database, files), count(database, release_files)) == (0, 0)


def test_what_is_no_bundle_is_told_with_the_reason(alice: Caller) -> None:
    told = upload(alice, b"nothing of the kind")
    assert (told["state"], told["detail"]) == ("error", "the bundle is invalid")
    assert told["reason"] == "it is not a zip file, or not a whole one"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "Invalid json body"),
        (b"{", "Invalid json body"),
        (b"[]", "[] is not of type 'object'"),
        (b'{"checksum": "x", "chunks": []}', "'projects' is a required property"),
        (
            b'{"checksum": "x", "chunks": [], "projects": []}',
            "'x' does not match '^[0-9a-f]{40}$'",
        ),
        (b'{"checksum": 5, "chunks": [], "projects": []}', "5 is not of type 'string'"),
    ],
)
def test_a_bad_body_is_told(alice: Caller, body: bytes, error: str) -> None:
    answer = alice.post(ARTIFACT_BUNDLES, content=body)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"chunks": {}}, "{} is not of type 'array'"),
        ({"chunks": ["A" * 40]}, f"'{'A' * 40}' does not match '^[0-9a-f]{{40}}$'"),
        ({"chunks": [None]}, "None is not of type 'string'"),
        ({"projects": "web"}, "'web' is not of type 'array'"),
        ({"projects": [1]}, "1 is not of type 'string'"),
        ({"projects": []}, "You need to specify at least one project"),
        ({"projects": ["nosuch"]}, "One or more projects are invalid"),
        ({"projects": ["web", "wb"]}, "One or more projects are invalid"),
        ({"version": "a/b"}, "'a/b' does not match '^[^/]+$'"),
        ({"dist": 7}, "You need to specify a release together with a dist"),
        ({"dist": True}, "True is not of type 'string', 'integer'"),
        ({"version": "1", "dist": 10**64}, f"{10**64} is too long"),
        ({"dist": "7"}, "You need to specify a release together with a dist"),
        ({"x": 1}, "Additional properties are not allowed ('x' was unexpected)"),
        ({"x": 1, "y": 2}, "Additional properties are not allowed ('x', 'y' were unexpected)"),
        ({"version": "nul\0"}, "Null characters are not allowed."),
    ],
)
def test_a_bad_field_is_told_and_nothing_remembered(
    alice: Caller, database: Database, more: dict[str, object], error: str
) -> None:
    body = asked(b"x", projects=["web"]) | more
    answer = alice.post(ARTIFACT_BUNDLES, body)
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert count(database, assemblies.assemblies) == 0


def test_a_project_may_be_named_by_its_id(alice: Caller, world: World) -> None:
    assert upload(alice, bundle(), str(world.projects["web"])) == OK


def test_a_member_uploads_for_the_projects_they_reach(
    alice: Caller, bob: Caller, database: Database
) -> None:
    alice.put("/organizations/acme/", {"openMembership": False})
    assert upload(bob, bundle(), "web") == OK


def test_only_those_who_may_publish_assemble(bearer: Bearer, charlie: Caller) -> None:
    body = asked(b"x", projects=["web"])
    for caller in (bearer(scopes=["project:read"]), charlie):
        assert caller.post(ARTIFACT_BUNDLES, body).json() == NOT_ALLOWED


def test_a_small_bundle_of_a_release_becomes_single_files(
    alice: Caller, database: Database
) -> None:
    alice.publish("web@1.0.0")
    for content in (b"console.log(1)", b"console.log(2)"):
        files_ = APP | {"files/_/_/app.js": APP["files/_/_/app.js"] | {"content": content}}
        whole = bundle(files_, release="web@1.0.0")
        send(alice, whole)
        assert alice.post(OF_RELEASE, asked(whole)).json()["state"] == "created"
        assert alice.post(OF_RELEASE, asked(whole)).json() == OK
    assert (count(database, release_files), count(database, files)) == (2, 2)
    assert count(database, artifact_bundles) == 0


def test_a_large_bundle_of_a_release_stays_one(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", "web", "mobile")
    whole = bundle(many(10), release="web@1.0.0")
    send(alice, whole)
    alice.post(OF_RELEASE, asked(whole))
    assert alice.post(OF_RELEASE, asked(whole)).json() == OK
    assert (count(database, release_files), count(database, bundle_entries)) == (0, 10)


@pytest.mark.parametrize(
    ("manifest", "error"),
    [
        ({"org": "globex", "release": "web@1.0.0"}, "organization does not match uploaded bundle"),
        ({"release": "web@2.0.0"}, "release does not match uploaded bundle"),
        ({}, "release does not match uploaded bundle"),
    ],
)
def test_a_bundle_of_something_else_is_refused(
    alice: Caller, manifest: dict[str, object], error: str
) -> None:
    alice.publish("web@1.0.0")
    whole = bundle(**manifest)
    send(alice, whole)
    alice.post(OF_RELEASE, asked(whole))
    assert alice.post(OF_RELEASE, asked(whole)).json()["detail"] == error


def test_an_unknown_release_has_no_bundles(alice: Caller) -> None:
    answer = alice.post(f"{RELEASES}nosuch@1/assemble/", asked(b"x"))
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_bundle_of_many_files_takes_no_more_statements(alice: Caller, database: Database) -> None:
    counted = []
    for size in (12, 400):
        content = bundle(many(size))
        send(alice, content)
        with statements(database) as run:
            alice.post(ARTIFACT_BUNDLES, asked(content, projects=["web"], version="web@1"))
        counted.append(len(run.texts))
    assert counted[0] == counted[1]
