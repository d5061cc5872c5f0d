"""The history of releases: how many sessions or users there were in each bucket of a period."""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.release_health.model import SketchKind
from shipmark.release_health.periods import Period
from shipmark.release_health.sketches import union
from shipmark.release_health.store.pair_buckets import OF_PAIRS, PAIRS, Pair
from shipmark.release_health.store.tables import WIDTHS, counts, series, sketches

_PAIR: tuple[sa.ColumnElement[Any], ...] = (series.c.project_id, series.c.release_id)
_SEPARATOR = ","


def numbers(
    connection: sa.Connection,
    pairs: Collection[Pair],
    period: Period,
    at: float,
    *,
    environment_ids: Collection[int] | None,
    counts_users: bool,
) -> dict[Pair, list[int]]:
    """Return the numbers of sessions, or of distinct users, in each bucket of the period, by pair with any."""
    if not pairs:
        return {}
    in_environments = environment_ids is not None
    query = (_users if counts_users else _sessions)(in_environments=in_environments)
    begin = period.starts(at)[0]
    parameters: dict[str, object] = {"since": begin}
    if environment_ids is not None:
        parameters["environment_ids"] = list(environment_ids)
    rows = connection.execute(query, parameters | db.rows_param("pairs", sorted(pairs))).all()
    return (_users_by_bucket if counts_users else _sessions_by_bucket)(rows, period, begin)


def _sessions_by_bucket(
    rows: Iterable[Sequence[Any]], period: Period, begin: int
) -> dict[Pair, list[int]]:
    """Return the numbers of sessions; those of several environments are added."""
    found: dict[Pair, list[int]] = {}
    for project_id, release_id, joined in rows:
        if not joined:
            continue
        of_pair = found.setdefault((project_id, release_id), [0] * period.number)
        values = list(map(int, joined.split(_SEPARATOR)))
        for start, number in zip(values[::2], values[1::2], strict=True):
            # What came after the moment, by another clock, is of no bucket.
            if (bucket := (start - begin) // period.bucket) < period.number:
                of_pair[bucket] += number
    return found


def _users_by_bucket(
    rows: Iterable[Sequence[Any]], period: Period, begin: int
) -> dict[Pair, list[int]]:
    """Return the numbers of users; those of several buckets and environments are counted once."""
    sets: dict[Pair, list[list[bytes]]] = {}
    for project_id, release_id, start, encoded in rows:
        of_pair = sets.setdefault((project_id, release_id), [[] for _ in range(period.number)])
        if (bucket := (start - begin) // period.bucket) < period.number:
            of_pair[bucket].append(encoded)
    return {
        pair: [len(union(encoded)) if encoded else 0 for encoded in of_pair]
        for pair, of_pair in sets.items()
    }


@lru_cache
def _sessions(*, in_environments: bool) -> sa.Select[Any]:
    """Return the statement for the numbers of sessions, those of a series in one text: "start,number,start,…".

    A page has 2,400 numbers and more. As rows of their own, sorted into groups, they took three times as long.
    """
    item = sa.cast(counts.c.start, sa.Text()) + _SEPARATOR + sa.cast(counts.c.sessions, sa.Text())
    joined = (
        sa.select(sa.func.aggregate_strings(item, _SEPARATOR))
        .where(*_since(counts))
        .correlate(series)
        .scalar_subquery()
    )
    return _in_environments(sa.select(*_PAIR, joined).join(PAIRS, OF_PAIRS), in_environments)


@lru_cache
def _users(*, in_environments: bool) -> sa.Select[Any]:
    """Return the statement for the sets of users."""
    query = (
        sa.select(*_PAIR, sketches.c.start, sketches.c.encoded)
        .join(PAIRS, OF_PAIRS)
        .join(sketches, sa.and_(*_since(sketches)))
        .where(sketches.c.kind == SketchKind.ALL.value)
    )
    return _in_environments(query, in_environments)


def _since(table: sa.Table[sa.TypedColumns]) -> list[sa.ColumnElement[bool]]:
    return [
        table.c.series_id == series.c.id,
        table.c.width.in_(WIDTHS),
        table.c.start >= sa.bindparam("since", type_=sa.BigInteger()),
    ]


def _in_environments(query: sa.Select[Any], is_limited: bool) -> sa.Select[Any]:
    if not is_limited:
        return query
    ids = sa.bindparam("environment_ids", type_=db.Id, expanding=True)
    # Not by the index of environments, which SQLite would take: it has all series of an environment.
    return query.where((series.c.environment_id + 0).in_(ids))
