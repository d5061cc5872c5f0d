"""Pages of lists, their cursors and links (releases.md 5)."""

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from shipmark.http.pagination.offset import (
    Cursor,
    Links,
    PageRequest,
    paginate,
    paginate_forward,
    parse_page,
)
from shipmark.infrastructure.errors import BadRequest

FIRST = Cursor(value=2, offset=1, is_previous=False)


@pytest.mark.parametrize(
    ("per_page", "cursor", "detail"),
    [
        ("x", None, "Invalid per_page parameter."),
        ("", None, "Invalid per_page parameter."),
        ("1.5", None, "Invalid per_page parameter."),
        ("101", None, "Invalid per_page value. Cannot exceed 100."),
        (None, "x", "Invalid cursor parameter."),
        (None, "1:2", "Invalid cursor parameter."),
        (None, "1:2:2", "Invalid cursor parameter."),
        (None, "1:2:0 ", "Invalid cursor parameter."),
        (None, "2:-1:1", "Pagination offset cannot be negative"),
        (None, "1:99999999999999999999:0", "Pagination offset too large"),
        (None, "99999999999999999999:0:0", "Pagination offset too large"),
        (None, "9007199254740991:2:0", "Pagination offset too large"),
    ],
)
def test_bad_parameters_are_refused(per_page: str | None, cursor: str | None, detail: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_page(per_page, cursor)
    assert caught.value.detail == detail


@pytest.mark.parametrize(
    ("per_page", "size"), [(None, 100), ("5", 5), ("100", 100), ("0", 0), ("-3", 0)]
)
def test_how_many_rows_a_page_has(per_page: str | None, size: int) -> None:
    assert parse_page(per_page, None).per_page == size


def test_the_header_holds_both_links() -> None:
    links = Links(previous=FIRST, has_previous=False, next=FIRST, has_next=True)
    header = links.header("https://ship.example.com", "/a/", [("q", "a b&c"), ("cursor", "x")])
    url = "<https://ship.example.com/a/?q=a+b%26c&cursor=2:1:0>"
    assert header == (
        f'{url}; rel="previous"; results="false"; cursor="2:1:0", '
        f'{url}; rel="next"; results="true"; cursor="2:1:0"'
    )


def test_without_parameters_the_stray_ampersand_stays() -> None:
    links = Links(previous=FIRST, has_previous=False, next=FIRST, has_next=True)
    assert links.header("https://a.example.com", "/", []).startswith(
        "<https://a.example.com/?&cursor=2:1:0>"
    )


@given_any(st.integers(-100, 10**6), st.integers(0, 10**6), st.booleans())
def test_a_cursor_that_is_written_is_read_again(value: int, offset: int, is_previous: bool) -> None:
    cursor = Cursor(value=max(value, 0), offset=offset, is_previous=is_previous)
    assert parse_page(None, str(cursor)).cursor == cursor


@given_any(st.integers(0, 60), st.integers(1, 10))
def test_counted_pages_cover_the_list_exactly_once(length: int, size: int) -> None:
    rows, found, page = list(range(length)), [], PageRequest(per_page=size, cursor=None)
    while True:
        shown, links = paginate(rows[page.skipped : page.skipped + page.limit], page)
        found += shown
        if not links.has_next:
            break
        page = parse_page(str(size), str(links.next))
    assert found == rows


@given_any(st.lists(st.integers(0, 500), unique=True, max_size=60), st.integers(1, 10))
def test_keyed_pages_cover_the_list_exactly_once(keys: list[int], size: int) -> None:
    """Keys have gaps where commits were given twice."""
    rows = [(key, str(key)) for key in sorted(keys)]
    found, page = [], PageRequest(per_page=size, cursor=None)
    while True:
        place = page.cursor.value if page.cursor else 0
        offset = page.cursor.offset if page.cursor else 0
        rest = [row for row in rows if row[0] >= place][offset:]
        shown, links = paginate_forward(rest[: page.limit], page)
        found += shown
        if not links.has_next:
            break
        page = parse_page(str(size), str(links.next))
    assert found == [text for _, text in rows]


def test_the_page_after_the_last_is_empty() -> None:
    last = PageRequest(per_page=2, cursor=None)
    _, links = paginate_forward([(0, "a"), (1, "b")], last)
    assert (links.has_next, str(links.next)) == (False, "1:1:0")


def test_an_empty_page_does_not_lead_back_to_the_first() -> None:
    _, links = paginate_forward([], parse_page("2", "1:1:0"))
    assert str(links.next) != "0:0:0"
