"""Conditions on texts, the same on both databases: with a part in capital or small letters, or like a pattern."""

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from shipmark.infrastructure.database import in_binary_order
from shipmark.infrastructure.engines import LOWER_CASE

#: The character before ``%`` and ``_`` that stand for themselves.
_ESCAPE = "/"


def contains(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a column contains a text, in capital or small letters of any alphabet."""
    parameter = sa.bindparam(None, escaped(text), type_=sa.Text())
    return contains_text(column, parameter, is_ascii=text.isascii())


def contains_text(
    column: sa.ColumnElement[str], parameter: sa.BindParameter[str], *, is_ascii: bool
) -> sa.ColumnElement[bool]:
    """Return `contains` for a parameter, in statements that are composed once; the value is `escaped`.

    With binary collation PostgreSQL compares ASCII letters only, which is all that a text in ASCII needs, in half of
    the time: a search without results reads each row.
    """
    if is_ascii:
        return in_binary_order(column).icontains(parameter, escape=_ESCAPE)
    return lower_case(column).contains(lower_case(parameter), escape=_ESCAPE)


def is_like(column: sa.ColumnElement[str], pattern: str) -> sa.ColumnElement[bool]:
    """Return the condition that a whole text matches a pattern, in which ``*`` is any text, in letters of any case."""
    likeness = escaped(pattern).replace("*", "%")
    if pattern.isascii():
        return in_binary_order(column).ilike(likeness, escape=_ESCAPE)
    return lower_case(column).like(lower_case(sa.literal(likeness)), escape=_ESCAPE)


def lower_case(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Return a column in small letters of any alphabet; ``sa.func.lower`` is faster, and enough for ASCII."""
    return _LowerCase(column)


def escaped(text: str) -> str:
    """Return a text as `contains_text` takes it: without special meaning of ``%`` and ``_``."""
    return re.sub(rf"[{_ESCAPE}%_]", rf"{_ESCAPE}\g<0>", text)


class _LowerCase(FunctionElement[str]):
    """A text in small letters."""

    inherit_cache = True
    name = "lower_case"
    type = sa.Text()


@compiles(_LowerCase)
def _lower_case(element: _LowerCase, compiler: SQLCompiler, **options: object) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(_LowerCase, "sqlite")
def _lower_case_on_sqlite(element: _LowerCase, compiler: SQLCompiler, **options: object) -> str:
    # SQLite's own function knows the letters of ASCII only.
    return f"{LOWER_CASE}({compiler.process(element.clauses, **options)})"


def matches(
    column: sa.ColumnElement[Any], parameter: sa.BindParameter[str]
) -> sa.ColumnElement[bool]:
    """Return the condition that a text matches a pattern of the type `Wildcards`. Case-sensitive."""
    return _Matches(column, parameter)


class Wildcards(TypeDecorator[str]):
    """A pattern, in which ``*`` matches any text, converted to the syntax of the database."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Return the pattern in the syntax of the database."""
        assert value is not None
        if dialect.name == "sqlite":
            return re.sub(r"[\[?]", r"[\g<0>]", value)
        return re.sub(r"[\\%_]", r"\\\g<0>", value).replace("*", "%")


class _Matches(FunctionElement[bool]):
    """A comparison with a pattern."""

    inherit_cache = True
    name = "matches"
    type = sa.Boolean()


@compiles(_Matches)
def _matches(element: _Matches, compiler: SQLCompiler, **options: object) -> str:
    column, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} GLOB {pattern})"


@compiles(_Matches, "postgresql")
def _matches_on_postgresql(element: _Matches, compiler: SQLCompiler, **options: object) -> str:
    column, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} LIKE {pattern})"
