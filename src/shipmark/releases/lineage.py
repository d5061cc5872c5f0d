"""The order of the releases of a project: the one definition of "before", "after" and "between".

A **lineage** is a chain of releases of one project in which each holds what those before it brought:

1. Semver releases of one package are a lineage, in the order of their versions. Releases of equal versions (two builds)
   follow each other as they were created.
2. All releases of a project that are not semver are another, in the order in which they shipped: were released, or else
   created.
3. A release of one lineage is neither before nor after one of another: ``ios@2.0.0`` says nothing about ``web@1.0.0``.
4. A release holds what one before it brought only if that one shipped no later. A backport (1.0.1 after 4.0.0) lies
   between 1.0.0 and 4.0.0 by its version, and 4.0.0 does not hold its commits: it is passed over.

Comparison, reassignment of what a deleted release resolved, and suspect commits go by this. Regressions do not:
they follow the protocol (`issues.regression`).
"""

from dataclasses import dataclass
from datetime import datetime

from shipmark.releases.model import Release
from shipmark.releases.versions import semver_columns

#: What a lineage is ordered by: the version's sort key, or when it shipped; then when it was created; ids last.
LineagePosition = tuple[str | datetime, datetime, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """The lineage of a release, in whichever project. ``package`` is None for releases that are not semver."""

    package: str | None

    @property
    def is_by_version(self) -> bool:
        """Return True if versions order it, and False if shipping dates do."""
        return self.package is not None


def lineage_of(release: Release) -> Lineage:
    """Return the lineage that the release belongs to."""
    return Lineage(package=semver_columns(release.version).package)


def position_of(release: Release) -> LineagePosition:
    """Return the position of a release in its lineage. Only positions of one lineage can be compared."""
    if lineage_of(release).is_by_version:
        return semver_columns(release.version).sort_key, release.created_at, release.id
    return release.shipped_at, release.created_at, release.id


def in_order(first: Release, second: Release) -> tuple[Release, Release]:
    """Return both releases, the earlier one first; those of two lineages by when they shipped."""
    if lineage_of(first) == lineage_of(second):
        earlier, later = sorted((first, second), key=position_of)
    else:
        earlier, later = sorted(
            (first, second), key=lambda release: (release.shipped_at, release.id)
        )
    return earlier, later


def contains(later: Release, earlier: Release) -> bool:
    """Return True if a release contains the commits of an earlier one of its lineage."""
    return lineage_of(later) == lineage_of(earlier) and earlier.shipped_at <= later.shipped_at
