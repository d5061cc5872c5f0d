"""Issues that were deleted for good: later events of their kind are discarded."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardedIssue:
    """An issue that was discarded, as it was then. ``issue_id`` and ``number`` are those that it had.

    ``user_id`` is None for a user who was deleted, and for a token of the organization. It was discarded at
    ``created_at``.
    """

    id: int
    project_id: int
    issue_id: int
    number: int
    type: str
    title: str
    culprit: str
    level: str
    metadata: dict[str, object]
    user_id: int | None
    created_at: datetime
