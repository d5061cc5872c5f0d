"""What is a repository, a commit, an author, a changed file?"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SHA_MAX = 64
REPOSITORY_NAME_MAX = 200
#: What git calls the remote that a repository was cloned from.
GIT_ORIGIN = "origin"
AUTHOR_NAME_MAX = 128
AUTHOR_EMAIL_MAX = 200
_LOCAL_EMAIL_MAX = 75
FILENAME_MAX = 510

#: A commit whose message holds this is left out of releases (releases.md 3.4).
SKIP_MARK = "#skipsentry"

_NOT_IN_LOCAL_PART = re.compile(r"[^A-Za-z0-9\-_.]")


class RepositoryStatus(StrEnum):
    """What has become of a repository."""

    ACTIVE = "active"
    DISABLED = "disabled"
    PENDING_DELETION = "pending_deletion"
    DELETION_IN_PROGRESS = "deletion_in_progress"


#: What stands for a repository whose deletion was asked for. No name leads to it any more.
DELETION_STATUSES = (RepositoryStatus.PENDING_DELETION, RepositoryStatus.DELETION_IN_PROGRESS)


class Change(StrEnum):
    """What a commit did to a file."""

    ADDED = "A"
    DELETED = "D"
    MODIFIED = "M"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where commits come from. A null provider is one that we know by name only."""

    id: int
    name: str
    url: str | None
    provider: str | None
    external_id: str | None
    status: RepositoryStatus
    created_at: datetime

    @property
    def is_known_by_name(self) -> bool:
        """Is the name all that we know it by? Then people may change it."""
        return self.provider is None

    @property
    def is_pending_deletion(self) -> bool:
        """Has somebody asked for its deletion? Then its name is free for another."""
        return self.status in DELETION_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Somebody who wrote commits, known by their address within the organization."""

    id: int
    name: str | None
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit as it is kept."""

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
    """A commit as a client gives it. What is null was not said and leaves what is known as it is."""

    sha: str
    repository: str | None = None
    message: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    at: datetime | None = None
    changes: tuple[tuple[str, Change], ...] | None = None

    @property
    def is_skipped(self) -> bool:
        """Does the message ask to be left out?"""
        return self.message is not None and SKIP_MARK in self.message

    @property
    def filenames(self) -> list[str] | None:
        """The files that it changed; null if that was not said."""
        return None if self.changes is None else [filename for filename, _ in self.changes]

    @property
    def author(self) -> tuple[str, str | None] | None:
        """The author's address, as it is kept, and name; null if neither was said."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRemote:
    """Where the commits of a repository can be fetched. ``secret`` is encrypted."""

    repository_id: int
    url: str
    username: str | None
    secret: bytes | None


def shortened(text: str, length: int) -> str:
    """The text, cut to that length with three dots where it is longer: odd authors never fail a release."""
    return text if len(text) <= length else text[: length - 3] + "..."
