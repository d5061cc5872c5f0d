"""GET ``…/releases/{version}/commits/`` (releases.md 2.8, 2.16, 5.4)."""

import re

import pytest
from factories import (
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    commit,
    masked,
    on_one_database,
    release_path,
)

PATH = release_path("web@1.0.0", "commits/")
WEB_PATH = "/projects/acme/web/releases/web@1.0.0/commits/"
PATHS = pytest.mark.parametrize("path", [PATH, WEB_PATH])


def keys(caller: Caller, path: str) -> list[str]:
    return [it["id"].rstrip("f") for it in caller.get(path).json()]


@PATHS
@on_one_database
def test_a_token_without_a_scope_for_it_may_not_list(
    alice: Caller, bearer: Bearer, path: str
) -> None:
    alice.publish("web@1.0.0")
    assert bearer(["org:read"]).get(path).status_code == 403


@PATHS
def test_an_unknown_release_is_not_found(alice: Caller, path: str) -> None:
    answer = alice.get(path)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@PATHS
def test_commits_are_shown_whole(alice: Caller, path: str) -> None:
    alice.publish("web@1.0.0", ref="main", commits=[commit("1")])
    [shown] = alice.get(path).json()
    assert masked(shown, "dateCreated") == {
        "id": "1".ljust(40, "f"),
        "message": "Tidy up",
        "dateCreated": "<masked>",
        "repository": masked(shown["repository"], "dateCreated"),
        "author": {"name": "Ada", "email": "ada@example.com"},
        "releases": [
            {
                "version": "web@1.0.0",
                "shortVersion": "web@1.0.0",
                "ref": "main",
                "url": None,
                "dateReleased": None,
                "dateCreated": "<masked>",
            }
        ],
        "pullRequest": None,
        "suspectCommitType": "",
    }
    assert shown["repository"]["name"] == "acme/web"


@PATHS
def test_the_pages_hold_each_commit_once(alice: Caller, path: str) -> None:
    numbers = [str(number) for number in range(1, 8)]
    alice.publish("web@1.0.0", commits=[commit(number) for number in numbers])
    found, forward = [], f"{path}?per_page=3"
    for _ in range(3):
        answer = alice.get(forward)
        found += [it["id"].rstrip("f") for it in answer.json()]
        _, cursor = re.findall(r'cursor="([^"]+)"', answer.headers["link"])
        forward = f"{path}?per_page=3&cursor={cursor}"
    assert found == numbers
    assert 'rel="next"; results="false"' in answer.headers["link"]


@on_one_database
def test_the_page_before_is_linked(alice: Caller) -> None:
    numbers = [str(number) for number in range(1, 8)]
    alice.publish("web@1.0.0", commits=[commit(number) for number in numbers])
    link = alice.get(f"{PATH}?per_page=3").headers["link"]
    second = alice.get(f"{PATH}?per_page=3&cursor={cursors(link)[1]}").headers["link"]
    assert 'rel="previous"; results="true"' in second
    assert keys(alice, f"{PATH}?per_page=3&cursor={cursors(second)[0]}") == ["1", "2", "3"]


def cursors(link: str) -> list[str]:
    return re.findall(r'cursor="([^"]+)"', link)


@on_one_database
def test_nothing_comes_before_the_first_page_however_it_is_reached(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit(str(number)) for number in range(1, 8)])
    second = alice.get(f"{PATH}?per_page=3&cursor=3:0:0").headers["link"]
    first = alice.get(f"{PATH}?per_page=3&cursor={cursors(second)[0]}").headers["link"]
    assert 'rel="previous"; results="false"' in first


@pytest.mark.parametrize("is_filtered", [False, True])
@on_one_database
def test_the_page_before_holds_what_came_before(alice: Caller, *, is_filtered: bool) -> None:
    """Commits that were given twice, and those of other repositories, leave gaps."""
    other = {"repository": "acme/lib"} if is_filtered else {}
    commits = [commit("1"), commit("2"), commit("1", **other), commit("3"), commit("4")]
    alice.publish("web@1.0.0", commits=commits)
    path = f"{PATH}?repo_name=acme/web&per_page=2"
    second = alice.get(f"{path}&cursor={cursors(alice.get(path).headers['link'])[1]}")
    assert [it["id"].rstrip("f") for it in second.json()] == ["3", "4"]
    assert keys(alice, f"{path}&cursor={cursors(second.headers['link'])[0]}") == ["1", "2"]


@PATHS
def test_a_repository_filters(alice: Caller, path: str) -> None:
    alice.publish("web@1.0.0", commits=[commit("1"), commit("2", repository="acme/lib")])
    assert keys(alice, f"{path}?repo_name=acme/lib") == ["2"]
    answer = alice.get(f"{path}?repo_name=nope")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@on_one_database
def test_a_project_that_the_release_is_not_in_hides_them(alice: Caller, world: World) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    assert alice.get(f"{PATH}?project={world.projects['mobile']}").status_code == 404


def test_the_repositories_of_a_release_are_listed(alice: Caller, charlie: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1"), commit("2", repository="acme/lib")])
    alice.publish("web@2.0.0", commits=[commit("1", repository="acme/other")])
    path = "/projects/acme/web/releases/web@1.0.0/repositories/"
    assert [it["name"] for it in alice.get(path).json()] == ["acme/lib", "acme/web"]
    assert charlie.get(path).status_code == 403
    assert alice.get(path.replace("1.0.0", "3.0.0")).status_code == 404


@PATHS
@pytest.mark.parametrize("value", [2**31 - 1, 2**31, 2**40])
def test_a_cursor_behind_all_commits_leads_to_nothing_or_back(
    alice: Caller, path: str, value: int
) -> None:
    alice.publish("web@1.0.0", commits=[commit("1"), commit("2")])
    assert keys(alice, f"{path}?cursor={value}:0:0") == []
    assert keys(alice, f"{path}?cursor={value}:6355:1") == ["1", "2"]
