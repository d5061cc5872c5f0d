"""What was uploaded for a release: a count on its page, and a page of its own."""

import pytest
from artifacts import js_event
from sqlalchemy import delete

from shipmark.artifacts.model import Association, BundleEntry, NewBundle
from shipmark.artifacts.store import bundles, release_files
from shipmark.artifacts.zip_entries import EntryLocation
from shipmark.files.model import FileKind, NewFile, StagedFile
from shipmark.files.store import files
from shipmark.infrastructure.clock import now
from shipmark.issues.store import late_symbolications
from shipmark.symbolication import waits
from shipmark.web.template_filters import size_in_words

PAGE = "/organizations/acme/releases/web%401.0.0/artifacts/"
DEBUG_ID = "c941d872-af1f-4f0c-a7ff-ad3d295fe153"


def file(connection, name="x"):
    content = StagedFile(pieces=(), size=0, sha1="a" * 40)
    return files.add(connection, NewFile(name=name, kind=FileKind.RELEASE_FILE), content, now())


def entry(number, url, **more):
    place = EntryLocation(offset=0, compressed_bytes=1, size_bytes=1, crc=0, is_deflated=False)
    said = {"path": f"p{number}", "debug_id": None, "type": 2, "size": 2048} | more
    return BundleEntry(number=number, url=url, place=place, **said)


def keep(house, entries, *, name="1", project=None, dist=None):
    """Keep a bundle of web@1.0.0."""
    with house.database.transaction() as connection:
        new = NewBundle(
            organization_id=house.organization.id,
            bundle_id=f"{name:0>36}",
            project_ids=[(project or house.project).id],
            association=Association(version="web@1.0.0", dist=dist),
            release_id=None,
            entries=entries,
        )
        made, _ = bundles.upsert_bundle(connection, new, file(connection).id, now())
        bundles.associate(connection, made, new, now())


def keep_single(house, release, name):
    with house.database.transaction() as connection:
        release_files.add(connection, release.id, name, None, file(connection))


def test_a_release_without_files_says_so(house, owner):
    house.publish("web@1.0.0")
    text = owner.get("/organizations/acme/releases/web%401.0.0/").text
    assert "No files for this version" in text
    assert PAGE not in text
    assert "No files" in owner.get(PAGE).text


def test_files_of_bundles_and_single_ones_are_listed(house, owner):
    release = house.publish("web@1.0.0")
    keep(
        house,
        [
            entry(0, "~/<b>.js", debug_id=DEBUG_ID),
            entry(1, "~/app.js.map", type=3, size=3 * 2**20),
            entry(2, None, path="files/odd.bin", type=None),
        ],
        dist="7",
    )
    keep_single(house, release, "~/single.js")
    text = owner.get("/organizations/acme/releases/web%401.0.0/").text
    assert f'<a href="{PAGE}">4 files</a>' in text
    assert "3 of them in 1 bundle" in text
    text = owner.get(PAGE).text
    for shown in (
        "~/&lt;b&gt;.js", "Minified source", DEBUG_ID, "2.0 KiB", "Source map", "3.0 MiB",
        "files/odd.bin", "~/single.js", "dist </span>7</td>", "4 files, 3 of them in 1 bundle",
    ):  # fmt: skip
        assert shown in text, shown


def test_minified_files_without_a_source_map_are_counted(house, owner):
    house.publish("web@1.0.0")
    other = DEBUG_ID.replace("c9", "d9")
    keep(house, [entry(0, "~/a.js", debug_id=DEBUG_ID), entry(1, "~/b.js", debug_id=other)])
    release = "/organizations/acme/releases/web%401.0.0/"
    assert "Missing for 2 minified files" in owner.get(release).text
    maps = [entry(0, "~/a.js.map", type=3, debug_id=DEBUG_ID)]
    keep(house, maps, name="2")
    assert "Missing for 1 minified file<" in owner.get(release).text
    keep(house, [entry(0, "~/b.js.map", type=3, debug_id=other)], name="3")
    assert "Missing for" not in owner.get(release).text


def test_bundles_of_projects_that_one_cannot_see_are_not_listed(house, owner):
    release = house.publish("web@1.0.0")
    keep(house, [entry(0, "~/secret.js")], project=house.extra_project("hidden"))
    house.close()
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE members SET role = 'member'")
    assert release.version in owner.get(PAGE).text
    assert "secret.js" not in owner.get(PAGE).text


def test_many_files_have_pages(house, owner, statements):
    release = house.publish("web@1.0.0")
    keep(house, [entry(n, f"~/{n}.js") for n in range(150)])
    for number in range(60):
        keep_single(house, release, f"~/single-{number:02}.js")
    statements.clear()
    first = owner.get(PAGE).text
    count = len(statements)
    second, third = (owner.get(f"{PAGE}?page={n}").text for n in (2, 3))
    assert len(statements) <= 3 * count + 4
    assert ("~/99.js<" in first, "~/100.js<" in first) == (True, False)
    assert ("~/100.js<" in second, "~/single-49.js<" in second) == (True, True)
    assert ("~/single-50.js<" in third, "~/single-59.js<" in third) == (True, True)
    assert 'rel="next"' in second
    assert 'rel="next"' not in third


def test_the_bundle_that_came_last_comes_first(house, owner):
    house.publish("web@1.0.0")
    keep(house, [entry(0, "~/old.js")], name="1")
    keep(house, [entry(0, "~/new.js")], name="2")
    text = owner.get(PAGE).text
    assert text.index("~/new.js") < text.index("~/old.js")


@pytest.mark.parametrize("path", ["/organizations/acme/releases/none/artifacts/", f"{PAGE}?page=x"])
def test_odd_addresses_are_no_failure(house, owner, path):
    house.publish("web@1.0.0")
    assert owner.get(path).status_code in {200, 404}


def test_a_stranger_does_not_learn_of_them(house, browser):
    house.publish("web@1.0.0")
    assert browser.get(PAGE).status_code == 303
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert browser.get(PAGE).status_code == 404


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1,023 bytes"),
        (1024, "1.0 KiB"),
        (5 * 2**20, "5.0 MiB"),
        (3 * 2**30, "3.0 GiB"),
        (2**41, "2,048.0 GiB"),
    ],
)
def test_sizes_are_told_in_words(size, words):
    assert size_in_words(size) == words


def test_it_says_which_events_wait_for_files_and_which_got_theirs(house, owner):
    release = house.publish("web@1.0.0")
    event = js_event(release="web@1.0.0")
    del event["event_id"]
    errors = [{"type": "js_no_source", "message": "Nothing was uploaded.", "data": {}}]
    house.fail(event.pop("release"), **event, errors=errors)
    text = owner.get(PAGE).text
    assert "The stacks of 1 event are minified still" in text
    with house.database.transaction() as connection:
        for _ in range(2):
            late_symbolications.count(connection, release.id, now())
        connection.execute(delete(waits.waits))
    text = owner.get(PAGE).text
    assert "2 events of this release were made readable" in text
    assert "minified still" not in text
