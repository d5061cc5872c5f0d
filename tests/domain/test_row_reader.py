"""Models from rows: by the names of columns, and by what a store says about the others."""

from dataclasses import dataclass
from enum import StrEnum

import pytest
from sqlalchemy import column, table

from shipmark.infrastructure.row_reader import RowReader, optional


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    id: int
    length: int
    note: str = "as built"
    colour: Colour
    owner: str | None
    area: int


@dataclass(frozen=True, slots=True)
class Unnamed:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Checked:
    id: int

    def __post_init__(self) -> None:
        assert self.id


CARS = table(
    "cars",
    column("id"),
    column("front"),
    column("rear"),
    column("colour"),
    column("owner_name"),
    column("width"),
    column("depth"),
)


def car_reader() -> RowReader[Car]:
    return RowReader(
        Car,
        CARS,
        colour=Colour,
        owner=(optional(str.upper), CARS.c.owner_name),
        length=(lambda front, rear: rear - front, CARS.c.front, CARS.c.rear),
        area=(lambda width, depth: width * depth, CARS.c.width, CARS.c.depth),
    )


def test_columns_are_in_the_order_of_the_fields() -> None:
    names = [each.name for each in car_reader().columns]
    assert names == ["id", "front", "rear", "colour", "owner_name", "width", "depth"]


@pytest.mark.parametrize(("stored", "owner"), [("ada", "ADA"), (None, None)])
def test_a_row_may_go_on_after_the_columns(stored: str | None, owner: str | None) -> None:
    car = car_reader()((7, 1, 5, "red", stored, 2, 3, "more"))
    assert car == Car(id=7, colour=Colour.RED, owner=owner, length=4, area=6)


def test_a_source_is_of_a_field() -> None:
    with pytest.raises(AssertionError, match="each source is of a field"):
        RowReader(Car, CARS, color=Colour)


def test_a_field_has_a_source_or_a_default() -> None:
    with pytest.raises(AssertionError, match="name has no source"):
        RowReader(Unnamed, CARS)


def test_a_model_checks_nothing_when_it_is_made() -> None:
    with pytest.raises(AssertionError, match="a model is made of its fields alone"):
        RowReader(Checked, CARS)
