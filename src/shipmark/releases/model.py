"""What is a release?"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

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
    """A version that went out, or will. The version is unique in its organization, whatever the projects."""

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

    @property
    def shipped_at(self) -> datetime:
        """When it was finalized, or else created: what "newest" means wherever releases are compared."""
        return self.released_at or self.created_at


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
class ReleasedProject:
    """A project that a release is attached to, with how many issues it brought there."""

    project_id: int
    new_issue_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """When events of a release first and last came."""

    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseActivity:
    """Something that happened to a release in a project. It keeps the version's text when the release is gone."""

    project_id: int
    type: ReleaseActivityType
    version: str
    at: datetime
    user_id: int | None = None
    details: dict[str, object] = field(default_factory=dict)


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
    """Which releases a list shows. ``status`` null shows all; a text is searched in the versions, in any case."""

    organization_id: int
    project_ids: tuple[int, ...]
    status: ReleaseStatus | None = ReleaseStatus.OPEN
    version_part: str = ""
    environment_ids: tuple[int, ...] | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
