"""Measured storage of an organization."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number of things and their bytes."""

    count: int = 0
    bytes: int = 0


NOTHING = Amount()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectUsage:
    """The storage of a project. A bundle in several projects counts in each."""

    bundles: Amount = NOTHING
    debug_files: Amount = NOTHING
    events: Amount = NOTHING
    attachments: Amount = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The storage of an organization. ``blobs`` are the contents of its files, each once."""

    blobs: Amount = NOTHING
    release_files: Amount = NOTHING
    projects: Mapping[int, ProjectUsage] = field(default_factory=dict)

    @property
    def events(self) -> Amount:
        """Return the events of all projects."""
        amounts = [usage.events for usage in self.projects.values()]
        return Amount(
            count=sum(each.count for each in amounts), bytes=sum(each.bytes for each in amounts)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The storage of an organization as it was last measured."""

    usage: Usage
    measured_at: datetime
