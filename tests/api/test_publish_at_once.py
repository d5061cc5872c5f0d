"""Many clients publish at the same time, and the work does not grow with what they send (releases.md 7)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from client_fixtures import Serve
from factories import (
    RELEASES,
    Caller,
    World,
    commit,
    dump,
    error_event,
    release,
    release_path,
    rows,
    send_event,
    statements,
)

from shipmark.infrastructure.database import Database
from shipmark.releases.store import locks

CLIENTS = 64


def test_one_of_many_who_publish_a_new_version_at_once_makes_it(
    alice: Caller, database: Database
) -> None:
    body = release(commits=[commit("1"), commit("2")])
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda _: alice.post(RELEASES, body), range(CLIENTS)))
    assert Counter(it.status_code for it in answers) == {201: 1, 208: CLIENTS - 1}
    assert len({it.json()["id"] for it in answers}) == 1
    sizes = {
        name: len(rows(database, name)) for name in ("releases", "release_projects", "commits")
    }
    assert sizes == {"releases": 1, "release_projects": 1, "commits": 2}


def test_releases_that_share_commits_can_be_published_at_once(
    alice: Caller, database: Database
) -> None:
    """The rows that they share are locked in one order, so that nobody waits in a circle."""
    keys = [str(number) for number in range(1, 10)]

    def publish(number: int) -> int:
        given = keys if number % 2 else keys[::-1]
        commits = [commit(key, message=f"Take {number}") for key in given]
        return alice.post(RELEASES, release(f"web@{number}", commits=commits)).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(publish, range(16))) == {201}
    assert len(rows(database, "release_commits")) == 16 * len(keys)


def test_who_can_not_have_the_lock_in_time_is_told_so(
    alice: Caller, serve: Serve, database: Database
) -> None:
    """Clients may try again: nothing was changed."""
    made = alice.publish("web@1.0.0", commits=[commit("1")])
    before = dump(database)
    hasty = Database(database.url, lock_wait_seconds=0.1)
    caller = Caller(serve(on=hasty, lock_wait_seconds=0.1), alice.token)
    body = release("web@1.0.0", "web", "mobile", commits=[commit("2")])
    with database.transaction() as connection:
        locks.lock(connection, made["id"])
        answers = [
            caller.post(RELEASES, body),
            caller.put(release_path("web@1.0.0"), {"commits": [commit("2")]}),
            caller.post("/projects/acme/web/releases/", body),
        ]
        assert caller.get(release_path("web@1.0.0")).json() == made
    hasty.close()
    told = {"detail": "Release commits are currently being processed"}
    assert [(it.status_code, it.json()) for it in answers] == [(409, told)] * 3
    assert dump(database) == before


def publish_with(alice: Caller, database: Database, version: str, **more: object) -> int:
    projects = more.pop("projects", ["web"])
    body = release(version, **more) | {"projects": projects}
    with statements(database) as found:
        assert alice.post(RELEASES, body).status_code in {201, 208}
    return found.count


def many_commits(count: int, kind: str = "0") -> list[dict[str, object]]:
    return [commit(f"{kind}{count:03d}{number:036d}") for number in range(count)]


@pytest.mark.parametrize(
    ("few", "many"),
    [
        pytest.param({"commits": many_commits(1)}, {"commits": many_commits(200)}, id="commits"),
        pytest.param(
            {"commits": many_commits(50)},
            {
                "commits": [
                    it | {"author_email": f"{number}@example.com", "author_name": str(number)}
                    for number, it in enumerate(many_commits(50, "a"))
                ]
            },
            id="authors",
        ),
        pytest.param(
            {"commits": [commit("1", patch_set=[{"path": "a", "type": "M"}])]},
            {
                "commits": [
                    commit("2", patch_set=[{"path": str(it), "type": "M"} for it in range(100)])
                ]
            },
            id="files",
        ),
        pytest.param(
            {"commits": [it | {"repository": "acme/few"} for it in many_commits(20)]},
            {
                "commits": [
                    it | {"repository": f"acme/{number}"}
                    for number, it in enumerate(many_commits(20, "a"))
                ]
            },
            id="repositories",
        ),
        pytest.param(
            {"projects": ["web"], "dateReleased": "2026-01-05T10:00:00Z"},
            {"projects": ["web", "mobile", "tools"], "dateReleased": "2026-01-05T10:00:00Z"},
            id="projects",
        ),
    ],
)
def test_a_publish_takes_as_many_statements_for_many_as_for_few(
    alice: Caller, database: Database, few: dict[str, object], many: dict[str, object]
) -> None:
    # The repository is known: creating it takes statements of its own.
    alice.publish("web@0.9.0", "web", "mobile", "tools", commits=[commit("9")])
    one = publish_with(alice, database, "web@1.0.0", **few)
    assert publish_with(alice, database, "web@2.0.0", **many) == one


def test_publishing_again_takes_as_many_statements_for_many_commits_as_for_one(
    alice: Caller, database: Database
) -> None:
    few, many = many_commits(1), many_commits(200)
    alice.publish("web@1.0.0", commits=few)
    alice.publish("web@2.0.0", commits=many)
    one = publish_with(alice, database, "web@1.0.0", commits=few)
    assert publish_with(alice, database, "web@2.0.0", commits=many) == one


def test_resolving_many_issues_takes_as_many_statements_as_one(
    alice: Caller, database: Database, world: World
) -> None:
    for number in range(21):
        send_event(alice.client, world.keys["web"], world.projects["web"], error_event(str(number)))
    fixes = [
        commit(str(number), message=f"Fixes WEB-{digit}", author_email="bob@example.com")
        for number, digit in enumerate("123456789ABCDEFGHJKMN", start=1)
    ]
    alice.publish("web@0.9.0", commits=[commit("99")])
    one = publish_with(alice, database, "web@1.0.0", commits=fixes[:1])
    assert publish_with(alice, database, "web@2.0.0", commits=fixes[1:]) == one
    assert {it["status"] for it in rows(database, "issues")} == {"resolved"}


def test_a_list_of_many_releases_takes_as_many_statements_as_one_of_few(
    alice: Caller, database: Database
) -> None:
    for number in range(50):
        alice.publish(
            f"web@{number}",
            commits=[commit(str(number + 1), author_email=f"{number}@example.com")],
            owner="alice@example.com",
        )
    counts = []
    for size in (2, 50):
        with statements(database) as found:
            answer = alice.get(f"{RELEASES}?per_page={size}&project=-1")
        assert len(answer.json()) == size
        counts.append(found.count)
    assert counts[0] == counts[1]
