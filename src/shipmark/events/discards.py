"""What was not stored of what SDKs have or sent, with the reason and the category of data (ingest.md 4)."""

from dataclasses import dataclass

INVALID = "invalid"
USER_REPORT = "user_report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """A number of things of one category that were not stored for one reason."""

    reason: str
    category: str
    quantity: int = 1
