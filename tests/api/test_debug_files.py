"""``files/difs/assemble/``: debug files of chunks (files-and-avatars.md 5.5)."""

import json
from pathlib import Path
from typing import Any

import pytest
from artifacts import cut, send, sha1
from bundling import BUILT
from factories import (
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    counts,
    on_one_database,
    rows,
    statements,
)

from shipmark.api.debug_files import routes
from shipmark.files.store import garbage
from shipmark.infrastructure.database import Database

ASSEMBLE = "/projects/acme/web/files/difs/assemble/"
DSYMS = "/projects/acme/web/files/dsyms/"
PDB = (BUILT / "SrcGenSampleApp.pdb").read_bytes()
DART = (BUILT / "dartsymbolmap.json").read_bytes()
MAPPING = (BUILT / "mapping.txt").read_bytes()
PDB_ID = "c02651ae-cd6f-492d-bc33-0b83111e7106-8d8e7c60"
IDS = ("eb5691c8-bfda-9f85-4ee7-0cb0c303004d", "dfb8e43a-f242-3d73-a453-aeb6a777ef75")


def asked(
    content: bytes, name: str = "a/shop.pdb", *, chunks: Any = None, **more: str
) -> dict[str, Any]:
    named = [sha1(content)] if chunks is None else [sha1(each) for each in chunks]
    return {sha1(content): {"name": name, "chunks": named, **more}}


def ask(caller: Caller, body: object, path: str = ASSEMBLE) -> Any:
    answer = caller.post(path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def upload(caller: Caller, content: bytes, name: str = "a/shop.pdb", **more: str) -> Any:
    """Upload a debug file as clients do; says what became of it."""
    send(caller, content)
    body = asked(content, name, **more)
    ask(caller, body)
    return ask(caller, body)[sha1(content)]


def test_a_debug_file_goes_from_missing_to_there(alice: Caller) -> None:
    chunks = cut(PDB, 4000)
    body = asked(PDB, chunks=chunks)
    key = sha1(PDB)
    missing = {"state": "not_found", "missingChunks": [sha1(each) for each in chunks]}
    assert ask(alice, body) == {key: missing}
    send(alice, *chunks)
    assert ask(alice, body) == {key: {"state": "created", "missingChunks": []}}
    told = ask(alice, body)[key]
    assert told == {
        "state": "ok",
        "detail": None,
        "missingChunks": [],
        "dif": {
            "id": told["dif"]["id"],
            "uuid": PDB_ID[:36],
            "debugId": PDB_ID,
            "codeId": None,
            "cpuName": "unknown",
            "objectName": "shop.pdb",
            "symbolType": "portablepdb",
            "headers": {},
            "size": len(PDB),
            "sha1": key,
            "dateCreated": told["dif"]["dateCreated"],
            "data": {"type": "dbg", "features": ["debug", "sources"]},
        },
    }


def test_uploading_again_makes_nothing(alice: Caller, database: Database) -> None:
    first = upload(alice, PDB)
    before = counts(database)
    assert upload(alice, PDB, "other/name.pdb") == first
    assert ask(alice, asked(PDB, chunks=[])) == {sha1(PDB): first}
    assert counts(database) == before
    assert before["assemblies"] == 0


@on_one_database
def test_another_project_has_its_own(alice: Caller, database: Database) -> None:
    upload(alice, PDB)
    body = asked(PDB)
    path = ASSEMBLE.replace("web", "mobile")
    assert ask(alice, body, path)[sha1(PDB)]["state"] == "created"
    assert ask(alice, body, path)[sha1(PDB)]["state"] == "ok"
    assert (counts(database)["debug_files"], counts(database)["blobs"]) == (2, 1)


@on_one_database
def test_a_mapping_is_named_by_the_id_in_its_path(alice: Caller) -> None:
    ids = ["0ac1a4b8-2254-55a4-bff8-8f4bc80197df", "11111111-2222-4333-8444-555555555555"]
    made = [upload(alice, MAPPING, f"/proguard/{id_}.txt")["dif"]["debugId"] for id_ in ids]
    assert made == ids


@on_one_database
def test_several_files_are_told_of_each_by_its_checksum(alice: Caller) -> None:
    send(alice, PDB, MAPPING)
    body = asked(PDB) | asked(MAPPING, "/proguard/m.txt") | asked(b"absent")
    states = {key: it["state"] for key, it in ask(alice, body).items()}
    assert states == {sha1(PDB): "created", sha1(MAPPING): "created", sha1(b"absent"): "not_found"}
    states = {key: it["state"] for key, it in ask(alice, body).items()}
    assert states == {sha1(PDB): "ok", sha1(MAPPING): "ok", sha1(b"absent"): "not_found"}


@on_one_database
def test_a_map_is_there_for_each_id_that_clients_say(alice: Caller, database: Database) -> None:
    """The builds of an app for several processors share one map of Dart."""
    found = [upload(alice, DART, "dartsymbolmap.json", debug_id=it)["dif"] for it in IDS]
    assert [it["debugId"] for it in found] == list(IDS)
    assert upload(alice, DART, "dartsymbolmap.json", debug_id=IDS[0].upper())["dif"] == found[0]
    assert counts(database)["debug_files"] == 2


@on_one_database
def test_a_map_without_an_id_is_refused_until_one_is_said(alice: Caller) -> None:
    told = upload(alice, DART, "dartsymbolmap.json")
    error = "A file of this type (dartsymbolmap) needs a debug id"
    assert told == {"state": "error", "detail": error, "missingChunks": []}
    assert upload(alice, DART, "dartsymbolmap.json", debug_id=IDS[0])["state"] == "ok"


def test_what_is_no_debug_file_is_told_and_nothing_kept(alice: Caller, database: Database) -> None:
    told = upload(alice, b"nothing of the kind", "shop.exe")
    assert told["state"] == "error"
    assert told["detail"]
    assert (counts(database)["debug_files"], counts(database)["files"]) == (0, 0)


@on_one_database
def test_a_checksum_that_is_not_that_of_the_chunks_is_told(alice: Caller) -> None:
    send(alice, PDB)
    body = {"a" * 40: {"name": "x", "chunks": [sha1(PDB)]}}
    ask(alice, body)
    assert ask(alice, body)["a" * 40]["detail"] == "Reported checksum mismatch"


@on_one_database
def test_chunks_of_another_organization_are_missing(alice: Caller, charlie: Caller) -> None:
    send(alice, PDB)
    told = ask(charlie, asked(PDB), ASSEMBLE.replace("acme", "globex"))
    assert told == {sha1(PDB): {"state": "not_found", "missingChunks": [sha1(PDB)]}}


@on_one_database
def test_files_that_would_take_too_long_are_begun_by_a_later_request(
    alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(alice, PDB)
    with monkeypatch.context() as patched:
        patched.setattr(routes, "SECONDS_MAX", 0.0)
        for _ in range(2):
            assert ask(alice, asked(PDB))[sha1(PDB)]["state"] == "created"
    ask(alice, asked(PDB))
    assert ask(alice, asked(PDB))[sha1(PDB)]["state"] == "ok"


@on_one_database
def test_a_file_that_ends_its_reader_is_told_of_and_nobody_dies(
    alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("/bin/sh", "-c", "kill -SEGV $$")
    monkeypatch.setattr("shipmark.debug_files.inspection._COMMAND", command)
    assert upload(alice, PDB)["detail"] == "The file could not be read"
    assert ask(alice, asked(PDB))[sha1(PDB)]["state"] == "error"


@on_one_database
def test_a_bug_lets_the_client_try_again_at_once(
    alice: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("shipmark.debug_files.inspection._COMMAND", ("/no/such/program",))
        send(alice, PDB)
        assert alice.post(ASSEMBLE, asked(PDB)).status_code == 500
    assert counts(database)["assemblies"] == 0
    assert upload(alice, PDB)["state"] == "ok"


@on_one_database
def test_polling_takes_no_more_statements_for_many_files(alice: Caller, database: Database) -> None:
    counted = []
    for size in (2, 200):
        body: dict[str, object] = {}
        for n in range(size):
            body |= asked(b"%d" % n)
        with statements(database) as run:
            ask(alice, body)
        counted.append(run.count)
    assert counted[0] == counted[1]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ([], "[] is not of type 'object'"),
        ({"x": {}}, "'x' does not match any of the regexes: '^[0-9a-f]{40}$'"),
        ({"a" * 40: {}}, "'name' is a required property"),
        ({"a" * 40: {"name": "x"}}, "'chunks' is a required property"),
        ({"a" * 40: {"name": 1, "chunks": []}}, "1 is not of type 'string'"),
        ({"a" * 40: {"name": "x\0", "chunks": []}}, "Null characters are not allowed."),
        ({"a" * 40: {"name": "\ud800", "chunks": []}}, "'\\ud800' is not a valid text"),
        ({"a" * 40: {"name": "x", "chunks": ["y"]}}, "'y' does not match '^[0-9a-f]{40}$'"),
        ({"a" * 40: {"name": "x", "chunks": [], "debug_id": 1}}, "1 is not of type 'string'"),
    ],
)
@on_one_database
def test_a_bad_body_is_told(alice: Caller, body: object, error: str) -> None:
    answer = alice.post(ASSEMBLE, body)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


@on_one_database
def test_an_empty_question_has_an_empty_answer(alice: Caller) -> None:
    assert ask(alice, {}) == {}


@on_one_database
def test_what_else_clients_say_is_passed_over(alice: Caller) -> None:
    body = {sha1(PDB): {"name": "x", "chunks": [], "debug_id": "", "colour": "red"}}
    assert ask(alice, body) == {sha1(PDB): {"state": "not_found", "missingChunks": []}}


@on_one_database
def test_only_those_who_may_publish_assemble(
    bearer: Bearer, charlie: Caller, anonymous: Caller, alice: Caller
) -> None:
    for caller in (bearer(scopes=["project:read"]), charlie):
        assert caller.post(ASSEMBLE, asked(PDB)).json() == NOT_ALLOWED
    assert anonymous.post(ASSEMBLE, []).status_code == 401
    assert alice.post(ASSEMBLE.replace("web", "nosuch"), asked(PDB)).json() == NOT_FOUND


@on_one_database
def test_a_pipeline_uploads_with_the_organizations_token(organization_token: Caller) -> None:
    assert upload(organization_token, MAPPING, "/proguard/x.txt")["state"] == "ok"


def test_a_deleted_file_is_missing_again_and_its_blobs_are_not_miscounted(
    alice: Caller, database: Database
) -> None:
    made = upload(alice, PDB)["dif"]
    assert alice.delete(f"{DSYMS}?id={made['id']}").status_code == 204
    assert ask(alice, asked(PDB))[sha1(PDB)]["state"] == "created"
    assert ask(alice, asked(PDB))[sha1(PDB)]["dif"]["id"] != made["id"]
    with database.snapshot() as connection:
        assert garbage.with_wrong_ref_count(connection) == []


@on_one_database
def test_no_temporary_file_stays(
    alice: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for content in (PDB, b"nothing"):
        upload(alice, content)
    assert [it.name for it in tmp_path.iterdir() if it.name.startswith("shipmark")] == []
    assert json.dumps(upload(alice, PDB))


@on_one_database
def test_a_file_that_is_there_is_named_by_its_object(alice: Caller, database: Database) -> None:
    upload(alice, MAPPING, "/proguard/0ac1a4b8-2254-55a4-bff8-8f4bc80197df.txt")
    [file] = rows(database, "files")
    assert (file["kind"], file["name"]) == (
        "project.dif",
        "0ac1a4b8-2254-55a4-bff8-8f4bc80197df.txt",
    )
