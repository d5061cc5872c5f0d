"""Is anything acknowledged lost or doubled when processes are killed? ``python bench/kill.py``

While another process sends events, a worker, the digester, one of its readers, the main process, all of them, or
PostgreSQL is killed (SIGKILL) at random instants, and started again. At the end everything that is counted is counted
again from the events (`recount.py`). With ``--faults`` disks and files fail instead (`faults.py`).
"""

import argparse
import contextlib
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import faults
import sqlalchemy as sa
from killing import PostgresServer, Server, drain, postgres_server
from recount import Recount
from running import folder
from small_events import PROJECTS, sending

from shipmark.ingest import log_folder
from shipmark.ingest.log_folder import LogFolder

#: The longest pause before a kill.
PAUSE_SECONDS = 1.2
#: How often each is killed, of all kills.
_WEIGHTS = {"worker": 8, "digester": 8, "reader": 4, "main": 2, "all": 2, "main while it starts": 1}


def main() -> None:
    """Kill, check, and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--rate", type=float, default=500.0, help="events a second")
    parser.add_argument("--minutes", type=float, default=60.0, help="no kill after this time")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    parser.add_argument("--faults", action="store_true")
    options = parser.parse_args()
    random.seed(options.seed)
    print(f"seed {options.seed}", flush=True)
    if options.faults:
        sys.exit(1 if faults.report() else 0)
    is_wrong = False
    for database in [options.database] if options.database else ["sqlite", "postgresql"]:
        with ExitStack() as stack:
            place = stack.enter_context(folder())
            postgres = None
            if database == "postgresql":
                postgres = stack.enter_context(postgres_server())
            server = Server(place / "data", postgres.url if postgres else None, PROJECTS)
            stack.callback(server.stop)
            is_wrong |= soak(server, postgres, options)
    sys.exit(1 if is_wrong else 0)


def soak(server: Server, postgres: PostgresServer | None, options: argparse.Namespace) -> bool:
    """Kill this often under load, and print what became of it. Return True if something is wrong."""
    url = server.url
    server.start()
    server.recover()
    begun = time.perf_counter()
    with sending(server.port, server.projects, options.rate) as sent:
        until = time.monotonic() + options.minutes * 60
        times = kill_at_random(server, postgres, options.kills, until)
        server.recover()
    seconds = time.perf_counter() - begun
    drained = drain(server, url)
    problems = list(leftovers(server, url))
    stopped = server.stop()
    problems += leftovers_of_stopped(server)
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        recount = Recount(connection, sent[0])
        problems += recount.problems()
    engine.dispose()
    if set(sent[0].answers) - {"200", "429", "503", "broken"}:
        problems.append("events were answered otherwise than by 200, 429 and 503")
    print_kills(times, server)
    kills = sum(map(len, times.values()))
    print(
        f"{engine.dialect.name}: {kills} kills in {seconds:.0f} s; {sent[0].count:,} events sent,"
        f" {len(sent[0].acknowledged):,} acknowledged, {len(recount.stored):,} stored,"
        f" {recount.regressions:,} regressions;"
        f" {sum(sent[0].sessions.values()):,} sessions acknowledged,"
        f" {sum(recount.sessions.values()):,} counted;"
        f" answers {dict(sent[0].answers)}; backlog empty after {drained:.1f} s, stopped in {stopped:.1f} s"
    )
    for problem in problems:
        print(f"✗ {problem}")
    if not problems:
        print("✓ nothing is lost, doubled or miscounted")
    return bool(problems)


def kill_at_random(
    server: Server, postgres: PostgresServer | None, kills: int, until: float
) -> dict[str, list[float]]:
    """Kill at random instants. Return how long it took each time until all was as before, by what was killed."""
    weights = _WEIGHTS | ({"database": 6} if postgres else {})
    times = defaultdict[str, list[float]](list)
    for _ in range(kills):
        if time.monotonic() > until:
            break
        resolve_one(server)
        time.sleep(random.uniform(0, PAUSE_SECONDS))
        [kind] = random.choices(list(weights), weights.values())
        seconds = _KILLS[kind](server, postgres)
        times[kind].append(seconds)
        print(f"\r{sum(map(len, times.values()))} kills", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return times


def _kill_starting(server: Server, _: PostgresServer | None) -> float:
    server.kill_main()
    server.recover_main()
    time.sleep(random.uniform(0, PAUSE_SECONDS))
    server.kill_main()
    return server.recover()


def _kill_database(server: Server, postgres: PostgresServer | None) -> float:
    assert postgres is not None
    postgres.kill()
    time.sleep(random.uniform(0, PAUSE_SECONDS))
    begun = time.perf_counter()
    postgres.start()
    server.recover()
    return time.perf_counter() - begun


def _kill(name: str) -> Callable[[Server, PostgresServer | None], float]:
    def kill(server: Server, _: PostgresServer | None) -> float:
        getattr(server, f"kill_{name}")()
        return server.recover()

    return kill


_KILLS: dict[str, Callable[[Server, PostgresServer | None], float]] = {
    **{name: _kill(name) for name in ("worker", "digester", "reader", "main", "all")},
    "main while it starts": _kill_starting,
    "database": _kill_database,
}


def resolve_one(server: Server) -> None:
    """Resolve an issue, so that the next of its events reopens it. A request that fails is of no interest."""
    project = random.choice(PROJECTS)
    path = f"/api/0/projects/acme/{project}/issues/?query=is:unresolved&limit=1"
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", server.port, timeout=15)
    with contextlib.suppress(OSError, HTTPException):
        connection.request("PUT", path, '{"status": "resolved"}', headers)
        connection.getresponse().read()
    connection.close()


def leftovers(server: Server, url: str) -> Iterator[str]:
    """Return what is left of processes that have ended: logs, files, positions."""
    logs = LogFolder(server.data / "event-log")
    living = {log.stem for log in logs.logs() if log_folder.is_owned(log)}
    others = [
        path.name
        for path in logs.path.iterdir()
        if path.name.partition(".")[0] not in {*living, "digester", "wake", "hurry"}
    ]
    if others:
        yield f"{len(others)} files of processes that have ended are left, such as {others[0]}"
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT log FROM digest_positions")).scalars()
        stale = [log for log in rows if Path(log).stem not in living]
    engine.dispose()
    if stale:
        yield f"{len(stale)} positions of logs that are gone are left"


def leftovers_of_stopped(server: Server) -> Iterator[str]:
    """Return what is left by a server that was stopped after everything was digested."""
    left = {path.name for path in (server.data / "event-log").iterdir()}
    if left - {"digester.lock", "wake", "hurry"}:
        yield f"the server that was stopped left {sorted(left)}"


def print_kills(times: dict[str, list[float]], server: Server) -> None:
    """Print the table of kills."""
    print(f"{'killed':<22}{'times':>6}{'median s':>10}{'longest s':>11}   until all was as before")
    for kind, seconds in times.items():
        middle = sorted(seconds)[len(seconds) // 2]
        print(f"{kind:<22}{len(seconds):>6}{middle:>10.2f}{max(seconds):>11.2f}")
    if server.ended_by_itself:
        print(f"{'(ended by itself)':<22}{server.ended_by_itself:>6}")


if __name__ == "__main__":
    main()
