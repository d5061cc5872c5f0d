"""How the crash-free users of releases in a list changed from the release before each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.release_health.model import crash_free
from shipmark.release_health.periods import DEFAULT_SUMMARY, hours_of
from shipmark.release_health.standings import ALL_ENVIRONMENTS, Standing
from shipmark.release_health.store import standing_store
from shipmark.releases.model import Release
from shipmark.releases.store import lineage
from shipmark.web.view_models.compared_shares import ComparedShare
from shipmark.web.view_models.health_lines import HealthLine

CRASH_FREE_USERS = "Crash-free users"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChange:
    """The crash-free users of a release beside those of the release before it."""

    share: ComparedShare
    base: Release


def health_changes(
    connection: Connection,
    releases: Sequence[Release],
    project_ids: Mapping[int, Collection[int]],
    lines: Mapping[int, HealthLine],
) -> dict[int, HealthChange]:
    """Return the changes of the releases with users, by their visible projects; by at most four statements."""
    used = [each for each in releases if lines[each.id].crash_free_users is not None]
    starts = [(project_id, each) for each in used for project_id in project_ids[each.id]]
    bases = lineage.previous_of_each(connection, starts)
    places = {
        release_id: [
            (project_id, base.id, ALL_ENVIRONMENTS) for project_id in project_ids[release_id]
        ]
        for release_id, base in bases.items()
    }
    every = {place for of_release in places.values() for place in of_release}
    known = standing_store.of_environments(connection, every, hours_of(DEFAULT_SUMMARY))
    return {
        release_id: HealthChange(
            share=_share(
                [known[each] for each in places[release_id] if each in known], lines[release_id]
            ),
            base=base,
        )
        for release_id, base in bases.items()
    }


def _share(base: Sequence[Standing], line: HealthLine) -> ComparedShare:
    before = crash_free(sum(each.users_crashed for each in base), sum(each.users for each in base))
    after = line.crash_free_users
    return ComparedShare(
        name=CRASH_FREE_USERS,
        base=before,
        head=after,
        decimals=2,
        is_worse=bool(line.regressed_in) and (after or 0) < (before or 0),
    )
