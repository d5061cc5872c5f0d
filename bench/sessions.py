"""How many sessions a second are taken in, and counted? ``python bench/sessions.py``

Envelopes of one update of a session, as SDKs of apps and browsers send it, and of 20 aggregates, as servers do, of 5
releases in 2 environments and 5,000 users, from 8 connections of another process, whose bodies are made before the
clock starts. Beside it the floor: the same envelopes decoded and inserted in batches into a table of their own.
"""

import argparse
import json
import multiprocessing
import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from floors import bodies_a_second
from ingest import cpu_of, requests_of, send_all, spent_since
from running import Running, folder, postgresql, running

CONNECTIONS = 8
RELEASES, USERS = 5, 5000
AGGREGATES = 20
_COUNTED = sa.text(
    "SELECT coalesce(sum(sessions), 0) FROM health_counts WHERE series_id IN"
    " (SELECT id FROM health_series WHERE release_id = 0)"
)


@dataclass(frozen=True, slots=True)
class Load:
    """Envelopes, and the sessions that they count."""

    name: str
    bodies: list[bytes]
    sessions: int


def attributes(chance: random.Random) -> dict[str, str]:
    """Return the release and the environment of a session."""
    release = f"web@1.{chance.randrange(RELEASES)}.0"
    return {"release": release, "environment": chance.choice(["production", "staging"])}


def envelope_of(item_type: str, payload: dict[str, Any]) -> bytes:
    """Return an envelope with one item."""
    return b"\n".join(
        [b"{}", json.dumps({"type": item_type}).encode(), json.dumps(payload).encode()]
    )


def updates(count: int, seed: int) -> Load:
    """Return updates of sessions that began within the last three hours; one in fifty crashed."""
    chance, now = random.Random(seed), datetime.now(UTC)
    bodies = []
    for _ in range(count):
        started = now - timedelta(seconds=chance.randrange(3 * 3600))
        payload = {
            "sid": UUID(int=chance.getrandbits(128)).hex,
            "did": str(chance.randrange(USERS)),
            "init": True,
            "started": started.isoformat(),
            "timestamp": now.isoformat(),
            "status": "crashed" if chance.random() < 0.02 else "exited",
            "errors": int(chance.random() < 0.05),
            "duration": chance.expovariate(1 / 60),
            "attrs": attributes(chance),
        }
        bodies.append(envelope_of("session", payload))
    return Load("updates", bodies, count)


def aggregates(count: int, seed: int) -> Load:
    """Return aggregates of the last minutes."""
    chance, now = random.Random(seed), datetime.now(UTC)
    bodies = []
    for _ in range(count):
        entries = [
            {"started": (now - timedelta(minutes=minute)).isoformat(), "exited": 9, "errored": 1}
            for minute in range(AGGREGATES)
        ]
        payload = {"aggregates": entries, "attrs": attributes(chance)}
        bodies.append(envelope_of("sessions", payload))
    return Load("aggregates", bodies, count * AGGREGATES * 10)


def release_in(body: bytes) -> str:
    """Decode an envelope, and return the release of its session."""
    release: str = json.loads(body.split(b"\n", 2)[2])["attrs"]["release"]
    return release


def measure(server: Running, engine: sa.Engine, requests: list[bytes], sessions: int) -> str:
    """Send the requests, wait until all are counted, and return a line of the table."""
    before, cpu = _counted(engine), cpu_of(server.pid)
    results: Any = multiprocessing.Queue()
    sender = multiprocessing.Process(
        target=send_all, args=(server.port, list(requests), CONNECTIONS, results)
    )
    begun = time.perf_counter()
    sender.start()
    seconds, _ = results.get()
    sender.join()
    while _counted(engine) < before + sessions:
        time.sleep(0.02)
    total = time.perf_counter() - begun
    digester, endpoints = spent_since(cpu, server.pid)
    count = len(requests)
    return (
        f"{count / seconds:>10,.0f}  {count / total:>9,.0f}  {digester / count * 1000:>11.2f}"
        f"  {endpoints / count * 1000:>11.2f}"
    )


def _counted(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(_COUNTED).scalar_one())


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--envelopes", type=int, default=8000)
    options = parser.parse_args()
    makers: list[Callable[[int, int], Load]] = [updates, aggregates]
    loads = [make(options.envelopes, seed) for seed, make in enumerate(makers)]
    print(f"{len(os.sched_getaffinity(0))} processors; floor, on one of them:")
    for load in loads:
        with folder() as place:
            least = bodies_a_second(load.bodies, place / "floor.db", release_in, is_unique=False)
        print(f"{load.name:>12}  {least:>10,.0f} envelopes/s")
    for database in [options.database] if options.database else ["sqlite", "postgresql"]:
        if database == "sqlite":
            with folder() as place:
                report(place / "data", None, loads, f"sqlite:///{place / 'data' / 'shipmark.db'}")
        else:
            with postgresql() as url, folder() as place:
                report(place / "data", url, loads, url.replace("://", "+psycopg://", 1))


def report(data: Path, url: str | None, loads: list[Load], read: str) -> None:
    """Measure one database, and print its table."""
    made: dict[str, Any] = {}
    with running(data, url, prepare=made.update) as server:
        key = re.search(r"//([0-9a-f]+)@", made["projects"][0]["dsn"])
        assert key is not None
        project = server.projects["web"]
        engine = sa.create_engine(read)
        warm = updates(200, 99)
        measure(server, engine, requests_of(warm.bodies, project, key[1], encoding="identity"), 200)
        print(f"\n{engine.dialect.name:>12}  accepted/s  counted/s  digester ms  endpoint ms")
        for load in loads:
            requests = requests_of(load.bodies, project, key[1], encoding="identity")
            print(f"{load.name:>12}  {measure(server, engine, requests, load.sessions)}")
        engine.dispose()


if __name__ == "__main__":
    main()
