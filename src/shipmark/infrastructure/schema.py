"""Declaration of tables, and of the columns that they have in common."""

from typing import Any, TypeVar

import sqlalchemy as sa

from shipmark.infrastructure.database import Id, metadata

Columns = TypeVar("Columns", bound=sa.TypedColumns)


def table(name: str, columns: type[Columns], *items: sa.schema.SchemaItem) -> sa.Table[Columns]:
    """Define a table. On SQLite too the ids of deleted rows are not used again."""
    has_id = hasattr(columns, "id")
    return sa.Table(name, metadata, columns, *items, sqlite_autoincrement=has_id)


def partial_index(
    name: str, *columns: sa.Column[Any], where: sa.ColumnElement[bool], unique: bool = False
) -> None:
    """Define an index of the rows that fulfil a condition."""
    sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


def parent(
    name: str,
    *,
    primary_key: bool = False,
    nullable: bool = False,
    index: bool | None = None,
    unique: bool | None = None,
) -> sa.Column[int]:
    """Return a column that refers to a row of the table of this name, with which its own row is deleted."""
    target = sa.ForeignKey(f"{name}.id", ondelete="CASCADE")
    return sa.Column(
        Id, target, primary_key=primary_key, nullable=nullable, index=index, unique=unique
    )
