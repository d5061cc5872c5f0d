"""Percentages of a release beside those of an earlier one."""

from dataclasses import dataclass
from math import floor

from shipmark.web.view_models.health_lines import HealthLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedShare:
    """A percentage of the base and of the release, None without sessions. ``is_worse`` if the fall has a verdict."""

    name: str
    base: float | None
    head: float | None
    decimals: int
    is_worse: bool

    @property
    def change(self) -> float | None:
        """Return the percentage points between the shares as they are shown, None if one is unknown."""
        if self.base is None or self.head is None:
            return None
        return _shown(self.head, self.decimals) - _shown(self.base, self.decimals)


def compared_shares(
    before: HealthLine, after: HealthLine, *, is_worse: bool
) -> tuple[ComparedShare, ...]:
    """Return the shares of two releases; ``is_worse`` if there is a verdict that the later one is."""
    shares = (
        ("Crash-free users, 14 days", before.crash_free_users, after.crash_free_users, 2),
        ("Crash-free sessions, 14 days", before.crash_free_sessions, after.crash_free_sessions, 2),
        ("Adoption, 24 h", before.adoption, after.adoption, 0),
    )
    return tuple(
        ComparedShare(
            name=name,
            base=share,
            head=head_share,
            decimals=decimals,
            is_worse=is_worse and decimals > 0 and (head_share or 0) < (share or 0),
        )
        for name, share, head_share, decimals in shares
    )


def _shown(share: float, decimals: int) -> float:
    """Return the percentage as it is shown, rounded down."""
    scale: int = 10**decimals
    return floor(share * scale + 1e-9) / scale
