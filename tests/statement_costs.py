"""How each statement of a block was carried out: its plan, and how many rows it read and sorted."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from shipmark.infrastructure.database import Database

#: What a statement that answers a page may read, and what may be sorted for it. A page has a hundred items at most.
READ_MAX = 2_000
SORTED_MAX = 250
#: Whole tables may be read where they have no more rows than that. PostgreSQL tells, SQLite doesn't: see `SMALL`.
SCANNED_MAX = 1_000
#: About so many instructions of SQLite's virtual machine are run for a row that is read, compared and joined.
_INSTRUCTIONS_OF_A_ROW = 20
#: A list that merges a page from each of six index ranges takes 21,000, and a sort of a project here 100,000 or more.
_SORTING_INSTRUCTIONS_MAX = 30_000
#: SQLite counts them in steps of so many.
_INSTRUCTIONS_COUNTED = 50

#: What may be read from one end to the other: rows that came with the statement, and what is small by nature.
#: A subquery counts as well: what it reads itself has steps of its own.
SMALL = re.compile(
    r"(\w+_rows|given|kept|these|wanted\w*|(\d+ )?CONSTANT ROWS?|anon_\d+|page|jobs|numbered|newest|found)\b"
    r"|quarantine_retries\b|\(subquery-\d+\)"
)

#: Where PostgreSQL takes a sequential scan for cheap, as in tables of thousands of rows, it would not in one of
#: millions. Without them it shows whether there is another way.
_AS_IF_LARGER = "SET enable_seqscan = off; SET random_page_cost = 1.1"

_READING = ("SELECT", "WITH")
_CHANGING = ("UPDATE", "DELETE")


@dataclass(slots=True)
class Cost:
    """How a statement was carried out; scans name the tables that were read from one end to the other."""

    statement: str
    scans: list[str] = field(default_factory=list)
    plan: list[str] = field(default_factory=list)
    read: int = 0
    #: How many rows were sorted in memory. SQLite tells only that some were.
    sorted: int = 0
    is_sorting: bool = False
    #: Instructions of SQLite's virtual machine, by which its rows are counted.
    instructions: int = 0

    def problems(self) -> list[str]:
        """Return what a statement that answers a page must not do."""
        found = [f"scans {name}" for name in self.scans]
        read = max(self.read, self.instructions // _INSTRUCTIONS_OF_A_ROW)
        if read > READ_MAX:
            found.append(f"reads {read} rows")
        if self.sorted > SORTED_MAX:
            found.append(f"sorts {self.sorted} rows")
        if self.is_sorting and self.instructions > _SORTING_INSTRUCTIONS_MAX:
            found.append(f"sorts within {self.instructions} instructions")
        return [f"{each}: {self.statement}\n" + "\n".join(self.plan) for each in found]


@contextmanager
def costs(database: Database) -> Iterator[list[Cost]]:
    """Note the cost of each statement of the block, at the moment that it is carried out."""
    found: list[Cost] = []
    measure = _measure_on_sqlite if database.is_sqlite else _measure_on_postgresql

    def note(
        connection: Any, _: object, statement: str, parameters: Any, __: object, is_many: bool
    ) -> None:
        driver = connection.connection.driver_connection
        cost = Cost(statement)
        found.append(cost)
        measure(driver, cost, parameters[0] if is_many else parameters)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def _measure_on_sqlite(driver: Any, cost: Cost, parameters: Any) -> None:
    """Read the plan, and count the instructions from here to the next statement of the connection."""

    def count() -> None:
        cost.instructions += _INSTRUCTIONS_COUNTED

    driver.set_progress_handler(None, _INSTRUCTIONS_COUNTED)
    if not cost.statement.lstrip().startswith((*_READING, *_CHANGING, "INSERT")):
        return
    rows = driver.execute(f"EXPLAIN QUERY PLAN {cost.statement}", parameters).fetchall()
    cost.plan = [row[3] for row in rows]
    cost.scans = [
        match[1]
        for it in cost.plan
        if (match := re.match(r"SCAN (.*)", it)) and not SMALL.match(match[1])
    ]
    if any("USE TEMP B-TREE FOR" in it and "ORDER BY" in it for it in cost.plan):
        cost.is_sorting = True
    driver.set_progress_handler(count, _INSTRUCTIONS_COUNTED)


def _measure_on_postgresql(driver: Any, cost: Cost, parameters: Any) -> None:
    """Carry the statement out once before, and undo it: it tells what it read and sorted."""
    words = cost.statement.split(None, 1)[0]
    if words not in {*_READING, *_CHANGING, "INSERT"}:
        return
    # An insert is not tried out: numbers of ids would be taken.
    how = (
        "EXPLAIN (FORMAT JSON)"
        if words == "INSERT"
        else "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)"
    )
    is_undone = words in _CHANGING
    with driver.cursor() as cursor:
        cursor.execute(_AS_IF_LARGER)
        if is_undone:
            cursor.execute("SAVEPOINT measured")
        (found,) = cursor.execute(f"{how} {cost.statement}", parameters).fetchone()
        if is_undone:
            cursor.execute("ROLLBACK TO SAVEPOINT measured")
    _add(cost, found[0]["Plan"], 0)


def _add(cost: Cost, node: dict[str, Any], depth: int) -> None:
    kind, loops = node["Node Type"], node.get("Actual Loops", 1)
    rows = node.get("Actual Rows", 0)
    removed = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
    relation = node.get("Relation Name", "")
    cost.plan.append(
        f"{'  ' * depth}{kind} {relation} {node.get('Index Name', '')} {rows}+{removed}x{loops}"
    )
    if kind == "Bitmap Index Scan" or (
        relation and kind.endswith("Scan") and kind != "Bitmap Heap Scan"
    ):
        cost.read += round((rows + removed) * loops)
    if (
        kind == "Seq Scan"
        and (rows + removed if "Actual Rows" in node else node["Plan Rows"]) > SCANNED_MAX
    ):
        cost.scans.append(relation)
    children = node.get("Plans", [])
    if kind.endswith("Sort"):
        cost.sorted = max(cost.sorted, round(children[0].get("Actual Rows", 0)))
    for child in children:
        _add(cost, child, depth + 1)
