"""The search of questions about sessions: conditions on keys, all of which hold (releases.md 2.21)."""

import re
from collections.abc import Iterator

from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.search_values import listed_values
from shipmark.release_health.session_query import Condition, GroupKey, SessionOutcome
from shipmark.releases.search import BOOLEAN

QUERY_MAX = 4096
_TERM = re.compile(
    r"""(!?)([A-Za-z_.]+):(!?=?)(?:\[([^\]]*)\]|"((?:[^"\\]|\\.)*)"|([^\s()]+))""", re.ASCII
)
_KEYS = {key.value: key for key in GroupKey} | {"project.name": GroupKey.PROJECT}


def parse(text: str) -> tuple[list[Condition], frozenset[SessionOutcome] | None]:
    """Return the conditions, and the outcomes that are selected, or None without a condition on them.

    Raise `BadRequest` for what can't be read.
    """
    if len(text) > QUERY_MAX:
        raise BadRequest(f"The query is longer than {QUERY_MAX} characters.")
    conditions, statuses = list[Condition](), None
    for condition in _conditions(text):
        if condition.key is not GroupKey.STATUS:
            conditions.append(condition)
            continue
        matching = frozenset(each for each in SessionOutcome if condition.matches(each.value))
        statuses = matching if statuses is None else statuses & matching
    return conditions, statuses


def _conditions(text: str) -> Iterator[Condition]:
    offset = 0
    while rest := text[offset:].lstrip():
        offset = len(text) - len(rest)
        word = rest.split(maxsplit=1)[0]
        if word in {"AND", "OR"}:
            # A status in one branch only can't be counted (releases.md 2.21).
            is_status = GroupKey.STATUS.value in text
            raise BadRequest(
                "Unable to parse condition with session.status" if is_status else BOOLEAN
            )
        term = _TERM.match(text, offset)
        if term is None:
            raise BadRequest(
                f"Parse error at '{rest[:10]}' (column {offset + 1}): a condition is a key, a colon and a value,"
                " such as release:web@1.0."
            )
        yield _condition(term)
        offset = term.end()


def _condition(term: re.Match[str]) -> Condition:
    negation, name, operator, listed, quoted, bare = term.groups()
    if name not in _KEYS:
        raise BadRequest(f"Invalid key for this search: {name}")
    if listed is not None:
        values = listed_values(listed)
        if not values:
            raise BadRequest(f"{name}: takes a list of at least one value.")
    else:
        values = (bare if quoted is None else quoted.replace('\\"', '"'),)
    is_negated = bool(negation) is not operator.startswith("!")
    return Condition(_KEYS[name], values, is_negated)
