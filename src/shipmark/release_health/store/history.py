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
#: What parts a start from a number, and these from each other.
_PARTS, _ITEMS = ":", ","


def numbers(
    connection: sa.Connection,
    pairs: Collection[Pair],
    period: Period,
    at: float,
    *,
    environment_ids: Collection[int] | None,
    counts_users: bool,
) -> dict[Pair, dict[int, int]]:
    """Return the numbers of sessions, or of distinct users, by pair and start of a bucket; none where it is 0."""
    if not pairs:
        return {}
    in_environments = environment_ids is not None
    query = (_users if counts_users else _sessions)(in_environments=in_environments)
    parameters: dict[str, object] = {"since": period.starts(at)[0]}
    if environment_ids is not None:
        parameters["environment_ids"] = list(environment_ids)
    rows = connection.execute(query, parameters | db.rows_param("pairs", sorted(pairs))).all()
    if counts_users:
        return _users_by_bucket(rows, period.bucket)
    found: dict[Pair, dict[int, int]] = {}
    for project_id, release_id, joined in rows:
        of_pair = found.setdefault((project_id, release_id), {})
        for item in joined.split(_ITEMS) if joined else ():
            start, _, number = item.partition(_PARTS)
            bucket = int(start) // period.bucket * period.bucket
            of_pair[bucket] = of_pair.get(bucket, 0) + int(number)
    return found


def _users_by_bucket(rows: Iterable[Sequence[Any]], length: int) -> dict[Pair, dict[int, int]]:
    """Return the numbers of users; those of several buckets and environments are counted once."""
    sets: dict[Pair, dict[int, list[bytes]]] = {}
    for project_id, release_id, start, encoded in rows:
        of_pair = sets.setdefault((project_id, release_id), {})
        of_pair.setdefault(start // length * length, []).append(encoded)
    return {
        pair: {bucket: len(union(encoded)) for bucket, encoded in of_pair.items()}
        for pair, of_pair in sets.items()
    }


@lru_cache
def _sessions(*, in_environments: bool) -> sa.Select[Any]:
    """Return the statement for the numbers of sessions, those of a series in one text: "start:number,…".

    A page has 2,400 numbers and more. As rows of their own, sorted into groups, they took three times as long.
    """
    item = sa.cast(counts.c.start, sa.Text()) + _PARTS + sa.cast(counts.c.sessions, sa.Text())
    joined = (
        sa.select(sa.func.aggregate_strings(item, _ITEMS))
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
