"""The files that an event may use, as they are kept: files-and-avatars.md 6.4, 7, 8.5."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from artifacts import BUNDLE_ID, DEBUG_ID, SCRIPT, SCRIPT_MAP, built, bundle, many, upload
from factories import Caller, World, statements

from shipmark.artifacts.artifact_lookup import LookupRequest, SimilarFile, Unreadable
from shipmark.artifacts.database_artifacts import DatabaseArtifacts, bundle_of
from shipmark.artifacts.manifests import ArtifactType
from shipmark.artifacts.model import EventScope
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database

NAME = "~/static/app.js"
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def scope(world: World) -> EventScope:
    return EventScope(
        organization_id=world.organizations["acme"],
        project_id=world.projects["web"],
        version="a",
        dist="",
    )


@pytest.fixture
def sources(database: Database, blobs: Blobs, scope: EventScope) -> DatabaseArtifacts:
    return DatabaseArtifacts(database, blobs, scope, AT)


def by_name(*names: str) -> LookupRequest:
    return LookupRequest(urls=frozenset(names))


def by_id(*ids: str) -> LookupRequest:
    return LookupRequest(debug_ids=frozenset(ids))


def test_a_file_is_found_by_name_and_read(alice: Caller, sources: DatabaseArtifacts) -> None:
    upload(alice, bundle(built(), debug_id=BUNDLE_ID), version="a")
    found = sources.find(by_name(NAME, f"{NAME}.map", "~/none.js"))
    assert sorted(found.by_url) == [NAME, f"{NAME}.map"]
    script = found.by_url[NAME]
    assert (script.type, script.resolved_with) == (ArtifactType.MINIFIED_SOURCE, "release")
    assert bundle_of(script) == BUNDLE_ID
    assert sources.read(script) == SCRIPT
    assert sources.read(found.by_url[f"{NAME}.map"]) == SCRIPT_MAP


def test_both_files_of_a_debug_id_are_found_in_any_version(
    alice: Caller, sources: DatabaseArtifacts
) -> None:
    upload(alice, bundle(built(debug_id=DEBUG_ID)), version="other")
    found = sources.find(by_id(DEBUG_ID))
    assert {it.type for it in found.by_debug_id[DEBUG_ID]} == {
        ArtifactType.MINIFIED_SOURCE,
        ArtifactType.SOURCE_MAP,
    }
    assert found.by_url == {}


def test_of_many_with_one_debug_id_the_newest_is_found(
    alice: Caller, sources: DatabaseArtifacts
) -> None:
    for number in range(3):
        content = b"x" * (number + 1)
        files = {"a.js": built(debug_id=DEBUG_ID)["app.js"] | {"content": content}}
        upload(alice, bundle(files, debug_id=f"{number + 1}" * 32))
    [it] = sources.find(by_id(DEBUG_ID)).by_debug_id[DEBUG_ID]
    assert sources.read(it) == b"xxx"


def test_all_files_of_a_debug_id_in_the_newest_bundle_are_found(
    alice: Caller, sources: DatabaseArtifacts
) -> None:
    script = built(debug_id=DEBUG_ID)["app.js"]
    for names in (("x.js", "c.js", "b.js"), ("b.js", "a.js")):
        files = {name: script | {"url": f"~/{name}"} for name in names}
        upload(alice, bundle(files))
    found = sources.find(by_id(DEBUG_ID)).by_debug_id[DEBUG_ID]
    assert [it.url for it in found] == ["~/b.js", "~/a.js"]


def test_neither_another_version_nor_dist_nor_project_is_looked_into(
    alice: Caller, database: Database, blobs: Blobs, scope: EventScope, world: World
) -> None:
    upload(alice, bundle(built(debug_id=DEBUG_ID)), version="a", dist="7")
    others = [
        scope,
        replace(scope, version="b", dist="7"),
        replace(scope, version="", dist="7"),
        replace(scope, dist="7", project_id=world.projects["mobile"]),
        replace(scope, dist="7", organization_id=world.organizations["globex"]),
    ]
    for each in others:
        assert DatabaseArtifacts(database, blobs, each, AT).find(by_name(NAME)).by_url == {}
    for each in others[3:]:
        assert DatabaseArtifacts(database, blobs, each, AT).find(by_id(DEBUG_ID)).by_debug_id == {}
    ours = DatabaseArtifacts(database, blobs, replace(scope, dist="7"), AT)
    assert list(ours.find(by_name(NAME)).by_url) == [NAME]


def test_a_search_takes_two_statements_whatever_is_wanted(
    alice: Caller, sources: DatabaseArtifacts, database: Database
) -> None:
    upload(alice, bundle(many(20) | built(debug_id=DEBUG_ID)), version="a")
    names = frozenset(f"~/{number}.js" for number in range(50))
    ids = frozenset(
        {DEBUG_ID, *(f"{number:08}-0000-4000-8000-{number:012}" for number in range(50))}
    )
    with statements(database) as seen:
        found = sources.find(LookupRequest(debug_ids=ids, urls=names))
    assert (len(found.by_url), len(found.by_debug_id[DEBUG_ID]), seen.count) == (20, 2, 2)
    with statements(database) as seen:
        sources.find(LookupRequest())
    assert seen.count == 0
    with statements(database) as seen:
        sources.survey(frozenset({"1.js", "2.js", "app.js"}))
    assert seen.count == 2


def test_a_survey_tells_of_all_dists_and_prefixes(
    alice: Caller, sources: DatabaseArtifacts
) -> None:
    assert not sources.survey(frozenset({"app.js"})).has_files
    upload(alice, bundle(built(url="~/x/app.js"), debug_id="1" * 32), version="a", dist="7")
    alice.publish("a")
    path = "/organizations/acme/releases/a/files/"
    for name in ("~/y/app.js", "~/not-app.js", "~/z.js"):
        alice.post(path, data={"name": name}, files={"file": ("x", b"x")})
    found = sources.survey(frozenset({"app.js", "none.js"}))
    assert found.has_files
    assert found.similar["app.js"] == (
        SimilarFile(url="~/x/app.js", dist="7"),
        SimilarFile(url="~/y/app.js", dist=None),
    )
    assert "none.js" not in found.similar


def test_a_file_that_is_gone_cannot_be_read(alice: Caller, sources: DatabaseArtifacts) -> None:
    upload(alice, bundle(built(), debug_id=BUNDLE_ID), version="a")
    alice.publish("a")
    single = {"name": "~/single.js"}
    path = "/organizations/acme/releases/a/files/"
    file_id = alice.post(path, data=single, files={"file": ("x", b"abc")}).json()["id"]
    found = sources.find(by_name(NAME, "~/single.js")).by_url
    assert sources.read(found["~/single.js"]) == b"abc"
    assert bundle_of(found["~/single.js"]) is None
    bundles = "/projects/acme/web/files/artifact-bundles/"
    assert alice.delete(f"{bundles}?bundleId={BUNDLE_ID}").status_code == 204
    with pytest.raises(Unreadable):
        sources.read(found[NAME])
    assert alice.delete(f"{path}{file_id}/").status_code == 204
    # What was looked at before is known for as long as its content is there.
    assert sources.read(found["~/single.js"]) == b"abc"


def test_the_bundle_of_a_project_comes_before_the_files_of_its_release(
    alice: Caller, sources: DatabaseArtifacts
) -> None:
    alice.publish("a")
    path = "/organizations/acme/releases/a/files/"
    alice.post(path, data={"name": NAME}, files={"file": ("x", b"old")})
    assert sources.find(by_name(NAME)).by_url[NAME].resolved_with == "release-old"
    upload(alice, bundle(built()), version="a")
    assert sources.find(by_name(NAME)).by_url[NAME].resolved_with == "release"
