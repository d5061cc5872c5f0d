"""What became of what SDKs sent, in steps of time: events that were stored, and what is not, with the reason."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.events import accepted_store, discard_store
from shipmark.events.discards import hour_of
from shipmark.http.time_range import Range

ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Steps of a time, of which the first one may begin before it."""

    begins: Sequence[datetime]
    range: Range

    def index_of(self, moment: datetime) -> int:
        """Return the index of the step of a moment; one before all is in the first."""
        return max(0, bisect_right(self.begins, moment) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What one number is about. Only what is not stored has a reason."""

    project: int
    outcome: str
    category: str
    reason: str | None


def count(
    connection: Connection, project_ids: Collection[int], steps: Steps
) -> dict[Counted, Counter[int]]:
    """Return the numbers by the index of their step.

    They are counted by hours: an hour counts where it begins, the one in which the time begins in the first step.
    """
    numbers: dict[Counted, Counter[int]] = {}
    begins_at, ends_at = steps.range
    first_hour = hour_of(begins_at)
    for stored in accepted_store.of_projects(
        connection, project_ids, first_hour=first_hour, until=ends_at
    ):
        accepted = Counted(
            project=stored.project_id, outcome=ACCEPTED, category=stored.category, reason=None
        )
        numbers.setdefault(accepted, Counter())[steps.index_of(stored.hour)] += stored.quantity
    for project_id, discard in discard_store.of_projects(
        connection, project_ids, first_hour=first_hour, until=ends_at
    ):
        discarded = Counted(
            project=project_id,
            outcome=discard.outcome.value,
            category=discard.category,
            reason=discard.reason,
        )
        numbers.setdefault(discarded, Counter())[steps.index_of(discard.hour)] += discard.quantity
    return numbers
