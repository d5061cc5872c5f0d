"""Conditions on releases that express a search (releases.md 4.7)."""

from functools import singledispatch
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from shipmark.infrastructure.database import matches
from shipmark.releases.search import (
    BuildNumberTerm,
    BuildTerm,
    Comparison,
    CreatedTerm,
    FinalizedTerm,
    NameTerm,
    PackageTerm,
    Search,
    Stage,
    StageTerm,
    Term,
    VersionTerm,
)
from shipmark.releases.store.releases import releases

_COMPARE: dict[Comparison, Any] = {
    Comparison.IS: eq,
    Comparison.IS_NOT: ne,
    Comparison.ABOVE: gt,
    Comparison.AT_LEAST: ge,
    Comparison.BELOW: lt,
    Comparison.AT_MOST: le,
}

#: Sorts after every character of a sort key.
_LAST = "\x7f"


def conditions_of(search: Search) -> list[ColumnElement[bool]]:
    """Return the conditions of the search on a release."""
    columns = [_condition(term) for term in search.terms]
    if search.texts:
        parts = (releases.c.version.icontains(text, autoescape=True) for text in search.texts)
        columns.append(or_(*parts))
    return columns


@singledispatch
def _condition(term: Term) -> ColumnElement[bool]:
    raise AssertionError(f"no condition for {type(term).__name__}")


@_condition.register
def _(term: NameTerm) -> ColumnElement[bool]:
    return _one_of(releases.c.version, term.patterns, is_negated=term.is_negated)


@_condition.register
def _(term: PackageTerm) -> ColumnElement[bool]:
    package = releases.c.package
    if not term.is_negated:
        return package.in_(term.packages)
    return or_(package.is_(None), package.not_in(term.packages))


@_condition.register
def _(term: VersionTerm) -> ColumnElement[bool]:
    key, package = releases.c.version_key, releases.c.package
    if term.is_prefix:
        met = and_(key >= term.sort_key, key < term.sort_key + _LAST)
    else:
        comparison = Comparison.IS if term.comparison is Comparison.IS_NOT else term.comparison
        met = _COMPARE[comparison](key, term.sort_key)
    # Releases that are not semver have an empty key, and compare with nothing.
    met = and_(key > "", met)
    if term.package is not None:
        met = and_(met, package == term.package)
    if term.comparison is not Comparison.IS_NOT:
        return met
    return or_(package.is_(None), not_(met))


@_condition.register
def _(term: BuildTerm) -> ColumnElement[bool]:
    return _one_of(releases.c.build_code, term.patterns, is_negated=term.is_negated)


@_condition.register
def _(term: BuildNumberTerm) -> ColumnElement[bool]:
    number = releases.c.build_number
    if term.comparison is Comparison.IS_NOT:
        return or_(number.is_(None), number != term.number)
    compared: ColumnElement[bool] = _COMPARE[term.comparison](number, term.number)
    return compared


@_condition.register
def _(term: StageTerm) -> ColumnElement[bool]:
    # Adoption is not measured yet: every release in the environment has low adoption.
    return true() if (Stage.LOW_ADOPTION in term.stages) is not term.is_negated else false()


@_condition.register
def _(term: FinalizedTerm) -> ColumnElement[bool]:
    at = releases.c.released_at
    return at.is_not(None) if term.is_finalized else at.is_(None)


@_condition.register
def _(term: CreatedTerm) -> ColumnElement[bool]:
    compared: ColumnElement[bool] = _COMPARE[term.comparison](releases.c.created_at, term.at)
    return compared


def _one_of(
    column: ColumnElement[Any], patterns: tuple[str, ...], *, is_negated: bool
) -> ColumnElement[bool]:
    parts = [
        matches(column, pattern) if "*" in pattern else column == pattern for pattern in patterns
    ]
    if not is_negated:
        return or_(*parts)
    return or_(column.is_(None), not_(or_(*parts)))
