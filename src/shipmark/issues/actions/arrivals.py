"""Events that came in for projects, and what their hashes lead to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.events.parsing import Event
from shipmark.events.store import PackedEvent
from shipmark.issues.store import hashes
from shipmark.issues.store.hashes import HashKey
from shipmark.projects.model import Project
from shipmark.releases.sightings import Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An event that came in for a project."""

    project: Project
    packed: PackedEvent

    @property
    def event(self) -> Event:
        """Return the event without its payload."""
        return self.packed.event

    @property
    def key(self) -> tuple[int, str]:
        """Return what identifies the event."""
        return self.project.id, self.event.event_id

    @property
    def hash_keys(self) -> list[HashKey]:
        """Return the hashes, in the order in which they are looked up."""
        return [(self.project.id, hash_) for hash_ in self.event.hashes]

    @property
    def sighting(self) -> Sighting:
        """Return where it was seen."""
        return Sighting(
            project=self.project,
            version=self.event.release,
            environment=self.event.environment,
            at=self.event.at,
            received_at=self.event.received_at,
        )


def targets_of(connection: Connection, arrivals: Iterable[Arrival]) -> dict[HashKey, int | None]:
    """Return what the hashes of events lead to, as `hashes.targets` does."""
    return hashes.targets(connection, {key for each in arrivals for key in each.hash_keys})


def is_discarded(arrival: Arrival, targets: Mapping[HashKey, int | None]) -> bool:
    """Return True if the first hash that leads anywhere is one that was discarded."""
    first = next((key for key in arrival.hash_keys if key in targets), None)
    return first is not None and targets[first] is None
