"""The interface for looking up uploaded files, for the symbolication of events.

All files are looked up at once, not by a query per frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from shipmark.artifacts.manifests import ArtifactType


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """An uploaded file; ``reference`` identifies it in its store.

    ``headers`` have lower-case names. ``resolved_with`` is the method of the lookup, by the protocol's names
    (files-and-avatars.md 7): ``debug-id``, ``release``, ``index`` or ``release-old``. Files with the same
    ``content_key`` have the same content, unless it is None.
    """

    reference: object
    type: ArtifactType | None
    url: str | None
    headers: Mapping[str, str]
    size_bytes: int
    debug_id: str | None = None
    resolved_with: str = "release"
    content_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupRequest:
    """The requested files: normalised debug ids, and names of files in the event's release and dist."""

    debug_ids: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResult:
    """The existing files: for a debug id those of the newest bundle with it, for a name the newest one."""

    by_debug_id: Mapping[str, tuple[Artifact, ...]] = field(default_factory=dict)
    by_url: Mapping[str, Artifact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarFile:
    """A file of the release with the same last part of its name, perhaps of another dist or None."""

    url: str
    dist: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSummary:
    """The uploads of a release, to explain missing files. ``similar`` has a few files for each last part of a name."""

    has_files: bool
    similar: Mapping[str, tuple[SimilarFile, ...]] = field(default_factory=dict)


class Unreadable(Exception):
    """An existing file can't be read; the message has the reason."""


class ArtifactLookup(Protocol):
    """The files of one event's project, release and dist.

    The implementations are in the database and, for tests, in memory. No file is fetched from the web.
    """

    def find(self, requested: LookupRequest) -> LookupResult:
        """Return the requested files that exist, by a constant number of queries."""

    def read(self, artifact: Artifact) -> bytes:
        """Return the content of a file, or raise ``Unreadable``; the caller has checked its size."""

    def survey(self, basenames: frozenset[str]) -> UploadSummary:
        """Return the uploads of the release, with files similar to those not found by these last parts of names."""
