"""The view model of the page that confirms the deletion of a release."""

from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.artifacts.store import version_listing
from shipmark.artifacts.store.version_listing import Count
from shipmark.deletion.release_deletion import Hold, holds
from shipmark.infrastructure.clock import now
from shipmark.organizations.model import Role
from shipmark.releases.model import Release
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.release_artifacts import scope_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionPage:
    """A release to delete, and its files. With a ``hold`` only an owner can force the deletion."""

    release: Release
    artifacts: Count
    hold: Hold | None
    may_force: bool

    @property
    def is_possible(self) -> bool:
        """Return True if the user can delete it."""
        return self.may_force or self.hold is None

    @property
    def is_referenced(self) -> bool:
        """Return True if issues were first seen in the release, False if it only had sessions."""
        return self.hold is Hold.ISSUES


def deletion_page(connection: Connection, workspace: Workspace, release: Release) -> DeletionPage:
    """Return what the deletion of a release removes."""
    return DeletionPage(
        release=release,
        artifacts=version_listing.count_of(connection, scope_of(workspace, release)),
        hold=holds(connection, [release], now()).get(release.id),
        may_force=workspace.access.role is Role.OWNER,
    )
