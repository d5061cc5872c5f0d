"""Models from rows: by the names of columns, and by what a store says about the others."""

from dataclasses import dataclass
from enum import StrEnum

import pytest
from sqlalchemy import column, table

from shipmark.infrastructure.row_reader import RowReader, optional


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, kw_only=True)
class Car:
    id: int
    colour: Colour
    owner: str | None
    length: int
    note: str = ""


CARS = table(
    "cars", column("id"), column("colour"), column("owner_name"), column("front"), column("rear")
)


def car_reader() -> RowReader[Car]:
    return RowReader(
        Car,
        CARS,
        colour=Colour,
        owner=(optional(str.upper), CARS.c.owner_name),
        length=(lambda front, rear: rear - front, CARS.c.front, CARS.c.rear),
    )


def test_columns_are_in_the_order_of_the_fields() -> None:
    names = [each.name for each in car_reader().columns]
    assert names == ["id", "colour", "owner_name", "front", "rear"]


@pytest.mark.parametrize(("stored", "owner"), [("ada", "ADA"), (None, None)])
def test_a_row_may_go_on_after_the_columns(stored: str | None, owner: str | None) -> None:
    car = car_reader()((7, "red", stored, 1, 5, "more"))
    assert car == Car(id=7, colour=Colour.RED, owner=owner, length=4)


def test_a_source_is_of_a_field() -> None:
    with pytest.raises(AssertionError, match="each source is of a field"):
        RowReader(Car, CARS, color=Colour)
