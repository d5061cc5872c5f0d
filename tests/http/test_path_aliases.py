"""``groups`` is the older word for issues in paths (groups-api.md), and paths may begin with several slashes."""

import pytest
from client_fixtures import Happen
from factories import NOT_FOUND, Caller

RESOLVED = {"status": "resolved"}


@pytest.mark.parametrize(
    "path",
    [
        "/{}/WEB-1/",
        "/{}/?query=WEB-1&shortIdLookup=1",
        "/{}/WEB-1/events/latest/",
        "/{}/WEB-1/notes/",
    ],
)
def test_groups_of_an_organization_are_its_issues(bob: Caller, happen: Happen, path: str) -> None:
    happen()
    answers = [
        bob.get(f"/organizations/acme{path.format(word)}").json() for word in ("groups", "issues")
    ]
    assert answers[0] == answers[1]
    assert answers[0] != NOT_FOUND


def test_groups_by_id_of_a_project_and_shared_are_issues(bob: Caller, happen: Happen) -> None:
    happen()
    [group] = bob.get("/projects/acme/web/groups/").json()
    path = f"/groups/{group['id']}/"
    assert bob.put(path, RESOLVED | {"isPublic": True}).json()["status"] == "resolved"
    shared = bob.get(path).json()["shareId"]
    assert bob.get(f"/shared/groups/{shared}/").json()["title"] == group["title"]
    assert bob.get("/projects/acme/web/groups/?query=is:resolved").json()[0]["id"] == group["id"]


def test_links_of_pages_lead_on(bob: Caller, happen: Happen) -> None:
    for value in "ab":
        happen(value=value)
    first = bob.get("/organizations/acme/groups/?per_page=1")
    assert "/api/0/organizations/acme/issues/?per_page=1&cursor=" in first.links["next"]["url"]


def test_a_project_may_be_called_groups(alice: Caller) -> None:
    alice.put("/projects/acme/web/", {"slug": "groups"})
    assert alice.get("/projects/acme/groups/").json()["slug"] == "groups"
    assert alice.get("/projects/acme/groups/groups/").json() == []


@pytest.mark.parametrize("begin", ["//api/0/", "/api/0//", "//api//0//", "/api/0///"])
def test_a_path_may_begin_with_several_slashes(alice: Caller, begin: str) -> None:
    def status(method: str, path: str) -> int:
        url = f"{alice.client.base_url}".rstrip("/") + begin + path
        return alice.client.request(method, url, headers=alice.headers).status_code

    assert status("GET", "organizations/acme/projects/") == 200
    assert status("GET", "projects/acme/web/releases") == 404
    # A name is missing, as where a script has an empty variable.
    assert status("DELETE", "projects/acme/web//") == 404
    assert status("DELETE", "organizations/acme//") == 404
    assert alice.get("/projects/acme/web/").status_code == 200


def test_slashes_elsewhere_stand_for_a_missing_name(alice: Caller) -> None:
    for path in ("/organizations//projects/", "/organizations/acme//projects/"):
        assert alice.get(path).json() == NOT_FOUND
