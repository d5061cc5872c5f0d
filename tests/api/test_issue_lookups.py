"""The participants of an issue, the event of an id, and the environments of an organization (groups-api.md 7)."""

import pytest
from client_fixtures import Happen
from factories import BOB, NO_CREDENTIALS, NOT_ALLOWED, Bearer, Caller, World, on_one_database

ISSUE = "/organizations/acme/issues/WEB-1/"
EVENTS = "/organizations/acme/eventids/"
ENVIRONMENTS = "/organizations/acme/environments/"


def names(answer: list[dict[str, object]]) -> list[object]:
    return [environment["name"] for environment in answer]


def test_participants_are_the_subscribed_users(bob: Caller, happen: Happen) -> None:
    happen()
    assert bob.get(f"{ISSUE}participants/").json() == []
    issue = bob.put(ISSUE, {"status": "resolved"}).json()
    [participant] = bob.get(f"{ISSUE}participants/").json()
    assert participant["email"] == BOB
    assert bob.get(f"/issues/{issue['id']}/participants/").json() == [participant]
    assert bob.get(ISSUE).json()["participants"] == [participant]


def test_an_event_is_found_by_its_id(bob: Caller, happen: Happen) -> None:
    happen()
    event_id = happen("mobile")
    found = bob.get(f"{EVENTS}{event_id}/").json()
    event = bob.get(f"/projects/acme/mobile/events/{event_id}/").json()
    assert found == {
        "organizationSlug": "acme",
        "projectSlug": "mobile",
        "groupId": event["groupID"],
        "eventId": event_id,
        "event": event,
    }
    dashed = f"{event_id[:8]}-{event_id[8:].upper()}"
    assert bob.get(f"{EVENTS}{dashed}/").json() == found


def test_an_event_of_a_hidden_project_is_not_found(
    alice: Caller, bob: Caller, happen: Happen
) -> None:
    alice.put("/organizations/acme/", {"openMembership": False})
    event_id = happen("tools")
    assert alice.get(f"{EVENTS}{event_id}/").json()["projectSlug"] == "tools"
    assert bob.get(f"{EVENTS}{event_id}/").status_code == 404


@on_one_database
def test_an_unknown_event_is_not_found(bob: Caller, charlie: Caller, happen: Happen) -> None:
    event_id = happen()
    answer = bob.get(f"{EVENTS}{'f' * 32}/")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Event not found"})
    answer = bob.get(f"{EVENTS}123/")
    assert (answer.status_code, answer.json()) == (400, {"detail": "Invalid event ID"})
    assert charlie.get(f"/organizations/globex/eventids/{event_id}/").status_code == 404


def test_environments_of_all_projects_are_listed_once(
    alice: Caller, happen: Happen, world: World
) -> None:
    for project, environment in (
        ("web", "production"),
        ("mobile", "production"),
        ("mobile", "beta"),
        ("tools", "staging"),
        ("web", None),
    ):
        happen(project, environment=environment)
    listed = alice.get(ENVIRONMENTS).json()
    assert names(listed) == ["beta", "production", "staging"]
    assert set(listed[0]) == {"id", "name", "isHidden"}
    of_web = alice.get(f"{ENVIRONMENTS}?project={world.projects['web']}").json()
    assert of_web == alice.get("/projects/acme/web/environments/").json()
    assert names(of_web) == ["production"]


def test_environments_of_hidden_projects_are_left_out(
    alice: Caller, bob: Caller, happen: Happen
) -> None:
    alice.put("/organizations/acme/", {"openMembership": False})
    happen("web", environment="production")
    happen("tools", environment="staging")
    assert names(bob.get(ENVIRONMENTS).json()) == ["production"]


@pytest.mark.parametrize("path", [ENVIRONMENTS, "/projects/acme/web/environments/"])
@on_one_database
def test_no_environment_is_hidden(bob: Caller, happen: Happen, path: str) -> None:
    happen("web", environment="production")
    for visibility in ("visible", "all"):
        assert names(bob.get(f"{path}?visibility={visibility}").json()) == ["production"]
    assert bob.get(f"{path}?visibility=hidden").json() == []
    answer = bob.get(f"{path}?visibility=nope")
    reason = "Invalid value for 'visibility', valid values are: ['all', 'hidden', 'visible']"
    assert (answer.status_code, answer.json()) == (400, {"detail": reason})


@pytest.mark.parametrize("path", [f"{ISSUE}participants/", f"{EVENTS}{'f' * 32}/", ENVIRONMENTS])
@on_one_database
def test_a_caller_who_may_not_read_is_refused(
    anonymous: Caller, charlie: Caller, bearer: Bearer, happen: Happen, path: str
) -> None:
    happen()
    assert anonymous.get(path).json() == NO_CREDENTIALS
    assert charlie.get(path).status_code == 403
    answer = bearer(["team:read"]).get(path)
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_a_former_slug_of_the_project_in_a_short_id_leads_to_the_issue(
    alice: Caller, happen: Happen
) -> None:
    """Groups-api.md 7.3."""
    happen()
    alice.put("/projects/acme/web/", {"slug": "site"})
    found = alice.get("/organizations/acme/shortids/WEB-1/").json()
    assert (found["shortId"], found["projectSlug"]) == ("SITE-1", "site")
    commit = {"id": "a" * 40, "repository": "acme/web", "message": "Fixes WEB-1"}
    alice.post(
        "/organizations/acme/releases/",
        {"version": "site@1.0.0", "projects": ["site"], "commits": [commit]},
    )
    assert alice.get("/organizations/acme/issues/WEB-1/").json()["status"] == "resolved"
    assert alice.post("/teams/acme/core/projects/", {"name": "web"}).status_code == 201
    assert alice.get("/organizations/acme/shortids/WEB-1/").status_code == 404
