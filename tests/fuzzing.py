"""How many examples a test tries that thinks them up: few in `make test`, more in CI, and many in ``make fuzz``.

Others are tried each time. What repeats a check with further values has the marker ``exhaustive`` (`selection.py`).
"""

import os
from collections.abc import Iterable
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

#: How many requests an operation `make fuzz` sends; 0 in any other run.
EXAMPLES = int(os.environ.get("SHIPMARK_FUZZ_EXAMPLES", "0"))
#: Whether all tests run on both databases, as in CI.
ALL_DATABASES = os.environ.get("SHIPMARK_TEST_DATABASES", "") == "all"
#: Whether a run includes what repeats a check with further values: it does in CI and in `make fuzz`.
IS_THOROUGH = ALL_DATABASES or EXAMPLES > 0
_FOR_EACH_REQUEST = 10
_QUICK_PART = 3


def examples(enough: int) -> int:
    """Return how many examples of a property are tried where that many are enough for CI: a third in other runs."""
    return max(enough if IS_THOROUGH else enough // _QUICK_PART, EXAMPLES * _FOR_EACH_REQUEST)


def some_in_each_run(values: Iterable[Any], one_in: int = _QUICK_PART) -> list[ParameterSet]:
    """Return the parameters of a test of which each run tries one in three, always the same, and CI all."""
    return [
        pytest.param(value, marks=pytest.mark.exhaustive if number % one_in else ())
        for number, value in enumerate(values)
    ]
