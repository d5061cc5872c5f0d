"""The view model of the page of a release's artifacts."""

from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.artifacts.manifests import ArtifactType
from shipmark.artifacts.store import version_listing
from shipmark.artifacts.store.version_listing import Count, UploadedFile, VersionScope
from shipmark.issues.store import late_symbolications
from shipmark.issues.store.late_symbolications import LateSymbolications
from shipmark.projects.model import Project
from shipmark.releases import actions as releases
from shipmark.releases.model import Release
from shipmark.symbolication import waits
from shipmark.web.request_context import PAGES_MAX, Workspace

PER_PAGE = 100
#: The waiting events of a project that are counted.
WAITING_MAX = 1000
_TYPES = {
    None: "File",
    ArtifactType.SOURCE: "Source",
    ArtifactType.MINIFIED_SOURCE: "Minified source",
    ArtifactType.SOURCE_MAP: "Source map",
    ArtifactType.INDEXED_RAM_BUNDLE: "RAM bundle",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactPage:
    """A page of the files, with their total number.

    ``late`` are the events that they have made readable after they came, ``waiting`` is how many still wait for files.
    """

    release: Release
    project: Project
    count: Count
    files: tuple[UploadedFile, ...]
    number: int
    has_more: bool
    late: LateSymbolications | None
    waiting: int


def scope_of(workspace: Workspace, release: Release) -> VersionScope:
    """Return the release with the user's projects."""
    return VersionScope(
        organization_id=workspace.organization.id,
        release_id=release.id,
        version=release.version,
        project_ids=workspace.project_ids,
    )


def artifact_page(
    connection: Connection, workspace: Workspace, version: str, number: int
) -> ArtifactPage:
    """Return the uploads for the version; raise `NotFound` for a release that the user can't see."""
    release, attached = releases.find_attached(
        connection, workspace.organization.id, version, workspace.project_ids
    )
    scope = scope_of(workspace, release)
    rows = version_listing.page_of(
        connection, scope, limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE
    )
    return ArtifactPage(
        release=release,
        project=next(project for project in workspace.projects if project.id in attached),
        count=version_listing.count_of(connection, scope),
        files=tuple(rows[:PER_PAGE]),
        number=number,
        has_more=len(rows) > PER_PAGE and number < PAGES_MAX,
        late=late_symbolications.of_release(connection, release.id),
        waiting=waits.count_of_release(
            connection, workspace.project_ids, release.version, limit=WAITING_MAX
        ),
    )


def type_in_words(type_: int | None) -> str:
    """Return the name of a file's type."""
    return _TYPES[ArtifactType(type_) if type_ else None]
