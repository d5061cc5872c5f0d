"""What does somebody give who publishes a release?"""

from dataclasses import dataclass
from datetime import datetime

from shipmark.organizations.model import Actor, Organization
from shipmark.projects.model import Project
from shipmark.releases.model import Release, ReleaseStatus
from shipmark.repositories.git.remote_rules import NO_RULES, RemoteRules
from shipmark.repositories.model import CommitInput

#: What a publish answers that can't have the release's lock in time (releases.md 2.3.2).
BUSY = "Release commits are currently being processed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishContext:
    """Who publishes where, when, and on which host (whose issue addresses count in commit messages).

    ``remote_rules`` are the remotes of repositories that have none of their own; ``by`` is the actor for the
    audit log.
    """

    organization: Organization
    user_id: int | None
    host: str
    now: datetime
    remote_rules: RemoteRules = NO_RULES
    by: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefInput:
    """The head commit of a repository, and perhaps the one that the release before it ended with."""

    repository: str
    commit: str
    previous: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitsAndRefs:
    """The commits and refs of a request.

    No commits leave the release's as they are. ``refs`` null was not given; an empty list in an amendment clears.
    """

    commits: tuple[CommitInput, ...] = ()
    refs: tuple[RefInput, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInput:
    """A release that is to be made, or extended."""

    version: str
    projects: tuple[Project, ...]
    code: CommitsAndRefs = CommitsAndRefs()
    ref: str | None = None
    url: str | None = None
    released_at: datetime | None = None
    status: ReleaseStatus | None = None
    owner_id: int | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseUpdate:
    """A release that is to be changed; what is null stays as it is."""

    code: CommitsAndRefs = CommitsAndRefs()
    ref: str | None = None
    url: str | None = None
    released_at: datetime | None = None
    status: ReleaseStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a publish came to. ``is_new``: was the release made? ``is_news``: or attached to another project?"""

    release: Release
    is_new: bool
    created_or_attached: bool
