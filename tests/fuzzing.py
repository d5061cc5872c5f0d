"""How many examples a test tries that thinks them up: a few in each run, and others each time; ``make fuzz`` many."""

import os

#: How many requests an operation `make fuzz` sends; 0 in any other run.
EXAMPLES = int(os.environ.get("SHIPMARK_FUZZ_EXAMPLES", "0"))
_FOR_EACH_REQUEST = 10


def examples(few: int) -> int:
    """Return how many examples of a property are tried where that many are enough for each run."""
    return max(few, EXAMPLES * _FOR_EACH_REQUEST)
