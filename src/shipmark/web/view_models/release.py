"""The view model of the page of a release."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.artifacts.store import version_listing
from shipmark.artifacts.store.version_listing import Count
from shipmark.infrastructure.clock import now
from shipmark.issues.tag_names import term_of
from shipmark.releases import actions as releases
from shipmark.releases.model import Release
from shipmark.releases.store import lineage
from shipmark.web.request_context import WebRequest, Workspace
from shipmark.web.view_models.charted_release import ChartedRelease
from shipmark.web.view_models.issue_tabs import IssueTabs, issue_tabs, selection_of
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
class SentParts:
    """What clients have sent of a release besides commits, and what they have not: ``missing``."""

    fetches: tuple[FetchLine, ...]
    uploads: Uploads
    missing: tuple[MissingPart, ...]

    @property
    def can_retry(self) -> bool:
        """Return True if commits failed or wait for another try, and none are being fetched now."""
        is_open = any(line.fetch.error for line in self.fetches)
        return is_open and not any(line.is_running for line in self.fetches)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePage:
    """A release with everything visible to the user. ``notes`` are empty if a page does not show all commits."""

    release: Release
    visible: Visible
    owner: User | None
    authors: tuple[Person, ...]
    deploys: Sequence[DeployLine]
    chart: ReleaseChart
    health: HealthPart | None
    commits: CommitPage
    files: FileSummary
    issues: IssueTabs
    activity: tuple[ReleaseEvent, ...]
    previous: Release | None
    next: Release | None
    sent: SentParts
    thresholds: tuple[ThresholdLine, ...]
    notes: str

    @property
    def is_editable(self) -> bool:
        """Return True if the user may see all projects of the release: as in the API, others can't change it."""
        return self.visible.is_whole

    @property
    def issues_query(self) -> str:
        """Return the search for issues seen in the release, or an empty text for a version that has none."""
        return term_of("release", self.release.version)

    @property
    def live_environments(self) -> tuple[str, ...]:
        """Return the environments in which the release is live."""
        return tuple(line.deploy.environment for line in self.deploys if line.is_live)


def release_page(
    web_request: WebRequest, connection: Connection, workspace: Workspace, version: str
) -> ReleasePage:
    """Return the release with this version; raise `NotFound` if the user can't see it."""
    release, attached_ids = releases.find_attached(
        connection, workspace.organization.id, version, workspace.project_ids
    )
    shown = visible(releases.attached_projects(connection, release), workspace)
    resolved = resolved_lines(connection, workspace, release)
    authors = people(connection, release.organization_id, release.author_ids)
    number = web_request.page_number("commits")
    commits = commit_page(
        connection, release, number, attached_ids, resolved=resolved, authors=authors
    )
    selection = selection_of(web_request.parameter("issues"))
    visible_ids = set(attached_ids) & set(workspace.project_ids)
    previous, following = lineage.neighbours(connection, release, visible_ids)
    deploys = deploy_lines(connection, workspace, release)
    charted = _charted(web_request, release, previous, visible_ids, deploys)
    return ReleasePage(
        release=release,
        visible=shown,
        owner=accounts.by_id(connection, release.owner_id) if release.owner_id else None,
        authors=tuple(authors[id_] for id_ in release.author_ids if id_ in authors),
        deploys=deploys,
        chart=release_chart(connection, charted),
        health=health_part(connection, workspace, charted),
        commits=commits,
        files=file_summary(connection, release),
        issues=issue_tabs(connection, workspace, [release.id], selection),
        activity=release_events(connection, workspace, release, resolved),
        previous=previous,
        next=following,
        sent=_sent_parts(web_request, connection, workspace, release, shown),
        thresholds=threshold_lines(connection, release, shown.projects),
        notes=notes_of(release, commits.lines, resolved) if commits.is_whole else "",
    )


def _charted(
    web_request: WebRequest,
    release: Release,
    previous: Release | None,
    project_ids: Collection[int],
    deploys: Sequence[DeployLine],
) -> ChartedRelease:
    return ChartedRelease(
        release=release,
        previous=previous,
        project_ids=project_ids,
        deploys=deploys,
        now=now(),
        zone=web_request.zone,
    )


def _sent_parts(
    web_request: WebRequest,
    connection: Connection,
    workspace: Workspace,
    release: Release,
    shown: Visible,
) -> SentParts:
    fetches = fetch_lines(connection, release)
    uploads = _uploads(connection, workspace, release)
    scope = (workspace.organization.slug, shown.projects[0].slug)
    missing = missing_parts(
        release, uploads.count, web_request.address, scope, is_waiting_for_commits=bool(fetches)
    )
    return SentParts(fetches=fetches, uploads=uploads, missing=missing)


def _uploads(connection: Connection, workspace: Workspace, release: Release) -> Uploads:
    scope = scope_of(workspace, release)
    count = version_listing.count_of(connection, scope)
    unmapped = version_listing.unmapped_count(connection, scope) if count.bundled else 0
    return Uploads(count=count, unmapped_count=unmapped)
