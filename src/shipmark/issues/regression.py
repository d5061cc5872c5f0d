"""Does a resolution still cover an event's release, or is the event a regression? (ingest.md 10.1)"""

from collections.abc import Sequence

from shipmark.releases import versions
from shipmark.releases.model import Release


def successor(
    gone: Release, later: Sequence[Release], newest_versions: Sequence[str]
) -> Release | None:
    """The release that stands in for one that is deleted and resolved an issue; null if there is none.

    ``later`` are releases that shipped after it, the oldest first. It is the first that an event would be a
    regression in: a backport of an older version may ship later, but does not hold the fix.
    """
    return next((it for it in later if not covers(gone, it, newest_versions)), None)


def covers(resolved_in: Release, seen_in: Release | None, newest_versions: Sequence[str]) -> bool:
    """Is the event from before the fix?

    ``resolved_in`` is the release of the resolution, ``seen_in`` the event's (null: none), ``newest_versions`` the
    versions of the project's ten newest open releases, newest first: they say whether the project follows semver.
    An event in the resolving release itself is not covered. Packages are not told apart (releases.md 4.3).
    """
    if seen_in is None:
        return True
    if seen_in.id == resolved_in.id:
        return False
    if versions.is_semver(seen_in.version) and versions.follows_semver(newest_versions):
        order = versions.compare(resolved_in.version, seen_in.version)
        if order is not None:
            return order > 0
    return resolved_in.shipped_at >= seen_in.shipped_at
