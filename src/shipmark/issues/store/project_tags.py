"""The keys and values of the tags of projects, by as many seeks of an index as there are different ones.

The numbers of events are left out: each would be a sum over all issues of a project.
"""

from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.issues.store.tag_counts import LAST_CHARACTER, issue_tags
from shipmark.issues.tags import HIDDEN_KEYS

#: The keys of a project, and the values of a key, that are read, the first ones by their texts.
KEYS_MAX = 1000
VALUES_MAX = 1000

_c = issue_tags.c
_number = sa.literal(1, sa.Integer)


def _keys() -> sa.Select[int, str]:
    """Return the query for the pairs of a project and a key: each key leads to the next one."""
    first = sa.select(sa.func.min(_c.key)).where(_c.project_id == db.IDS.c.id)
    found = sa.select(
        db.IDS.c.id.label("project_id"),
        first.correlate(db.IDS).scalar_subquery().label("key"),
        _number.label("number"),
    ).cte("found", recursive=True)
    following = sa.select(sa.func.min(_c.key)).where(
        _c.project_id == found.c.project_id, _c.key > found.c.key
    )
    found = found.union_all(
        sa.select(
            found.c.project_id, following.correlate(found).scalar_subquery(), found.c.number + 1
        ).where(found.c.key.is_not(None), found.c.number < KEYS_MAX)
    )
    return sa.select(found.c.project_id, found.c.key).where(found.c.key.is_not(None))


def _values() -> sa.Select[int, str]:
    """Return the query for the pairs of a project and a value of a key with a prefix: each value leads to the next."""
    of_key = (
        _c.key == sa.bindparam("tag_key", type_=db.BinaryText),
        _c.value < sa.bindparam("end", type_=db.BinaryText),
    )
    # An empty value stands for those that are not kept apart.
    first = sa.select(sa.func.min(_c.value)).where(
        _c.project_id == db.IDS.c.id,
        *of_key,
        _c.value != "",
        _c.value >= sa.bindparam("begin", type_=db.BinaryText),
    )
    found = sa.select(
        db.IDS.c.id.label("project_id"),
        first.correlate(db.IDS).scalar_subquery().label("value"),
        _number.label("number"),
    ).cte("found", recursive=True)
    following = sa.select(sa.func.min(_c.value)).where(
        _c.project_id == found.c.project_id, *of_key, _c.value > found.c.value
    )
    found = found.union_all(
        sa.select(
            found.c.project_id, following.correlate(found).scalar_subquery(), found.c.number + 1
        ).where(found.c.value.is_not(None), found.c.number < VALUES_MAX)
    )
    return sa.select(found.c.project_id, found.c.value).where(found.c.value.is_not(None))


_KEYS = _keys()
_VALUES = _values()


def keys_of(connection: sa.Connection, project_ids: Collection[int]) -> list[str]:
    """Return the keys of the tags that issues of these projects were seen with, by name."""
    if not project_ids:
        return []
    rows = connection.execute(_KEYS, db.ids_param(project_ids))
    return sorted({key for _, key in rows}.difference(HIDDEN_KEYS))


def values_of(
    connection: sa.Connection, project_ids: Collection[int], key: str, *, prefix: str
) -> dict[int, list[str]]:
    """Return the values of a key that begin with the prefix, by the project; those without any are left out."""
    if key in HIDDEN_KEYS:
        return {}
    parameters = {"tag_key": key, "begin": prefix, "end": prefix + LAST_CHARACTER}
    values = defaultdict(list)
    for project_id, value in connection.execute(_VALUES, db.ids_param(project_ids) | parameters):
        values[project_id].append(value)
    return values
