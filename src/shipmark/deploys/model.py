"""Deploys."""

from dataclasses import dataclass
from datetime import datetime

NAME_MAX = 64
URL_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """A release deployed to an environment. The end is never None: clients crash without one (clients.md 1)."""

    id: int
    release_id: int
    environment: str
    name: str | None
    url: str | None
    started_at: datetime | None
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeploy:
    """A deploy to insert."""

    environment: str
    finished_at: datetime
    name: str | None = None
    url: str | None = None
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentOfRelease:
    """An environment of a project that a release was deployed to; live if no other release was deployed there since."""

    project_id: int
    environment: str
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDeploy:
    """A deploy to an environment of a project, with numbers of its release: commits, and issues regressed there."""

    id: int
    project_id: int
    environment_id: int
    environment: str
    release_id: int
    version: str
    commit_count: int
    regressed_issue_count: int
    finished_at: datetime
