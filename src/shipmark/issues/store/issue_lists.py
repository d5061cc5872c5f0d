"""Lists of issues, the last seen first: which issues pass a filter."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, exists, select

from shipmark.ground.database import Id, listed, rows
from shipmark.issues.model import HistoryStatus, Issue, IssueFilter, IssueStatus
from shipmark.issues.store.activity import history
from shipmark.issues.store.issues import ISSUE, issue_of, issues
from shipmark.issues.store.seen import issue_environments, issue_releases

_PLACES = {
    name: listed(name, project_id=Id, release_id=Id)
    for name in ("first_seen_in", "seen_in", "regressed_in")
}


def page_of(
    connection: Connection, wanted: IssueFilter, *, limit: int, offset: int = 0
) -> list[Issue]:
    """Return a page of the issues that pass the filter, the last seen first."""
    if not wanted.project_ids:
        return []
    query = select(*ISSUE).where(*_conditions(wanted))
    query = query.order_by(issues.c.last_seen_at.desc(), issues.c.id.desc())
    found = connection.execute(query.limit(limit).offset(offset), _places(wanted))
    return [issue_of(row) for row in found]


def ids_of(
    connection: Connection, wanted: IssueFilter, *, other_than: IssueStatus | None, limit: int
) -> list[int]:
    """Return the ids of issues that pass the filter, the last seen first, without those of the other status."""
    if not wanted.project_ids:
        return []
    query = select(issues.c.id).where(*_conditions(wanted))
    if other_than is not None:
        query = query.where(issues.c.status != other_than)
    query = query.order_by(issues.c.last_seen_at.desc(), issues.c.id.desc()).limit(limit)
    return list(connection.execute(query, _places(wanted)).scalars())


def _conditions(wanted: IssueFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [issues.c.project_id.in_(wanted.project_ids)]
    if wanted.status is not None:
        found.append(issues.c.status == wanted.status)
    if wanted.text:
        found.append(
            issues.c.title.icontains(wanted.text, autoescape=True)
            | issues.c.message.icontains(wanted.text, autoescape=True)
        )
    return found + _release_conditions(wanted)


def _release_conditions(wanted: IssueFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on releases (groups-api.md 2.3, 2.4)."""
    found: list[ColumnElement[bool]] = []
    if wanted.first_seen_in is not None:
        place, table = _PLACES["first_seen_in"].c, issue_environments.c
        found.append(
            exists().where(
                place.project_id == issues.c.project_id,
                table.issue_id == issues.c.id,
                table.first_release_id == place.release_id,
            )
        )
    if wanted.seen_in is not None:
        place, seen = _PLACES["seen_in"].c, issue_releases.c
        found.append(
            exists().where(
                place.project_id == issues.c.project_id,
                seen.issue_id == issues.c.id,
                seen.release_id == place.release_id,
            )
        )
    if wanted.regressed_in is not None:
        place, entry = _PLACES["regressed_in"].c, history.c
        found.append(
            exists().where(
                place.project_id == issues.c.project_id,
                entry.issue_id == issues.c.id,
                entry.release_id == place.release_id,
                entry.status == HistoryStatus.REGRESSED,
            )
        )
    return found


def _places(wanted: IssueFilter) -> dict[str, str]:
    given: dict[str, Mapping[int, int] | None] = {
        "first_seen_in": wanted.first_seen_in,
        "seen_in": wanted.seen_in,
        "regressed_in": wanted.regressed_in,
    }
    found: dict[str, str] = {}
    for name, releases in given.items():
        if releases is not None:
            found |= rows(name, sorted(releases.items()))
    return found
