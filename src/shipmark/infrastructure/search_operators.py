"""The operators of comparisons in searches."""

from enum import StrEnum


class SearchOperator(StrEnum):
    """Operator of a comparison, as it is written, also in SQL."""

    IS = "="
    IS_NOT = "!="
    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="

    @property
    def negated(self) -> "SearchOperator":
        """Return the operator that holds when this one does not: that of a term with "!" before it."""
        return _NEGATED[self]


_NEGATED = {
    SearchOperator.IS: SearchOperator.IS_NOT,
    SearchOperator.IS_NOT: SearchOperator.IS,
    SearchOperator.ABOVE: SearchOperator.AT_MOST,
    SearchOperator.AT_MOST: SearchOperator.ABOVE,
    SearchOperator.BELOW: SearchOperator.AT_LEAST,
    SearchOperator.AT_LEAST: SearchOperator.BELOW,
}
