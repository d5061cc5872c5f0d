"""What a change of many releases came to."""

from collections.abc import Mapping, Sequence

from shipmark.api.responses import Wire
from shipmark.http.pagination.offset import Cursor
from shipmark.releases.model import Release

#: Versions that are named of those that were, or would be, changed.
NAMED_MAX = 100


class KeptResponse(Wire):
    """A release that stays as it is, and why."""

    version: str
    reason: str


class BulkResponse(Wire):
    """``count`` releases were changed, or would be; the oldest are named.

    ``has_more``: more match; send ``next_cursor`` as ``cursor`` for them, with the same other parameters.
    """

    is_dry_run: bool
    count: int
    versions: list[str]
    kept: list[KeptResponse]
    has_more: bool
    next_cursor: str | None


def bulk_response(
    changed: Sequence[Release],
    kept: Mapping[str, str],
    *,
    is_dry_run: bool,
    next_cursor: Cursor | None,
) -> BulkResponse:
    """What came of it; ``kept`` has the reason of each version that stays."""
    return BulkResponse(
        is_dry_run=is_dry_run,
        count=len(changed),
        versions=[release.version for release in changed[:NAMED_MAX]],
        kept=[KeptResponse(version=version, reason=reason) for version, reason in kept.items()],
        has_more=next_cursor is not None,
        next_cursor=str(next_cursor) if next_cursor else None,
    )
