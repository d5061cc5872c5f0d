"""Repositories, commits, authors, changed files and remotes."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

SHA_MAX = 64
REPOSITORY_NAME_MAX = 200
#: Git's name for the remote that a repository was cloned from.
GIT_ORIGIN = "origin"
AUTHOR_NAME_MAX = 128
AUTHOR_EMAIL_MAX = 200
_LOCAL_EMAIL_MAX = 75
FILENAME_MAX = 510

#: A commit whose message contains this is left out of releases (releases.md 3.4).
SKIP_MARK = "#skipsentry"

_NOT_IN_LOCAL_PART = re.compile(r"[^A-Za-z0-9\-_.]")


class RepositoryStatus(StrEnum):
    """Status of a repository."""

    ACTIVE = "active"
    DISABLED = "disabled"
    PENDING_DELETION = "pending_deletion"
    DELETION_IN_PROGRESS = "deletion_in_progress"


#: Statuses after a request for deletion, in which a repository is not found by name.
DELETION_STATUSES = (RepositoryStatus.PENDING_DELETION, RepositoryStatus.DELETION_IN_PROGRESS)


class Change(StrEnum):
    """Type of a commit's change to a file."""

    ADDED = "A"
    DELETED = "D"
    MODIFIED = "M"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository. Without a provider it is known by name only."""

    id: int
    name: str
    url: str | None
    provider: str | None
    external_id: str | None
    status: RepositoryStatus
    created_at: datetime

    @property
    def is_known_by_name(self) -> bool:
        """Return True if the repository is known by name only. Then users may rename it."""
        return self.provider is None

    @property
    def is_pending_deletion(self) -> bool:
        """Return True if its deletion was requested. Then its name is free."""
        return self.status in DELETION_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """An author of commits, identified by address within the organization."""

    id: int
    name: str | None
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A stored commit."""

    id: int
    sha: str
    repository_id: int
    author_id: int | None
    message: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """A file that a commit of a release changed."""

    id: int
    commit_id: int
    filename: str
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitInput:
    """A commit as sent by a client. Fields that are None were not sent, and leave stored values as they are."""

    sha: str
    repository: str | None = None
    message: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    at: datetime | None = None
    changes: tuple[tuple[str, Change], ...] | None = None

    @property
    def is_skipped(self) -> bool:
        """Return True if the message asks to leave the commit out of releases."""
        return self.message is not None and SKIP_MARK in self.message

    @property
    def filenames(self) -> list[str] | None:
        """Names of the changed files, or None if not sent."""
        return None if self.changes is None else [filename for filename, _ in self.changes]

    @property
    def author(self) -> tuple[str, str | None] | None:
        """Address, as stored, and name of the author, or None if neither was sent."""
        email = self.author_email
        if email is None and self.author_name:
            local = _NOT_IN_LOCAL_PART.sub("", self.author_name).lower()
            email = shortened(local + "@localhost", _LOCAL_EMAIL_MAX)
        if not email:
            return None
        name = self.author_name
        return shortened(email.lower(), AUTHOR_EMAIL_MAX), shortened(
            name, AUTHOR_NAME_MAX
        ) if name else None


class StoredCommit(NamedTuple):
    """The stored row of a commit that a client sent."""

    # A tuple, as a frozen dataclass takes three times as long to make, and a release may have ten thousand.
    commit_id: int
    repository_id: int
    author_id: int | None
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRemote:
    """The stored remote of a repository. ``secret`` is encrypted."""

    repository_id: int
    url: str
    username: str | None
    secret: bytes | None


def shortened(text: str, length: int) -> str:
    """Return the text, truncated to this length with three dots: long authors never fail a release."""
    return text if len(text) <= length else text[: length - 3] + "..."
