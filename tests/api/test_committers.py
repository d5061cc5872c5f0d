"""``…/committers/``: who may have broken it (groups-api.md 7.4)."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import (
    ALICE,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    Bearer,
    Caller,
    World,
    commit,
    error_event,
    masked,
    send_event,
    statements,
)

from shipmark.infrastructure.database import Database

#: Lets an SDK of project web send an error from files, the last being the nearest; says the event's id.
Fail = Callable[..., str]
ISSUE = "/organizations/acme/issues/WEB-1/committers/"


@pytest.fixture
def fail(alice: Caller, world: World) -> Fail:
    def failed(*files: str, release: str | None = "1", value: str = "boom") -> str:
        frames = [{"filename": file, "in_app": True} for file in files]
        raised = {"type": "E", "value": value, "stacktrace": {"frames": frames}}
        event = error_event(value, exception={"values": [raised]})
        if release:
            event["release"] = release
        return send_event(alice.client, world.keys["web"], world.projects["web"], event)

    return failed


def change(key: str, *files: str, hour: int = 0, **more: object) -> dict[str, object]:
    patch = [{"path": file, "type": "M"} for file in files]
    at = f"2026-01-04T{hour:02}:00:00Z"
    return commit(key, patch_set=patch, timestamp=at, **more)


def named(shown: dict[str, Any]) -> list[tuple[str, list[tuple[str, int]]]]:
    return [
        (it["author"]["email"], [(c["id"].rstrip("f"), c["score"]) for c in it["commits"]])
        for it in shown["committers"]
    ]


def asked(caller: Caller, path: str = ISSUE) -> list[tuple[str, list[tuple[str, int]]]]:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.text
    return named(answer.json())


def test_names_of_files_may_have_capital_letters_of_other_languages(
    alice: Caller, fail: Fail
) -> None:
    alice.publish("1", commits=[change("1", "src/Übersicht.py"), change("2", "src/GRÖßE.py")])
    fail("src/übersicht.py", "src/größe.py")
    assert asked(alice) == [("ada@example.com", [("2", 2), ("1", 2)])]


def event_path(event_id: str, project: str = "web") -> str:
    return f"/projects/acme/{project}/events/{event_id}/committers/"


def test_a_committer_is_shown_with_suspect_commits(alice: Caller, fail: Fail) -> None:
    alice.publish("1", commits=[change("1", "src/a.js")])
    fail("app:///src/a.js")
    shown = alice.get(ISSUE).json()
    repository = alice.get("/organizations/acme/repos/").json()[0]
    assert masked(shown, "dateCreated") == masked(
        {
            "committers": [
                {
                    "author": {"name": "Ada", "email": "ada@example.com"},
                    "commits": [
                        {
                            "id": "1".ljust(40, "f"),
                            "message": "Tidy up",
                            "dateCreated": "2026-01-04T00:00:00Z",
                            "score": 2,
                            "suspectCommitType": "via commit in release",
                            "repository": repository,
                            "pullRequest": None,
                        }
                    ],
                }
            ]
        },
        "dateCreated",
    )


def test_all_routes_tell_the_same(alice: Caller, fail: Fail) -> None:
    alice.publish("1", commits=[change("1", "src/a.js")])
    event_id = fail("src/a.js")
    [issue] = alice.get("/organizations/acme/issues/").json()
    dashed = f"{event_id[:8]}-{event_id[8:12]}-{event_id[12:16]}-{event_id[16:20]}-{event_id[20:]}"
    paths = [
        ISSUE,
        f"/organizations/acme/issues/{issue['id']}/committers/",
        f"/issues/{issue['id']}/committers/",
        event_path(event_id),
        event_path(event_id.upper()),
        event_path(dashed),
    ]
    assert {str(asked(alice, path)) for path in paths} == {"[('ada@example.com', [('1', 2)])]"}


def test_an_author_who_is_a_member_is_one(alice: Caller, fail: Fail) -> None:
    alice.publish("1", commits=[change("1", "src/a.js", author_email=ALICE)])
    fail("src/a.js")
    [it] = alice.get(ISSUE).json()["committers"]
    assert (it["author"]["username"], it["author"]["isActive"]) == (ALICE, True)


def test_the_newest_commit_of_the_first_release_comes_first(alice: Caller, fail: Fail) -> None:
    alice.publish(
        "0",
        commits=[change("a", "src/a.js", hour=9, author_email="old@example.com")],
        dateReleased="2026-01-01T00:00:00Z",
    )
    alice.publish(
        "1",
        commits=[
            change("1", "src/a.js", hour=1, author_email="one@example.com"),
            change("2", "src/a.js", hour=3, author_email="two@example.com"),
            change("3", "src/b.js", hour=5, author_email="three@example.com"),
        ],
    )
    fail("src/a.js")
    found = asked(alice)
    assert found[0] == ("two@example.com", [("2", 2)])
    assert {who for who, _ in found} == {"one@example.com", "two@example.com", "old@example.com"}


def test_only_the_five_releases_up_to_the_first_count(alice: Caller, fail: Fail) -> None:
    for number in range(1, 9):
        alice.publish(
            str(number),
            commits=[change(str(number), "src/a.js")],
            dateReleased=f"2026-01-0{number}T00:00:00Z",
        )
    fail("src/a.js", release="7")
    [(_, commits)] = asked(alice)
    assert {key for key, _ in commits} == {"3", "4", "5", "6", "7"}
    assert commits[0] == ("7", 2)


def test_releases_of_other_projects_don_t_count(alice: Caller, fail: Fail) -> None:
    alice.publish("0", "mobile", commits=[change("2", "src/a.js")])
    alice.publish("1", commits=[change("1", "src/other.js")])
    fail("src/a.js")
    assert asked(alice) == []


def test_the_event_s_own_stack_counts(alice: Caller, fail: Fail) -> None:
    alice.publish(
        "1", commits=[change("1", "src/a.js"), change("2", "src/b.js", author_email=ALICE)]
    )
    first, _ = fail("src/a.js"), fail("src/b.js")
    assert asked(alice, event_path(first)) == [("ada@example.com", [("1", 2)])]
    assert asked(alice) == [(ALICE, [("2", 2)])]


@pytest.mark.parametrize(
    ("file", "frame"),
    [
        ("src/Größe.js", "app:///src/größe.js"),
        ("src/größe.js", "/srv/src/GRÖSSE.js".replace("SS", "ß")),
        ("a b/c%d.js", "a b/c%d.js"),
        ("src\\a.js", "C:\\app\\src\\A.JS"),
        ("a.js", "https://example.com/static/a.js?v=2"),
        ("x/" * 200 + "a.js", "x/a.js"),
        ("Src/100%_.js", "src/100%_.js"),
        ("src/☃'\".js", "src/☃'\".js"),
    ],
)
def test_files_are_found_however_they_are_written(
    alice: Caller, fail: Fail, file: str, frame: str
) -> None:
    alice.publish("1", commits=[change("1", file)])
    fail(frame)
    assert len(asked(alice)) == 1


def test_wildcards_of_databases_are_letters(alice: Caller, fail: Fail) -> None:
    alice.publish("1", commits=[change("1", "src/abc.js")])
    fail("src/a%c.js", "src/a_c.js", "src/%.js")
    assert asked(alice) == []


def test_a_limit_cuts_the_stack(alice: Caller, fail: Fail) -> None:
    alice.publish("1", commits=[change("1", "src/far.js")])
    fail("src/far.js", "src/near.js")
    assert len(asked(alice, f"{ISSUE}?frameLimit=2")) == 1
    assert asked(alice, f"{ISSUE}?frameLimit=1") == []
    assert len(asked(alice, f"{ISSUE}?frameLimit=999999999")) == 1


@pytest.mark.parametrize("value", ["0", "-1", "x", "", "1.5", "²", "9" * 30, "+1", " 1"])
def test_a_bad_limit_is_refused_by_name(alice: Caller, fail: Fail, value: str) -> None:
    alice.publish("1", commits=[change("1", "src/a.js")])
    event_id = fail("src/a.js")
    for path in (ISSUE, event_path(event_id)):
        answer = alice.client.get(
            f"/api/0{path}", params={"frameLimit": value}, headers=alice.headers
        )
        detail = {"detail": "Invalid frameLimit parameter."}
        assert (answer.status_code, answer.json()) == (400, detail)


def test_commits_without_an_author_have_no_committer(alice: Caller, fail: Fail) -> None:
    nobody = change("1", "src/a.js", author_name=None, author_email=None)
    alice.publish("1", commits=[nobody, change("2", "src/a.js")])
    fail("src/a.js")
    assert asked(alice) == [("ada@example.com", [("2", 2)])]


def missing(caller: Caller, path: str) -> str:
    answer = caller.get(path)
    assert answer.status_code == 404
    detail: str = answer.json()["detail"]
    return detail


@pytest.mark.parametrize("event_id", ["0" * 32, "x", "9" * 300, "%2e%2e", "é"])
def test_an_unknown_event_is_not_found(alice: Caller, event_id: str) -> None:
    assert missing(alice, event_path(event_id)) == "Event not found"


def test_an_event_of_another_project_is_not_found(alice: Caller, fail: Fail) -> None:
    assert missing(alice, event_path(fail("src/a.js"), "mobile")) == "Event not found"


@pytest.mark.parametrize("issue", ["999", "WEB-9", "x", "-1", "9" * 40])
def test_an_unknown_issue_is_not_found(alice: Caller, issue: str) -> None:
    for path in (f"/organizations/acme/issues/{issue}", f"/issues/{issue}"):
        assert missing(alice, f"{path}/committers/") == "Issue not found"


def test_an_issue_without_a_release_has_none(alice: Caller, fail: Fail) -> None:
    event_id = fail("src/a.js", release=None)
    for path in (ISSUE, event_path(event_id)):
        assert missing(alice, path) == "Release not found"


def test_releases_without_commits_have_none(alice: Caller, fail: Fail) -> None:
    fail("src/a.js")
    assert missing(alice, ISSUE) == "No Commits found for Release"


def test_an_issue_that_outlived_its_release_has_none(alice: Caller, fail: Fail) -> None:
    fail("src/a.js")
    alice.delete("/organizations/acme/releases/1/?force=1")
    assert missing(alice, ISSUE) == "Release not found"


def test_a_commit_that_deleted_the_file_is_no_suspect(alice: Caller, fail: Fail) -> None:
    deletion = [{"path": "src/a.js", "type": "D"}]
    moved = commit("2", author_email="eve@example.com", patch_set=deletion)
    alice.publish("1", commits=[change("1", "src/a.js"), moved])
    fail("src/a.js")
    assert asked(alice) == [("ada@example.com", [("1", 2)])]


def test_releases_of_other_packages_are_not_suspected(alice: Caller, fail: Fail) -> None:
    """Two packages of a project may have files of one name; a newer version of the other shipped in between."""
    alice.publish("web@1.0.0", commits=[change("1", "src/a.js")])
    alice.publish("ios@2.0.0", commits=[change("2", "src/a.js", author_email="eve@example.com")])
    alice.publish("web@1.1.0", commits=[change("3", "other.js")])
    fail("src/a.js", release="web@1.1.0")
    assert asked(alice) == [("ada@example.com", [("1", 2)])]


def test_an_event_without_a_stack_suspects_nobody(alice: Caller, fail: Fail) -> None:
    alice.publish("1", commits=[change("1", "src/a.js")])
    fail()
    assert asked(alice) == []


def test_only_members_with_the_scope_see_them(
    alice: Caller, charlie: Caller, anonymous: Caller, bearer: Bearer, fail: Fail
) -> None:
    alice.publish("1", commits=[change("1", "src/a.js")])
    event_id = fail("src/a.js")
    for path in (ISSUE, event_path(event_id)):
        assert anonymous.get(path).json() == NO_CREDENTIALS
        assert charlie.get(path).json() == NOT_ALLOWED
        assert bearer(["project:releases"]).get(path).json() == NOT_ALLOWED
        assert bearer(["event:read"]).get(path).status_code == 200


def test_a_stranger_does_not_learn_that_an_issue_exists(
    alice: Caller, charlie: Caller, fail: Fail
) -> None:
    fail("src/a.js")
    [issue] = alice.get("/organizations/acme/issues/").json()
    assert missing(charlie, f"/issues/{issue['id']}/committers/") == "Issue not found"


def test_a_hidden_project_s_issue_is_not_found(
    bob: Caller, alice: Caller, world: World, database: Database
) -> None:
    event = error_event(release="1")
    send_event(alice.client, world.keys["tools"], world.projects["tools"], event)
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE organizations SET is_open = false")
    path = "/organizations/acme/issues/TOOLS-1/committers/"
    assert missing(alice, path) == "No Commits found for Release"
    assert missing(bob, path) == "Issue not found"
    answer = bob.get(event_path(str(event["event_id"]), "tools"))
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_the_number_of_statements_is_constant(
    alice: Caller, fail: Fail, database: Database
) -> None:
    found = []
    for size in (1, 20):
        for release in range(min(size, 5)):
            changes = [
                change(
                    f"{size:019d}{release}{it:020d}", "src/a.js", author_email=f"{it}@example.com"
                )
                for it in range(size)
            ]
            alice.publish(f"{size}.{release}", commits=changes)
        files = [f"src/{it}.js" for it in range(size)]
        event_id = fail(*files, "src/a.js", release=f"{size}.{min(size, 5) - 1}", value=str(size))
        with statements(database) as seen:
            assert len(asked(alice, event_path(event_id))) == size
        found.append(seen.count)
    assert found[0] == found[1]
