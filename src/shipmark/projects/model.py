"""Projects, their DSN keys, and environments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shipmark.avatars.model import LETTERS, Avatar

ENVIRONMENT_MAX = 64
NAME_MAX = 200
PLATFORM_MAX = 64
#: The largest rate limit, and its longest window: a day.
RATE_COUNT_MAX = 2**31 - 1
RATE_WINDOW_SECONDS_MAX = 86_400
#: The oldest age at which issues are resolved, in hours: half a year, as in the reference.
RESOLVE_AGE_MAX = 4320
_BAD_IN_ENVIRONMENTS = re.compile(r"[\r\n\f/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project, whose releases and issues are tracked. The short ids of its issues begin with its slug.

    ``commit_paths``: in a monorepo, the folders whose commits belong to it; empty for all.
    """

    id: int
    organization_id: int
    slug: str
    name: str
    platform: str | None
    first_event_at: datetime | None
    has_releases: bool
    created_at: datetime
    commit_paths: tuple[str, ...] = ()
    avatar: Avatar = LETTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectKey:
    """A key that SDKs authenticate with. The secret half is obsolete: clients may send it, and it is not checked."""

    project_id: int
    public_key: str
    secret_key: str
    label: str
    is_active: bool
    created_at: datetime | None = None
    #: Number of events, and seconds.
    rate_limit: tuple[int, int] | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    def dsn(self, address: str) -> str:
        """Return the DSN for SDKs, with the URL of this server."""
        scheme, _, host = address.partition("://")
        return f"{scheme}://{self.public_key}@{host}/{self.project_id}"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The most events that are taken in within each window of this length."""

    count: int
    window_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingKey:
    """An active key as the endpoints for SDKs see it: its project, and the limits of both."""

    public_key: str
    project: Project
    limit: RateLimit | None = None
    project_limit: RateLimit | None = None
    allowed_domains: tuple[str, ...] = ()


def default_key(project: Project, public_key: str, secret_key: str) -> ProjectKey:
    """Return the first key of a project."""
    return ProjectKey(
        project_id=project.id,
        public_key=public_key,
        secret_key=secret_key,
        label="Default",
        is_active=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """An environment of an organization. The one with an empty name stands for no environment."""

    id: int
    name: str


def is_environment_name(name: str) -> bool:
    """Return True if an environment may have this name (releases.md 1.11)."""
    return len(name) <= ENVIRONMENT_MAX and _BAD_IN_ENVIRONMENTS.search(name) is None


def environment_sent_as(name: str) -> str:
    """Return the environment that an SDK means: "", for none, if the name is invalid or ``none`` (ingest.md 5.2)."""
    return name if is_environment_name(name) and name.lower() != "none" else ""
