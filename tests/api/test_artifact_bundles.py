"""``files/artifact-bundles/`` and what is in bundles; ``files/source-maps/``."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import quote

import pytest
from artifacts import APP, BUNDLE_ID, DEBUG_ID, WEB_BUNDLES, asked, bundle, many, send, upload
from factories import NOT_ALLOWED, NOT_FOUND, RELEASES, Bearer, Caller, World, statements

from shipmark.artifacts import actions
from shipmark.artifacts.store.bundles import artifact_bundles, bundle_projects
from shipmark.files.store import garbage
from shipmark.infrastructure.blobs.object_store import ObjectBlobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.worker.blob_gc import collect

FILES = f"/projects/acme/web/artifact-bundles/{BUNDLE_ID}/files/"
ARCHIVES = "/projects/acme/web/files/source-maps/"


def ids(caller: Caller, query: str = "", path: str = WEB_BUNDLES) -> list[str]:
    answer = caller.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return [it["bundleId"] for it in answer.json()]


def numbered(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def uploaded(caller: Caller, count: int, **more: object) -> list[str]:
    """So many bundles, each with an id and a file of its own."""
    for number in range(1, count + 1):
        files = {
            "a.js": APP["files/_/_/app.js"] | {"headers": {"debug-id": numbered(100 + number)}}
        }
        told = upload(caller, bundle(files, debug_id=numbered(number)), **more)
        assert told["state"] == "ok"
    return [numbered(number) for number in range(1, count + 1)]


def aged(database: Database, days: int) -> None:
    with database.transaction() as connection:
        for table in (artifact_bundles, bundle_projects):
            connection.execute(table.update().values(used_at=now() - timedelta(days=days)))


def test_a_bundle_is_listed_with_what_it_is_for(alice: Caller) -> None:
    for version, dist in (("web@1.0.0", "7"), ("web@1.0.0", None), ("alpha", None)):
        upload(
            alice, bundle(debug_id=BUNDLE_ID), version=version, **({"dist": dist} if dist else {})
        )
    (shown,) = alice.get(WEB_BUNDLES).json()
    assert shown["bundleId"] == BUNDLE_ID
    assert shown["fileCount"] == 2
    assert shown["associations"] == [
        {"release": "alpha", "dist": None},
        {"release": "web@1.0.0", "dist": None},
        {"release": "web@1.0.0", "dist": "7"},
    ]
    assert shown["date"][-1] == shown["dateModified"][-1] == "Z"
    assert "." not in shown["date"]


def test_lists_are_searched_and_sorted(alice: Caller) -> None:
    one, two, three = uploaded(alice, 3)
    upload(alice, bundle(debug_id=BUNDLE_ID), version="web@1.0.0", dist="7")
    assert ids(alice) == [BUNDLE_ID, three, two, one]
    assert ids(alice, "sortBy=date_added") == [one, two, three, BUNDLE_ID]
    assert ids(alice, "sortBy=date_modified") == [one, two, three, BUNDLE_ID]
    for text in ("web@1.0.0", "7", BUNDLE_ID, BUNDLE_ID.replace("-", "").upper(), DEBUG_ID):
        assert ids(alice, f"query={quote(text)}") == [BUNDLE_ID]
    assert ids(alice, f"query=%22{BUNDLE_ID}%22") == [BUNDLE_ID]
    assert ids(alice, "query=web@1") == []


def test_a_sort_that_nobody_knows_is_told(alice: Caller) -> None:
    answer = alice.get(f"{WEB_BUNDLES}?sortBy=size")
    message = "You can either sort via 'date_added' or 'date_modified'"
    code = "invalid_sort_by_parameter"
    assert answer.status_code == 400
    assert answer.json() == {"detail": {"code": code, "message": message, "extra": {}}}


def test_pages_have_ten(alice: Caller, database: Database) -> None:
    all_of_them = uploaded(alice, 11)[::-1]
    with statements(database) as run:
        assert ids(alice) == all_of_them[:10]
    many_texts = len(run.texts)
    with statements(database) as run:
        assert ids(alice, "cursor=10:1:0") == all_of_them[10:]
    assert len(run.texts) == many_texts
    assert alice.get(f"{WEB_BUNDLES}?per_page=11").status_code == 400


def test_a_bundle_goes_from_the_project_and_stays_in_others(
    alice: Caller, world: World, database: Database, blobs: ObjectBlobs
) -> None:
    upload(alice, bundle(debug_id=BUNDLE_ID), "web", "mobile")
    path = f"{WEB_BUNDLES}?bundleId={BUNDLE_ID}"
    assert alice.delete(path).status_code == 204
    mobile = WEB_BUNDLES.replace("web", "mobile")
    assert (ids(alice), ids(alice, path=mobile)) == ([], [BUNDLE_ID])
    again = alice.delete(path)
    error = (
        f"Artifact bundle with {BUNDLE_ID} found but it is not connected to"
        f" project {world.projects['web']}"
    )
    assert (again.status_code, again.json()) == (404, {"error": error})
    assert alice.delete(f"{mobile}?bundleId={BUNDLE_ID}").status_code == 204
    assert alice.delete(path).status_code == 204
    collect(database, blobs, now().replace(year=2100))
    with database.snapshot() as connection:
        assert not garbage.has_unused(connection, now().replace(year=2101))


@pytest.mark.parametrize("spelled", [BUNDLE_ID.upper(), BUNDLE_ID.replace("-", "")])
def test_the_id_of_a_bundle_may_be_spelled_otherwise(alice: Caller, spelled: str) -> None:
    upload(alice, bundle(debug_id=BUNDLE_ID))
    assert alice.get(FILES.replace(BUNDLE_ID, spelled)).json()["bundleId"] == BUNDLE_ID
    assert alice.delete(f"{WEB_BUNDLES}?bundleId={spelled}").status_code == 204
    assert ids(alice) == []


def test_what_was_deleted_can_be_uploaded_again_at_once(alice: Caller) -> None:
    for _ in range(2):
        assert upload(alice, bundle(debug_id=BUNDLE_ID))["state"] == "ok"
        assert ids(alice) == [BUNDLE_ID]
        alice.delete(f"{WEB_BUNDLES}?bundleId={BUNDLE_ID}")
        assert ids(alice) == []


def test_nothing_is_deleted_where_nothing_is_named(alice: Caller) -> None:
    upload(alice, bundle(debug_id=BUNDLE_ID))
    answer = alice.delete(WEB_BUNDLES)
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "Supplied an invalid bundle_id None"},
    )
    assert ids(alice) == [BUNDLE_ID]


def test_many_are_deleted_at_once(alice: Caller, database: Database) -> None:
    counted = []
    for count in (2, 8):
        all_of_them = uploaded(alice, count)
        query = "&".join(f"bundleId={each}" for each in all_of_them[1:])
        with statements(database) as run:
            assert alice.delete(f"{WEB_BUNDLES}?{query}").status_code == 204
        counted.append(len(run.texts))
        assert ids(alice) == all_of_them[:1]
    assert counted[0] == counted[1]


def test_all_of_a_release_are_deleted(alice: Caller) -> None:
    uploaded(alice, 2, version="web@1.0.0")
    upload(alice, bundle(debug_id=BUNDLE_ID), version="web@2.0.0", dist="7")
    told = {"deleted": 0, "isComplete": True}
    assert alice.delete(f"{WEB_BUNDLES}?release=web@2.0.0&dist=8").json() == told
    assert alice.delete(f"{WEB_BUNDLES}?release=web@1.0.0").json() == told | {"deleted": 2}
    assert ids(alice) == [BUNDLE_ID]


def test_all_that_nobody_used_are_deleted(
    alice: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded(alice, 3)
    aged(database, 40)
    upload(alice, bundle(debug_id=BUNDLE_ID))
    monkeypatch.setattr("shipmark.api.artifact_bundles.routes.DELETED_MAX", 2)
    since = quote((now() - timedelta(days=30)).isoformat())
    path = f"{WEB_BUNDLES}?unusedSince={since}"
    assert alice.delete(path).json() == {"deleted": 2, "isComplete": False}
    assert alice.delete(path).json() == {"deleted": 1, "isComplete": True}
    assert ids(alice) == [BUNDLE_ID]


def test_a_moment_that_is_none_is_refused(alice: Caller) -> None:
    answer = alice.delete(f"{WEB_BUNDLES}?unusedSince=yesterday")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Invalid unusedSince parameter. Datetime has wrong")


def test_old_ones_go_by_themselves(alice: Caller, database: Database) -> None:
    uploaded(alice, 2)
    for age, left in ((80, 2), (100, 0)):
        aged(database, age)
        with database.transaction() as connection:
            actions.remove_unused(connection, now(), timedelta(days=90))
        assert len(ids(alice)) == left


def test_only_those_who_may_delete_do(alice: Caller, bearer: Bearer, charlie: Caller) -> None:
    upload(alice, bundle(debug_id=BUNDLE_ID))
    path = f"{WEB_BUNDLES}?bundleId={BUNDLE_ID}"
    for caller in (bearer(scopes=["project:read"]), bearer(scopes=["project:write"]), charlie):
        assert caller.delete(path).json() == NOT_ALLOWED
    assert charlie.get(WEB_BUNDLES).json() == NOT_ALLOWED
    assert alice.get("/projects/acme/nosuch/files/artifact-bundles/").json() == NOT_FOUND


def test_the_files_of_a_bundle_are_shown(alice: Caller) -> None:
    upload(alice, bundle(debug_id=BUNDLE_ID), version="web@1.0.0")
    shown = alice.get(FILES).json()
    assert shown["bundleId"] == BUNDLE_ID
    assert shown["associations"] == [{"release": "web@1.0.0", "dist": None}]
    assert shown["files"] == [
        {
            "id": urlsafe_b64encode(f"files/_/_/app.js{more}".encode()).decode(),
            "fileType": kind,
            "filePath": f"~/app.js{more}",
            "fileSize": size,
            "debugId": DEBUG_ID,
        }
        for more, kind, size in (("", 2, 14), (".map", 3, 2))
    ]
    for text, count in (
        ("APP.JS.MAP", 1),
        ('"app.js.map"', 1),
        (DEBUG_ID[:9], 2),
        ("nosuch", 0),
        ("%", 0),
    ):
        assert len(alice.get(f"{FILES}?query={quote(text)}").json()["files"]) == count
    assert len(alice.get(f"{FILES}?per_page=1&cursor=1:1:0").json()["files"]) == 1


def test_a_file_of_a_bundle_is_downloaded(alice: Caller, bob: Caller) -> None:
    upload(alice, bundle(debug_id=BUNDLE_ID))
    path = f"{FILES}{urlsafe_b64encode(b'files/_/_/app.js').decode()}/"
    assert alice.get(path).content == b"console.log(1)"
    refused = bob.get(path)
    error = {"error": "You don't have the permissions to download this file"}
    assert (refused.status_code, refused.json()) == (403, error)
    none = alice.get(f"{FILES}%C3%BC/")
    assert (none.status_code, none.json()) == (400, {"error": "The file_id ü is invalid"})
    gone = alice.get(f"{FILES}{urlsafe_b64encode(b'gone.js').decode()}/")
    error = {"error": "The file gone.js can't be found in the artifact bundle"}
    assert (gone.status_code, gone.json()) == (404, error)


def test_a_bundle_of_another_project_has_no_files_here(alice: Caller, charlie: Caller) -> None:
    upload(alice, bundle(debug_id=BUNDLE_ID), "mobile")
    error = f"The artifact bundle with {BUNDLE_ID} is not bound to this project or doesn't exist"
    answer = alice.get(FILES)
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert charlie.get(FILES).json() == NOT_ALLOWED


def test_releases_are_listed_as_archives(alice: Caller) -> None:
    for version in ("web@1.0.0", "web@2.0.0+7", "other"):
        alice.publish(version)
    for version, files in (("web@1.0.0", many(2)), ("other", many(12))):
        whole = bundle(files, release=version)
        send(alice, whole)
        alice.post(f"{RELEASES}{version}/assemble/", asked(whole))
    alice.put(f"{RELEASES}web@1.0.0/", {"status": "archived"})

    def counts(query: str = "") -> list[tuple[str, int]]:
        return [(it["name"], it["fileCount"]) for it in alice.get(f"{ARCHIVES}?{query}").json()]

    all_of_them = [("other", 12), ("web@2.0.0+7", -1), ("web@1.0.0", 2)]
    assert counts() == counts("sortBy=-date_added") == all_of_them
    assert counts("sortBy=date_added") == all_of_them[::-1]
    assert counts("query=WEB") == all_of_them[1:]
    assert counts("query=2.0.0%20(7)") == [("web@2.0.0+7", -1)]
    assert counts("query=%222.0.0%20(7)%22") == [("web@2.0.0+7", -1)]
    assert counts("per_page=2&cursor=2:1:0") == [("web@1.0.0", 2)]
    error = {"error": "You can either sort via 'date_added' or '-date_added'"}
    assert alice.get(f"{ARCHIVES}?sortBy=name").json() == error


@pytest.mark.parametrize("count", [2, 12])
def test_all_files_of_a_release_are_deleted(alice: Caller, count: int) -> None:
    alice.publish("web@1.0.0")
    whole = bundle(many(count), release="web@1.0.0")
    send(alice, whole)
    for _ in range(2):
        alice.post(f"{RELEASES}web@1.0.0/assemble/", asked(whole))
        assert len(alice.get(f"{RELEASES}web@1.0.0/files/").json()) == count
        assert alice.delete(f"{ARCHIVES}?name=web@1.0.0").status_code == 204
        assert alice.get(f"{RELEASES}web@1.0.0/files/").json() == []
    for query in ("", "?name=nosuch"):
        assert alice.delete(f"{ARCHIVES}{query}").json() == NOT_FOUND


def test_the_numbers_of_a_release_count_its_files(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    path = f"{RELEASES}web@1.0.0/meta/"

    def told() -> tuple[int, bool]:
        shown = alice.get(path).json()
        return shown["releaseFileCount"], shown["isArtifactBundle"]

    assert told() == (0, False)
    whole = bundle(many(2), release="web@1.0.0")
    send(alice, whole)
    alice.post(f"{RELEASES}web@1.0.0/assemble/", asked(whole))
    assert told() == (2, False)
    upload(alice, bundle(many(5)), version="web@1.0.0")
    assert told() == (5, True)
