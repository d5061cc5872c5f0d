"""What do people upload to make sense of their errors? Release files, bundles, debug files (files-and-avatars.md 5)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shipmark.artifacts.zip_entries import EntryLocation
from shipmark.files.model import File

DIST_MAX = 64
VERSION_MAX = 250
#: A bundle that is looked up counts as used: what is not used for long is deleted (files-and-avatars.md 6.4).
#: Formats that have no id in them: the client says it, and the same content may be sent with another one.
NAMED_BY_CLIENTS = frozenset({"bcsymbolmap", "uuidmap", "dartsymbolmap", "il2cpp"})
RENEWAL_LENGTH = timedelta(days=30)
#: A release bundle with fewer files becomes single release files (files-and-avatars.md 5.3).
ARCHIVE_FILES_MIN = 10


class AssembleState(StrEnum):
    """How far is an assembling? (files-and-avatars.md 5.1)."""

    OK = "ok"
    NOT_FOUND = "not_found"
    CREATED = "created"
    ASSEMBLING = "assembling"
    ERROR = "error"


class AssembleKind(StrEnum):
    """What is assembled; its scope is an organization, or for debug files a project."""

    DEBUG_FILE = "project.dsym"
    RELEASE_BUNDLE = "organization.artifacts"
    ARTIFACT_BUNDLE = "organization.artifact_bundle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What is known of an assembling. ``detail`` says what went wrong, in the protocol's words, ``reason`` in ours."""

    state: AssembleState
    detail: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembleKey:
    """What an assembling is known by: ``sha1`` is that of the file, ``key`` a digest of all that was asked."""

    kind: AssembleKind
    scope_id: int
    sha1: str
    key: str


def assemble_key(kind: AssembleKind, scope_id: int, sha1: str, *more: object) -> AssembleKey:
    """The same file for another project or version is another matter."""
    text = repr((sha1, *more))
    key = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return AssembleKey(kind=kind, scope_id=scope_id, sha1=sha1, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """A version, and maybe a dist of it, that a bundle was uploaded for. The release need not be there."""

    version: str
    dist: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleEntry:
    """A file in a bundle. ``number`` is its place in the manifest; ``type`` is null for an unknown one.

    ``place`` is where it is in the bundle; ``sha1`` is known of bundles that a release itself got.
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
    """A bundle as it is assembled. It is for a ``release_id`` only where the release itself got it (5.3)."""

    organization_id: int
    bundle_id: str
    project_ids: Sequence[int]
    association: Association | None
    release_id: int | None
    entries: Sequence[BundleEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """A single file of a release, under the name that browsers know it by."""

    id: int
    release_id: int
    name: str
    dist: str | None
    file: File


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A file of a release as lists show it: a single one by its ``id``, or one in a bundle, where that is null."""

    id: int | None
    name: str
    dist: str | None
    headers: Mapping[str, str]
    size: int
    sha1: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventScope:
    """Where the files of an event are looked for. ``version`` and ``dist`` are "" where the event has none."""

    organization_id: int
    project_id: int
    version: str
    dist: str


def ident_of(name: str, dist: str | None) -> str:
    """The key of a release file within its release (files-and-avatars.md 8.1)."""
    text = name if dist is None else f"{name}\0\0{dist}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def url_key(url: str) -> str:
    """A short key to look a URL up by, or its last part: URLs may be longer than an index takes."""
    return hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()[:16]
