"""The health of two releases beside each other."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import floor

from sqlalchemy import Connection

from shipmark.infrastructure.groups import grouped
from shipmark.releases.model import Release
from shipmark.releases.store import projects as release_projects
from shipmark.verdicts.judgement import VerdictStatus
from shipmark.verdicts.store import verdicts
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.health_lines import HealthLine, health_lines

#: What a release is called for its verdicts in several environments: the first of these that one of them has.
_ORDER = (VerdictStatus.REGRESSED, VerdictStatus.HEALTHY, VerdictStatus.UNDECIDED)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OverallVerdict:
    """The verdict on a release, and the environments that it is from."""

    status: VerdictStatus
    environments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedHealth:
    """The shares and verdicts of the base and of the release; a verdict is None before the first one."""

    shares: tuple[ComparedShare, ...]
    base_verdict: OverallVerdict | None
    head_verdict: OverallVerdict | None


def compared_health(
    connection: Connection, workspace: Workspace, base: Release, head: Release, at: datetime
) -> ComparedHealth | None:
    """Return the health of both in their visible projects, or None if neither has had sessions lately."""
    attached = release_projects.of_releases(connection, [base.id, head.id])
    visible = set(workspace.project_ids)
    project_ids = {
        release.id: [row.project_id for row in attached[release.id] if row.project_id in visible]
        for release in (base, head)
    }
    lines = health_lines(connection, project_ids, at)
    if all(line.crash_free_sessions is None for line in lines.values()):
        return None
    before, after = lines[base.id], lines[head.id]
    overall = _overall_verdicts(connection, project_ids)
    head_verdict = overall.get(head.id)
    is_worse = head_verdict is not None and head_verdict.status is VerdictStatus.REGRESSED
    return ComparedHealth(
        shares=compared_shares(before, after, is_worse=is_worse),
        base_verdict=overall.get(base.id),
        head_verdict=head_verdict,
    )


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


def _overall_verdicts(
    connection: Connection, project_ids: Mapping[int, Collection[int]]
) -> dict[int, OverallVerdict]:
    """Return the verdict on each release: regressed in one environment is regressed."""
    result = dict[int, OverallVerdict]()
    for release_id, ids in project_ids.items():
        known = verdicts.of_release(connection, release_id, ids)
        by_status = grouped((each.effective, each.stream.environment) for each in known)
        status = next((status for status in _ORDER if status in by_status), None)
        if status is not None:
            names = sorted({name for name in by_status[status] if name})
            result[release_id] = OverallVerdict(status=status, environments=tuple(names))
    return result


def _shown(share: float, decimals: int) -> float:
    """Return the percentage as it is shown, rounded down."""
    scale: int = 10**decimals
    return floor(share * scale + 1e-9) / scale
