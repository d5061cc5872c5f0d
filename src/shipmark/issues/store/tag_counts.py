"""How often issues were seen with which values of tags, and when first and last.

What keys have too many values of is deleted now and then, and counted together: see `trim`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.inserts import insert_rows
from shipmark.issues.tags import HIDDEN_KEYS, TagKey, TagValue, moment_of

#: It sorts behind any text that may follow a prefix.
LAST_CHARACTER = "\U0010ffff"
#: The values of a key that are read: more than an issue has until it is trimmed again.
_READ_MAX = 2000


class IssueTagColumns(sa.TypedColumns):
    """An issue seen with a value of a tag. An empty value stands for all that are not kept apart.

    Rows come by the dozen with an event, so that ids are no foreign keys (decision 8), and moments whole seconds since
    1970, which take a seventh of the space of a text.
    """

    issue_id = sa.Column(db.Id, primary_key=True, autoincrement=False)
    key = sa.Column(db.BinaryText, primary_key=True)
    value = sa.Column(db.BinaryText, primary_key=True)
    project_id = sa.Column(db.Id, nullable=False)
    event_count = sa.Column(db.Id, nullable=False)
    first_second = sa.Column(sa.BigInteger, nullable=False)
    last_second = sa.Column(sa.BigInteger, nullable=False)


issue_tags = sa.Table(
    "issue_tags",
    db.metadata,
    IssueTagColumns,
    sa.Index("ix_issue_tags_of_project", "project_id", "key", "value", "issue_id"),
    # The key is most of a row, and would be stored twice.
    sqlite_with_rowid=False,
    # New versions of rows find space in their own pages; without it the indexes would grow too.
    postgresql_with={"fillfactor": "80"},
)


class TagRow(NamedTuple):
    """A row, in the order of `_COLUMNS`."""

    issue_id: int
    key: str
    value: str
    project_id: int
    event_count: int
    first_second: int
    last_second: int


_COLUMNS = TagRow._fields
_KEY = ("issue_id", "key", "value")
_ADD = insert_rows(issue_tags, "tags", _COLUMNS, order_by=_KEY)
_old, _new = issue_tags.c, _ADD.excluded
_COUNT = _ADD.on_conflict_do_update(
    index_elements=_KEY,
    set_={
        "event_count": _old.event_count + _new.event_count,
        "first_second": sa.case(
            (_new.first_second < _old.first_second, _new.first_second), else_=_old.first_second
        ),
        "last_second": sa.case(
            (_new.last_second > _old.last_second, _new.last_second), else_=_old.last_second
        ),
    },
)

_c = issue_tags.c
_KEYS_OF = (
    sa.select(
        _c.issue_id,
        _c.key,
        sa.func.count().label("value_count"),
        sa.cast(sa.func.sum(_c.event_count), db.Id).label("event_count"),
    )
    .join(db.IDS, db.IDS.c.id == _c.issue_id)
    .group_by(_c.issue_id, _c.key)
)
_VALUE = (_c.value, _c.event_count, _c.first_second, _c.last_second)
_numbered = (
    sa.select(
        _c.key,
        *_VALUE,
        sa.func.row_number()
        .over(
            partition_by=_c.key,
            order_by=[_c.event_count.desc(), _c.last_second.desc(), _c.value],
        )
        .label("place"),
    )
    .where(
        _c.issue_id == sa.bindparam("issue_id", type_=db.Id),
        _c.value != "",
        _c.key.not_in(HIDDEN_KEYS),
    )
    .subquery("numbered")
)
_TOP_VALUES = (
    sa.select(_numbered)
    .where(_numbered.c.place <= sa.bindparam("most", type_=sa.Integer))
    .order_by(_numbered.c.key, _numbered.c.place)
)
_FULL = db.json_rows("full_keys", issue_id=db.Id, key=sa.Text())
_ROWS_OF_FULL = sa.select(*(_c[name] for name in _COLUMNS)).join(
    _FULL, sa.and_(_c.issue_id == _FULL.c.issue_id, _c.key == _FULL.c.key)
)
_SOME = sa.select(*(_c[name] for name in _COLUMNS)).where(db.in_ids(_c.issue_id))
_SURPLUS = db.json_rows("surplus", issue_id=db.Id, key=sa.Text(), value=sa.Text())
_REMOVE = sa.delete(issue_tags).where(
    sa.tuple_(*(_c[name] for name in _KEY)).in_(sa.select(*(_SURPLUS.c[name] for name in _KEY)))
)


def count(connection: sa.Connection, counted: Iterable[Sequence[object]]) -> None:
    """Add what was counted to the rows of issues, which are locked.

    Each is the issue's id, key, value, the project's id, and the numbers of `tags.Seen`.
    """
    connection.execute(_COUNT, db.rows_param("tags", counted))


def trim(
    connection: sa.Connection, issue_ids: Collection[int], *, keys_max: int, values_max: int
) -> None:
    """Delete what these issues, which are locked, have more than so many keys, and of each so many values.

    Those with the most events are kept; of values with equal numbers, those that were seen last.

    The events of a value stay counted in the row of the empty one. Those of a key are forgotten.
    """
    kept = _kept_of_full(connection, issue_ids, keys_max, values_max)
    if not kept:
        return
    found = connection.execute(_ROWS_OF_FULL, db.rows_param("full_keys", sorted(kept)))
    of_keys = grouped(((row.issue_id, row.key), TagRow(*row)) for row in found)
    surplus, rest = list[TagRow](), list[TagRow]()
    for key, most in kept.items():
        beyond = _beyond(of_keys[key], most)
        surplus += beyond
        if most and beyond:
            rest.append(together(beyond, beyond[0].issue_id)._replace(value=""))
    if surplus:
        remove(connection, surplus)
    if rest:
        count(connection, rest)


def some_of(connection: sa.Connection, issue_ids: Collection[int], *, limit: int) -> list[TagRow]:
    """Return some rows of these issues."""
    query = _SOME.limit(limit)
    return [TagRow(*row) for row in connection.execute(query, db.ids_param(issue_ids))]


def remove(connection: sa.Connection, rows: Collection[TagRow]) -> None:
    """Delete these rows."""
    connection.execute(_REMOVE, db.rows_param("surplus", (row[: len(_KEY)] for row in rows)))


def together(rows: Sequence[TagRow], issue_id: int) -> TagRow:
    """Return the row with the events of all these, of a key, as one of the issue with the first one's value."""
    return rows[0]._replace(
        issue_id=issue_id,
        event_count=sum(row.event_count for row in rows),
        first_second=min(row.first_second for row in rows),
        last_second=max(row.last_second for row in rows),
    )


def _beyond(rows: Sequence[TagRow], most: int) -> list[TagRow]:
    """Return the rows of a key beyond so many; without any, also that of the values that are not kept apart."""
    return sorted((row for row in rows if row.value or not most), key=_rank)[most:]


def _rank(row: TagRow) -> tuple[int, int, str]:
    return -row.event_count, -row.last_second, row.value


def keys_of(connection: sa.Connection, issue_id: int) -> list[TagKey]:
    """Return the keys of an issue's tags, by name."""
    query = (
        sa.select(
            _c.key,
            sa.cast(sa.func.sum(_c.event_count), db.Id),
            sa.func.count(sa.func.nullif(_c.value, "")),
        )
        .where(_c.issue_id == issue_id, _c.key.not_in(HIDDEN_KEYS))
        .group_by(_c.key)
        .order_by(_c.key)
    )
    return [
        TagKey(key=key, event_count=event_count, value_count=value_count)
        for key, event_count, value_count in connection.execute(query)
    ]


def top_values(connection: sa.Connection, issue_id: int, *, most: int) -> dict[str, list[TagValue]]:
    """Return the most frequent values of each key of an issue's tags, at most so many."""
    values: dict[str, list[TagValue]] = defaultdict(list)
    for key, *row, _ in connection.execute(_TOP_VALUES, {"issue_id": issue_id, "most": most}):
        values[key].append(_value(row))
    return dict(values)


def values_of(connection: sa.Connection, issue_id: int, key: str) -> list[TagValue]:
    """Return the values of a key of an issue's tags that are kept apart, in the order of their texts."""
    query = sa.select(*_VALUE).where(_c.issue_id == issue_id, _c.key == key, _c.value != "")
    rows = connection.execute(query.order_by(_c.value).limit(_READ_MAX))
    return [_value(row) for row in rows]


def _value(row: Sequence[Any]) -> TagValue:
    value, event_count, first, last = row
    return TagValue(
        value=value,
        event_count=event_count,
        first_seen_at=moment_of(first),
        last_seen_at=moment_of(last),
    )


def _kept_of_full(
    connection: sa.Connection, issue_ids: Collection[int], keys_max: int, values_max: int
) -> dict[tuple[int, str], int]:
    """Return how many values of a key are kept, for the keys that lose some, or all."""
    keys: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    for issue_id, key, value_count, event_count in connection.execute(
        _KEYS_OF, db.ids_param(issue_ids)
    ):
        keys[issue_id].append((-event_count, key, value_count))
    kept: dict[tuple[int, str], int] = {}
    for issue_id, of_issue in keys.items():
        of_issue.sort()
        kept |= {
            (issue_id, key): values_max
            for _, key, value_count in of_issue[:keys_max]
            if value_count > values_max
        }
        kept |= {(issue_id, key): 0 for _, key, _ in of_issue[keys_max:]}
    return kept
