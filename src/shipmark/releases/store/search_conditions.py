"""Conditions on releases that express a search (releases.md 4.7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, singledispatch
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from shipmark.infrastructure.database import Id, UtcDateTime
from shipmark.infrastructure.search_operators import SearchOperator
from shipmark.infrastructure.text_search import Wildcards, contains_text, escaped, matches
from shipmark.releases import search
from shipmark.releases.store.adoption import in_stage
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.releases import releases

_EQUAL = (SearchOperator.IS, SearchOperator.IS_NOT)
#: Searches whose conditions are kept: pages ask for the same again and again.
_SEARCHES_MAX = 64
#: The environment of a stage: lists of an environment read the same table.
_STAGED = release_environments.alias("staged")
#: Sorts after every character of a sort key.
_LAST = "\x7f"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchConditions:
    """The conditions of a search, and the values of their parameters, by name.

    Those with the same ``text`` are equal, whatever their values: a statement is composed once for all of them.
    """

    text: str
    columns: Sequence[sa.ColumnElement[bool]] = field(compare=False)
    values: Mapping[str, object] = field(compare=False)


class _Parameters:
    """The parameters of the conditions of a search, numbered in their order, and their values."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}

    def add(
        self, value: object, type_: TypeEngine[Any], *, expanding: bool = False
    ) -> sa.BindParameter[Any]:
        """Return a new parameter with this value."""
        name = f"search{len(self.values)}"
        self.values[name] = value
        return sa.bindparam(name, value, type_=type_, expanding=expanding)


@lru_cache(maxsize=_SEARCHES_MAX)
def conditions_of(query: search.Search, *, is_by_version: bool) -> SearchConditions:
    """Return the conditions of the search on a release, in a list that is ordered by version, or not."""
    parameters = _Parameters()
    columns = [
        _of_version(term, parameters, is_by_version=is_by_version)
        if isinstance(term, search.VersionTerm)
        else _condition(term, parameters)
        for term in query.terms
    ]
    if query.texts:
        columns.append(sa.or_(*(_contains(text, parameters) for text in query.texts)))
    text = " AND ".join(str(column.compile()) for column in columns)
    return SearchConditions(text=text, columns=columns, values=parameters.values)


def _contains(text: str, parameters: _Parameters) -> sa.ColumnElement[bool]:
    parameter = parameters.add(escaped(text), sa.Text())
    return contains_text(releases.c.version, parameter, is_ascii=text.isascii())


@singledispatch
def _condition(term: search.Term, _parameters: _Parameters) -> sa.ColumnElement[bool]:
    raise AssertionError(f"no condition for {type(term).__name__}")


@_condition.register
def _(term: search.NameTerm, parameters: _Parameters) -> sa.ColumnElement[bool]:
    if term.latest_ids is None:
        return _one_of(releases.c.version, term.patterns, parameters, is_negated=term.is_negated)
    # Alone, so that the primary key serves.
    ids = parameters.add(term.latest_ids, Id, expanding=True)
    met: sa.ColumnElement[bool] = releases.c.id.in_(ids)
    if term.patterns:
        met = sa.or_(met, _one_of(releases.c.version, term.patterns, parameters, is_negated=False))
    return sa.not_(met) if term.is_negated else met


@_condition.register
def _(term: search.PackageTerm, parameters: _Parameters) -> sa.ColumnElement[bool]:
    package = releases.c.package
    packages = parameters.add(term.packages, sa.Text(), expanding=True)
    if not term.is_negated:
        return package.in_(packages)
    return sa.or_(package.is_(None), package.not_in(packages))


def _of_version(
    term: search.VersionTerm, parameters: _Parameters, *, is_by_version: bool
) -> sa.ColumnElement[bool]:
    key: sa.ColumnElement[str] = releases.c.version_key
    package = releases.c.package
    is_range = not term.is_prefix and term.operator not in _EQUAL
    if is_range and not is_by_version:
        # Most of a package may pass: SQLite would take them from the index by version, and sort them for one page.
        key = sa.func.coalesce(key, "")
    sort_key = parameters.add(term.sort_key, sa.Text())
    if term.is_prefix:
        met = sa.and_(key >= sort_key, key < parameters.add(term.sort_key + _LAST, sa.Text()))
    else:
        is_not = term.operator is SearchOperator.IS_NOT
        met = key.bool_op(SearchOperator.IS if is_not else term.operator)(sort_key)
    # Releases that are not semver have an empty key, and compare with nothing.
    met = sa.and_(key > "", met)
    if term.package is not None:
        met = sa.and_(met, package == parameters.add(term.package, sa.Text()))
    if term.operator is not SearchOperator.IS_NOT:
        return met
    return sa.or_(package.is_(None), sa.not_(met))


@_condition.register
def _(term: search.BuildTerm, parameters: _Parameters) -> sa.ColumnElement[bool]:
    return _one_of(releases.c.build_code, term.patterns, parameters, is_negated=term.is_negated)


@_condition.register
def _(term: search.BuildNumberTerm, parameters: _Parameters) -> sa.ColumnElement[bool]:
    number = releases.c.build_number
    value = parameters.add(term.number, number.type)
    if term.operator is SearchOperator.IS_NOT:
        return sa.or_(number.is_(None), number != value)
    return number.bool_op(term.operator)(value)


@_condition.register
def _(term: search.StageTerm, _parameters: _Parameters) -> sa.ColumnElement[bool]:
    # Exactly one environment is selected.
    columns = _STAGED.c
    stage = sa.exists().where(
        columns.release_id == releases.c.id,
        columns.project_id.in_(sa.bindparam("project_ids", type_=Id, expanding=True)),
        columns.environment_id.in_(sa.bindparam("environment_ids", type_=Id, expanding=True)),
        sa.or_(*(in_stage(columns, each) for each in sorted(term.stages))),
    )
    return ~stage if term.is_negated else stage


@_condition.register
def _(term: search.FinalizedTerm, _parameters: _Parameters) -> sa.ColumnElement[bool]:
    at = releases.c.released_at
    return at.is_not(None) if term.is_finalized else at.is_(None)


@_condition.register
def _(term: search.CreatedTerm, parameters: _Parameters) -> sa.ColumnElement[bool]:
    at = parameters.add(term.at, UtcDateTime())
    return releases.c.created_at.bool_op(term.operator)(at)


def _one_of(
    column: sa.ColumnElement[Any],
    patterns: tuple[str, ...],
    parameters: _Parameters,
    *,
    is_negated: bool,
) -> sa.ColumnElement[bool]:
    parts = [
        matches(column, parameters.add(pattern, Wildcards()))
        if "*" in pattern
        else column == parameters.add(pattern, sa.Text())
        for pattern in patterns
    ]
    if not is_negated:
        return sa.or_(*parts)
    return sa.or_(column.is_(None), sa.not_(sa.or_(*parts)))
