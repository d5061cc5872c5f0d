"""GET ``projects/{org}/{project}/commits/`` (releases.md 2.19)."""

import re

import pytest
from factories import (
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    commit,
    on_one_database,
    release_path,
    statements,
)

from shipmark.infrastructure.database import Database

PATH = "/projects/acme/web/commits/"
NEXT = re.compile(r'rel="next"; results="(\w+)"; cursor="([^"]+)"')


def keys(caller: Caller, query: str = "", path: str = PATH) -> list[str]:
    answer = caller.get(f"{path}{query}")
    assert answer.status_code == 200, answer.text
    return [it["id"].rstrip("f") for it in answer.json()]


def day(number: int) -> str:
    return f"2026-01-{number:02}T00:00:00Z"


@pytest.fixture
def _filled(alice: Caller) -> None:
    alice.publish("web@1", commits=[commit("1", timestamp=day(1)), commit("2", timestamp=day(2))])
    alice.publish("web@2", "web", "mobile", commits=[commit("3", timestamp=day(3))])
    alice.publish("mobile@1", "mobile", commits=[commit("4", timestamp=day(4))])


pytestmark = pytest.mark.usefixtures("_filled")


def test_who_may_not_list(anonymous: Caller, charlie: Caller, bearer: Bearer) -> None:
    answer = anonymous.get(PATH)
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)
    for caller in (charlie, bearer(["org:read"])):
        answer = caller.get(PATH)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_who_may_list(bob: Caller, organization_token: Caller, bearer: Bearer) -> None:
    for caller in (bob, organization_token, bearer(["project:read"])):
        assert keys(caller) == ["3", "2", "1"]


def test_an_unknown_project_is_not_found(alice: Caller, charlie: Caller) -> None:
    answer = alice.get(PATH.replace("web", "nope"))
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert keys(charlie, path="/projects/globex/web/commits/") == []


def test_the_newest_commits_of_all_its_releases_come_first(alice: Caller, world: World) -> None:
    assert keys(alice) == ["3", "2", "1"]
    assert keys(alice, path="/projects/acme/mobile/commits/") == ["4", "3"]
    assert keys(alice, path="/projects/acme/tools/commits/") == []
    assert keys(alice, path=f"/projects/acme/{world.projects['web']}/commits/")[0] == "3"


def test_a_commit_of_several_releases_comes_once(alice: Caller) -> None:
    alice.publish("web@3", commits=[commit("3", timestamp=day(3))])
    [newest, *_] = alice.get(PATH).json()
    assert keys(alice) == ["3", "2", "1"]
    assert [it["version"] for it in newest["releases"]] == ["web@2", "web@3"]


def test_a_commit_that_is_in_no_release_is_not_listed(alice: Caller) -> None:
    alice.delete(release_path("web@1"))
    assert keys(alice) == ["3"]


def test_commits_are_shown_whole(alice: Caller) -> None:
    whole = alice.get(release_path("web@2", "commits/")).json()
    assert alice.get(f"{PATH}?per_page=1").json() == whole


def test_pages_hold_each_commit_once(alice: Caller) -> None:
    found, cursor = [], ""
    for has_next in ("true", "true", "false"):
        answer = alice.get(f"{PATH}?per_page=1&cursor={cursor}")
        found += [it["id"][0] for it in answer.json()]
        said, cursor = NEXT.findall(answer.headers["link"])[0]
        assert said == has_next
    assert found == ["3", "2", "1"]


def test_what_is_published_meanwhile_moves_no_page(alice: Caller) -> None:
    answer = alice.get(f"{PATH}?per_page=2")
    alice.publish("web@9", commits=[commit("9", timestamp=day(9))])
    [(_, cursor)] = NEXT.findall(answer.headers["link"])
    assert keys(alice, f"?cursor={cursor}") == ["1"]


@pytest.fixture
def _shas(alice: Caller) -> None:
    shas = ["abc1", "ABC2", "aBc3", "abd9", "9f00", "9f01", "h-1", "z_%"]
    given = [commit(sha + "0" * 8, timestamp=day(n)) for n, sha in enumerate(shas, start=5)]
    alice.publish("web@5", commits=given)
    alice.publish("mobile@5", "mobile", commits=[commit("abc5" + "0" * 8)])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("abc", {"abc1", "ABC2", "aBc3"}),
        ("ABC", {"abc1", "ABC2", "aBc3"}),
        ("abc1", {"abc1"}),
        ("%20abd%20", {"abd9"}),
        ("9f0", {"9f00", "9f01"}),
        ("9", {"9f00", "9f01"}),
        ("h-", {"h-1"}),
        ("z_", {"z_%"}),
        ("z%25", set()),
        ("bc1", set()),
        ("abc1" + "0" * 8, {"abc1"}),
        ("a" * 5000, set()),
        ("%C3%A9", set()),
    ],
)
@pytest.mark.usefixtures("_shas")
def test_keys_are_searched_by_how_they_begin(alice: Caller, query: str, found: set[str]) -> None:
    """Keys in mixed letters are found by what is the same in lower or upper ones up to there."""
    shown = {it["id"][:-8] for it in alice.get(f"{PATH}?query={query}").json()}
    assert shown | {"aBc3"} == found | {"aBc3"}


@pytest.mark.usefixtures("_shas")
def test_found_keys_have_pages_too(alice: Caller) -> None:
    pages = [
        [it["id"][:4] for it in alice.get(f"{PATH}?query=9f&per_page=1&cursor={cursor}").json()]
        for cursor in ("", "1:1:0", "1:2:0")
    ]
    assert pages == [["9f00"], ["9f01"], []]


@pytest.mark.parametrize(
    "query", ["?cursor=x", "?per_page=x", "?per_page=101", "?query=a&cursor=x"]
)
@on_one_database
def test_a_bad_page_is_refused(alice: Caller, query: str) -> None:
    assert alice.get(f"{PATH}{query}").status_code == 400


def test_more_commits_take_no_more_statements(alice: Caller, database: Database) -> None:
    many = []
    for query in ("?per_page=1", "?per_page=50", "?query=1", "?query=3"):
        with statements(database) as seen:
            keys(alice, query)
        many.append(seen.count)
    assert len(set(many)) == 1
