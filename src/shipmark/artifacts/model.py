"""Release files, artifact bundles and the states of their assembling (files-and-avatars.md 5)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shipmark.artifacts.zip_entries import EntryLocation
from shipmark.files.model import File

DIST_MAX = 64
VERSION_MAX = 250
#: Formats without an id inside: the client sends it, and the same content may have several ids.
NAMED_BY_CLIENTS = frozenset({"bcsymbolmap", "uuidmap", "dartsymbolmap", "il2cpp", "proguard"})
#: A bundle that is looked up counts as used; unused ones are deleted after a time (files-and-avatars.md 6.4).
RENEWAL_LENGTH = timedelta(days=30)
#: A release bundle with fewer files becomes single release files (files-and-avatars.md 5.3).
ARCHIVE_FILES_MIN = 10


class AssembleState(StrEnum):
    """The state of an assembling (files-and-avatars.md 5.1)."""

    OK = "ok"
    NOT_FOUND = "not_found"
    CREATED = "created"
    ASSEMBLING = "assembling"
    ERROR = "error"


class AssembleKind(StrEnum):
    """The kind of an assembled file; its scope is an organization, or for debug files a project."""

    DEBUG_FILE = "project.dsym"
    RELEASE_BUNDLE = "organization.artifacts"
    ARTIFACT_BUNDLE = "organization.artifact_bundle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The state of an assembling. ``detail`` is the protocol's message of an error, ``reason`` the exact one."""

    state: AssembleState
    detail: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembleKey:
    """The key of an assembling: ``sha1`` is that of the file, ``key`` a digest of the whole request."""

    kind: AssembleKind
    scope_id: int
    sha1: str
    key: str


def assemble_key(kind: AssembleKind, scope_id: int, sha1: str, *more: object) -> AssembleKey:
    """Return the key of an assembling, which depends on the scope and ``more``, such as project and version."""
    text = repr((sha1, *more))
    key = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return AssembleKey(kind=kind, scope_id=scope_id, sha1=sha1, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """The version, and optionally dist, that a bundle was uploaded for. The release may not exist."""

    version: str
    dist: str | None


@dataclass(frozen=True, slots=True)
class ArtifactBundle:
    """An archive of files. ``used_at`` is renewed when it is looked up, ``changed_at`` when it is uploaded again."""

    id: int
    organization_id: int
    bundle_id: str
    file_id: int
    file_count: int
    uploaded_at: datetime
    used_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """A file in a bundle. ``number`` is its index in the manifest; ``type`` is None for an unknown one.

    ``place`` is its location in the bundle; ``sha1`` is set in bundles uploaded for a release itself.
    """

    number: int
    path: str
    url: str | None
    debug_id: str | None
    type: int | None
    size: int
    place: EntryLocation
    sha1: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBundle:
    """An assembled bundle to store. ``release_id`` is set only if it is for the release itself (5.3)."""

    organization_id: int
    bundle_id: str
    project_ids: Sequence[int]
    association: Association | None
    release_id: int | None
    entries: Sequence[BundleEntry]


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """A single file of a release, with its name in browsers."""

    id: int
    release_id: int
    name: str
    dist: str | None
    file: File


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a release in a list: a single one with its ``id``, or one in a bundle, where that is None."""

    id: int | None
    name: str
    dist: str | None
    headers: Mapping[str, str]
    size: int
    sha1: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventScope:
    """The scope for looking up the files of an event. ``version`` and ``dist`` are "" if the event has none."""

    organization_id: int
    project_id: int
    version: str
    dist: str


def ident_of(name: str, dist: str | None) -> str:
    """Return the key of a release file within its release (files-and-avatars.md 8.1)."""
    text = name if dist is None else f"{name}\0\0{dist}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def url_key(url: str) -> str:
    """Return a short lookup key of a URL or its last part, as URLs may be too long for an index."""
    return hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()[:16]
