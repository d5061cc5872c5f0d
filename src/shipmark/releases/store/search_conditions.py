"""Conditions on releases that express a search (releases.md 4.7)."""

from functools import singledispatch
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.database import Id, contains_text, matches
from shipmark.releases import search
from shipmark.releases.store.adoption import in_stage
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.releases import releases

_COMPARE: dict[search.Comparison, Any] = {
    search.Comparison.IS: eq,
    search.Comparison.IS_NOT: ne,
    search.Comparison.ABOVE: gt,
    search.Comparison.AT_LEAST: ge,
    search.Comparison.BELOW: lt,
    search.Comparison.AT_MOST: le,
}
_EQUAL = (search.Comparison.IS, search.Comparison.IS_NOT)
#: The environment of a stage: lists of an environment read the same table.
_STAGED = release_environments.alias("staged")
#: Sorts after every character of a sort key.
_LAST = "\x7f"


def conditions_of(query: search.Search, *, is_by_version: bool) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the search on a release, in a list that is ordered by version, or not."""
    columns = [
        _of_version(term, is_by_version=is_by_version)
        if isinstance(term, search.VersionTerm)
        else _condition(term)
        for term in query.terms
    ]
    if query.texts:
        parts = (contains_text(releases.c.version, text) for text in query.texts)
        columns.append(sa.or_(*parts))
    return columns


@singledispatch
def _condition(term: search.Term) -> sa.ColumnElement[bool]:
    raise AssertionError(f"no condition for {type(term).__name__}")


@_condition.register
def _(term: search.NameTerm) -> sa.ColumnElement[bool]:
    return _one_of(releases.c.version, term.patterns, is_negated=term.is_negated)


@_condition.register
def _(term: search.PackageTerm) -> sa.ColumnElement[bool]:
    package = releases.c.package
    if not term.is_negated:
        return package.in_(term.packages)
    return sa.or_(package.is_(None), package.not_in(term.packages))


def _of_version(term: search.VersionTerm, *, is_by_version: bool) -> sa.ColumnElement[bool]:
    key: sa.ColumnElement[str] = releases.c.version_key
    package = releases.c.package
    is_range = not term.is_prefix and term.comparison not in _EQUAL
    if is_range and not is_by_version:
        # Most of a package may pass: SQLite would take them from the index by version, and sort them for one page.
        key = sa.func.coalesce(key, "")
    if term.is_prefix:
        met = sa.and_(key >= term.sort_key, key < term.sort_key + _LAST)
    else:
        comparison = (
            search.Comparison.IS if term.comparison is search.Comparison.IS_NOT else term.comparison
        )
        met = _COMPARE[comparison](key, term.sort_key)
    # Releases that are not semver have an empty key, and compare with nothing.
    met = sa.and_(key > "", met)
    if term.package is not None:
        met = sa.and_(met, package == term.package)
    if term.comparison is not search.Comparison.IS_NOT:
        return met
    return sa.or_(package.is_(None), sa.not_(met))


@_condition.register
def _(term: search.BuildTerm) -> sa.ColumnElement[bool]:
    return _one_of(releases.c.build_code, term.patterns, is_negated=term.is_negated)


@_condition.register
def _(term: search.BuildNumberTerm) -> sa.ColumnElement[bool]:
    number = releases.c.build_number
    if term.comparison is search.Comparison.IS_NOT:
        return sa.or_(number.is_(None), number != term.number)
    compared: sa.ColumnElement[bool] = _COMPARE[term.comparison](number, term.number)
    return compared


@_condition.register
def _(term: search.StageTerm) -> sa.ColumnElement[bool]:
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
def _(term: search.FinalizedTerm) -> sa.ColumnElement[bool]:
    at = releases.c.released_at
    return at.is_not(None) if term.is_finalized else at.is_(None)


@_condition.register
def _(term: search.CreatedTerm) -> sa.ColumnElement[bool]:
    compared: sa.ColumnElement[bool] = _COMPARE[term.comparison](releases.c.created_at, term.at)
    return compared


def _one_of(
    column: sa.ColumnElement[Any], patterns: tuple[str, ...], *, is_negated: bool
) -> sa.ColumnElement[bool]:
    parts = [
        matches(column, pattern) if "*" in pattern else column == pattern for pattern in patterns
    ]
    if not is_negated:
        return sa.or_(*parts)
    return sa.or_(column.is_(None), sa.not_(sa.or_(*parts)))
