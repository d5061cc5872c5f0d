"""``releases/{version}/files/``: single files of releases, and those in their bundles."""

from typing import Any

import pytest
from artifacts import asked, bundle, many, send, sha1
from factories import (
    NOT_ALLOWED,
    NOT_FOUND,
    RELEASES,
    WEB_RELEASES,
    Bearer,
    Caller,
    on_one_database,
    statements,
)
from sent_files import CONTENT, FILES, add, names

from shipmark.files.store import garbage
from shipmark.infrastructure.blobs.object_store import ObjectBlobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.worker.blob_gc import collect

WEB_FILES = f"{WEB_RELEASES}web@1.0.0/files/"
TAKEN = {"detail": "A file matching this name already exists for the given release"}


pytestmark = pytest.mark.usefixtures("web_release")


def test_a_file_is_shown_as_it_was_sent(alice: Caller) -> None:
    answer = add(alice, header=["Sourcemap: app.js.map", "X-Custom:  v "])
    made = answer.json()
    assert answer.status_code == 201
    assert made == {
        "id": made["id"],
        "name": "~/app.js",
        "dist": None,
        "headers": {
            "Content-Type": "application/javascript",
            "Sourcemap": "app.js.map",
            "X-Custom": "v",
        },
        "size": len(CONTENT),
        "sha1": sha1(CONTENT),
        "dateCreated": made["dateCreated"],
    }
    assert alice.get(f"{FILES}{made['id']}/").json() == made
    assert alice.get(FILES).json() == [made]


@pytest.mark.parametrize("length", [0, 1, 3 * 2**20 + 1])
def test_a_file_is_downloaded_as_it_was_sent(alice: Caller, length: int) -> None:
    content = bytes(range(256)) * (length // 256) + b"x" * (length % 256)
    made = add(alice, content=content).json()
    answer = alice.get(f"{FILES}{made['id']}/?download")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-length"] == str(length)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="app.js"'
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("range_", "status", "content"),
    [
        ("bytes=0-3", 206, CONTENT[:4]),
        ("bytes=5-", 206, CONTENT[5:]),
        ("bytes=-4", 206, CONTENT[-4:]),
        ("bytes=-400", 206, CONTENT),
        ("bytes=3-999", 206, CONTENT[3:]),
        ("bytes=14-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=4-2", 200, CONTENT),
        ("bytes=0-1,3-4", 200, CONTENT),
        ("lines=0-1", 200, CONTENT),
        ("bytes=-", 200, CONTENT),
    ],
)
def test_a_part_of_a_file_is_downloaded(
    alice: Caller, range_: str, status: int, content: bytes
) -> None:
    made = add(alice).json()
    answer = alice.get(f"{FILES}{made['id']}/?download=1", headers={"Range": range_})
    assert (answer.status_code, answer.content) == (status, content)
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


@on_one_database
def test_what_the_client_has_is_not_sent_again(alice: Caller) -> None:
    path = f"{FILES}{add(alice).json()['id']}/?download=1"
    tag = alice.get(path).headers["etag"]
    assert alice.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert alice.get(path, headers={"If-None-Match": '"other"'}).content == CONTENT
    resumed = {"Range": "bytes=4-", "If-Range": tag}
    assert alice.get(path, headers=resumed).status_code == 206
    assert alice.get(path, headers=resumed | {"If-Range": '"older"'}).status_code == 200


def test_the_name_is_the_file_s_own_where_none_is_given(alice: Caller) -> None:
    assert add(alice, None).json()["name"] == "a.js"


def test_a_name_is_free_once_for_each_dist(alice: Caller) -> None:
    assert add(alice).status_code == 201
    assert add(alice, dist="7").json()["dist"] == "7"
    for fields in ({}, {"dist": "7"}):
        answer = add(alice, content=b"other", **fields)
        assert (answer.status_code, answer.json()) == (409, TAKEN)
    assert add(alice, path=WEB_FILES).status_code == 409


def test_what_was_refused_leaves_nothing(
    alice: Caller, database: Database, blobs: ObjectBlobs
) -> None:
    add(alice)
    add(alice, content=b"refused")
    collect(database, blobs, now().replace(year=2100))
    with database.snapshot() as connection:
        assert garbage.with_wrong_ref_count(connection) == []
    made = alice.get(FILES).json()[0]
    assert alice.get(f"{FILES}{made['id']}/?download").content == CONTENT


@pytest.mark.parametrize(
    ("name", "fields", "detail"),
    [
        ("", {}, "File name must be specified"),
        ("   ", {}, "File name must be specified"),
        ("file", {}, "File name must be specified"),
        ("~/a\tb.js", {}, "File name must not contain special whitespace characters"),
        ("~/a\\b.js", {}, "File name must not contain special whitespace characters"),
        ("~/a\0b.js", {}, "File name must not contain special whitespace characters"),
        ("x" * 4096, {}, "File name must not be longer than 1024 characters"),
        ("~/a.js", {"dist": "d" * 65}, "dist must not be longer than 64 characters"),
        ("~/a.js", {"header": "nocolon"}, "header value was not formatted correctly"),
        (
            "~/a.js",
            {"header": "a: b\tc"},
            "header value must not contain special whitespace characters",
        ),
        ("~/a.js", {"header": ["a: b"] * 51}, "No more than 50 headers can be given"),
    ],
)
def test_what_is_wrong_is_told(
    alice: Caller, name: str, fields: dict[str, Any], detail: str
) -> None:
    answer = add(alice, name, **fields)
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})
    assert alice.get(FILES).json() == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "~/ünï.js", "~/a b.js", "http://x.example/?a=1"]
)
def test_an_odd_name_is_but_a_name(alice: Caller, name: str) -> None:
    made = add(alice, name).json()
    assert made["name"] == name
    assert names(alice) == [name]
    saved = alice.get(f"{FILES}{made['id']}/?download").headers["content-disposition"]
    assert "/" not in saved.partition("filename*=")[0]


def test_a_form_without_a_file_is_refused(alice: Caller) -> None:
    missing = {"detail": "Missing uploaded file"}
    assert alice.post(FILES).json() == missing
    assert alice.post(FILES, {"name": "x"}).json() == missing
    other = {"other": ("a.js", b"x")}
    assert alice.post(FILES, data={"name": "x"}, files=other).json() == missing


@pytest.mark.parametrize(
    "filename",
    [
        "filename*=UTF-8''%C3%A9%20x.js",
        "filename*=\"utf-8'de'%C3%A9%20x.js\"",
        "filename=\"=?utf-8?B?w6kgeC5qcw==?=\"; filename*=utf-8''%c3%a9%20x.js",
        "filename*=ISO-8859-1''%E9%20x.js; size=1",
    ],
)
def test_the_name_of_a_file_may_be_encoded(alice: Caller, filename: str) -> None:
    """As old versions of urllib3, and .NET beside an unreadable name, write those that are not ASCII."""
    head = f'--b\r\nContent-Disposition: form-data; name="file"; {filename}\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = alice.post(FILES, content=f"{head}x\r\n--b--\r\n".encode(), headers=headers)
    assert (answer.status_code, answer.json()["name"]) == (201, "é x.js")


def test_a_field_that_is_not_text_is_refused(alice: Caller) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xff\xfe\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = alice.post(FILES, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "The field 'name' of the form is not UTF-8."},
    )


@on_one_database
def test_a_name_that_is_not_text_is_refused(alice: Caller) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="gr\xf6.js"\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = alice.post(FILES, content=head + b"x\r\n--b--\r\n", headers=headers)
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "A name of the form is not UTF-8."},
    )


@on_one_database
def test_a_large_field_is_refused(alice: Caller) -> None:
    assert add(alice, dist="d" * 70_000).status_code == 413


def test_the_project_sees_the_same_files(alice: Caller) -> None:
    made = add(alice, path=WEB_FILES).json()
    assert alice.get(WEB_FILES).json() == alice.get(FILES).json() == [made]
    assert alice.get(f"{WEB_FILES}{made['id']}/?download").content == CONTENT
    other = f"/projects/acme/mobile/releases/web@1.0.0/files/{made['id']}/"
    for method in (alice.get, alice.delete):
        assert method(other).json() == NOT_FOUND
    assert alice.delete(f"{WEB_FILES}{made['id']}/").status_code == 204


def test_a_file_is_renamed(alice: Caller) -> None:
    made = add(alice, dist="7").json()
    add(alice, "~/taken.js", dist="7")
    path = f"{FILES}{made['id']}/"
    renamed = alice.put(path, {"name": "~/new.js", "dist": "8"}).json()
    assert renamed == made | {"name": "~/new.js"}
    assert add(alice, dist="7").status_code == 201
    answer = alice.put(path, {"name": "~/taken.js"})
    assert (answer.status_code, answer.json()) == (409, TAKEN)
    assert alice.put(path, {"name": ""}).json() == {"name": ["This field may not be blank."]}
    assert alice.put(path, {"name": "x" * 201}).status_code == 400
    assert alice.get(path).json()["name"] == "~/new.js"


def test_a_file_is_deleted_with_its_content(
    alice: Caller, database: Database, blobs: ObjectBlobs
) -> None:
    path = f"{FILES}{add(alice).json()['id']}/"
    assert alice.delete(path).status_code == 204
    for method in (alice.get, alice.delete):
        assert (method(path).status_code, method(path).json()) == (404, NOT_FOUND)
    collect(database, blobs, now().replace(year=2100))
    with database.snapshot() as connection:
        assert not garbage.has_unused(connection, now().replace(year=2101))


@pytest.mark.parametrize("file_id", ["999999", "abc", "9" * 30, "%C3%BC", "X3g=", "-1", "~~~"])
def test_an_id_that_nobody_has_is_not_found(alice: Caller, file_id: str) -> None:
    assert alice.get(f"{FILES}{file_id}/").json() == NOT_FOUND
    assert alice.delete(f"{FILES}{file_id}/").json() == NOT_FOUND


def test_a_release_takes_its_files_with_it(
    alice: Caller, database: Database, blobs: ObjectBlobs
) -> None:
    add(alice)
    whole = bundle(many(11), release="web@1.0.0")
    send(alice, whole)
    alice.post(f"{RELEASES}web@1.0.0/assemble/", asked(whole))
    assert alice.delete(f"{RELEASES}web@1.0.0/").status_code == 204
    collect(database, blobs, now().replace(year=2100))
    with database.snapshot() as connection:
        assert not garbage.has_unused(connection, now().replace(year=2101))
        assert garbage.with_wrong_ref_count(connection) == []


def test_who_may_download(
    alice: Caller, bob: Caller, organization_token: Caller, bearer: Bearer
) -> None:
    made = add(alice).json()
    of_organization, of_project = (f"{it}{made['id']}/?download" for it in (FILES, WEB_FILES))
    assert organization_token.get(of_organization).content == CONTENT
    assert bearer(scopes=["project:read"]).get(of_organization).status_code == 403
    for caller, path in (
        (bob, of_organization),
        (bob, of_project),
        (organization_token, of_project),
    ):
        assert (caller.get(path).status_code, caller.get(path).content) == (403, b"")
    assert bob.get(f"{WEB_FILES}{made['id']}/").json() == made


def test_who_may_change(alice: Caller, charlie: Caller, bearer: Bearer) -> None:
    reader, made = bearer(scopes=["project:read"]), add(alice).json()
    path = f"{FILES}{made['id']}/"
    for caller in (reader, charlie):
        assert add(caller, "~/other.js").json() == NOT_ALLOWED
        assert caller.put(path, {"name": "x"}).json() == NOT_ALLOWED
        assert caller.delete(path).json() == NOT_ALLOWED
    assert add(bearer(scopes=["project:releases"]), "~/other.js").status_code == 201
    assert bearer(scopes=["project:write"]).delete(path).json() == NOT_ALLOWED


def test_an_unknown_release_has_no_files(alice: Caller) -> None:
    unknown = f"{RELEASES}nosuch/files/"
    assert alice.get(unknown).json() == NOT_FOUND
    assert add(alice, path=unknown).json() == NOT_FOUND


def test_a_page_takes_as_many_statements_whatever_it_holds(
    alice: Caller, database: Database
) -> None:
    counted = []
    for number in range(12):
        add(alice, f"~/{number}.js")
        with statements(database) as run:
            alice.get(FILES)
        counted.append(len(run.texts))
    assert len(set(counted)) == 1


@on_one_database
def test_a_stream_that_breaks_off_leaves_nothing(alice: Caller) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.js"\r\n\r\nhalf'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert alice.post(FILES, content=body, headers=headers).status_code == 400
    assert alice.get(FILES).json() == []
