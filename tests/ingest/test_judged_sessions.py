"""From the sessions that SDKs send to the verdict on their release."""

from datetime import UTC, datetime, timedelta

from factories import Caller, World
from httpx import Client
from sessions import fold, hasher_of, health_aggregates, send_sessions, session

from shipmark.infrastructure.database import Database
from shipmark.verdicts import actions

OLD, NEW = "web@1.0.0", "web@2.0.0"
HOUR = timedelta(hours=1)


def test_a_release_whose_sessions_crash_is_regressed(
    alice: Caller, client: Client, database: Database, world: World
) -> None:
    at = datetime.now(UTC)
    with database.transaction() as connection:
        for number in range(1, 49):
            payload = {
                "aggregates": [
                    {"exited": 40, "crashed": 1, "did": f"user-{user}"} for user in "ab"
                ],
                "attrs": {"release": OLD, "environment": "production"},
            }
            updates = health_aggregates(payload, at - number * HOUR, hasher_of(b"tests", 1))
            fold(connection, world.projects["web"], updates, at)
    for number in range(12):
        crashed = session(NEW, status="crashed", did=f"user-{number}", sid=f"{number:032x}")
        send_sessions(client, world, crashed)
    with database.transaction() as connection:
        actions.evaluate_due(connection, datetime.now(UTC))
    verdict = alice.get(
        f"/organizations/acme/releases/{NEW}/verdict/?environment=production"
    ).json()
    assert (verdict["verdict"], verdict["base"]) == ("regressed", OLD)
    sessions, users, _ = verdict["measures"]
    assert sessions["new"] == {"bad": 12.0, "n": 12.0}
    assert users["new"] == {"bad": 12.0, "n": 12.0}
    assert users["base"] == {"bad": 96.0, "n": 96.0}
