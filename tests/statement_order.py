"""Refuse statements whose order depends on the collation of a database."""

from typing import Any
from weakref import WeakSet

from sqlalchemy import (
    Insert,
    Select,
    String,
    UnaryExpression,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import Grouping


def check_order(*, context: Any, **_: object) -> None:
    """Refuse a statement that orders by a text in the collation of the database: lists are the same on all of them.

    Statements that are composed anew for each request share what was compiled for the first of them.
    """
    compiled = context.compiled
    if compiled is None or compiled in _CHECKED or context.execution_options.get("is_any_order"):
        return
    statement = compiled.statement
    for each in visitors.iterate(statement):
        clauses = getattr(
            each, "_order_by_clause" if isinstance(each, Select) else "order_by", None
        )
        for clause in getattr(clauses, "clauses", ()):
            while isinstance(clause, UnaryExpression | Grouping):
                clause = clause.element  # noqa: PLW2901
            kind = (
                clause.type.dialect_impl(postgresql.dialect()) if hasattr(clause, "type") else None
            )
            is_text = isinstance(kind, String) and not isinstance(statement, Insert)
            assert not is_text or kind.collation == "C", f"{clause} needs `in_binary_order`"
    _CHECKED.add(compiled)


_CHECKED: WeakSet[Any] = WeakSet()
