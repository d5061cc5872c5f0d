"""Health of releases in lists and details (releases.md 2.2.2, 2.4, 6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from factories import RELEASES, WEB_RELEASES, Caller, World, on_one_database, release_path, rows
from sessions import aggregates, send_sessions, session

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.ingest.standing_refresh import refresh_some
from shipmark.release_health import actions as release_health
from shipmark.release_health.store.standing_store import standings

OLD, NEW = "web@1.0.0", "web@2.0.0"


def listed(caller: Caller, query: str = "health=1") -> list[dict[str, Any]]:
    answer = caller.get(f"{RELEASES}?{query}")
    assert answer.status_code == 200, answer.text
    releases: list[dict[str, Any]] = answer.json()
    return releases


def health(caller: Caller, version: str, query: str = "health=1") -> dict[str, Any]:
    [release] = [each for each in listed(caller, query) if each["version"] == version]
    [project] = release["projects"]
    data: dict[str, Any] = project["healthData"]
    return data


def versions(caller: Caller, query: str) -> list[str]:
    return [each["version"] for each in listed(caller, query)]


def ago(**length: float) -> str:
    return (datetime.now(UTC) - timedelta(**length)).isoformat()


def test_without_sessions_counts_are_zero_and_shares_null(alice: Caller) -> None:
    alice.publish(OLD)
    [release] = listed(alice)
    assert release["projects"][0]["hasHealthData"] is False
    data = health(alice, OLD)
    stats = data.pop("stats")
    assert list(stats) == ["24h"]
    assert [number for _, number in stats["24h"]] == [0] * 24
    assert data == {
        "durationP50": None,
        "durationP90": None,
        "crashFreeUsers": None,
        "crashFreeSessions": None,
        "sessionsCrashed": 0,
        "sessionsErrored": 0,
        "totalUsers": 0,
        "totalUsers24h": None,
        "totalProjectUsers24h": None,
        "totalSessions": 0,
        "totalSessions24h": None,
        "totalProjectSessions24h": None,
        "adoption": None,
        "sessionsAdoption": None,
        "hasHealthData": False,
    }


def test_a_list_without_health_says_nothing_of_it(alice: Caller, world: World) -> None:
    send_sessions(alice.client, world, session(OLD))
    [release] = listed(alice, "")
    assert release["projects"][0]["hasHealthData"] is False
    assert "healthData" not in release["projects"][0]


def test_sessions_and_users_are_counted(alice: Caller, world: World) -> None:
    send_sessions(
        alice.client,
        world,
        session(OLD, did="ann", sid="a" * 32),
        session(OLD, did="ann", sid="a" * 32, init=False, status="exited", errors=1),
        session(OLD, did="bob", sid="b" * 32, status="crashed"),
        session(OLD, did="cid", sid="c" * 32),
        session(NEW, did="ann", sid="d" * 32),
    )
    data = health(alice, OLD)
    assert data["totalSessions"] == data["totalSessions24h"] == 3
    assert data["sessionsCrashed"] == 1
    assert data["sessionsErrored"] == 1
    assert data["totalUsers"] == data["totalUsers24h"] == 3
    assert data["crashFreeSessions"] == pytest.approx(200 / 3)
    assert data["crashFreeUsers"] == pytest.approx(200 / 3)
    assert data["totalProjectSessions24h"] == 4
    # Ann used both releases, and is one user of the project.
    assert data["totalProjectUsers24h"] == 3
    assert data["adoption"] == pytest.approx(100)
    assert data["sessionsAdoption"] == pytest.approx(75)
    assert data["hasHealthData"] is True
    assert sum(number for _, number in data["stats"]["24h"]) == 3


def test_crashes_without_sessions_have_no_rate(alice: Caller, world: World) -> None:
    send_sessions(alice.client, world, session(OLD, init=False, status="crashed", did="ann"))
    data = health(alice, OLD)
    assert (data["totalSessions"], data["sessionsCrashed"]) == (0, 1)
    assert data["crashFreeSessions"] is None
    assert data["crashFreeUsers"] == 0


def test_more_crashes_than_sessions_are_no_negative_share(alice: Caller, world: World) -> None:
    crashed = [session(OLD, init=False, status="crashed") for _ in range(3)]
    send_sessions(alice.client, world, session(OLD), *crashed)
    assert health(alice, OLD)["crashFreeSessions"] == 0


def test_a_release_known_from_sessions_is_dated_by_the_oldest(alice: Caller, world: World) -> None:
    started = ago(hours=3)
    send_sessions(alice.client, world, session(OLD), session(OLD, started=started))
    [release] = listed(alice)
    assert release["dateCreated"][:19] == started[:19]
    send_sessions(alice.client, world, session(OLD, started=ago(hours=5)))
    assert listed(alice)[0]["dateCreated"][:19] == started[:19]


@pytest.mark.parametrize(
    ("period", "sessions"), [("1h", 1), ("24h", 2), ("1d", 2), ("48h", 3), ("7d", 4), ("90d", 4)]
)
def test_a_summary_is_of_its_period(
    alice: Caller, world: World, period: str, sessions: int
) -> None:
    for hours in (0.1, 12, 40, 100):
        send_sessions(alice.client, world, session(OLD, started=ago(hours=hours)))
    data = health(alice, OLD, f"health=1&summaryStatsPeriod={period}")
    assert data["totalSessions"] == sessions


@pytest.mark.parametrize(
    ("period", "length", "number"),
    [
        ("1h", 3600, 1),
        ("24h", 3600, 24),
        ("2d", 3600, 48),
        ("14d", 86_400, 14),
        ("90d", 259_200, 30),
    ],
)
@on_one_database
def test_the_history_has_aligned_buckets(
    alice: Caller, world: World, period: str, length: int, number: int
) -> None:
    send_sessions(alice.client, world, aggregates({"exited": 5}, release=OLD))
    data = health(alice, OLD, f"health=1&healthStatsPeriod={period}")
    starts = [start for start, _ in data["stats"][period]]
    assert len(starts) == number
    assert all(start % length == 0 for start in starts)
    at = now().timestamp()
    assert starts[-1] <= at < starts[-1] + length
    assert data["stats"][period][-1][1] == 5


def test_the_history_counts_users_if_asked(alice: Caller, world: World) -> None:
    for did in ("ann", "ann", "bob"):
        send_sessions(alice.client, world, session(OLD, did=did))
    data = health(alice, OLD, "health=1&healthStat=users")
    assert sum(number for _, number in data["stats"]["24h"]) == 2


def test_environments_are_counted_apart_and_together(alice: Caller, world: World) -> None:
    for environment, did in (("production", "ann"), ("production", "bob"), ("staging", "ann")):
        send_sessions(alice.client, world, session(OLD, environment, did=did))
    send_sessions(alice.client, world, session(OLD, None, did="dan"))
    expected = {
        "health=1": (4, 3),
        "health=1&environment=production": (2, 2),
        "health=1&environment=staging": (1, 1),
        "health=1&environment=production&environment=staging": (3, 2),
        "health=1&environment=": (1, 1),
    }
    for query, (sessions, users) in expected.items():
        data = health(alice, OLD, query)
        assert (data["totalSessions"], data["totalUsers"]) == (sessions, users), query
        assert data["totalProjectSessions24h"] == sessions
        assert sum(number for _, number in data["stats"]["24h"]) == sessions


def test_projects_of_a_release_have_their_own_health(alice: Caller, world: World) -> None:
    send_sessions(alice.client, world, session(OLD))
    send_sessions(alice.client, world, session(OLD), session(OLD), project="mobile")
    [release] = listed(alice, "health=1&project=-1")
    totals = {each["slug"]: each["healthData"]["totalSessions"] for each in release["projects"]}
    assert totals == {"web": 1, "mobile": 2}
    flat = listed(alice, "health=1&project=-1&flatten=1")
    shown = [[each["slug"] for each in release["projects"]] for release in flat]
    assert sorted(shown) == [["mobile"], ["web"]]


def test_details_have_health_and_bounds(alice: Caller, world: World) -> None:
    send_sessions(alice.client, world, session(OLD), session(OLD, started=ago(hours=30)))
    project = world.projects["web"]
    # Some clients send true for 1.
    release = alice.get(release_path(OLD, f"?health=true&project={project}")).json()
    assert release["projects"][0]["healthData"]["totalSessions"] == 2
    meta = release["currentProjectMeta"]
    lower, upper = meta["sessionsLowerBound"], meta["sessionsUpperBound"]
    assert upper == now().strftime("%Y-%m-%dT%H:00:00Z")
    assert lower == (now() - timedelta(hours=30)).strftime("%Y-%m-%dT%H:00:00Z")
    of_project = alice.get(f"{WEB_RELEASES}{OLD}/?health=1&summaryStatsPeriod=24h").json()
    assert of_project["projects"][0]["healthData"]["totalSessions"] == 1
    [listed_release] = alice.get(f"{WEB_RELEASES}?health=1").json()
    assert listed_release["projects"][0]["healthData"]["totalSessions"] == 2


@pytest.fixture
def _ranked(alice: Caller, world: World) -> None:
    """Three releases with sessions, one without: few that crash, many, and many users that don't."""
    alice.publish("web@0")
    few = [session("web@1", did=f"u{n}") for n in range(3)] + [
        session("web@1", did="u9", status="crashed")
    ]
    many = [session("web@2", did="v", status="crashed"), session("web@2", did="v")]
    users = [session("web@3", did=f"w{n}", started=ago(hours=30)) for n in range(5)]
    send_sessions(alice.client, world, *few, *many, *users)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("sessions", ["web@3", "web@1", "web@2", "web@0"]),
        ("users", ["web@3", "web@1", "web@2", "web@0"]),
        ("sessions_24h", ["web@1", "web@2"]),
        ("users_24h", ["web@1", "web@2"]),
        # The worst come first.
        ("crash_free_sessions", ["web@2", "web@1", "web@3", "web@0"]),
        ("crash_free_users", ["web@2", "web@1", "web@3", "web@0"]),
    ],
)
@pytest.mark.usefixtures("_ranked")
def test_lists_are_ordered_by_sessions(alice: Caller, sort: str, order: list[str]) -> None:
    query = f"sort={sort}&flatten=1"
    assert versions(alice, query)[: len(order)] == order
    assert sorted(versions(alice, query)) == ["web@0", "web@1", "web@2", "web@3"]


@pytest.mark.usefixtures("_ranked")
def test_pages_run_across_releases_with_and_without_sessions(alice: Caller) -> None:
    whole = versions(alice, "sort=sessions&flatten=1")
    cursor, seen = "", []
    for _ in whole:
        answer = alice.get(f"{RELEASES}?sort=sessions&flatten=1&per_page=1&cursor={cursor}")
        seen += [each["version"] for each in answer.json()]
        cursor = answer.links["next"]["cursor"]
    assert seen == whole
    assert answer.links["next"]["results"] == "false"
    back = alice.get(f"{RELEASES}?sort=sessions&flatten=1&per_page=1&cursor={cursor}")
    assert back.json() == []


@pytest.mark.usefixtures("_ranked")
def test_an_order_by_sessions_keeps_the_filters(alice: Caller, world: World) -> None:
    send_sessions(alice.client, world, session("web@2", "staging"))
    assert versions(alice, "sort=users&flatten=1&query=web@2") == ["web@2"]
    assert versions(alice, "sort=users&flatten=1&environment=staging") == ["web@2"]
    two = "environment=staging&environment=production"
    assert versions(alice, f"sort=sessions&flatten=1&{two}")[:2] == ["web@3", "web@1"]
    assert versions(alice, "sort=sessions&flatten=1&status=archived") == []
    assert "sorting by crash statistics" in alice.get(f"{RELEASES}?sort=users").json()["detail"]


def test_standings_end_with_their_period(alice: Caller, world: World, database: Database) -> None:
    send_sessions(alice.client, world, session(OLD, did="ann", started=ago(minutes=30)))
    # Nothing is computed twice.
    assert {row["changed_at"] for row in rows(database, "health_series")} == {None}
    assert not refresh_some(database, now())
    while refresh_some(database, now() + timedelta(hours=30)):
        pass
    data = health(alice, OLD, "health=1&summaryStatsPeriod=48h")
    assert (data["totalSessions"], data["totalSessions24h"]) == (1, None)
    while refresh_some(database, now() + timedelta(days=91)):
        pass
    assert health(alice, OLD)["totalSessions"] == 0


def adopt(database: Database, **later: float) -> None:
    with database.transaction() as connection:
        release_health.update_adoptions(connection, now() + timedelta(**later))


def stages(caller: Caller, query: str = "") -> dict[str, Any]:
    return {
        each["version"]: each["adoptionStages"]
        for each in listed(caller, f"adoptionStages=1&{query}")
    }


def test_a_release_is_adopted_and_replaced(alice: Caller, world: World, database: Database) -> None:
    alice.publish("web@0")
    send_sessions(alice.client, world, aggregates({"exited": 30}, release=OLD))
    assert stages(alice)[OLD]["web"]["stage"] == "low_adoption"
    adopt(database)
    stage = stages(alice)[OLD]["web"]
    assert (stage["stage"], stage["unadopted"]) == ("adopted", None)
    # Half of 10 % is the least share where there are two.
    send_sessions(alice.client, world, aggregates({"exited": 1}, release=NEW))
    adopt(database)
    assert stages(alice)[NEW]["web"]["stage"] == "low_adoption"
    send_sessions(alice.client, world, aggregates({"exited": 9000}, release=NEW))
    adopt(database)
    after = stages(alice)
    assert after[NEW]["web"]["stage"] == "adopted"
    assert after[OLD]["web"]["stage"] == "replaced"
    assert after[OLD]["web"]["adopted"] == stage["adopted"]
    assert after["web@0"] is None
    assert versions(alice, "query=release.stage:adopted&environment=production") == [NEW]
    assert versions(alice, "query=release.stage:replaced&environment=production") == [OLD]
    assert versions(alice, "sort=adoption") == [NEW, OLD, "web@0"]
    assert versions(alice, "sort=adoption&flatten=1") == [NEW, OLD, "web@0"]


def test_adoption_again_keeps_its_first_moment(
    alice: Caller, world: World, database: Database
) -> None:
    send_sessions(alice.client, world, aggregates({"exited": 30}, release=OLD))
    adopt(database)
    first = stages(alice)[OLD]["web"]["adopted"]
    send_sessions(alice.client, world, aggregates({"exited": 9000}, release=NEW))
    adopt(database)
    send_sessions(alice.client, world, aggregates({"exited": 9000}, release=OLD))
    adopt(database)
    stage = stages(alice)[OLD]["web"]
    assert (stage["stage"], stage["adopted"], stage["unadopted"]) == ("adopted", first, None)


def test_sessions_without_environment_adopt_nothing(
    alice: Caller, world: World, database: Database
) -> None:
    send_sessions(alice.client, world, session(OLD, None))
    adopt(database)
    assert stages(alice)[OLD]["web"]["stage"] == "low_adoption"


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 3),
        ("&flatten=1", 5),
        ("&environment=production", 2),
        ("&environment=production&flatten=1", 4),
        ("&environment=production&environment=staging", 2),
        ("&query=web%402", 1),
    ],
)
def test_pages_by_adoption_cover_the_list_once(
    alice: Caller, world: World, database: Database, query: str, number: int
) -> None:
    alice.publish("web@0")
    places = [
        (version, project, environment)
        for version in (OLD, NEW)
        for project in ("web", "mobile")
        for environment in ("production", "staging")
    ]
    for hours, (version, project, environment) in enumerate(places):
        sent = aggregates({"exited": 10 ** (hours + 1)}, release=version, environment=environment)
        send_sessions(alice.client, world, sent, project=project)
        adopt(database, hours=hours / 10)
    path = f"sort=adoption{query}"
    whole = [(each["version"], each["projects"]) for each in listed(alice, path)]
    assert whole[0][0] == NEW
    assert len(whole) == number
    pages = [
        (each["version"], each["projects"])
        for start in range(len(whole) + 1)
        for each in listed(alice, f"{path}&per_page=1&cursor=1:{start}:0")
    ]
    assert pages == whole


@pytest.mark.parametrize("kept", [None, "490000,7", ""])
def test_hours_that_an_older_node_left_are_counted_again(
    alice: Caller, world: World, database: Database, kept: str | None
) -> None:
    send_sessions(alice.client, world, session(OLD), session(OLD, started=ago(hours=5)))
    before = health(alice, OLD)["stats"]["24h"]
    assert sum(number for _, number in before) == 2
    with database.transaction() as connection:
        connection.execute(sa.update(standings).values(sessions_by_hour=kept))
    assert health(alice, OLD)["stats"]["24h"] == before
