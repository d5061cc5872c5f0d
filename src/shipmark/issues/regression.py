"""Does a resolution still cover an event's release, or is the event a regression? (ingest.md 10.1)"""

from collections.abc import Sequence

from shipmark.releases import versions
from shipmark.releases.model import Release


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
