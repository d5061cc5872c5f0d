"""Reading of models from rows: a field is read from the column of its name, unless the store names another source."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, Flag
from inspect import signature
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

Model = TypeVar("Model")
Converter = Callable[..., object]
#: Another column, a function that converts the value, or a function with the columns that it reads.
Source = sa.ColumnElement[Any] | Converter | tuple[Converter, *tuple[sa.ColumnElement[Any], ...]]


class RowReader(Generic[Model]):
    """The columns of a model, and its construction from rows that begin with them.

    A field with neither a column nor a source keeps its default.
    """

    def __init__(
        self, model: Callable[..., Model], table: sa.FromClause, **sources: Source
    ) -> None:
        self._model = model
        self._names: list[str] = []
        self._conversions: list[tuple[str, Converter]] = []
        self._compositions: list[tuple[str, Converter, list[str]]] = []
        columns: list[sa.ColumnElement[Any]] = []
        fields = signature(model).parameters
        assert sources.keys() <= fields.keys(), "each source is of a field"
        for field in fields:
            source = sources.get(field, table.c.get(field))
            if source is None:
                continue
            if isinstance(source, sa.ColumnElement):
                read, names = [source], [field]
            else:
                convert, *read = source if isinstance(source, tuple) else (source, table.c[field])
                names = self._convert(field, convert, len(read))
            columns += read
            self._names += names
        self.columns = tuple(columns)

    def _convert(self, field: str, convert: Converter, count: int) -> list[str]:
        """Register the conversion of a field from this number of columns. Return the names of their values."""
        if count == 1:
            self._conversions.append((field, _lookup(convert)))
            return [field]
        names = [f"{field}_{index}" for index in range(count)]
        self._compositions.append((field, convert, names))
        return names

    def __call__(self, row: Sequence[object]) -> Model:
        """Return the model of a row that begins with the columns."""
        values = dict(zip(self._names, row, strict=False))
        for field, convert in self._conversions:
            values[field] = convert(values[field])
        for field, convert, names in self._compositions:
            values[field] = convert(*(values.pop(name) for name in names))
        return self._model(**values)

    def select(self, *more: sa.ColumnElement[Any]) -> sa.Select[*tuple[Any, ...]]:
        """Return the query for the columns of the model, followed by others."""
        return sa.select(*self.columns, *more)

    def first(
        self,
        connection: sa.Connection,
        query: sa.Executable,
        parameters: Mapping[str, object] | None = None,
    ) -> Model | None:
        """Return the model of the first row, or None without rows."""
        row = connection.execute(query, parameters).first()
        return self(row) if row else None

    def all(
        self,
        connection: sa.Connection,
        query: sa.Executable,
        parameters: Mapping[str, object] | None = None,
    ) -> list[Model]:
        """Return the models of all rows."""
        return [self(row) for row in connection.execute(query, parameters)]


def optional(convert: Converter) -> Converter:
    """Return the conversion of a value that may be NULL, which is None."""
    of_value = _lookup(convert)
    return lambda value: None if value is None else of_value(value)


def _lookup(convert: Converter) -> Converter:
    """Return the same conversion; that to an enum as a table, since rows of lists are many."""
    if isinstance(convert, type) and issubclass(convert, Enum) and not issubclass(convert, Flag):
        return {member.value: member for member in convert}.__getitem__
    return convert
