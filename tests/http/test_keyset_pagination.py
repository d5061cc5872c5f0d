"""Pages of lists by moment: cursors that survive what comes and goes (releases.md 5.4)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from shipmark.http.pagination.keyset import KeysetPage, paginate_by_keyset, parse_page
from shipmark.http.pagination.offset import Links, PageRequest
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.keyset import KeysetPosition

AT = datetime(2026, 1, 5, 9, 0, 0, 123456, UTC)


@dataclass(frozen=True)
class Row:
    id: int
    created_at: datetime


def page(cursor: str | None, per_page: int = 2) -> KeysetPage:
    return parse_page(PageRequest(per_page=per_page, cursor=None), cursor)


def read(rows: list[Row], asked: KeysetPage) -> list[Row]:
    """What a store gives for the place."""
    ordered = sorted(rows, key=lambda it: (it.created_at, it.id), reverse=True)
    place = asked.position
    if place is None:
        return ordered[: asked.limit]
    here = (place.at, place.id)
    if place.is_backwards:
        newer = [it for it in ordered if (it.created_at, it.id) > here]
        return newer[::-1][: asked.limit]
    return [it for it in ordered if (it.created_at, it.id) < here][: asked.limit]


def shown(rows: list[Row], cursor: str | None, per_page: int = 2) -> tuple[list[Row], Links]:
    asked = page(cursor, per_page)
    found, links = paginate_by_keyset(read(rows, asked), asked)
    return list(found), links


@pytest.mark.parametrize("cursor", [None, "", "0:0:0"])
def test_without_a_place_it_is_the_first_page(cursor: str | None) -> None:
    assert page(cursor).position is None


def test_a_cursor_names_a_moment_to_the_microsecond_and_an_id() -> None:
    _, links = shown([Row(7, AT), Row(6, AT), Row(5, AT)], None)
    assert page(str(links.next)).position == KeysetPosition(at=AT, id=6)
    assert page(str(links.previous)).position == KeysetPosition(at=AT, id=7, is_backwards=True)


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_moments_of_any_year_can_be_named(year: int) -> None:
    at = AT.replace(year=year)
    _, links = shown([Row(2, at), Row(1, at)], None, per_page=1)
    assert page(str(links.next)).position == KeysetPosition(at=at, id=2)


@pytest.mark.parametrize(
    "cursor",
    ["x", "1:2", "1:2:2", "1:-2:0", " 1:2:0", "1.5:2:0", "9" * 18 + ":1:0", "9" * 30 + ":1:0",
     "1:" + "9" * 19 + ":0", "-" + "9" * 18 + ":1:1", "１:2:0" + "x"],
)  # fmt: skip
def test_what_names_no_moment_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest) as caught:
        page(cursor)
    assert caught.value.detail == "Invalid cursor parameter."


def test_an_empty_list_has_no_neighbours() -> None:
    found, links = shown([], None)
    assert (found, links.has_previous, links.has_next) == ([], False, False)


def test_a_page_of_no_rows_leads_nowhere_wrong() -> None:
    found, links = shown([Row(1, AT)], None, per_page=0)
    assert (found, links.has_next, str(links.next)) == ([], True, "0:0:0")


def test_a_place_stays_when_its_row_is_deleted() -> None:
    rows = [Row(number, AT) for number in range(6)]
    _, links = shown(rows, None)
    rows.remove(Row(4, AT))
    assert shown(rows, str(links.next))[0] == [Row(3, AT), Row(2, AT)]


def test_what_comes_meanwhile_moves_nothing() -> None:
    rows = [Row(number, AT) for number in range(4)]
    _, links = shown(rows, None)
    rows += [Row(9, AT + timedelta(days=1)), Row(8, AT)]
    found, links = shown(rows, str(links.next))
    assert found == [Row(1, AT), Row(0, AT)]
    assert shown(rows, str(links.previous))[0] == [Row(3, AT), Row(2, AT)]


moments = st.integers(-3, 3).map(lambda days: AT + timedelta(days=days))
lists = st.lists(moments, max_size=12).map(
    lambda given: [Row(number, at) for number, at in enumerate(given)]
)


@given_any(lists, st.integers(1, 5))
def test_pages_hold_every_row_once_there_and_back(rows: list[Row], per_page: int) -> None:
    ordered = sorted(rows, key=lambda it: (it.created_at, it.id), reverse=True)
    there: list[Row] = []
    cursor = None
    while True:
        found, links = shown(rows, cursor, per_page)
        there += found
        if not links.has_next:
            break
        cursor = str(links.next)
    assert there == ordered
    back = found
    while links.has_previous:
        found, links = shown(rows, str(links.previous), per_page)
        back = found + back
    assert back == ordered
