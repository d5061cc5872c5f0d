"""Releases, and the records that belong to them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shipmark.releases.search import EVERYTHING, Search

VERSION_MAX = 200
REF_MAX = 200
URL_MAX = 200
USER_AGENT_MAX = 256


class ReleaseStatus(StrEnum):
    """Status of a release. Archiving only hides it; all data is still accepted for it (releases.md 1.3.2)."""

    OPEN = "open"
    ARCHIVED = "archived"


class ReleaseActivityType(StrEnum):
    """Type of an activity of a release in a project."""

    RELEASED = "release"
    DEPLOYED = "deploy"
    DELETED = "deleted"
    COMMITS_FETCHED = "commits_fetched"
    COMMITS_FETCH_FAILED = "commits_fetch_failed"
    VERDICT_CHANGED = "verdict_changed"
    VERDICT_MARKED = "verdict_marked"


class FetchMode(StrEnum):
    """Whether a range of commits is fetched, or exactly one."""

    RANGE = "range"
    EXACT = "exact"


class FetchState(StrEnum):
    """State of a fetch. A later request that sets the commits of the release supersedes it."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A shipped or planned version. The version is unique in its organization, across projects.

    ``left_out_count`` counts the commits of the request that touch none of the projects' folders.
    """

    id: int
    organization_id: int
    version: str
    status: ReleaseStatus
    ref: str | None
    url: str | None
    owner_id: int | None
    created_at: datetime
    released_at: datetime | None
    commit_count: int
    last_commit_id: int | None
    author_ids: tuple[int, ...]
    deploy_count: int
    last_deploy_id: int | None
    user_agent: str | None
    left_out_count: int = 0

    @property
    def shipped_at(self) -> datetime:
        """Date of finalizing, or else of creation: what "newest" means wherever releases are compared."""
        return self.released_at or self.created_at


@dataclass(frozen=True, slots=True)
class ReleaseRef:
    """A release that contains a commit, as listed with the commit."""

    version: str
    ref: str | None
    url: str | None
    released_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRelease:
    """Values of a new release; of one that exists already only the version is used."""

    version: str
    created_at: datetime
    status: ReleaseStatus = ReleaseStatus.OPEN
    ref: str | None = None
    url: str | None = None
    owner_id: int | None = None
    released_at: datetime | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRange:
    """First and last event of a release in a project, and the number of issues that were new in its environments.

    The dates are None without an event: a deploy adds a release to an environment too.
    """

    first_at: datetime | None = None
    last_at: datetime | None = None
    new_issue_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedProject:
    """A project that a release is attached to, with its numbers of new and regressed issues.

    ``seen`` is None if the release is in no environment of the project, or if not loaded. ``platforms`` are those of
    the project's events, if loaded.
    """

    project_id: int
    new_issue_count: int
    regressed_issue_count: int = 0
    seen: SeenRange | None = None
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A commit of a release that changed a file."""

    commit_id: int
    author_id: int | None
    at: datetime
    release_id: int
    filename: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseActivity:
    """An activity of a release in a project. It names the version, and so outlives the release."""

    project_id: int
    type: ReleaseActivityType
    version: str
    at: datetime
    user_id: int | None = None
    details: dict[str, object] = field(default_factory=dict)


class ReleaseSort(StrEnum):
    """Order of a list of releases, greatest first; of equals, the newest created comes first."""

    DATE = "date"
    SEMVER = "semver"
    BUILD = "build"
    EFFECTIVE_DATE = "shipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFetch:
    """A request for commits from a repository's remote."""

    repository_id: int
    commit: str
    previous: str | None
    mode: FetchMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """A fetch of commits for a release. ``next_at`` is the date of the next attempt."""

    id: int
    organization_id: int
    release_id: int
    repository_id: int
    commit: str
    previous: str | None
    mode: FetchMode
    state: FetchState
    attempts: int
    error: str | None
    note: str | None
    commit_count: int | None
    requested_by: int | None
    created_at: datetime
    updated_at: datetime
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFilter:
    """Conditions on the releases of a list.

    ``covers_all_projects``: the projects are all of the organization, so that its own index serves. ``status`` None
    selects all. With ``per_project`` a release is listed once for each of its projects. ``shipped_from`` is about
    `Release.shipped_at`.
    """

    organization_id: int
    project_ids: tuple[int, ...]
    covers_all_projects: bool = False
    per_project: bool = False
    status: ReleaseStatus | None = ReleaseStatus.OPEN
    search: Search = EVERYTHING
    environment_ids: tuple[int, ...] | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    shipped_from: datetime | None = None


#: Sort key of a release: of its version, its build number, or a date.
SortKey = str | int | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The position of a release in a list: its sort key, and what decides among equals.

    ``project_id`` is None unless releases are listed per project.
    """

    key: SortKey
    created_at: datetime
    release_id: int
    project_id: int | None = None


@dataclass(frozen=True, slots=True)
class ListRow:
    """A release in a list, with its sort key; ``project_id`` is None unless releases are listed per project."""

    release: Release
    key: SortKey
    project_id: int | None = None

    @property
    def position(self) -> Position:
        """Position of the release in the list."""
        return Position(
            key=self.key,
            created_at=self.release.created_at,
            release_id=self.release.id,
            project_id=self.project_id,
        )
