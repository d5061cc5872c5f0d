"""The view model of the page of a release."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.artifacts.store import version_listing
from shipmark.artifacts.store.version_listing import Count
from shipmark.issues.store.release_issue_lists import IssueSelection
from shipmark.issues.tag_names import term_of
from shipmark.releases import actions as releases
from shipmark.releases.model import Release
from shipmark.releases.store import lineage
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.issue_tabs import IssueTabs, issue_tabs
from shipmark.web.view_models.people import Person, people
from shipmark.web.view_models.release_activity import ReleaseEvent, release_events
from shipmark.web.view_models.release_artifacts import scope_of
from shipmark.web.view_models.release_chart import ReleaseChart, release_chart
from shipmark.web.view_models.release_commits import (
    CommitPage,
    FetchLine,
    FileSummary,
    commit_page,
    fetch_lines,
    file_summary,
)
from shipmark.web.view_models.release_facts import (
    DeployLine,
    MissingPart,
    ThresholdLine,
    deploy_lines,
    missing_parts,
    threshold_lines,
)
from shipmark.web.view_models.release_health import HealthPart, health_part
from shipmark.web.view_models.release_list import Visible, visible
from shipmark.web.view_models.release_notes import notes_of, resolved_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """The files of a release; ``unmapped_count`` is the number of minified ones in bundles without a source map."""

    count: Count
    unmapped_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePage:
    """A release with everything visible to the user. ``notes`` are empty if a page does not show all commits."""

    release: Release
    visible: Visible
    owner: User | None
    authors: tuple[Person, ...]
    deploys: tuple[DeployLine, ...]
    chart: ReleaseChart
    health: HealthPart | None
    commits: CommitPage
    files: FileSummary
    issues: IssueTabs
    activity: tuple[ReleaseEvent, ...]
    previous: Release | None
    next: Release | None
    fetches: tuple[FetchLine, ...]
    uploads: Uploads
    thresholds: tuple[ThresholdLine, ...]
    missing: tuple[MissingPart, ...]
    is_editable: bool
    notes: str

    @property
    def can_retry(self) -> bool:
        """Return True if commits failed or wait for another try, and none are being fetched now."""
        is_open = any(line.fetch.error for line in self.fetches)
        return is_open and not any(line.is_running for line in self.fetches)

    @property
    def issues_query(self) -> str:
        """Return the search for issues seen in the release, or an empty text for a version that has none."""
        return term_of("release", self.release.version)

    @property
    def live_environments(self) -> tuple[str, ...]:
        """Return the environments in which the release is live."""
        return tuple(line.deploy.environment for line in self.deploys if line.is_live)


def release_page(
    connection: Connection,
    workspace: Workspace,
    version: str,
    *,
    commits_page: int,
    selection: IssueSelection,
    server: str,
    at: datetime,
    zone: tzinfo,
) -> ReleasePage:
    """Return the release with this version; raise `NotFound` if the user can't see it."""
    release, attached_ids = releases.find_attached(
        connection, workspace.organization.id, version, workspace.project_ids
    )
    attached = releases.attached_projects(connection, release)
    visible_ids = set(attached_ids) & set(workspace.project_ids)
    shown = visible(attached, workspace)
    resolved = resolved_lines(connection, workspace, release)
    authors = people(connection, release.organization_id, release.author_ids)
    waiting = fetch_lines(connection, release)
    uploads = _uploads(connection, workspace, release)
    scope = (workspace.organization.slug, shown.projects[0].slug)
    commits = commit_page(
        connection, release, commits_page, attached_ids, resolved=resolved, authors=authors
    )
    previous, following = lineage.neighbours(connection, release, visible_ids)
    deployed = deploy_lines(connection, workspace, release)
    return ReleasePage(
        release=release,
        visible=shown,
        owner=accounts.by_id(connection, release.owner_id) if release.owner_id else None,
        authors=tuple(authors[id_] for id_ in release.author_ids if id_ in authors),
        deploys=deployed,
        chart=release_chart(connection, release, previous, visible_ids, deployed, at, zone),
        health=health_part(
            connection, workspace, release, previous, visible_ids, deployed, at, zone
        ),
        commits=commits,
        files=file_summary(connection, release),
        issues=issue_tabs(connection, workspace, [release.id], selection),
        activity=release_events(connection, workspace, release, resolved),
        previous=previous,
        next=following,
        fetches=waiting,
        uploads=uploads,
        thresholds=threshold_lines(connection, release, shown.projects),
        missing=missing_parts(
            release, uploads.count, server, scope, is_waiting_for_commits=bool(waiting)
        ),
        # As in the API, a release can be changed by those who see all of its projects.
        is_editable=len(shown.projects) == len(attached),
        notes=notes_of(release, commits.lines, resolved) if commits.is_whole else "",
    )


def _uploads(connection: Connection, workspace: Workspace, release: Release) -> Uploads:
    scope = scope_of(workspace, release)
    count = version_listing.count_of(connection, scope)
    unmapped = version_listing.unmapped_count(connection, scope) if count.bundled else 0
    return Uploads(count=count, unmapped_count=unmapped)
