"""The release object (releases.md 2.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import msgspec
from sqlalchemy import Connection

from shipmark.api.commits.responses import (
    AuthorResponse,
    CommitResponse,
    NobodyResponse,
    author_response,
    commit_response,
)
from shipmark.api.deploys.responses import DeployResponse, deploy_response
from shipmark.api.members.user_responses import UserResponse, optional_user_response
from shipmark.api.releases import loading
from shipmark.api.releases.health_responses import (
    NO_HEALTH,
    HealthDataResponse,
    health_data_response,
)
from shipmark.api.releases.loading import Related
from shipmark.api.responses import Wire
from shipmark.projects.model import Project
from shipmark.publishing.model import Published
from shipmark.releases import versions
from shipmark.releases.model import Release, ReleasedProject


class RawVersionResponse(Wire):
    """A version part that follows no scheme."""

    raw: str


class VersionResponse(Wire):
    """A version part and what it says. The fourth number is not shown."""

    raw: str
    major: int
    minor: int
    patch: int
    pre: str | None
    build_code: str | None
    components: int


class VersionInfoResponse(Wire):
    """What the name of a release says."""

    package: str | None
    version: VersionResponse | RawVersionResponse
    description: str
    build_hash: str | None


class ReleasedProjectResponse(Wire):
    """A project of a release. Its id is a number here, and only here."""

    id: int
    slug: str
    name: str
    new_groups: int
    platform: str | None
    platforms: list[str]
    has_health_data: bool | msgspec.UnsetType = msgspec.UNSET
    health_data: HealthDataResponse | msgspec.UnsetType | None = msgspec.UNSET


class AdoptionStageResponse(Wire):
    """How far a release has got in a project."""

    stage: str
    adopted: datetime | None = None
    unadopted: datetime | None = None


class ProjectMetaResponse(Wire):
    """What is around a release in one project, and the hours of its first and last sessions."""

    next_release_version: str | None
    prev_release_version: str | None
    first_release_version: str | None
    last_release_version: str | None
    sessions_lower_bound: datetime | None = None
    sessions_upper_bound: datetime | None = None


class ReleaseVersionResponse(Wire):
    """A release in the list for charts."""

    version: str
    date: datetime


class ReleaseResponse(Wire, kw_only=True):
    """A release."""

    id: int
    version: str
    status: str
    short_version: str
    version_info: VersionInfoResponse | None
    ref: str | None
    url: str | None
    date_released: datetime | None
    date_created: datetime
    data: dict[str, object] = msgspec.field(default_factory=dict)
    new_groups: int
    regressed_groups: int
    owner: UserResponse | None
    commit_count: int
    commits_left_out: int
    last_commit: CommitResponse | None
    deploy_count: int
    last_deploy: DeployResponse | None
    authors: list[UserResponse | AuthorResponse]
    projects: list[ReleasedProjectResponse]
    first_event: datetime | None
    last_event: datetime | None
    current_project_meta: ProjectMetaResponse | NobodyResponse
    user_agent: str | None
    adoption_stages: dict[str, AdoptionStageResponse] | msgspec.UnsetType | None = msgspec.UNSET


class ReleaseMetaResponse(Wire):
    """The numbers of a release."""

    version: str
    version_info: VersionInfoResponse | None
    projects: list[ReleasedProjectResponse]
    new_groups: int
    deploy_count: int
    commit_count: int
    released: datetime
    commit_files_changed: int
    release_file_count: int
    is_artifact_bundle: bool
    preprod_build_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """How a release is to be shown, beyond what it always shows.

    With a ``project_id``, numbers and moments are of that project alone, and, if ``is_narrow``, it shows no other. With
    ``by_environment``, they are of the environments that `related.to_releases` was asked for. ``history_period`` is the
    name under which the history of health is shown.
    """

    project_id: int | None = None
    only_selected: bool = False
    by_environment: bool = False
    has_health: bool = False
    has_stages: bool = False
    history_period: str = "24h"


PLAIN = ReleaseView()


def release_response(
    release: Release,
    related: Related,
    shape: ReleaseView = PLAIN,
    meta: ProjectMetaResponse | None = None,
) -> ReleaseResponse:
    """Return a release with all that it nests."""
    attached = related.attached.get(release.id, [])
    counted = [row for row in attached if shape.project_id in {None, row.project_id}]
    selected = counted if shape.only_selected else attached
    seen = [row.seen for row in counted if row.seen is not None]
    commit = related.commits.get(release.last_commit_id or 0)
    deploy = related.deploys.get(release.last_deploy_id or 0)
    return ReleaseResponse(
        id=release.id,
        version=release.version,
        status=release.status.value,
        short_version=release.version,
        version_info=version_info_response(release.version),
        ref=release.ref,
        url=release.url,
        date_released=release.released_at,
        date_created=release.created_at,
        new_groups=sum(row.new_issue_count for row in (seen if shape.by_environment else counted)),
        regressed_groups=sum(row.regressed_issue_count for row in counted),
        owner=optional_user_response(related.users.get(release.owner_id or 0)),
        commit_count=release.commit_count,
        commits_left_out=release.left_out_count,
        last_commit=commit_response(commit, related) if commit else None,
        deploy_count=release.deploy_count,
        last_deploy=deploy_response(deploy) if deploy else None,
        authors=_authors(release, related),
        projects=[_project(row, release.id, related, shape) for row in selected],
        first_event=min((each.first_at for each in seen if each.first_at), default=None),
        last_event=max((each.last_at for each in seen if each.last_at), default=None),
        current_project_meta=meta or NobodyResponse(),
        user_agent=release.user_agent,
        adoption_stages=_stages(release.id, counted, related, shape),
    )


def load_release_response(
    connection: Connection, release: Release, known: Sequence[Project] = ()
) -> ReleaseResponse:
    """Return one release with what it nests. Known projects are not loaded again."""
    nested = loading.prefetch_for_releases(
        connection, release.organization_id, [release], known=known
    )
    return release_response(release, nested)


def publication_response(
    connection: Connection, published: Published, attached: Sequence[Project]
) -> ReleaseResponse:
    """Return what was published, with what it nests."""
    if not published.is_new:
        return load_release_response(connection, published.release)
    nested = loading.prefetch_for_new_release(connection, published, attached)
    return release_response(published.release, nested)


def release_meta_response(
    release: Release,
    related: Related,
    changed_file_count: int,
    *,
    file_count: int,
    is_artifact_bundle: bool,
) -> ReleaseMetaResponse:
    """Return the numbers of a release; its files are those of its artifact bundles where it has any."""
    attached = related.attached.get(release.id, [])
    return ReleaseMetaResponse(
        version=release.version,
        version_info=version_info_response(release.version),
        projects=[_project(row, release.id, related, None) for row in attached],
        new_groups=sum(row.new_issue_count for row in attached),
        deploy_count=release.deploy_count,
        commit_count=release.commit_count,
        released=release.shipped_at,
        commit_files_changed=changed_file_count,
        release_file_count=file_count,
        is_artifact_bundle=is_artifact_bundle,
    )


@lru_cache(4096)
def version_info_response(text: str) -> VersionInfoResponse | None:
    """Return what the name says, or None where it is refused (releases.md 1.4)."""
    name = versions.parse(text)
    if name is None:
        return None
    version: VersionResponse | RawVersionResponse = RawVersionResponse(raw=name.raw)
    if (parts := name.version) is not None:
        version = VersionResponse(
            raw=parts.raw,
            major=parts.major,
            minor=parts.minor,
            patch=parts.patch,
            pre=parts.pre,
            build_code=parts.build,
            components=parts.components,
        )
    return VersionInfoResponse(
        package=name.package,
        version=version,
        description=name.description,
        build_hash=name.build_hash,
    )


def _authors(release: Release, related: Related) -> list[UserResponse | AuthorResponse]:
    """Return the authors in their order; a user with several addresses comes once."""
    shown: dict[str, UserResponse | AuthorResponse] = {}
    for author_id in release.author_ids:
        if author := related.authors.get(author_id):
            response = author_response(author, related)
            shown.setdefault(response.email, response)
    return list(shown.values())


def _project(
    attached: ReleasedProject, release_id: int, related: Related, shape: ReleaseView | None
) -> ReleasedProjectResponse:
    """Return a project of a release; without a shape, it says nothing of health."""
    project: Project = related.projects[attached.project_id]
    response = ReleasedProjectResponse(
        id=project.id,
        slug=project.slug,
        name=project.name,
        new_groups=attached.new_issue_count,
        platform=project.platform,
        platforms=related.platforms.get(project.id, []),
    )
    if shape is None:
        return response
    response.has_health_data = False
    if shape.has_health:
        health = related.health.get((project.id, release_id), NO_HEALTH)
        response.has_health_data = health.has_data
        response.health_data = health_data_response(health, shape.history_period)
    return response


def _stages(
    release_id: int, attached: Iterable[ReleasedProject], related: Related, shape: ReleaseView
) -> dict[str, AdoptionStageResponse] | msgspec.UnsetType | None:
    """Return how far the release has got in each project that has it in one of the environments, or anywhere."""
    if not shape.has_stages:
        return msgspec.UNSET
    adoptions = {
        related.projects[row.project_id].slug: related.adoptions.get((release_id, row.project_id))
        for row in attached
    }
    stages = {
        slug: AdoptionStageResponse(
            stage=adoption.stage.value,
            adopted=adoption.adopted_at,
            unadopted=adoption.unadopted_at,
        )
        for slug, adoption in adoptions.items()
        if adoption is not None
    }
    return stages or None
