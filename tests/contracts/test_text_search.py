"""Conditions on texts find the same on SQLite and on PostgreSQL."""

import pytest
from sqlalchemy import Text, select

from shipmark.infrastructure.database import Database, json_rows, rows_param
from shipmark.infrastructure.text_search import contains

ROWS = json_rows("texts", text=Text())
TEXTS = ("Größe", "ΣΑΣ", "İzmir", "Ж_%1", "Kelvin")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("größe", {"Größe"}),
        ("GRÖ", {"Größe"}),
        ("grö%", set()),
        ("σασ", {"ΣΑΣ"}),
        ("σα", {"ΣΑΣ"}),
        ("İZ", {"İzmir"}),
        ("ж_%", {"Ж_%1"}),
        ("ж__", set()),
        ("_%", {"Ж_%1"}),
        ("KELVIN", {"Kelvin"}),
    ],
)
def test_a_part_is_found_in_capital_and_small_letters(
    database: Database, text: str, found: set[str]
) -> None:
    matching = select(ROWS.c.text).where(contains(ROWS.c.text, text))
    with database.snapshot() as connection:
        rows = connection.execute(matching, rows_param("texts", ([each] for each in TEXTS)))
        assert set(rows.scalars()) == found
