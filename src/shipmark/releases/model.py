"""What is a release?"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shipmark.releases.search import EVERYTHING, Search

VERSION_MAX = 200
REF_MAX = 200
URL_MAX = 200
USER_AGENT_MAX = 256


class ReleaseStatus(StrEnum):
    """Is it listed? Archiving only hides a release; everything is still accepted for it (releases.md 1.3.2)."""

    OPEN = "open"
    ARCHIVED = "archived"


class ReleaseActivityType(StrEnum):
    """What can happen to a release in a project."""

    RELEASED = "release"
    DEPLOYED = "deploy"
    DELETED = "deleted"
    COMMITS_FETCHED = "commits_fetched"
    COMMITS_FETCH_FAILED = "commits_fetch_failed"


class FetchMode(StrEnum):
    """Are the commits up to one fetched, or just that one?"""

    RANGE = "range"
    EXACT = "exact"


class FetchState(StrEnum):
    """What has become of a fetch. One is superseded when somebody said later what the release holds."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A version that went out, or will. The version is unique in its organization, whatever the projects.

    ``left_out_count`` is how many commits were given that touch none of the projects' folders.
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
        """When it was finalized, or else created: what "newest" means wherever releases are compared."""
        return self.released_at or self.created_at


@dataclass(frozen=True, slots=True)
class ReleaseRef:
    """A release that holds a commit, as far as the commit tells of it."""

    version: str
    ref: str | None
    url: str | None
    released_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRelease:
    """What a release is made with; of one that exists already only the version counts."""

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
    """When events of a release first and last came from a project, and how many issues were new in its environments.

    Without an event there is no moment: a deploy brings a release to an environment too.
    """

    first_at: datetime | None = None
    last_at: datetime | None = None
    new_issue_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedProject:
    """A project that a release is attached to, with how many issues it brought there, and brought back.

    ``seen`` is None where the release is in no environment of the project, or was not asked for. ``platforms`` are
    those that events of the project have come from, where they were asked for.
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
    """Something that happened to a release in a project. It keeps the version's text when the release is gone."""

    project_id: int
    type: ReleaseActivityType
    version: str
    at: datetime
    user_id: int | None = None
    details: dict[str, object] = field(default_factory=dict)


class ReleaseSort(StrEnum):
    """What a list of releases is ordered by, the greatest first; of equals, the newest created comes first."""

    DATE = "date"
    SEMVER = "semver"
    BUILD = "build"
    EFFECTIVE_DATE = "shipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFetch:
    """Commits that are to be fetched from a repository's remote."""

    repository_id: int
    commit: str
    previous: str | None
    mode: FetchMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Commits of a release that are fetched, or were. ``next_at`` is when it is tried again."""

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
    """Which releases a list shows.

    ``is_everything``: the projects are known to be all of the organization, which is the shortest way to find them.
    ``status`` null shows all. With ``per_project`` a release comes once for each of its projects.
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


#: What a release is ordered by: a version's sort key, a build, or a moment.
SortKey = str | int | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The place of a release in a list: what it is ordered by, and what decides among equals.

    ``project_id`` is null unless the list is flat.
    """

    key: SortKey
    created_at: datetime
    release_id: int
    project_id: int | None = None


@dataclass(frozen=True, slots=True)
class ListRow:
    """A release in a list, with what it is ordered by there; ``project_id`` is null unless the list is flat."""

    release: Release
    key: SortKey
    project_id: int | None = None

    @property
    def position(self) -> Position:
        """The release's place in the list."""
        return Position(
            key=self.key,
            created_at=self.release.created_at,
            release_id=self.release.id,
            project_id=self.project_id,
        )
