"""``files/dsyms/``: listing, downloading, uploading and deleting debug files, and the versions of mappings."""

import io
import zipfile
from typing import Any

import pytest
from artifacts import sha1
from bundling import BUILT, zipped
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
from httpx import Response

from shipmark.infrastructure.database import Database

DSYMS = "/projects/acme/web/files/dsyms/"
RELEASES_OF = "/projects/acme/web/files/proguard-artifact-releases"
MAPPING = (BUILT / "mapping.txt").read_bytes()
MAPPING_ID = "dac1a4b8-2254-55a4-bff8-8f4bc80197df"
MAPPING_NAME = f"proguard/{MAPPING_ID}.txt"
PDB = (BUILT / "SrcGenSampleApp.pdb").read_bytes()
PLIST = ("shop.dSYM/Contents/Info.plist", b"<?xml version='1.0'?><plist/>")


def send(caller: Caller, content: bytes, path: str = DSYMS) -> Response:
    return caller.post(path, files={"file": ("a.zip", content)})


def add(caller: Caller, *members: tuple[str, bytes]) -> list[dict[str, Any]]:
    answer = send(caller, zipped(members or [(MAPPING_NAME, MAPPING)]))
    assert answer.status_code == 201, answer.text
    made: list[dict[str, Any]] = answer.json()
    return made


def names(caller: Caller, query: str = "") -> list[str]:
    return [it["objectName"] for it in caller.get(f"{DSYMS}?{query}").json()]


def test_a_mapping_is_uploaded_as_older_clients_do(alice: Caller, database: Database) -> None:
    [made] = add(alice)
    assert made == {
        "id": made["id"],
        "uuid": MAPPING_ID,
        "debugId": MAPPING_ID,
        "codeId": None,
        "cpuName": "any",
        "objectName": f"{MAPPING_ID}.txt",
        "symbolType": "proguard",
        "headers": {},
        "size": len(MAPPING),
        "sha1": sha1(MAPPING),
        "dateCreated": made["dateCreated"],
        "data": {"type": None, "features": ["mapping"]},
    }
    assert alice.get(DSYMS).json() == [made]
    assert add(alice) == [made]
    assert (counts(database)["files"], counts(database)["debug_files"]) == (1, 1)


@on_one_database
def test_the_same_mapping_with_another_id_is_another_debug_file(alice: Caller) -> None:
    other = "11111111-2222-4333-8444-555555555555"
    add(alice)
    [made] = add(alice, (f"proguard/{other}.txt", MAPPING))
    assert (made["debugId"], made["objectName"]) == (other, f"{other}.txt")
    assert len(alice.get(DSYMS).json()) == 2


@on_one_database
def test_what_is_no_debug_file_is_passed_over_where_one_is(alice: Caller) -> None:
    made = add(alice, PLIST, ("bin/shop.pdb", PDB), ("../slip.txt", MAPPING), ("folder/", b""))
    assert [it["objectName"] for it in made] == ["shop.pdb"]


@on_one_database
def test_a_zip_may_have_a_file_twice(alice: Caller, database: Database) -> None:
    made = add(alice, ("a/shop.pdb", PDB), ("b/shop.pdb", PDB), (MAPPING_NAME, MAPPING))
    assert [it["symbolType"] for it in made] == ["portablepdb", "proguard"]
    assert counts(database)["debug_files"] == 2


@on_one_database
@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "it is not a zip file, or not a whole one"),
        (MAPPING, "it is not a zip file, or not a whole one"),
        (zipped([("a", b"\0" * 3 * 2**20)]), "its member 'a' is compressed more than 250 times"),
        (zipped([(str(n), b"") for n in range(501)]), "it has more than 500 files"),
    ],
)
def test_a_bad_zip_is_told(alice: Caller, database: Database, content: bytes, error: str) -> None:
    answer = send(alice, content)
    assert answer.json() == {"detail": f"The zip can't be read: {error}"}
    assert answer.status_code == 400
    assert (counts(database)["files"], counts(database)["blob_removals"]) == (0, 0)


@on_one_database
@pytest.mark.parametrize(("members", "why"), [([PLIST], f"{PLIST[0]}: "), ([("a", b"")], "a: ")])
def test_a_zip_without_a_debug_file_is_refused(
    alice: Caller, members: list[tuple[str, bytes]], why: str
) -> None:
    answer = send(alice, zipped(members))
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(f"There is no debug file in the zip ({why}")


@on_one_database
def test_an_empty_zip_has_no_debug_files(alice: Caller, database: Database) -> None:
    """It is of sentry-cli, which has left out mappings without lines, and warned of it."""
    answer = send(alice, zipped([]))
    assert (answer.status_code, answer.json()) == (201, [])
    assert counts(database)["files"] == 0


@on_one_database
def test_a_zip_with_a_damaged_member_keeps_nothing(alice: Caller, database: Database) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(MAPPING_NAME, MAPPING)
        archive.writestr("b.pdb", PDB)
    content = held.getvalue().replace(PDB, b"x" * len(PDB))
    assert send(alice, content).status_code == 400
    assert counts(database)["debug_files"] == 0


@on_one_database
def test_a_form_without_a_file_is_refused(alice: Caller) -> None:
    missing = {"detail": "Missing uploaded file"}
    answers = [
        alice.post(DSYMS, {}),
        alice.post(DSYMS, files={"other": ("a.zip", b"x")}),
        alice.post(DSYMS, data={"file": "text"}, files={"x": ("y", b"")}),
    ]
    assert [(it.status_code, it.json()) for it in answers] == [(400, missing)] * 3


@on_one_database
def test_files_are_found_by_what_is_known_of_them(alice: Caller) -> None:
    add(alice)
    add(alice, ("shop.pdb", PDB))
    assert names(alice) == ["shop.pdb", f"{MAPPING_ID}.txt"]
    assert names(alice, "query=SHOP") == ["shop.pdb"]
    assert names(alice, "query=%22shop.pdb%22") == ["shop.pdb"]
    assert names(alice, f"query={sha1(PDB)[:9]}") == ["shop.pdb"]
    assert names(alice, "query=100%25") == []
    assert names(alice, f"debug_id={MAPPING_ID.upper()}") == [f"{MAPPING_ID}.txt"]
    assert names(alice, "debug_id=nonsense") == []
    assert names(alice, "code_id=abc") == []
    assert names(alice, "file_formats=elf&file_formats=portablepdb") == ["shop.pdb"]
    assert names(alice, "file_formats=elf") == []


@on_one_database
def test_pages_have_twenty_files(alice: Caller, database: Database) -> None:
    classes = (b"com.acme.Cart -> a.b%d:\n" % n for n in range(25))
    add(alice, *((f"{n}.txt", content) for n, content in enumerate(classes)))
    with statements(database) as run:
        first = alice.get(f"{DSYMS}")
    with statements(database) as small:
        second = alice.get(f"{DSYMS}?cursor=20:1:0")
    assert (len(first.json()), len(second.json())) == (20, 5)
    assert run.count == small.count
    assert len({it["id"] for it in first.json() + second.json()}) == 25
    assert alice.get(f"{DSYMS}?cursor=20:9999:0").status_code == 400


def test_a_file_is_downloaded_by_those_who_may(
    alice: Caller, bob: Caller, organization_token: Caller
) -> None:
    [made] = add(alice)
    answer = alice.get(f"{DSYMS}?id={made['id']}")
    assert (answer.status_code, answer.content) == (200, MAPPING)
    assert answer.headers["content-disposition"] == f'attachment; filename="{MAPPING_ID}.txt"'
    for caller in (bob, organization_token):
        refused = caller.get(f"{DSYMS}?id={made['id']}")
        assert (refused.status_code, refused.content) == (403, b"")


def test_the_organization_says_from_which_role_on_contents_are_downloaded(
    alice: Caller, bob: Caller, organization_token: Caller
) -> None:
    """Of all that is uploaded: debug files, files of releases, bundles (files-and-avatars.md 8.4)."""
    alice.publish("web@1.0.0")
    files = "/projects/acme/web/releases/web@1.0.0/files/"
    file_id = alice.post(files, files={"file": ("a.js", b"x")}).json()["id"]
    lookup = "/projects/acme/web/artifact-lookup/?download=release_file/"
    paths = [f"{DSYMS}?id={add(alice)[0]['id']}", f"{files}{file_id}/?download", lookup + file_id]

    def statuses(caller: Caller) -> set[int]:
        return {caller.get(path).status_code for path in paths}

    for role, owner, member in (("member", 200, 200), ("admin", 200, 403), ("owner", 200, 403)):
        assert alice.put("/organizations/acme/", {"debugFilesRole": role}).is_success
        assert (statuses(alice), statuses(bob)) == ({owner}, {member})
        assert statuses(organization_token) == {403}


@on_one_database
@pytest.mark.parametrize("id_", ["", "0", "x", "9" * 18, "9" * 40, "-1", "1e3", "%C2%B2"])
def test_an_id_that_is_none_is_not_found(alice: Caller, id_: str) -> None:
    for answer in (alice.get(f"{DSYMS}?id={id_}"), alice.delete(f"{DSYMS}?id={id_}")):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@on_one_database
def test_files_of_another_project_are_not_found(alice: Caller) -> None:
    [made] = add(alice)
    path = DSYMS.replace("web", "mobile")
    assert alice.get(path).json() == []
    assert alice.get(f"{path}?id={made['id']}").status_code == 404
    assert alice.delete(f"{path}?id={made['id']}").status_code == 404


def test_a_deleted_file_is_gone_with_what_is_tied_to_it(alice: Caller, database: Database) -> None:
    [made] = add(alice)
    alice.post(RELEASES_OF, {"release_name": "shop@1", "proguard_uuid": MAPPING_ID})
    answer = alice.delete(f"{DSYMS}?id={made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    left = counts(database)
    assert [left[it] for it in ("debug_files", "files", "proguard_releases")] == [0, 0, 0]
    assert {it["uses"] for it in rows(database, "blobs")} == {0}


@on_one_database
def test_unknown_checksums_are_told_in_order(alice: Caller) -> None:
    add(alice)
    query = "&".join(f"checksums={it}" for it in ("f" * 40, sha1(MAPPING), "a" * 40, "a" * 40))
    answer = alice.get(f"{DSYMS}unknown/?{query}")
    assert answer.json() == {"missing": ["a" * 40, "f" * 40]}
    assert alice.get(f"{DSYMS}unknown/").json() == {"missing": []}


@on_one_database
def test_nothing_is_tied_to_builds(alice: Caller) -> None:
    answer = alice.post(f"{DSYMS}associate/", {"checksums": [sha1(MAPPING)], "platform": "apple"})
    assert (answer.status_code, answer.json()) == (200, {"associatedDsymFiles": []})
    refused = alice.post(f"{DSYMS}associate/", {"checksums": 5})
    assert (refused.status_code, refused.json()) == (400, {"error": "5 is not of type 'array'"})


def test_a_mapping_is_tied_to_versions(alice: Caller) -> None:
    add(alice)
    for version in ("com.acme.shop@1.2+12", "com.acme.shop@1.1", "Ü %/? @"):
        body = {"release_name": version, "proguard_uuid": MAPPING_ID}
        answer = alice.post(RELEASES_OF, body)
        assert (answer.status_code, answer.json()) == (201, {})
        assert alice.post(RELEASES_OF, body).status_code == 409
    told = alice.get(f"{RELEASES_OF}?proguard_uuid={MAPPING_ID}").json()
    assert sorted(told["releases"]) == ["com.acme.shop@1.1", "com.acme.shop@1.2+12", "Ü %/? @"]


@on_one_database
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"release_name": "", "proguard_uuid": MAPPING_ID}, 400),
        ({"release_name": "x" * 251, "proguard_uuid": MAPPING_ID}, 400),
        ({"release_name": "x\0", "proguard_uuid": MAPPING_ID}, 400),
        ({"release_name": "x"}, 400),
        ({"release_name": "x", "proguard_uuid": []}, 400),
        ({"release_name": "x", "proguard_uuid": "nonsense"}, 400),
        ({"release_name": "x", "proguard_uuid": "0" * 31 + "1"}, 404),
    ],
)
def test_a_mapping_that_is_not_there_is_not_tied(
    alice: Caller, database: Database, body: dict[str, object], status: int
) -> None:
    add(alice)
    assert alice.post(RELEASES_OF, body).status_code == status
    assert counts(database)["proguard_releases"] == 0


@on_one_database
def test_only_those_who_may_publish_change_anything(
    alice: Caller, bearer: Bearer, charlie: Caller, anonymous: Caller
) -> None:
    [made] = add(alice)
    reader = bearer(scopes=["project:read"])
    assert reader.get(DSYMS).json() == [made]
    assert send(reader, b"").json() == NOT_ALLOWED
    assert reader.post(RELEASES_OF, {}).json() == NOT_ALLOWED
    assert reader.post(f"{DSYMS}associate/", {}).json() == NOT_ALLOWED
    for caller in (reader, bearer(scopes=["project:releases"])):
        assert caller.delete(f"{DSYMS}?id={made['id']}").json() == NOT_ALLOWED
    for path in (DSYMS, f"{DSYMS}unknown/", RELEASES_OF):
        assert charlie.get(path).json() == NOT_ALLOWED
        assert anonymous.get(path).status_code == 401
    assert alice.get(DSYMS.replace("web", "nosuch")).json() == NOT_FOUND
