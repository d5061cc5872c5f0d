"""Which tests a run has, and in which order.

`make test` is for each change and takes minutes; CI runs everything, with ``SHIPMARK_TEST_DATABASES=all``. What only CI
runs: the tests of interfaces and of the architecture on PostgreSQL; tests with the marker ``exhaustive``; two thirds of
the examples of properties and of hostile values (`fuzzing.py`).

A test of an interface with many values gets all of them on SQLite in CI, and the first three and every third of the
others on PostgreSQL, and in `make test`. `make fuzz`, and a run that names tests one by one, try all.
"""

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from fuzzing import ALL_DATABASES, EXAMPLES, IS_THOROUGH

#: Tests that go through an interface, fill large tables, or call each route, run on SQLite unless both are asked for:
#: what is stored is proven on both by the tests of domain packages, properties and contracts.
_ON_SQLITE = ("api", "ingest", "web", "http", "worker", "cli", "architecture")
#: Those of interfaces, whose tests with many values check mostly what comes before the database.
_OF_INTERFACES = ("api", "ingest", "web", "http", "worker")
#: How many values of a test are all tried, on PostgreSQL in CI and on SQLite in `make test`, and which part of others.
_VALUES = 3
_PART_OF_VALUES = 3
#: Modules with tests that take half a minute, and modules and folders whose tests share servers, browsers, clients or
#: large tables: the first worker begins with those of the first row, the second with those of the second.
_SLOW = (
    ("test_any_request.py", "test_hostile_requests.py", "browser"),
    ("test_recordings.py", "test_query_plans.py", "conformance", "cli"),
)
_SLOW_PLACES = {
    name: (row, column) for row, names in enumerate(_SLOW) for column, name in enumerate(names)
}
#: How many tests of the marker a run leaves out. The workers of a run count them, and tell the process that reports.
_LEFT_TO_CI = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of tests that `make test` leaves to CI."""
    config.addinivalue_line(
        "markers",
        "exhaustive: repeats a check with another client, value or page, slowly; runs in CI and by"
        " `-m exhaustive`, or where tests are named one by one",
    )
    config.stash[_LEFT_TO_CI] = 0


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker counted: all collect the same tests."""
    node.config.stash[_LEFT_TO_CI] = getattr(node, "workeroutput", {}).get("left_to_ci", 0)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that reports how many tests were left to CI, from a worker."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_to_ci"] = session.config.stash[_LEFT_TO_CI]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how many tests were left to CI."""
    if number := config.stash[_LEFT_TO_CI]:
        terminalreporter.write_line(
            f"{number} tests that repeat a check were left to CI: SHIPMARK_TEST_DATABASES=all runs them"
        )


def _leave_to_ci(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of the marker, unless a run is thorough or names them."""
    if IS_THOROUGH or _are_named(config) or "exhaustive" in config.option.markexpr:
        return
    exhaustive = {item for item in items if item.get_closest_marker("exhaustive")}
    config.stash[_LEFT_TO_CI] = len(exhaustive)
    _leave_out(config, items, exhaustive)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only CI runs; order the rest."""
    _leave_to_ci(config, items)
    if not ALL_DATABASES:
        _leave_out(config, items, {item for item in items if _is_for_ci(item)})
    if not EXAMPLES and not _are_named(config):
        _leave_further_values(config, items)
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = _in_shares(items, workers)


def _are_named(config: pytest.Config) -> bool:
    return all("::" in argument for argument in config.args)


def _leave_out(
    config: pytest.Config, items: list[pytest.Item], left_out: Collection[pytest.Item]
) -> None:
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def _leave_further_values(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of interfaces that repeat a check with further values."""
    further = _further_values(items)
    if not IS_THOROUGH:
        config.stash[_LEFT_TO_CI] += len(further)
    _leave_out(config, items, further)


def _further_values(items: list[pytest.Item]) -> set[pytest.Item]:
    kind = "postgresql" if IS_THOROUGH else "sqlite"
    numbers: Counter[object] = Counter()
    further = set()
    for item in items:
        if _database_of(item) != kind or _folder(item) not in _OF_INTERFACES:
            continue
        function = (item.path, getattr(item, "originalname", item.name))
        number = numbers[function]
        numbers[function] += 1
        if number >= _VALUES and (number - _VALUES) % _PART_OF_VALUES:
            further.add(item)
    return further


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


def _in_shares(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Have each worker begin with slow tests.

    A worker gets a run of the list, of the same length as the others', and takes over half of another's when it is
    through. So at the end only tests of milliseconds are left to share out: a worker would wait for a long one alone,
    or take over a part of a module and make all that is shared in it again.
    """
    slow = sorted((item for item in items if _slow_place(item)), key=_slow_place)
    quick = [item for item in items if not _slow_place(item)]
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        ordered += [item for item in slow if _slow_place(item)[0] % workers == worker]
        end = len(items) * (worker + 1) // workers
        missing = max(0, end - len(ordered))
        ordered += quick[:missing]
        del quick[:missing]
    return ordered


def _slow_place(item: pytest.Item) -> tuple[int, ...]:
    """Return the row and the column that name the item's module, or else its folder; nothing if none does."""
    return _SLOW_PLACES.get(item.path.name) or _SLOW_PLACES.get(_folder(item)) or ()


def _is_for_ci(item: pytest.Item) -> bool:
    """Return whether a test is on PostgreSQL, has the same on SQLite, and need not run on both."""
    return _database_of(item) == "postgresql" and _folder(item) in _ON_SQLITE


def _database_of(item: pytest.Item) -> str:
    """Return the database of a test that runs on both; an empty text for any other, as one that names its own."""
    callspec = getattr(item, "callspec", None)
    names_own = any(mark.args[0] == "kind" for mark in item.iter_markers("parametrize"))
    return "" if callspec is None or names_own else callspec.params.get("kind", "")
