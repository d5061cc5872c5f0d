"""What a search without results offers: to leave out the condition that costs most."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import BadRequest
from shipmark.releases.search import texts_of
from shipmark.releases.store import list_query
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.release_search import PERIODS, STATUSES, Search, filter_of, terms_of

#: Releases are counted up to here.
COUNT_MAX = 100
#: The most terms of the query that are left out in turn.
_TERMS_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutCondition:
    """The search without one of its conditions, and its number of releases, counted up to `COUNT_MAX`."""

    condition: str
    address: str
    count: int


def without_each(
    connection: Connection, workspace: Workspace, search: Search, at: datetime
) -> tuple[WithoutCondition, ...]:
    """Return the searches with results that leave out one condition, the one with most results first.

    One statement is sent for each condition, of which there are few.
    """
    results = []
    slug = workspace.organization.slug
    for condition, changes in _changes(search):
        changed = search.changed(**_counted(search, changes))
        try:
            terms = terms_of(changed, at)
        except BadRequest:
            # Some terms are valid only together.
            continue
        release_filter = filter_of(connection, workspace, changed, terms, at)
        count = list_query.count(connection, release_filter, changed.order, up_to=COUNT_MAX)
        if count:
            address = search.address(slug, **changes)
            results.append(WithoutCondition(condition=condition, address=address, count=count))
    return tuple(sorted(results, key=lambda result: -result.count))


def _counted(search: Search, changes: dict[str, str]) -> dict[str, str]:
    """Return the changes of the search to count: without its status those of the other status, for it has none itself.

    Looking for a text in all open releases again took half of the time of the page.
    """
    other = {"open": "archived", "archived": "open"}.get(search.status)
    return changes | {"status": other} if other and "status" in changes else changes


def _changes(search: Search) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each condition in words, with the changes of the search that leave it out."""
    texts = texts_of(search.query) if search.query else ()
    for index, text in enumerate(texts[:_TERMS_MAX]):
        yield text, {"query": " ".join([*texts[:index], *texts[index + 1 :]])}
    if search.project:
        yield f"project {search.project}", {"project": ""}
    if search.environment:
        yield f"environment {search.environment}", {"environment": ""}
    if search.period:
        yield PERIODS[search.period].lower(), {"period": ""}
    if search.status != "any":
        yield f"status {STATUSES[search.status].lower()}", {"status": "any"}
