"""The releases that were ticked in the list, as far as the user may change them."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from shipmark.deletion.release_deletion import Hold, holds
from shipmark.infrastructure.clock import now
from shipmark.organizations.model import Role
from shipmark.releases.actions import IN_HIDDEN_PROJECTS
from shipmark.releases.model import Release
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store import releases as release_store
from shipmark.web.request_context import Workspace

#: Releases that one form changes at most: more than a page of the list.
SELECTED_MAX = 100

#: Why a release stays that only owners can delete.
_REASONS = {
    Hold.ISSUES: "Issues were first seen in it.",
    Hold.SESSIONS: "It had sessions in the last 90 days.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRelease:
    """A release that stays as it is, and the reason."""

    version: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The ticked releases by version: those that can be changed, and those that stay as they are.

    ``referenced`` are those that issues or sessions refer to, with the reason, if the user can force their deletion.
    """

    releases: tuple[Release, ...]
    kept: tuple[KeptRelease, ...]
    referenced: tuple[tuple[Release, Hold], ...] = ()

    @property
    def held_releases(self) -> tuple[Release, ...]:
        """Return the releases in use."""
        return tuple(release for release, _ in self.referenced)

    @property
    def users(self) -> str:
        """Return what refers to the releases in use."""
        names = {Hold.ISSUES: "issues", Hold.SESSIONS: "sessions"}
        kinds = {hold for _, hold in self.referenced}
        return " and ".join(name for hold, name in names.items() if hold in kinds)


NO_RELEASES = Selection(releases=(), kept=())


def select_releases(
    connection: Connection, workspace: Workspace, release_ids: Collection[int]
) -> Selection:
    """Return the ticked releases that are in a project of the workspace.

    One that is also in hidden projects stays as it is (releases.md 0.5); others are left out.
    """
    known = release_store.by_ids(connection, release_ids)
    attached = release_projects.of_releases(connection, known)
    visible_ids = set(workspace.project_ids)
    in_projects = {
        release: {each.project_id for each in attached.get(release.id, ())}
        for release in sorted(known.values(), key=lambda release: release.version)
        if release.organization_id == workspace.organization.id
    }
    return Selection(
        releases=tuple(
            release for release, ids in in_projects.items() if ids and ids <= visible_ids
        ),
        kept=tuple(
            KeptRelease(version=release.version, reason=IN_HIDDEN_PROJECTS)
            for release, ids in in_projects.items()
            if ids & visible_ids and not ids <= visible_ids
        ),
    )


def selection_to_delete(
    connection: Connection, workspace: Workspace, release_ids: Collection[int]
) -> Selection:
    """Return the ticked releases, with those in use apart: owners can force the deletion."""
    selection = select_releases(connection, workspace, release_ids)
    held = holds(connection, selection.releases, now())
    selection = replace(
        selection,
        releases=tuple(release for release in selection.releases if release.id not in held),
        referenced=tuple(
            (release, held[release.id]) for release in selection.releases if release.id in held
        ),
    )
    return selection if workspace.access.role is Role.OWNER else unforced(selection)


def unforced(selection: Selection) -> Selection:
    """Return the selection, with the releases in use among those that stay."""
    kept = [
        KeptRelease(version=release.version, reason=_REASONS[hold])
        for release, hold in selection.referenced
    ]
    return replace(selection, kept=(*selection.kept, *kept), referenced=())
