"""What has to be known of uploaded files to give an event its original stack?

Asked for everything at once: looking files up must not cost a query a frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from shipmark.artifacts.manifests import ArtifactType


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that was uploaded; ``reference`` is whatever its store reads it by.

    ``headers`` have lower-case names. ``resolved_with`` is how it was found, in the protocol's words
    (files-and-avatars.md 7): ``debug-id``, ``release``, ``index`` or ``release-old``. Files with the same
    ``content_key`` have the same content; None says nothing.
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
    """All that is looked for: normalised debug ids, and names of files in the event's release and dist."""

    debug_ids: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResult:
    """What there is of it: for a debug id the files that have it, for a name the newest file."""

    by_debug_id: Mapping[str, tuple[Artifact, ...]] = field(default_factory=dict)
    by_url: Mapping[str, Artifact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarFile:
    """A file of the release with the same last part of its name, perhaps of another dist (None: of none)."""

    url: str
    dist: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSummary:
    """Why files may be missing. ``similar`` has at most a handful of files for each last part of a name."""

    has_files: bool
    similar: Mapping[str, tuple[SimilarFile, ...]] = field(default_factory=dict)


class Unreadable(Exception):
    """A file that is known and whose bytes cannot be had, with the reason in a few words."""


class ArtifactLookup(Protocol):
    """The files that one event may use: those of its project, its release and its dist.

    A store keeps it; tests keep it in memory. Nothing is fetched from the web.
    """

    def find(self, requested: LookupRequest) -> LookupResult:
        """Find all that is wanted, in a constant number of queries; what isn't there is left out."""
        ...

    def read(self, artifact: Artifact) -> bytes:
        """Read a file, or raise ``Unreadable``; the caller has looked at its size."""
        ...

    def survey(self, basenames: frozenset[str]) -> UploadSummary:
        """Say what the release has, for the last parts of names that were not found; asked only then."""
        ...
