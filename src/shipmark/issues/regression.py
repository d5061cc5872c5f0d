"""The rules by which an event is a regression of a resolved issue (ingest.md 10.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shipmark.releases import versions
from shipmark.releases.model import Release


class Shipped(Protocol):
    """The attributes of a release that the rules need, also of a deleted one."""

    @property
    def id(self) -> int:
        """Return the release's id."""

    @property
    def version(self) -> str:
        """Return the release's version."""

    @property
    def shipped_at(self) -> datetime:
        """Return the date by which releases are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedRelease:
    """A deleted release. Its id is not the id of any release."""

    version: str
    shipped_at: datetime
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A resolution with its releases. ``current`` is the release of ``current_version``, if it still exists."""

    resolved_in: Shipped
    is_pending: bool = False
    current_version: str | None = None
    current: Release | None = None


def completes(new: Release, waiting_since: Release, current_version: str | None) -> bool:
    """Return True if a new release is the one that a pending resolution waits for (ingest.md 10.3).

    ``waiting_since`` was the newest release when the issue was resolved. A backport, which ships later under a lower
    version than the one that the issue was seen in, is not.
    """
    if new.id == waiting_since.id or new.shipped_at <= waiting_since.shipped_at:
        return False
    if current_version is None:
        return True
    are_semver = versions.is_semver(new.version) and versions.is_semver(current_version)
    compare = versions.compare if are_semver else versions.compare_same_package
    order = compare(new.version, current_version)
    return order is None or order > 0


def is_before_fix(fix: Fix, seen_in: Release | None, newest_versions: Sequence[str]) -> bool:
    """Return True if an event of the release is from before the fix, so that the issue stays resolved.

    The rules of "in the next release" come before those of `predates_fix`: its current release and older ones are
    covered, by version if the project follows semver, else by date.
    """
    if seen_in is None:
        return True
    if fix.current_version is not None:
        is_covered = _predates_current(fix, fix.current_version, seen_in, newest_versions)
        if is_covered is not None:
            return is_covered
    if fix.is_pending:
        resolved_in = fix.resolved_in
        if seen_in.id == resolved_in.id or resolved_in.shipped_at > seen_in.shipped_at:
            return True
        return _is_lower(seen_in.version, resolved_in.version)
    return predates_fix(fix.resolved_in, seen_in, newest_versions)


def predates_fix(
    resolved_in: Shipped, seen_in: Release | None, newest_versions: Sequence[str]
) -> bool:
    """Return True if the event is from before the fix.

    ``resolved_in`` is the release of the resolution, ``seen_in`` the event's or None, ``newest_versions`` the
    versions of the project's ten newest open releases, newest first: they decide if the project follows semver.
    An event in the resolving release itself is not covered. Packages are not distinguished (releases.md 4.3).

    Elsewhere dates decide, but a lower version of one package is from before the fix, whenever it was first heard of:
    the release of an old client is made when its first event comes, after the fix.
    """
    if seen_in is None:
        return True
    if seen_in.id == resolved_in.id:
        return False
    if versions.goes_by_semver(seen_in.version, newest_versions):
        order = versions.compare(resolved_in.version, seen_in.version)
        if order is not None:
            return order > 0
    if resolved_in.shipped_at >= seen_in.shipped_at:
        return True
    return _is_lower(seen_in.version, resolved_in.version)


def _predates_current(
    fix: Fix, current_version: str, seen_in: Release, newest_versions: Sequence[str]
) -> bool | None:
    """Decide by the current release, or return None if it can't be compared (releases.md 4.3, step 4)."""
    if versions.goes_by_semver(seen_in.version, newest_versions):
        order = versions.compare(current_version, seen_in.version)
        if order is None:
            return None
        # The current release may be older than the newest one at that time, or than the one that came next.
        since = versions.compare(fix.resolved_in.version, seen_in.version)
        return order >= 0 or (since is not None and since > 0)
    if _is_lower(seen_in.version, current_version):
        return True
    if fix.current is None:
        return None
    return seen_in.id == fix.current.id or fix.current.shipped_at > seen_in.shipped_at


def _is_lower(version: str, than: str) -> bool:
    """Return True for a lower version of one package, also without a package, such as 2.18.1 and 2.18.2."""
    order = versions.compare_same_package(version, than)
    return order is not None and order < 0
