"""The answer to a question about sessions: groups with their totals and series."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shipmark.infrastructure.groups import grouped
from shipmark.release_health.model import SessionCounts
from shipmark.release_health.session_query import (
    FIELDS,
    GroupKey,
    SessionOutcome,
    SessionQuery,
    Value,
)
from shipmark.release_health.store.session_rows import SeriesKey
from shipmark.release_health.sums import HealthSum, IntervalSums

#: The values of the keys that sessions are grouped by.
GroupValues = tuple[tuple[GroupKey, str | int], ...]


@dataclass(frozen=True, slots=True)
class GroupResult:
    """A group: what it is about, and the values of each field, as a whole and in each interval."""

    by: GroupValues
    totals: Mapping[str, Value]
    series: Mapping[str, Sequence[Value]]


def grouped_sessions(
    query: SessionQuery,
    keys: Mapping[int, SeriesKey],
    slugs: Mapping[int, str],
    counts: Mapping[tuple[int, int], SessionCounts],
    sketches: Iterable[tuple[int, int, str, bytes]],
    intervals: Sequence[int],
) -> list[GroupResult]:
    """Return the groups of series that meet the conditions. ``slugs`` are those of projects by id."""
    names = {
        id_: _values(query, key) for id_, key in keys.items() if _is_selected(query, key, slugs)
    }
    groups: dict[GroupValues, IntervalSums] = {}
    if not query.group_by or set(query.group_by) == {GroupKey.STATUS}:
        groups[()] = IntervalSums()
    for (series_id, start), numbers in counts.items():
        if series_id in names:
            groups.setdefault(names[series_id], IntervalSums()).add_counts(start, numbers)
    for series_id, start, kind, encoded in sketches:
        if series_id in names:
            groups.setdefault(names[series_id], IntervalSums()).add_sketch(start, kind, encoded)
    return [
        result for by, group in groups.items() for result in _results(query, by, group, intervals)
    ]


def _is_selected(query: SessionQuery, key: SeriesKey, slugs: Mapping[int, str]) -> bool:
    texts = {
        GroupKey.PROJECT: slugs[key.project_id],
        GroupKey.ENVIRONMENT: key.environment,
        GroupKey.RELEASE: key.version,
    }
    return all(
        condition.matches(texts[condition.key])
        or (
            condition.key is GroupKey.PROJECT
            and not condition.is_negated
            and str(key.project_id) in condition.values
        )
        for condition in query.conditions
    )


def _values(query: SessionQuery, key: SeriesKey) -> GroupValues:
    values: dict[GroupKey, str | int] = {
        GroupKey.PROJECT: key.project_id,
        GroupKey.ENVIRONMENT: key.environment,
        GroupKey.RELEASE: key.version,
    }
    return tuple((each, values[each]) for each in query.group_by if each is not GroupKey.STATUS)


def _results(
    query: SessionQuery, by: GroupValues, group: IntervalSums, intervals: Sequence[int]
) -> Iterable[GroupResult]:
    """Yield a group, or, if sessions are divided by their outcome, four."""
    if GroupKey.STATUS not in query.group_by:
        yield _result(query, by, group, intervals, None)
        return
    for status in SessionOutcome:
        yield _result(query, (*by, (GroupKey.STATUS, status.value)), group, intervals, status)


def _result(
    query: SessionQuery,
    by: GroupValues,
    group: IntervalSums,
    intervals: Sequence[int],
    status: SessionOutcome | None,
) -> GroupResult:
    empty = HealthSum()
    sums = [group.intervals.get(start, empty) for start in intervals]
    return GroupResult(
        by=by,
        totals={name: query.value(name, group.total, status) for name in query.fields},
        series={name: [query.value(name, each, status) for each in sums] for name in query.fields},
    )


def in_order(groups: Iterable[GroupResult], name: str, *, is_ascending: bool) -> list[GroupResult]:
    """Return groups by the total of a field, the largest first unless ascending; those without a value come last."""
    assert name in FIELDS
    known = [group for group in groups if group.totals[name] is not None]
    rest = [group for group in groups if group.totals[name] is None]
    known.sort(key=lambda group: group.totals[name] or 0, reverse=not is_ascending)
    return known + rest


def by_releases(
    query: SessionQuery,
    groups: Iterable[GroupResult],
    releases: Iterable[tuple[str, int | None]],
    intervals: Sequence[int],
) -> list[GroupResult]:
    """Return the groups in the order of versions, with their project if groups have one; those without get defaults."""
    by_release = grouped((_release_of(group.by), group) for group in groups)
    ordered = []
    for version, project_id in releases:
        values: dict[GroupKey, str | int | None] = {
            GroupKey.RELEASE: version,
            GroupKey.PROJECT: project_id,
        }
        by = tuple((key, values.get(key) or "") for key in query.group_by)
        empty = _results(query, by, IntervalSums(), intervals)
        ordered += by_release.get((version, project_id), None) or list(empty)
    return ordered


def _release_of(by: GroupValues) -> tuple[str, int | None]:
    values = dict(by)
    project_id = values.get(GroupKey.PROJECT)
    return str(values[GroupKey.RELEASE]), None if project_id is None else int(project_id)
