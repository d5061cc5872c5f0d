"""``artifact-lookup/``: which bundle has the file of this debug id, or of this URL?"""

from datetime import timedelta

import pytest
from artifacts import APP, BUNDLE_ID, DEBUG_ID, bundle, many, upload
from factories import NOT_ALLOWED, NOT_FOUND, RELEASES, Bearer, Caller
from sqlalchemy import select

from shipmark.artifacts.store.bundles import artifact_bundles, bundle_projects
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database

LOOKUP = "/projects/acme/web/artifact-lookup/"


def found(caller: Caller, **query: str) -> list[tuple[str, str]]:
    """What is found, and how."""
    answer = caller.get(LOOKUP, params=query)
    assert answer.status_code == 200, answer.text
    return [(it["id"].partition("/")[0], it["resolved_with"]) for it in answer.json()]


def test_a_debug_id_finds_the_newest_bundle_that_has_it(alice: Caller) -> None:
    assert found(alice, debug_id=DEBUG_ID) == []
    upload(alice, bundle(debug_id=BUNDLE_ID), version="web@1.0.0")
    upload(alice, bundle(APP | many(1)))
    (shown,) = alice.get(LOOKUP, params={"debug_id": DEBUG_ID.upper().replace("-", "")}).json()
    newest = alice.get("/projects/acme/web/files/artifact-bundles/").json()[0]
    assert newest["fileCount"] == 3
    assert shown == {
        "id": shown["id"],
        "type": "bundle",
        "url": f"https://ship.example.com/api/0{LOOKUP}?download={shown['id']}",
        "resolved_with": "debug-id",
    }


def test_a_release_finds_its_one_bundle(alice: Caller) -> None:
    upload(alice, bundle(many(2)), version="web@1.0.0", dist="7")
    assert found(alice, release="web@1.0.0", dist="7") == [("artifact_bundle", "release")]
    for query in ({"release": "web@1.0.0"}, {"release": "web@2.0.0", "dist": "7"}, {"dist": "7"}):
        assert found(alice, **query) == []


def test_of_several_bundles_the_url_finds_the_right_one(alice: Caller) -> None:
    for count in (1, 3, 5):
        upload(alice, bundle(many(count)), version="web@1.0.0")
    assert len(found(alice, release="web@1.0.0")) == 3
    assert found(alice, release="web@1.0.0", url="~/4.JS") == [("artifact_bundle", "index")]
    assert len(found(alice, release="web@1.0.0", url="0.js")) == 3
    assert found(alice, release="web@1.0.0", url="nosuch") == []


def test_single_files_are_found_where_there_is_no_bundle(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    files = f"{RELEASES}web@1.0.0/files/"
    made = alice.post(
        files,
        data={"name": "~/app.js", "header": "Sourcemap: app.js.map"},
        files={"file": ("app.js", b"one", "text/javascript")},
    ).json()
    (shown,) = alice.get(LOOKUP, params={"release": "web@1.0.0", "url": "APP"}).json()
    assert shown["id"] == f"release_file/{made['id']}"
    assert (shown["type"], shown["resolved_with"]) == ("file", "release-old")
    assert (shown["abs_path"], shown["headers"]) == ("~/app.js", made["headers"])
    assert alice.get(shown["url"].partition("/api/0")[2]).content == b"one"
    assert found(alice, release="nosuch", url="app") == []


def test_what_was_found_is_downloaded(alice: Caller, bob: Caller, bearer: Bearer) -> None:
    content = bundle(debug_id=BUNDLE_ID)
    upload(alice, content)
    (shown,) = alice.get(LOOKUP, params={"debug_id": DEBUG_ID}).json()
    path = shown["url"].partition("/api/0")[2]
    answer = alice.get(path)
    assert (answer.content, answer.headers["content-length"]) == (content, str(len(content)))
    assert answer.headers["content-disposition"].startswith('attachment; filename="bundle-')
    assert (bob.get(path).status_code, bob.get(path).content) == (403, b"")
    assert bearer(scopes=["org:read"]).get(path).json() == NOT_ALLOWED
    elsewhere = path.replace("/web/", "/mobile/")
    assert alice.get(elsewhere).json() == NOT_FOUND


@pytest.mark.parametrize("wanted", ["", "1", "artifact_bundle", "artifact_bundle/x", "x/1"])
def test_an_id_that_was_never_found_is_not_there(alice: Caller, wanted: str) -> None:
    for each in (wanted, f"{wanted}/999999", "artifact_bundle/" + "9" * 30):
        assert alice.get(LOOKUP, params={"download": each}).json() == NOT_FOUND


def test_what_is_looked_up_counts_as_used(alice: Caller, database: Database) -> None:
    upload(alice, bundle(debug_id=BUNDLE_ID))

    def age() -> list[int]:
        with database.snapshot() as connection:
            return [
                (now() - connection.execute(select(table.c.used_at)).scalar_one()).days
                for table in (artifact_bundles, bundle_projects)
            ]

    for days, left in ((20, 20), (31, 0)):
        with database.transaction() as connection:
            for table in (artifact_bundles, bundle_projects):
                connection.execute(table.update().values(used_at=now() - timedelta(days=days)))
        found(alice, debug_id=DEBUG_ID)
        assert age() == [left, left]
