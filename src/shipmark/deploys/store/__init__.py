"""Storage of deploys: their table, and the deploys to environments of projects."""

from shipmark.deploys.store.deploys import (
    add,
    by_ids,
    deploys,
    first_moments,
    is_any,
    last_moments,
    mark_announced,
    page_of,
    unannounced,
)
