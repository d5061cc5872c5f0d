"""DELETE ``organizations/{org}/repos/{id}/``, and the job that does it (releases.md 2.20)."""

from datetime import datetime, timedelta

import pytest
from factories import (
    NOT_FOUND,
    REPOSITORIES,
    Caller,
    World,
    commit,
    counts,
    dump,
    error_event,
    release_path,
    rows,
    send_event,
    statements,
)

from shipmark.deletion import repository_deletion
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.repositories import store as repositories
from shipmark.worker import scheduler

WEB = "acme/web"


def path_of(caller: Caller, name: str = WEB) -> str:
    shown = caller.get(REPOSITORIES).json()
    return f"{REPOSITORIES}{next(it['id'] for it in shown if it['name'] == name)}/"


def later(**length: int) -> datetime:
    return now() + timedelta(**length)


def run_all(database: Database, at: datetime) -> int:
    """Run what is due; says how many jobs that were."""
    many = 0
    while scheduler.run_due(database, at):
        many += 1
    return many


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository_deletion, "BATCH", 2)


@pytest.fixture
def path(alice: Caller) -> str:
    """A repository with five commits in two releases, beside another one."""
    patch = [{"path": "a.py", "type": "M"}]
    mine = [commit(str(n), patch_set=patch) for n in range(1, 6)]
    other = commit("9", repository="acme/lib", patch_set=patch)
    alice.publish("web@1.0.0", commits=mine[:3])
    alice.publish("web@2.0.0", commits=[*mine, other])
    return path_of(alice)


def test_a_deleted_repository_is_shown_as_going(alice: Caller, path: str) -> None:
    known = next(it for it in alice.get(REPOSITORIES).json() if it["name"] == WEB)
    answer = alice.delete(path)
    assert (answer.status_code, answer.json()) == (202, known | {"status": "pending_deletion"})
    assert alice.get(f"{REPOSITORIES}?status=deleted").json() == [answer.json()]
    assert [it["name"] for it in alice.get(REPOSITORIES).json()] == ["acme/lib"]


def test_its_name_is_free_at_once(alice: Caller, path: str) -> None:
    alice.delete(path)
    made = alice.publish("web@3.0.0", commits=[commit("7")])
    assert made["lastCommit"]["repository"]["id"] not in path
    assert made["lastCommit"]["repository"]["status"] == "active"


def test_its_name_finds_nothing_any_more(alice: Caller, path: str) -> None:
    alice.delete(path)
    answer = alice.get(release_path("web@1.0.0", f"commits/?repo_name={WEB}"))
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_going_repository_can_not_be_changed(
    alice: Caller, path: str, database: Database
) -> None:
    alice.delete(path)
    before = dump(database)
    answer = alice.put(path, {"status": "visible"})
    assert (answer.status_code, answer.content) == (400, b"")
    assert dump(database) == before


def test_asking_again_changes_nothing(alice: Caller, path: str, database: Database) -> None:
    first = alice.delete(path)
    before = dump(database)
    again = alice.delete(path)
    assert (again.status_code, again.json()) == (202, first.json())
    assert dump(database) == before


def test_commits_stay_for_an_hour(alice: Caller, path: str, database: Database) -> None:
    alice.delete(path)
    before = dump(database)
    assert run_all(database, later(minutes=59)) == 0
    assert dump(database) == before
    assert len(alice.get(f"{path}commits/").json()) == 5
    assert run_all(database, later(minutes=61)) == 4
    assert alice.get(f"{path}commits/").status_code == 404


def test_one_without_commits_goes_when_no_request_can_know_it(
    alice: Caller, database: Database
) -> None:
    alice.post(REPOSITORIES, {"name": WEB, "url": "https://example.com/web"})
    alice.delete(path_of(alice))
    assert run_all(database, later(seconds=20)) == 0
    assert run_all(database, later(seconds=40)) == 1
    assert counts(database)["repositories"] == counts(database)["jobs"] == 0


def test_all_that_was_its_own_goes_and_the_rest_stays(
    alice: Caller, path: str, database: Database
) -> None:
    alice.delete(path)
    run_all(database, later(hours=2))
    left = counts(database)
    assert (left["repositories"], left["commits"], left["changed_files"]) == (1, 1, 1)
    assert (left["release_commits"], left["release_heads"], left["jobs"]) == (1, 1, 0)
    assert (left["releases"], left["authors"]) == (2, 1)


def test_releases_tell_what_they_still_hold(alice: Caller, path: str, database: Database) -> None:
    alice.delete(path)
    run_all(database, later(hours=2))
    first, second = (alice.get(release_path(f"web@{n}.0.0")).json() for n in (1, 2))
    assert (first["commitCount"], first["lastCommit"]) == (0, None)
    assert (second["commitCount"], second["lastCommit"]) == (1, None)
    shown = alice.get(release_path("web@2.0.0", "commits/")).json()
    assert [it["repository"]["name"] for it in shown] == ["acme/lib"]
    files = alice.get(release_path("web@2.0.0", "commitfiles/")).json()
    assert [it["repoName"] for it in files] == ["acme/lib"]
    assert alice.get("/projects/acme/web/releases/").status_code == 200
    assert alice.get(release_path("web@1.0.0", "previous-with-commits/")).json() == {}


def test_a_last_commit_of_another_repository_stays(alice: Caller, database: Database) -> None:
    newest = commit("9", repository="acme/lib", timestamp="2026-01-05T00:00:00Z")
    made = alice.publish("web@1.0.0", commits=[commit("1"), newest])
    alice.delete(path_of(alice))
    run_all(database, later(hours=2))
    shown = alice.get(release_path("web@1.0.0")).json()
    assert (shown["commitCount"], shown["lastCommit"]) == (1, made["lastCommit"])


def test_a_commit_that_was_given_twice_never_makes_a_count_negative(
    alice: Caller, database: Database
) -> None:
    made = alice.publish("web@1.0.0", commits=[commit("1"), commit("1")])
    assert made["commitCount"] == 2
    alice.delete(path_of(alice))
    run_all(database, later(hours=2))
    assert 0 <= alice.get(release_path("web@1.0.0")).json()["commitCount"] <= 1


def test_a_release_can_be_published_again_afterwards(
    alice: Caller, path: str, database: Database
) -> None:
    alice.delete(path)
    run_all(database, later(hours=2))
    made = alice.publish("web@1.0.0", commits=[commit("1"), commit("2")])
    assert (made["commitCount"], made["lastCommit"]["id"][0]) == (2, "1")


def test_issues_that_its_commits_resolved_stay_resolved(
    alice: Caller, world: World, database: Database
) -> None:
    send_event(alice.client, world.keys["web"], world.projects["web"], error_event())
    alice.publish("web@1.0.0", commits=[commit("1", message="Fixes WEB-1")])
    alice.delete(path_of(alice))
    run_all(database, later(hours=2))
    shown = alice.get("/organizations/acme/issues/WEB-1/")
    assert (shown.status_code, shown.json()["status"]) == (200, "resolved")
    assert counts(database)["issue_commits"] == 0


def test_half_way_it_says_so_and_can_be_taken_up_again(
    alice: Caller, path: str, database: Database
) -> None:
    alice.delete(path)
    assert scheduler.run_due(database, later(hours=2)) is True
    [going] = alice.get(f"{REPOSITORIES}?status=deleted").json()
    assert (going["name"], going["status"]) == (WEB, "deletion_in_progress")
    assert counts(database)["commits"] == 4
    assert alice.delete(path).json()["status"] == "deletion_in_progress"
    assert run_all(database, later(hours=3)) == 3
    assert counts(database)["commits"] == 1


def test_a_job_that_dies_is_done_again(
    alice: Caller, path: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.delete(path)
    before = {name: rows(database, name) for name in ("commits", "release_commits", "releases")}
    with monkeypatch.context() as patched:
        patched.setattr(repositories, "remove_commits", lambda *_: 1 / 0)
        assert scheduler.run_due(database, later(hours=2)) is True
    assert {name: rows(database, name) for name in before} == before
    [job] = rows(database, "jobs")
    assert job["error"].startswith("ZeroDivisionError")
    run_all(database, later(hours=4))
    assert counts(database)["commits"] == 1


def test_a_job_for_what_is_gone_or_stays_does_nothing(
    alice: Caller, path: str, database: Database
) -> None:
    before = dump(database)
    repository_id = int(path.rstrip("/").rpartition("/")[2])
    with database.transaction() as connection:
        assert repository_deletion.remove_some(connection, repository_id) is False
        assert repository_deletion.remove_some(connection, 99_999) is False
    assert dump(database) == before


def test_a_batch_takes_the_same_few_statements(
    alice: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository_deletion, "BATCH", 500)
    many = []
    for number, size in enumerate([2, 40]):
        given = [commit(f"{number}{n:02}", repository=f"r{number}") for n in range(size)]
        for version in range(3):
            alice.publish(f"web@{number}.{version}", commits=given)
        repository_id = int(path_of(alice, f"r{number}").rstrip("/").rpartition("/")[2])
        alice.delete(path_of(alice, f"r{number}"))
        with database.transaction() as connection, statements(database) as seen:
            assert repository_deletion.remove_some(connection, repository_id) is True
        many.append(seen.count)
    assert many[0] == many[1] <= 10
