"""The deploys to environments of projects: what is live, and what was in a range of time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from factories import World
from sqlalchemy import Connection

from shipmark.artifacts.model import NewBundle
from shipmark.artifacts.store import bundles
from shipmark.deploys import actions
from shipmark.deploys.model import NewDeploy, ProjectDeploy
from shipmark.deploys.store import live_deploys, newest
from shipmark.files.store.files import files
from shipmark.projects import store as projects
from shipmark.releases.model import NewRelease
from shipmark.releases.store import lineage, releases
from shipmark.releases.store import projects as release_projects

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

Deploy = Callable[..., int]


@pytest.fixture
def deploy(connection: Connection, world: World) -> Deploy:
    """Deploy a version to an environment of some projects, some hours from now. Return the id of the release."""

    def made(version: str, environment: str, *names: str, hours: int = 0) -> int:
        acme = world.organizations["acme"]
        ids = [world.projects[name] for name in names or ("web",)]
        release, _ = releases.ensure(connection, acme, NewRelease(version=version, created_at=NOW))
        release_projects.attach(connection, release, ids)
        new = NewDeploy(environment=environment, finished_at=NOW + hours * HOUR)
        actions.record(connection, release, new, ids, None)
        return release.id

    return made


def named(deploys: list[ProjectDeploy]) -> list[tuple[str, str]]:
    return [(each.environment, each.version) for each in deploys]


def test_the_last_deploy_to_an_environment_of_a_project_is_live(
    connection: Connection, world: World, deploy: Deploy
) -> None:
    deploy("1", "production", "web", "mobile")
    deploy("2", "production", "web")
    deploy("1", "staging", "web")
    web, mobile = world.projects["web"], world.projects["mobile"]
    assert named(live_deploys.live_in(connection, [web], limit=9)) == [
        ("staging", "1"),
        ("production", "2"),
    ]
    assert named(live_deploys.live_in(connection, [mobile], limit=9)) == [("production", "1")]
    assert len(live_deploys.live_in(connection, [web, mobile], limit=2)) == 2


def test_a_project_without_deploys_has_nothing_live(connection: Connection, world: World) -> None:
    web = world.projects["web"]
    environment = projects.ensure_environment(connection, world.organizations["acme"], "test")
    projects.link_environments(connection, [(web, environment.id)])
    assert live_deploys.live_in(connection, [web], limit=9) == []
    assert live_deploys.live_in(connection, [], limit=9) == []


def test_environments_of_a_release_say_whether_it_is_live(
    connection: Connection, world: World, deploy: Deploy
) -> None:
    first = deploy("1", "production", "web", "mobile")
    second = deploy("2", "production", "web")
    found = live_deploys.environments_of_releases(connection, [first, second, 999])
    states = {
        (release_id, each.project_id): each.is_live
        for release_id, environments in found.items()
        for each in environments
    }
    web, mobile = world.projects["web"], world.projects["mobile"]
    assert states == {(first, web): False, (first, mobile): True, (second, web): True}
    assert live_deploys.environments_of_releases(connection, []) == {}


def test_after_a_deletion_the_release_before_is_live(
    connection: Connection, world: World, deploy: Deploy
) -> None:
    deploy("1", "production")
    releases.remove(connection, [deploy("2", "production")])
    found = live_deploys.live_in(connection, [world.projects["web"]], limit=9)
    assert named(found) == [("production", "1")]


def test_a_range_has_the_deploys_of_the_projects_the_last_finished_first(
    connection: Connection, world: World, deploy: Deploy
) -> None:
    for hours in (3, 1, 2, 5):
        deploy(str(hours), "production", hours=hours)
    deploy("tools", "production", "tools", hours=2)
    acme, web = world.organizations["acme"], world.projects["web"]
    ends = NOW + HOUR, NOW + 3 * HOUR
    found = live_deploys.between(connection, acme, [web], *ends, limit=9)
    assert [each.version for each in found] == ["3", "2", "1"]
    assert live_deploys.between(connection, acme, [web], *ends, limit=2) == found[:2]
    globex = world.organizations["globex"]
    assert live_deploys.between(connection, globex, [web], *ends, limit=9) == []


def test_the_last_deploy_before_a_moment_is_that_of_the_same_project(
    connection: Connection, world: World, deploy: Deploy
) -> None:
    deploy("1", "production", hours=1)
    deploy("2", "production", hours=2)
    deploy("tools", "production", "tools", hours=3)
    deploy("4", "production", hours=4)
    web, mobile = world.projects["web"], world.projects["mobile"]
    live = live_deploys.live_in(connection, [web], limit=9)
    lanes = {(web, live[0].environment_id), (mobile, live[0].environment_id)}
    found = live_deploys.last_before(connection, lanes, NOW + 4 * HOUR)
    assert [(each.project_id, each.version) for each in found] == [(web, "2")]
    assert live_deploys.last_before(connection, set(), NOW) == []


def test_the_mark_of_an_organization_changes_with_its_releases_and_deploys(
    connection: Connection, world: World, deploy: Deploy
) -> None:
    acme, other = world.organizations["acme"], 999_999
    marks = [newest.marks_of(connection, [acme, other])]
    release_id = deploy("1", "production", "web")
    marks.append(newest.marks_of(connection, [acme, other]))
    deploy("1", "staging", "web")
    marks.append(newest.marks_of(connection, [acme, other]))
    connection.execute(sa.delete(releases.releases).where(releases.releases.c.id == release_id))
    marks.append(newest.marks_of(connection, [acme, other]))
    assert len({each[acme] for each in marks[:3]}) == 3
    assert marks[3][acme] not in {marks[1][acme], marks[2][acme]}
    assert {each[other] for each in marks} == {"0-0-0-0-0"}


def test_the_mark_changes_with_the_first_of_what_a_project_is_set_up_with(
    connection: Connection, world: World, deploy: Deploy
) -> None:
    acme, web = world.organizations["acme"], world.projects["web"]
    release_id = deploy("1", "production", "web")
    project = projects.projects.c.id == web
    release = releases.releases.c.id == release_id
    marks = [newest.marks_of(connection, [acme])[acme]]
    for statement in (
        sa.update(projects.projects).where(project).values(first_event_at=NOW),
        sa.update(releases.releases).where(release).values(commit_count=3),
    ):
        connection.execute(statement)
        marks.append(newest.marks_of(connection, [acme])[acme])
    for bundle_id in ("1", "2"):
        _store_bundle(connection, acme, web, bundle_id)
        marks.append(newest.marks_of(connection, [acme])[acme])
    assert len(set(marks)) == 4
    assert marks[3] == marks[4]


def _store_bundle(
    connection: Connection, organization_id: int, project_id: int, bundle_id: str
) -> None:
    """Store an empty bundle of a project."""
    new = NewBundle(
        organization_id=organization_id,
        bundle_id=bundle_id,
        project_ids=[project_id],
        association=None,
        release_id=None,
        entries=[],
    )
    file = {"name": "b", "kind": "bundle", "headers": "{}", "size": 0, "sha1": "0" * 40}
    statement = sa.insert(files).values(file | {"created_at": NOW}).returning(files.c.id)
    file_id = connection.execute(statement).scalar_one()
    row_id, _ = bundles.upsert_bundle(connection, new, file_id, NOW)
    bundles.associate(connection, row_id, new, NOW)


def test_a_release_is_behind_by_the_commits_of_those_after_it(
    connection: Connection, world: World, deploy: Deploy
) -> None:
    web = world.projects["web"]
    ids = {version: deploy(version, "production", "web") for version in ORDERED}
    for version, count in ORDERED.items():
        row = releases.releases.c.id == ids[version]
        connection.execute(sa.update(releases.releases).where(row).values(commit_count=count))
    starts = [(web, ids[version], version) for version in ORDERED]
    behind = lineage.commits_after(connection, starts)
    assert not any(each.is_cut for each in behind.values())
    assert {version: behind[web, ids[version]].count for version in ORDERED} == {
        "shop@1.0.0": 7,
        "shop@1.1.0": 4,
        "shop@2.0.0": 0,
        "other@1.0.0": None,
        "other@1.1.0": 0,
        "a1f": 5,
        "b2e": 0,
    }
    assert lineage.commits_after(connection, []) == {}


def test_commits_of_very_many_later_releases_are_at_least_those_of_the_next_ones(
    connection: Connection, world: World, deploy: Deploy
) -> None:
    web, mobile = world.projects["web"], world.projects["mobile"]
    versions = [f"shop@1.{number}.0" for number in range(lineage.LATER_MAX + 3)]
    hashes = [f"a{number:03}" for number in range(lineage.LATER_MAX + 3)]
    ids = {version: deploy(version, "production", "web") for version in versions + hashes}
    connection.execute(sa.update(releases.releases).values(commit_count=2))
    release_projects.attach(
        connection, releases.by_ids(connection, [ids[versions[0]]])[ids[versions[0]]], [mobile]
    )
    starts = [(web, ids[name], name) for name in (versions[0], versions[2], hashes[0], hashes[2])]
    behind = lineage.commits_after(connection, [*starts, (mobile, ids[versions[0]], versions[0])])
    found = [behind[project_id, release_id] for project_id, release_id, _ in starts]
    assert [(each.count, each.is_cut) for each in found] == [(202, True), (200, False)] * 2
    # All that was looked through is of another project: what comes after it is not known.
    assert behind[mobile, ids[versions[0]]].count is None


#: Versions in the order of their lineages, with their numbers of commits.
ORDERED = {
    "shop@1.0.0": 9,
    "shop@1.1.0": 3,
    "shop@2.0.0": 4,
    "other@1.0.0": 2,
    "other@1.1.0": 0,
    "a1f": 1,
    "b2e": 5,
}
