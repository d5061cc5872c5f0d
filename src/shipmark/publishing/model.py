"""Inputs and results of publishing a release."""

from dataclasses import dataclass
from datetime import datetime

from shipmark.organizations.model import Actor, Organization
from shipmark.projects.model import Project
from shipmark.releases.model import Release, ReleaseStatus
from shipmark.repositories.git.remote_rules import NO_RULES, RemoteRules
from shipmark.repositories.model import CommitInput

#: The message if the release's lock is not available in time (releases.md 2.3.2).
BUSY = "Release commits are currently being processed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishContext:
    """The organization, user, moment and host of a publish (URLs of issues on this host count in commit messages).

    ``remote_rules`` define the remotes of repositories without a stored one; ``by`` is the actor for the
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
    """The head commit of a repository, and optionally that of the previous release."""

    repository: str
    commit: str
    previous: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitsAndRefs:
    """The commits and refs of a request.

    Without commits, the release's stay. ``refs`` None was not sent; an empty list in an update clears.
    """

    commits: tuple[CommitInput, ...] = ()
    refs: tuple[RefInput, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseUpdate:
    """The changes of a release; fields that are None stay unchanged."""

    code: CommitsAndRefs = CommitsAndRefs()
    ref: str | None = None
    url: str | None = None
    released_at: datetime | None = None
    status: ReleaseStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInput(ReleaseUpdate):
    """A release to create or extend."""

    version: str
    projects: tuple[Project, ...]
    owner_id: int | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The result of a publish. ``is_new`` if the release was created.

    ``created_or_attached`` also if it was attached to a new project. ``has_only_new_commits`` if the release and all of
    its commits were created, so that no other release contains them.
    """

    release: Release
    is_new: bool
    created_or_attached: bool
    has_only_new_commits: bool
