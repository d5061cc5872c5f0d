"""Reading of models from rows: a field is read from the column of its name, unless the store names another source."""

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum, Flag
from inspect import Parameter, signature
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from shipmark.infrastructure.database import ids_param

Model = TypeVar("Model")
Converter = Callable[..., object]
Setter = Callable[[object, object], None]
#: Another column, a function that converts the value, or a function with the columns that it reads.
Source = sa.ColumnElement[Any] | Converter | tuple[Converter, *tuple[sa.ColumnElement[Any], ...]]


class RowReader(Generic[Model]):
    """The columns of a model, and its construction from rows that begin with them.

    A model is a dataclass with slots, and without ``__post_init__``. A field with neither a column nor a source keeps
    its default. Fields are set by their slots: a frozen dataclass takes twice as long in its ``__init__``, and rows of
    lists are many.
    """

    def __init__(
        self, model: Callable[..., Model], table: sa.FromClause, **sources: Source
    ) -> None:
        assert not hasattr(model, "__post_init__"), "a model is made of its fields alone"
        self._model = model
        self._setters: list[Setter] = []
        self._defaults: list[tuple[Setter, object]] = []
        self._conversions: list[tuple[int, Converter]] = []
        self._compositions: list[tuple[slice, Converter]] = []
        columns: list[sa.ColumnElement[Any]] = []
        fields = signature(model).parameters
        assert sources.keys() <= fields.keys(), "each source is of a field"
        for field, parameter in fields.items():
            setter = vars(model)[field].__set__
            source = sources.get(field, table.c.get(field))
            if source is None:
                assert parameter.default is not Parameter.empty, f"{field} has no source"
                self._defaults.append((setter, parameter.default))
                continue
            self._setters.append(setter)
            if isinstance(source, sa.ColumnElement):
                columns.append(source)
            else:
                convert, *read = source if isinstance(source, tuple) else (source, table.c[field])
                self._convert(convert, len(columns), len(read))
                columns += read
        self.columns = tuple(columns)

    def _convert(self, convert: Converter, start: int, count: int) -> None:
        """Register the conversion of this number of columns, from ``start`` on."""
        if count == 1:
            self._conversions.append((start, _lookup(convert)))
        else:
            # The last comes first: those before it stay where they are.
            self._compositions.insert(0, (slice(start, start + count), convert))

    def __call__(self, row: Sequence[object]) -> Model:
        """Return the model of a row that begins with the columns."""
        if self._conversions or self._compositions:
            row = list(row)
            for index, convert in self._conversions:
                row[index] = convert(row[index])
            for part, convert in self._compositions:
                row[part] = [convert(*row[part])]
        made: Model = object.__new__(self._model)  # type: ignore[arg-type]  # it is a class
        for set_field, value in zip(self._setters, row, strict=False):
            set_field(made, value)
        for set_field, value in self._defaults:
            set_field(made, value)
        return made

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
        # Fetched all at once: one by one, each row passes through four functions.
        return list(map(self, connection.execute(query, parameters).all()))

    def by_ids(
        self, connection: sa.Connection, query: sa.Executable, ids: Collection[int]
    ) -> dict[int, Model]:
        """Return the models with these ids, by the id, which is their first column; the query joins `IDS`."""
        if not ids:
            return {}
        rows = connection.execute(query, ids_param(ids)).all()
        return {row[0]: self(row) for row in rows}


def optional(convert: Converter) -> Converter:
    """Return the conversion of a value that may be NULL, which is None."""
    of_value = _lookup(convert)
    return lambda value: None if value is None else of_value(value)


def _lookup(convert: Converter) -> Converter:
    """Return the same conversion; that to an enum as a table, since rows of lists are many."""
    if isinstance(convert, type) and issubclass(convert, Enum) and not issubclass(convert, Flag):
        return {member.value: member for member in convert}.__getitem__
    return convert
