"""Commits that name issues resolve them in the release that they ship in (releases.md 3.7, 4.3)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from factories import (
    BOB,
    MASK,
    Caller,
    World,
    commit,
    counts,
    dump,
    error_event,
    masked,
    release,
    release_path,
    rows,
    send_event,
)
from issue_answers import shown

from shipmark.infrastructure.database import Database

#: Lets an SDK of a project send an error: ``happen("web", release="web@1.0.0")``.
Happen = Callable[..., None]


@pytest.fixture
def happen(alice: Caller, world: World) -> Happen:
    def happened(project: str = "web", value: str = "boom", **more: object) -> None:
        key, project_id = world.keys[project], world.projects[project]
        send_event(alice.client, key, project_id, error_event(value, **more))

    return happened


def fix(message: str = "Fixes WEB-1", key: str = "1", **more: object) -> dict[str, object]:
    given: dict[str, object] = {"author_email": BOB, "message": message}
    return commit(key, **(given | more))


def test_an_issue_is_resolved_in_the_release_of_the_commit_that_names_it(
    alice: Caller, happen: Happen
) -> None:
    happen()
    assert shown(alice)["status"] == "unresolved"
    assert shown(alice)["inbox"]["reason"] == 0
    alice.publish("web@1.1.0", commits=[fix()])
    issue = shown(alice)
    assert (issue["status"], issue["substatus"], issue["inbox"]) == ("resolved", None, None)
    assert issue["statusDetails"]["inRelease"] == "web@1.1.0"
    assert issue["statusDetails"]["actor"]["email"] == BOB


def test_activity_history_resolution_and_subscription_say_so(
    alice: Caller, happen: Happen, world: World, database: Database
) -> None:
    happen()
    made = alice.publish("web@1.1.0", commits=[fix()])
    issue_id, bob = rows(database, "issues")[0]["id"], world.users[BOB]
    kept = rows(database, "commits")[0]["id"]
    assert masked(rows(database, "resolutions"), "id", "resolved_at") == [
        {
            "id": MASK,
            "issue_id": issue_id,
            "release_id": made["id"],
            "type": "in_release",
            "user_id": bob,
            "resolved_at": MASK,
            "pending_project_id": None,
            "current_version": None,
        }
    ]
    history = [
        (it["issue_id"], it["status"], it["user_id"]) for it in rows(database, "issue_history")
    ]
    assert history == [(issue_id, "resolved", bob)]
    assert [
        (it["issue_id"], it["user_id"], it["reason"])
        for it in rows(database, "issue_subscriptions")
    ] == [(issue_id, bob, 4)]
    happened = shown(alice)["activity"]
    assert [(it["type"], it["user"] and it["user"]["email"]) for it in happened] == [
        ("set_resolved_in_release", BOB),
        ("referenced_in_commit", BOB),
        ("first_seen", None),
    ]
    assert happened[0]["data"] == {"version": "web@1.1.0", "commit": kept}
    assert happened[1]["data"]["commit"]["message"] == "Fixes WEB-1"


def test_a_commit_that_is_sent_again_without_its_author_is_still_by_them(
    alice: Caller, happen: Happen, world: World, database: Database
) -> None:
    happen()
    alice.publish("web@1.0.0", commits=[fix("Nothing yet")])
    again = {name: value for name, value in fix().items() if not name.startswith("author_")}
    alice.publish("web@1.1.0", commits=[again])
    happened = shown(alice)["activity"]
    assert [(it["type"], it["user"] and it["user"]["email"]) for it in happened] == [
        ("set_resolved_in_release", BOB),
        ("referenced_in_commit", BOB),
        ("first_seen", None),
    ]
    followers = [it["user_id"] for it in rows(database, "issue_subscriptions")]
    assert followers == [world.users[BOB]]


def test_publishing_again_changes_nothing(
    alice: Caller, happen: Happen, database: Database
) -> None:
    happen()
    alice.publish("web@1.1.0", commits=[fix()])
    before = dump(database)
    alice.publish("web@1.1.0", commits=[fix()])
    assert dump(database) == before


def test_the_release_lists_what_it_resolves(alice: Caller, happen: Happen) -> None:
    happen()
    happen(value="other")
    alice.publish("web@1.1.0", commits=[fix()])
    answer = alice.get(release_path("web@1.1.0", "resolved/"))
    assert [it["shortId"] for it in answer.json()] == ["WEB-1"]


@pytest.mark.parametrize(
    "message",
    [
        "fixes web-1",
        "Closes: WEB-1",
        "Resolved\n\nWEB-1, WEB-2",
        "Tidy up.\n\nre-fixes WEB-1",
        "Fix [the crash, WEB-1](https://example.com)".replace("the crash, ", ""),
        "Fixes https://ship.example.com/organizations/acme/issues/{id}/",
        "Fixes https://ship.example.com/organizations/acme/issues/WEB-1/?event=1",
    ],
)
def test_these_messages_name_an_issue(alice: Caller, happen: Happen, message: str) -> None:
    happen()
    message = message.replace("{id}", shown(alice)["id"])
    alice.publish("web@1.1.0", commits=[fix(message)])
    assert shown(alice)["status"] == "resolved"


@pytest.mark.parametrize(
    "message",
    ["See WEB-1", "Fixing WEB-1", "prefixes WEB-1", "Fixes #1", "Fixes WEB-2", "Fixes NOPE-1", ""],
)
def test_these_messages_name_none(alice: Caller, happen: Happen, message: str) -> None:
    happen()
    alice.publish("web@1.1.0", commits=[fix(message)])
    assert shown(alice)["status"] == "unresolved"


def test_one_commit_resolves_several_issues(alice: Caller, happen: Happen) -> None:
    for value in ("one", "two", "three"):
        happen(value=value)
    alice.publish("web@1.1.0", commits=[fix("Fixes WEB-1, WEB-3")])
    states = [shown(alice, f"WEB-{number}")["status"] for number in (1, 2, 3)]
    assert states == ["resolved", "unresolved", "resolved"]


def test_without_a_known_author_nobody_is_the_actor(alice: Caller, happen: Happen) -> None:
    happen()
    alice.publish("web@1.1.0", commits=[fix(author_email="ada@example.com")])
    assert shown(alice)["statusDetails"] == {"inRelease": "web@1.1.0", "actor": None}


def test_an_issue_of_another_project_stays_open(
    alice: Caller, happen: Happen, database: Database
) -> None:
    happen("mobile")
    alice.publish("web@1.1.0", "web", commits=[fix("Fixes MOBILE-1")])
    assert shown(alice, "MOBILE-1")["status"] == "unresolved"
    assert counts(database)["resolutions"] == 0


def test_it_is_resolved_where_the_same_commit_ships_there(alice: Caller, happen: Happen) -> None:
    happen("mobile")
    alice.publish("web@1.1.0", "web", commits=[fix("Fixes MOBILE-1")])
    alice.publish("mobile@1.0", "mobile", commits=[fix("Fixes MOBILE-1")])
    assert shown(alice, "MOBILE-1")["statusDetails"]["inRelease"] == "mobile@1.0"


def test_it_is_resolved_when_its_project_joins_the_release(alice: Caller, happen: Happen) -> None:
    happen("mobile")
    alice.publish("web@1.1.0", "web", commits=[fix("Fixes MOBILE-1")])
    alice.publish("web@1.1.0", "mobile")
    assert shown(alice, "MOBILE-1")["statusDetails"]["inRelease"] == "web@1.1.0"


def test_it_is_resolved_when_an_event_brings_its_project_into_the_release(
    alice: Caller, happen: Happen
) -> None:
    happen("mobile")
    alice.publish("web@1.1.0", "web", commits=[fix("Fixes MOBILE-1")])
    happen("mobile", value="another error", release="web@1.1.0")
    assert shown(alice, "MOBILE-1")["statusDetails"]["inRelease"] == "web@1.1.0"
    assert shown(alice, "MOBILE-2")["status"] == "unresolved"


def test_an_issue_of_another_organization_is_never_touched(
    alice: Caller, charlie: Caller, happen: Happen, database: Database
) -> None:
    """Both have a project web with an issue 1, and the message names one of them by its id too."""
    happen("globex/web")
    issue = charlie.get("/organizations/globex/issues/WEB-1/").json()
    message = (
        f"Fixes WEB-1, fixes https://ship.example.com/organizations/acme/issues/{issue['id']}/"
    )
    alice.publish("web@1.1.0", commits=[fix(message)])
    assert charlie.get("/organizations/globex/issues/WEB-1/").json() == issue
    assert counts(database)["issue_commits"] == 0


def test_an_issue_that_comes_after_its_commit_is_resolved_by_the_next_publish(
    alice: Caller, happen: Happen
) -> None:
    alice.publish("web@1.1.0", commits=[fix()])
    happen()
    assert shown(alice)["status"] == "unresolved"
    alice.publish("web@1.1.0", commits=[fix()])
    assert shown(alice)["status"] == "resolved"


def test_a_later_release_takes_the_resolution_over(alice: Caller, happen: Happen) -> None:
    happen()
    alice.publish("web@1.1.0", commits=[fix()])
    alice.publish("web@1.2.0", commits=[fix(key="2")])
    issue = shown(alice)
    assert issue["statusDetails"]["inRelease"] == "web@1.2.0"
    told = [it["type"] for it in issue["activity"]]
    assert told.count("set_resolved_in_release") == 1


def test_a_message_that_names_the_issue_no_more_unlinks_it(
    alice: Caller, happen: Happen, database: Database
) -> None:
    happen()
    alice.publish("web@1.1.0", commits=[fix()])
    alice.publish("web@1.1.0", commits=[fix("Tidy up")])
    assert counts(database)["issue_commits"] == 0
    assert shown(alice)["status"] == "resolved"


def test_an_amendment_resolves_too(alice: Caller, happen: Happen) -> None:
    happen()
    alice.publish("web@1.1.0")
    assert alice.put(release_path("web@1.1.0"), {"commits": [fix()]}).status_code == 200
    assert shown(alice)["statusDetails"]["inRelease"] == "web@1.1.0"


def test_a_publish_through_the_project_resolves_too(alice: Caller, happen: Happen) -> None:
    happen()
    body = {"version": "web@1.1.0", "commits": [fix()]}
    assert alice.post("/projects/acme/web/releases/", body).status_code == 201
    assert shown(alice)["statusDetails"]["inRelease"] == "web@1.1.0"


def in_a_minute() -> str:
    """A moment after the guard that keeps events of the last seconds from reopening an issue."""
    return (datetime.now(UTC) + timedelta(seconds=30)).isoformat()


@pytest.mark.parametrize("version", ["web@1.1.0", "web@1.2.0"])
def test_an_event_in_the_fixing_release_or_a_newer_one_reopens_the_issue(
    alice: Caller, happen: Happen, database: Database, version: str
) -> None:
    happen(release="web@1.0.0")
    alice.publish("web@1.1.0", commits=[fix()])
    happen(release=version, timestamp=in_a_minute())
    issue = shown(alice)
    assert (issue["status"], issue["substatus"]) == ("unresolved", "regressed")
    assert (issue["statusDetails"], issue["inbox"]["reason"]) == ({}, 2)
    told = issue["activity"][0]
    assert (told["type"], told["data"]["version"]) == ("set_regression", version)
    assert told["data"]["resolved_in_version"] == "web@1.1.0"
    assert told["data"]["follows_semver"] is True
    assert counts(database)["resolutions"] == 0
    history = [it["status"] for it in rows(database, "issue_history")]
    assert history == ["resolved", "regressed"]


@pytest.mark.parametrize("more", [{"release": "web@1.0.0"}, {"release": "web@1.0.9"}, {}])
def test_an_event_of_an_older_release_or_none_does_not_reopen_it(
    alice: Caller, happen: Happen, more: dict[str, object]
) -> None:
    happen(release="web@1.0.0")
    alice.publish("web@1.1.0", commits=[fix()])
    happen(timestamp=in_a_minute(), **more)
    issue = shown(alice)
    assert (issue["status"], issue["count"]) == ("resolved", "2")


def test_a_reopened_issue_is_resolved_again_by_a_new_fix(
    alice: Caller, happen: Happen, database: Database
) -> None:
    happen(release="web@1.0.0")
    alice.publish("web@1.1.0", commits=[fix()])
    happen(release="web@1.1.0", timestamp=in_a_minute())
    alice.publish("web@1.2.0", commits=[fix(key="2")])
    assert shown(alice)["statusDetails"]["inRelease"] == "web@1.2.0"
    history = [it["status"] for it in rows(database, "issue_history")]
    assert history == ["resolved", "regressed", "resolved"]


def test_a_release_that_first_saw_an_issue_can_not_be_deleted(
    alice: Caller, happen: Happen, database: Database
) -> None:
    happen(release="web@1.0.0")
    before = dump(database)
    answer = alice.delete(release_path("web@1.0.0"))
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "This release is referenced by active issues and cannot be removed."},
    )
    assert dump(database) == before


def test_an_issue_stays_resolved_when_its_release_is_deleted(alice: Caller, happen: Happen) -> None:
    happen()
    alice.publish("web@1.1.0", commits=[fix()])
    assert alice.delete(release_path("web@1.1.0")).status_code == 204
    issue = shown(alice)
    assert (issue["status"], issue["statusDetails"]) == ("resolved", {})


def test_a_refused_publish_resolves_nothing(
    alice: Caller, happen: Happen, database: Database
) -> None:
    happen()
    before = dump(database)
    refs = [{"repository": "acme/web", "commit": ""}]
    answer = alice.post(
        "/organizations/acme/releases/", release("web@1.1.0", commits=[fix()], refs=refs)
    )
    assert answer.status_code == 400
    assert dump(database) == before
