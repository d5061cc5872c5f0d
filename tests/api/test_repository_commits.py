"""GET ``organizations/{org}/repos/{id}/commits/``, page by page (releases.md 2.20, 5.4)."""

import re

import pytest
from factories import REPOSITORIES, Caller, commit, on_one_database, rows, statements
from sqlalchemy import text

from shipmark.infrastructure.database import Database

LINK = re.compile(r'rel="(\w+)"; results="(\w+)"; cursor="([^"]+)"')


def fill(caller: Caller, database: Database, moments: list[str]) -> str:
    given = [commit(str(n), timestamp=at) for n, at in enumerate(moments, start=1)]
    caller.publish("web@1.0.0", commits=given)
    return f"{REPOSITORIES}{rows(database, 'repositories')[0]['id']}/commits/"


def page(caller: Caller, path: str, query: str) -> tuple[list[str], dict[str, tuple[bool, str]]]:
    answer = caller.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    links = {
        rel: (has == "true", cursor) for rel, has, cursor in LINK.findall(answer.headers["link"])
    }
    return [it["id"].rstrip("f") for it in answer.json()], links


MOMENTS = [f"2026-01-0{day}T00:00:00Z" for day in (3, 1, 2, 2, 2)]


def test_pages_go_there_and_back_over_equal_moments(alice: Caller, database: Database) -> None:
    path = fill(alice, database, MOMENTS)
    whole, _ = page(alice, path, "")
    assert (whole[0], whole[-1], sorted(whole)) == ("1", "2", ["1", "2", "3", "4", "5"])
    first, links = page(alice, path, "per_page=2")
    assert (first, links["previous"][0], links["next"][0]) == (whole[:2], False, True)
    second, links = page(alice, path, f"per_page=2&cursor={links['next'][1]}")
    assert (second, links["previous"][0], links["next"][0]) == (whole[2:4], True, True)
    third, links = page(alice, path, f"per_page=2&cursor={links['next'][1]}")
    assert (third, links["previous"][0], links["next"][0]) == (whole[4:], True, False)
    back, links = page(alice, path, f"per_page=2&cursor={links['previous'][1]}")
    assert (back, links["previous"][0], links["next"][0]) == (whole[2:4], True, True)
    back, links = page(alice, path, f"per_page=2&cursor={links['previous'][1]}")
    assert (back, links["previous"][0]) == (whole[:2], False)


def test_a_page_goes_on_where_the_last_one_ended_whatever_is_deleted(
    alice: Caller, database: Database
) -> None:
    path = fill(alice, database, MOMENTS)
    whole, _ = page(alice, path, "")
    _, links = page(alice, path, "per_page=2")
    with database.transaction() as connection:
        gone = {"a": whole[0].ljust(40, "f"), "b": whole[1].ljust(40, "f")}
        connection.execute(text("DELETE FROM commits WHERE key IN (:a, :b)"), gone)
    assert page(alice, path, f"cursor={links['next'][1]}")[0] == whole[2:]


def test_commits_of_any_year_are_listed(alice: Caller, database: Database) -> None:
    path = fill(alice, database, ["9999-12-31T23:59:59.999999Z", "1969-07-20T20:17:40Z",
                                  "0001-01-01T00:00:00Z"])  # fmt: skip
    found, cursor = [], ""
    for _ in range(3):
        shown, links = page(alice, path, f"per_page=1&cursor={cursor}")
        found += shown
        cursor = links["next"][1]
    assert (found, links["next"][0]) == (["1", "2", "3"], False)


@pytest.mark.parametrize(
    "cursor", ["x", "1:1:2", "1:-1:0", "9" * 40 + ":1:0", "0:" + "9" * 30 + ":1"]
)
@on_one_database
def test_a_bad_cursor_is_refused(alice: Caller, database: Database, cursor: str) -> None:
    answer = alice.get(f"{fill(alice, database, MOMENTS)}?cursor={cursor}")
    assert (answer.status_code, answer.json()) == (400, {"detail": "Invalid cursor parameter."})


@pytest.mark.parametrize("size", ["x", "101"])
@on_one_database
def test_a_bad_page_size_is_refused(alice: Caller, database: Database, size: str) -> None:
    assert alice.get(f"{fill(alice, database, MOMENTS)}?per_page={size}").status_code == 400


def test_a_longer_page_takes_no_more_statements(alice: Caller, database: Database) -> None:
    path = fill(alice, database, MOMENTS)
    many = []
    for size in (1, 5):
        with statements(database) as seen:
            page(alice, path, f"per_page={size}")
        many.append(seen.count)
    assert many[0] == many[1]
