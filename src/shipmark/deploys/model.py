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
