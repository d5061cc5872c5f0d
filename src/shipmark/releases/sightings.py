"""Where events and sessions were seen: the releases, projects and environments of these, created where missing.

All of a transaction come in one call, so that its locks are taken in the order of `store/locks.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.groups import grouped
from shipmark.organizations import store as organizations
from shipmark.projects import store as projects
from shipmark.projects.model import Environment, Project
from shipmark.releases import actions
from shipmark.releases.model import NewRelease, Release
from shipmark.releases.store import environments as release_environments
from shipmark.releases.store import locks
from shipmark.releases.store import releases as release_store
from shipmark.releases.store.locks import ReleasePlacement

#: A release by its organization and version.
ReleaseKey = tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An event or session of a project, which may have a release. ``at`` dates a release that is new."""

    project: Project
    version: str | None
    environment: str
    at: datetime
    received_at: datetime

    @property
    def placement(self) -> ReleasePlacement | None:
        """Return where its release was seen, or None without a release."""
        if self.version is None:
            return None
        return ReleasePlacement(
            organization_id=self.project.organization_id,
            version=self.version,
            project_id=self.project.id,
            environment=self.environment,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedRelease:
    """A release that is new to some projects, and when what brought it there was received."""

    release: Release
    project_ids: set[int]
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The rows that sightings belong to: releases, and environments by organization and name."""

    releases: Mapping[ReleaseKey, Release]
    environments: Mapping[tuple[int, str], Environment]
    attached: Sequence[AttachedRelease]

    def release_of(self, sighting: Sighting) -> Release | None:
        """Return the release of a sighting, or None without one."""
        if sighting.version is None:
            return None
        return self.releases[sighting.project.organization_id, sighting.version]

    def environment_id_of(self, sighting: Sighting) -> int:
        """Return the id of the environment of a sighting."""
        return self.environments[sighting.project.organization_id, sighting.environment].id


def place(connection: Connection, sightings: Sequence[Sighting]) -> Places:
    """Return the rows that sightings belong to; missing ones are created, and releases attached to projects.

    New releases are dated by their first sighting (releases.md 3.2). All releases are held, so that none is deleted
    before the transaction ends. One is locked only if a row of a project or an environment will be added, which
    repeats its status and dates.
    """
    first: dict[ReleasePlacement, Sighting] = {}
    for sighting in sightings:
        if sighting.placement is not None:
            first.setdefault(sighting.placement, sighting)
    releases, unplaced = _held(connection, first)
    attached = _attach(connection, releases, unplaced)
    names = {(each.project.organization_id, each.environment) for each in sightings}
    environments = projects.ensure_environments(connection, names)
    places = Places(releases=releases, environments=environments, attached=attached)
    pairs = {(each.project.id, places.environment_id_of(each)) for each in sightings}
    projects.link_environments(connection, pairs)
    added = [
        (releases[key], sighting.project.id, places.environment_id_of(sighting))
        for key, missing in unplaced.items()
        for sighting in missing
    ]
    if added:
        release_environments.ensure(connection, added)
    return places


def _held(
    connection: Connection, first: Mapping[ReleasePlacement, Sighting]
) -> tuple[dict[ReleaseKey, Release], dict[ReleaseKey, list[Sighting]]]:
    """Return the releases, held, and the sightings where one has no row of the project or environment yet."""
    if not first:
        return {}, {}
    locked = locks.lock_shared(connection, first)
    releases = {_key_of(placement): held.release for placement, held in locked.items()}
    placed = {placement for placement, held in locked.items() if held.is_placed}
    unplaced = grouped(
        (_key_of(placement), sighting)
        for placement, sighting in first.items()
        if placement not in placed
    )
    return releases | _ensure_releases(connection, unplaced), unplaced


def _attach(
    connection: Connection,
    releases: Mapping[ReleaseKey, Release],
    unplaced: Mapping[ReleaseKey, Iterable[Sighting]],
) -> list[AttachedRelease]:
    """Attach releases to the projects that have no row of them. Return those that are new to some."""
    result = []
    for key, missing in unplaced.items():
        attached = {sighting.project.id: sighting for sighting in missing}
        named = [sighting.project for sighting in attached.values()]
        project_ids = actions.attach(connection, releases[key], named, None)
        if project_ids:
            received_at = next(iter(missing)).received_at
            result.append(
                AttachedRelease(
                    release=releases[key], project_ids=project_ids, received_at=received_at
                )
            )
    return result


def _ensure_releases(
    connection: Connection, sightings: Mapping[ReleaseKey, Sequence[Sighting]]
) -> dict[ReleaseKey, Release]:
    """Return these releases, locked, each created by the first of its sightings if it is missing."""
    # Several are locked in any order only by one who holds the organization.
    if len(sightings) > 1:
        for organization_id in sorted({organization_id for organization_id, _ in sightings}):
            organizations.lock_organization(connection, organization_id)
    releases = {}
    for (organization_id, version), of_release in sightings.items():
        new = NewRelease(version=version, created_at=of_release[0].at)
        release, _ = release_store.ensure(connection, organization_id, new)
        releases[organization_id, version] = release
    return releases


def _key_of(placement: ReleasePlacement) -> ReleaseKey:
    return placement.organization_id, placement.version
