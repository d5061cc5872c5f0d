"""Queries for the pages of releases: lists of issues, repositories, live environments, and several versions at once."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from factories import World, ingest
from sqlalchemy import Connection

from shipmark.deploys import actions as deploys
from shipmark.deploys.model import NewDeploy
from shipmark.deploys.store.live_deploys import environments_of_releases
from shipmark.events import parsing
from shipmark.infrastructure.ids import hex32
from shipmark.issues.store.release_issue_lists import IssueSelection, selected_in
from shipmark.organizations import store as organizations
from shipmark.projects import store as projects
from shipmark.publishing import actions as publishing
from shipmark.publishing.model import CommitsAndRefs, PublishContext, ReleaseInput
from shipmark.releases.model import Release
from shipmark.releases.store import release_repositories, releases, version_lookup
from shipmark.repositories.model import CommitInput

NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)

Publish = Callable[..., Release]


@pytest.fixture
def publish(connection: Connection, world: World) -> Publish:
    """Publish a release of project web with some commits, given by repository and message."""

    def published(
        version: str, *commits: tuple[str, str], at: datetime = NOW - 5 * MINUTE
    ) -> Release:
        project_id = world.projects["web"]
        known = organizations.organization_and_role(
            connection, "acme", world.users["alice@example.com"]
        )
        assert known is not None
        inputs = tuple(
            CommitInput(sha=f"{version}-{number}", repository=repository, message=message, at=NOW)
            for number, (repository, message) in enumerate(commits)
        )
        publication = ReleaseInput(
            version=version,
            projects=(projects.by_ids(connection, {project_id})[project_id],),
            code=CommitsAndRefs(commits=inputs),
        )
        around = PublishContext(organization=known[0], user_id=None, host="x", now=at)
        return publishing.publish(connection, publication, around).release

    return published


def fail(
    connection: Connection,
    world: World,
    version: str,
    value: str,
    at: datetime,
    *,
    is_handled: bool = True,
) -> None:
    """Take in an error event of project web; its value groups it."""
    sent = {
        "release": version,
        "timestamp": at.timestamp(),
        "fingerprint": [value],
        "exception": {"values": [{"type": value, "mechanism": {"handled": is_handled}}]},
    }
    event = parsing.read(sent, event_id=hex32(), received_at=NOW, drift=timedelta())
    project_id = world.projects["web"]
    ingest(connection, projects.by_ids(connection, {project_id})[project_id], event)


def listed(
    connection: Connection, world: World, selection: IssueSelection, some: Sequence[Release]
) -> tuple[int, list[str]]:
    ids = [release.id for release in some]
    summary = selected_in(connection, selection, ids, [world.projects["web"]], limit=9)
    return summary.count, sorted(issue.title for issue in summary.issues)


def test_issues_of_several_releases_are_listed_once(
    connection: Connection, world: World, publish: Publish
) -> None:
    fail(connection, world, "web@1.0.0", "one", NOW - 9 * MINUTE)
    second = publish("web@2.0.0", ("acme/web", "Fixes WEB-1"))
    third = publish("web@3.0.0")
    fail(connection, world, "web@2.0.0", "two", NOW - 3 * MINUTE)
    fail(connection, world, "web@3.0.0", "two", NOW - 2 * MINUTE, is_handled=False)
    fail(connection, world, "web@3.0.0", "one", NOW - MINUTE)
    both = {kind: listed(connection, world, kind, [second, third]) for kind in IssueSelection}
    assert both == {
        IssueSelection.ATTENTION: (2, ["one", "two"]),
        IssueSelection.NEW: (1, ["two"]),
        IssueSelection.REGRESSED: (1, ["one"]),
        IssueSelection.UNHANDLED: (1, ["two"]),
        IssueSelection.RESOLVED: (1, ["one"]),
        IssueSelection.ALL: (2, ["one", "two"]),
    }
    assert listed(connection, world, IssueSelection.NEW, [third]) == (0, [])
    assert listed(connection, world, IssueSelection.ALL, []) == (0, [])


def test_an_issue_that_regressed_twice_counts_once(
    connection: Connection, world: World, publish: Publish
) -> None:
    fail(connection, world, "web@1.0.0", "one", NOW - 20 * MINUTE)
    second = publish("web@2.0.0", ("acme/web", "Fixes WEB-1"), at=NOW - 15 * MINUTE)
    fail(connection, world, "web@2.0.0", "one", NOW - 10 * MINUTE)
    third = publish("web@3.0.0", ("acme/web", "Fixes WEB-1"), at=NOW - 5 * MINUTE)
    fail(connection, world, "web@3.0.0", "one", NOW - MINUTE)
    for some in ([second], [third], [second, third]):
        assert listed(connection, world, IssueSelection.REGRESSED, some) == (1, ["one"])


def test_a_list_counts_more_than_it_returns(
    connection: Connection, world: World, publish: Publish
) -> None:
    release = publish("web@1.0.0")
    for number in range(3):
        fail(connection, world, "web@1.0.0", f"{number}", NOW - MINUTE)
    ids = [world.projects["web"]]
    summary = selected_in(connection, IssueSelection.NEW, [release.id], ids, limit=1)
    assert (summary.count, len(summary.issues)) == (3, 1)
    other = [world.projects["mobile"]]
    assert selected_in(connection, IssueSelection.NEW, [release.id], other, limit=1).count == 0


def test_repositories_of_a_release_have_counts_and_heads(
    connection: Connection, publish: Publish
) -> None:
    release = publish("1", ("acme/web", "a"), ("acme/web", "b"), ("acme/lib", "c"))
    commits = release_repositories.commits_by_repository(connection, release.id)
    assert sorted(of_repository.count for of_repository in commits.values()) == [1, 2]
    heads = release_repositories.heads(connection, [release.id, 999])
    assert heads == {
        (release.id, repository_id): of_repository.head
        for repository_id, of_repository in commits.items()
    }
    assert "1-2" in heads.values()
    assert release_repositories.heads(connection, []) == {}


def test_an_environment_is_live_until_another_release_takes_it(
    connection: Connection, world: World, publish: Publish
) -> None:
    ids = [world.projects["web"]]
    first, second = publish("1"), publish("2")
    for release, environment in ((first, "production"), (first, "staging"), (second, "production")):
        new = NewDeploy(environment=environment, finished_at=NOW)
        deploys.record(connection, release, new, ids, None)
    listed = environments_of_releases(connection, [first.id, second.id])
    live = {
        release_id: {deployed.environment for deployed in each if deployed.is_live}
        for release_id, each in listed.items()
    }
    assert live == {first.id: {"staging"}, second.id: {"production"}}
    assert environments_of_releases(connection, []) == {}


def test_several_versions_are_looked_up_at_once(
    connection: Connection, world: World, publish: Publish
) -> None:
    one, two = publish("web@1"), publish("web@2")
    acme, ids = world.organizations["acme"], [world.projects["web"]]
    named = version_lookup.by_versions(connection, acme, ["web@1", "web@2", "web@3"], ids)
    known = releases.by_ids(connection, [one.id, two.id])
    assert named == {release.version: release for release in known.values()}
    other = [world.projects["mobile"]]
    assert version_lookup.by_versions(connection, acme, ["web@1"], other) == {}
