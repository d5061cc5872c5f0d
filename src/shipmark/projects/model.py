"""What is a project, a DSN key, an environment?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shipmark.avatars.model import LETTERS, Avatar

ENVIRONMENT_MAX = 64
NAME_MAX = 200
PLATFORM_MAX = 64
_BAD_IN_ENVIRONMENTS = re.compile(r"[\r\n\f/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Something that is built, shipped and watched. Its slug begins the short ids of its issues.

    ``commit_paths``: in a monorepo, the folders whose commits are its own; empty for all.
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
    """What SDKs authenticate with. The secret half is history: clients may send it, nobody checks it."""

    project_id: int
    public_key: str
    secret_key: str
    label: str
    is_active: bool
    created_at: datetime | None = None
    #: How many events in how many seconds; kept and shown, and without effect.
    rate_limit: tuple[int, int] | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    def dsn(self, address: str) -> str:
        """The DSN for SDKs, given the address of this server."""
        scheme, _, host = address.partition("://")
        return f"{scheme}://{self.public_key}@{host}/{self.project_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where something runs. The one without a name stands for "not said"."""

    id: int
    name: str


def is_environment_name(name: str) -> bool:
    """May an environment have that name? (releases.md 1.11)"""
    return len(name) <= ENVIRONMENT_MAX and _BAD_IN_ENVIRONMENTS.search(name) is None
