"""Refs become commits: a job fetches them from a git server, and a broken one breaks no publish."""

import pytest
from client_fixtures import Serve
from factories import (
    ALICE,
    REPOSITORIES,
    Caller,
    World,
    commit,
    error_event,
    release_path,
    rows,
    send_event,
)
from fetch_desk import FETCHES, REPOSITORY, Desk, activities
from remotes import PASSWORD, USERNAME
from structlog.testing import capture_logs

from shipmark.infrastructure.jobs import ATTEMPTS_MAX
from shipmark.infrastructure.settings import Settings


def test_a_release_after_one_that_was_never_pushed_begins_at_the_last_that_was(desk: Desk) -> None:
    """Else the release gets the last twenty commits, most of which earlier ones have."""
    keys = [desk.origin.commit(str(number)) for number in range(5)]
    desk.refer("web@1.0.0", (keys[2], keys[1]))
    desk.work()
    desk.refer("web@1.1.0", ("e" * 40, None))
    desk.work()
    assert desk.states("web@1.1.0") == ["waiting"]
    desk.refer("web@1.2.0", (keys[4], None))
    desk.work()
    assert desk.commits("web@1.2.0") == ["4", "3"]
    assert desk.fetches("web@1.2.0")[0]["note"].startswith(
        f"The remote has no commit {'e' * 40} any more, so the commits after {keys[2]} were taken"
    )
    desk.refer("web@1.3.0", (keys[4], "d" * 40))
    desk.work()
    assert desk.commits("web@1.3.0") == []


def test_refs_become_commits(desk: Desk) -> None:
    one, two, three = (desk.origin.commit(name) for name in ("one", "two", "three"))
    desk.refer("web@1.0.0", (three, one))
    assert desk.commits("web@1.0.0") == []
    assert desk.states("web@1.0.0") == ["waiting"]
    desk.work()
    assert desk.commits("web@1.0.0") == ["three", "two"]
    shown = desk.alice.get(release_path("web@1.0.0")).json()
    assert (shown["commitCount"], shown["lastCommit"]["id"]) == (2, three)
    [fetch] = desk.fetches("web@1.0.0")
    assert (fetch["state"], fetch["commitCount"], fetch["attempts"]) == ("done", 2, 1)
    assert two in [it["key"] for it in rows(desk.database, "commits")]
    assert activities(desk.database) == ["commits_fetched"]


def test_a_release_begins_where_the_one_before_ended(desk: Desk) -> None:
    keys = [desk.origin.commit(str(number)) for number in range(5)]
    desk.refer("web@1.0.0", (keys[1], None))
    desk.work()
    desk.refer("web@2.0.0", (keys[3], None))
    desk.work()
    assert desk.commits("web@1.0.0") == ["1", "0"]
    assert desk.commits("web@2.0.0") == ["3", "2"]
    assert desk.fetches("web@2.0.0")[0]["previousCommit"] == keys[1]


def test_a_release_that_is_older_does_not_begin_after_a_newer_one(desk: Desk) -> None:
    keys = [desk.origin.commit(str(number)) for number in range(5)]
    desk.alice.publish("web@1.0.0", dateReleased="2026-01-01T00:00:00Z")
    desk.alice.publish("web@3.0.0", dateReleased="2026-01-03T00:00:00Z")
    desk.refer("web@3.0.0", (keys[4], None))
    desk.refer("web@1.0.0", (keys[1], None))
    assert desk.fetches("web@1.0.0")[0]["previousCommit"] is None


def test_an_issue_is_resolved_by_a_fetched_commit(desk: Desk, world: World) -> None:
    send_event(desk.alice.client, world.keys["web"], world.projects["web"], error_event())
    desk.refer("web@1.0.0", (desk.origin.commit("Mend it\n\nFixes WEB-1"), None))
    desk.work()
    issue = desk.alice.get("/organizations/acme/issues/WEB-1/").json()
    assert issue["status"] == "resolved"


def test_a_deploy_is_announced_once_the_commits_are_there(desk: Desk) -> None:
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
    desk.alice.post(release_path("web@1.0.0", "deploys/"), {"environment": "production"})
    assert activities(desk.database) == []
    desk.work()
    assert sorted(activities(desk.database)) == ["commits_fetched", "deploy"]
    desk.work()
    assert len(activities(desk.database)) == 2


def test_a_remote_that_is_away_is_tried_again(desk: Desk) -> None:
    key = desk.origin.commit("one")
    desk.git.is_away = True
    desk.refer("web@1.0.0", (key, None))
    desk.work()
    [fetch] = desk.fetches("web@1.0.0")
    assert (fetch["state"], fetch["attempts"]) == ("waiting", 1)
    assert fetch["error"] == "The remote answered with the HTTP status 503."
    assert fetch["nextAttempt"] is not None
    desk.git.is_away = False
    desk.work(minutes=1)
    assert desk.commits("web@1.0.0") == ["one"]
    assert desk.fetches("web@1.0.0")[0]["error"] is None


def test_after_the_last_try_it_is_told_and_deploys_are_announced(desk: Desk) -> None:
    desk.git.is_away = True
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
    desk.alice.post(release_path("web@1.0.0", "deploys/"), {"environment": "production"})
    for number in range(ATTEMPTS_MAX):
        assert desk.states("web@1.0.0") == ["waiting"]
        desk.work(hours=number)
    assert desk.states("web@1.0.0") == ["failed"]
    assert sorted(activities(desk.database)) == ["commits_fetch_failed", "deploy"]
    assert [it["kind"] for it in rows(desk.database, "jobs")] == []


def test_wrong_credentials_are_not_tried_again(desk: Desk) -> None:
    desk.set_remote(username=USERNAME, password="wrong-password")
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
    desk.work()
    [fetch] = desk.fetches("web@1.0.0")
    assert (fetch["state"], fetch["error"]) == ("failed", "The remote refused the credentials.")


def test_what_failed_can_be_fetched_again(desk: Desk) -> None:
    desk.set_remote(username=USERNAME, password="wrong-password")
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
    desk.work()
    desk.set_remote(username=USERNAME, password=PASSWORD)
    answer = desk.alice.post(release_path("web@1.0.0", FETCHES))
    assert (answer.status_code, [it["state"] for it in answer.json()]) == (202, ["waiting"])
    desk.work()
    assert desk.commits("web@1.0.0") == ["one"]
    assert desk.states("web@1.0.0") == ["done", "superseded"]
    assert desk.alice.post(release_path("web@1.0.0", FETCHES)).status_code == 409


def test_private_addresses_are_refused_unless_allowed(desk: Desk) -> None:
    desk.settings = Settings(data=desk.settings.data)
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
    desk.work()
    [fetch] = desk.fetches("web@1.0.0")
    assert fetch["state"] == "failed"
    assert "private address" in fetch["error"]
    assert desk.git.asked == []


def test_several_commits_of_a_repository_are_just_these(desk: Desk) -> None:
    keys = [desk.origin.commit(str(number)) for number in range(6)]
    desk.refer("web@1.0.0", (keys[1], None), (keys[4], None))
    desk.work()
    assert desk.commits("web@1.0.0") == ["4", "1"]
    assert desk.states("web@1.0.0") == ["done", "done"]


def test_several_commits_without_a_remote_are_bound_at_once(desk: Desk) -> None:
    desk.add_repository("acme/lib")
    desk.refer("web@1.0.0", ("a" * 40, None), ("b" * 40, None), name="acme/lib")
    shown = desk.alice.get(release_path("web@1.0.0", "commits/")).json()
    assert [it["id"] for it in shown] == ["b" * 40, "a" * 40]
    assert desk.fetches("web@1.0.0") == []


def test_of_known_commits_the_newer_comes_first(desk: Desk) -> None:
    old = commit("1", repository="acme/lib", timestamp="2026-01-01T00:00:00Z")
    new = commit("2", repository="acme/lib", timestamp="2026-01-02T00:00:00Z")
    desk.alice.publish("web@0.9.0", commits=[old, new])
    refs = ((str(new["id"]), None), (str(old["id"]), None))
    desk.refer("web@1.0.0", *refs, name="acme/lib")
    shown = desk.alice.get(release_path("web@1.0.0", "commits/")).json()
    assert [it["id"] for it in shown] == [new["id"], old["id"]]


def test_a_single_ref_without_a_remote_moves_the_head_only(desk: Desk) -> None:
    desk.add_repository("acme/lib")
    desk.refer("web@1.0.0", ("a" * 40, None), name="acme/lib")
    assert (desk.commits("web@1.0.0"), desk.states("web@1.0.0")) == ([], ["failed"])


def test_refs_beside_commits_fetch_nothing(desk: Desk) -> None:
    refs = [{"repository": REPOSITORY, "commit": "a" * 40}]
    desk.alice.publish("web@1.0.0", commits=[commit("1")], refs=refs)
    assert desk.fetches("web@1.0.0") == []


def test_a_head_named_by_its_branch_becomes_the_commit(desk: Desk) -> None:
    key = desk.origin.commit("one")
    desk.refer("web@1.0.0", ("main", None))
    desk.work()
    [head] = rows(desk.database, "release_heads")
    known = {it["id"]: it["key"] for it in rows(desk.database, "commits")}
    assert known[head["commit_id"]] == key


def test_a_range_without_commits_leaves_the_release_as_it_is(desk: Desk) -> None:
    key = desk.origin.commit("one")
    desk.refer("web@1.0.0", (key, key))
    desk.work()
    [fetch] = desk.fetches("web@1.0.0")
    assert (fetch["state"], fetch["note"]) == ("done", f"There are no commits after {key}.")
    assert desk.commits("web@1.0.0") == []


def test_the_settings_choose_remotes_too(desk: Desk, serve: Serve, world: World) -> None:
    at = desk.git.url.replace("//", f"//{USERNAME}:{PASSWORD}@")
    chosen = f"team/*={at}/*.git"
    desk.settings = Settings(
        data=desk.settings.data, outgoing_allow_private=True, git_remotes=chosen
    )
    desk.alice = Caller(serve(git_remotes=chosen), world.tokens[ALICE])
    repository = desk.add_repository("team/web")
    shown = desk.alice.get(f"{REPOSITORIES}{repository}/remote/")
    assert shown.json() == {
        "url": f"{desk.git.url}/web.git",
        "username": None,
        "hasSecret": True,
        "source": "settings",
    }
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None), name="team/web")
    desk.work()
    assert desk.commits("web@1.0.0") == ["one"]


def test_refs_of_an_unknown_repository_that_the_settings_cover_become_commits(
    desk: Desk, serve: Serve, world: World
) -> None:
    at = desk.git.url.replace("//", f"//{USERNAME}:{PASSWORD}@")
    chosen = f"team/*={at}/*.git"
    desk.settings = Settings(
        data=desk.settings.data, outgoing_allow_private=True, git_remotes=chosen
    )
    desk.alice = Caller(serve(git_remotes=chosen), world.tokens[ALICE])
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None), name="team/web")
    desk.work()
    assert desk.commits("web@1.0.0") == ["one"]


def test_another_key_than_before_is_told_in_a_sentence(desk: Desk) -> None:
    desk.settings = Settings(
        data=desk.settings.data, outgoing_allow_private=True, secret_key="another"
    )
    desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
    desk.work()
    [fetch] = desk.fetches("web@1.0.0")
    assert fetch["state"] == "failed"
    assert fetch["error"].startswith("The credentials can't be read: ")


@pytest.mark.usefixtures("full_log")
def test_secrets_are_seen_nowhere(desk: Desk) -> None:
    with capture_logs() as log:
        at = desk.url.replace("//", f"//{USERNAME}:{PASSWORD}@")
        path = f"{REPOSITORIES}{desk.add_repository()}/remote/"
        answers = [desk.alice.put(path, {"url": at}), desk.alice.get(path)]
        desk.refer("web@1.0.0", (desk.origin.commit("one"), None))
        desk.work()
        desk.git.password = "changed"
        desk.refer("web@2.0.0", ("b" * 40, None))
        desk.work()
        answers.append(desk.alice.get("/organizations/acme/commit-fetches/"))
    assert desk.states("web@1.0.0") == ["done"]
    assert desk.states("web@2.0.0") == ["failed"]
    seen = f"{[it.text for it in answers]} {log} {rows(desk.database, 'repository_remotes')}"
    assert PASSWORD not in seen
    assert any(it["event"] == "release.fetch_commits" for it in log)
    assert answers[1].json()["hasSecret"] is True
