"""Insertion of rows: one unless it is there already, or any number in one parameter of one statement."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from shipmark.infrastructure.database import Id, json_rows, upsert


def insert_missing(connection: sa.Connection, table: sa.Table, row: Mapping[str, object]) -> bool:
    """Insert a row unless a constraint says that it is there already. Return True if it was inserted."""
    statement = upsert(table).values(dict(row)).on_conflict_do_nothing()
    return connection.execute(statement.returning(*table.primary_key)).first() is not None


def insert_rows(
    table: sa.Table,
    name: str,
    columns: Sequence[str],
    *,
    shared: Sequence[str] = (),
    order_by: Sequence[str] = (),
) -> postgresql.Insert:
    """Return an INSERT of the rows in the parameter ``name`` (see `rows_param`), with these columns in this order.

    Columns that are ``shared`` have one value in all rows, the parameter of their name. Rows are inserted in the order
    of the first column, or of others, or of a number that follows the columns in each row and is not stored.
    """
    order = order_by or columns[:1]
    types = {column: type_without_length(table, column) for column in columns}
    numbers = {column: Id for column in order if column not in types}
    rows = json_rows(name, **types, **numbers).c
    parameters = [
        sa.bindparam(column, type_=type_without_length(table, column)) for column in shared
    ]
    values = sa.select(*parameters, *(rows[column] for column in columns))
    values = values.order_by(*(rows[column] for column in order))
    return upsert(table).from_select([*shared, *columns], values)


def type_without_length(table: sa.Table, column: str) -> sa.types.TypeEngine[Any]:
    """Return the type of a column for a parameter: PostgreSQL would cut a text with a length without an error."""
    declared = table.c[column].type
    return sa.Text() if isinstance(declared, sa.String) else declared
