"""How long does it take to publish a release? By number of new commits, of clients, and on both databases.

    python bench/publish.py [--rounds N] [--database sqlite|postgresql]

Starts a server of its own with two workers, posts releases over the loopback, prints a table, and cleans up. Every
commit is new, with author, message, repository and three changed files.
"""

import argparse
import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count

from running import Running, folder, mark, postgresql, running

COMMITS = (0, 10, 100, 1_000)
CLIENTS = (1, 4)
#: Milliseconds, with one client.
TARGETS = {
    "sqlite": {0: 2.5, 100: 7.0, 1_000: 30.0},
    "postgresql": {0: 4.0, 100: 13.0, 1_000: 65.0},
}
WARM_UP = 5
#: A measurement ends after this time, however many rounds are left.
SECONDS_MAX = 20.0
AUTHORS = 12

_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one row of the table shows, in milliseconds."""

    median: float
    p95: float
    a_second: float


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=60, help="releases a row and client")
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    print("database    commits  clients   median ms      p95 ms    releases/s      target ms")
    for database in [asked.database] if asked.database else ["sqlite", "postgresql"]:
        with server(database) as it:
            for commits in COMMITS:
                for clients in CLIENTS:
                    show(database, commits, clients, measure(it, commits, clients, asked.rounds))


@contextmanager
def server(database: str) -> Iterator[Running]:
    """A server on that database."""
    with folder() as data:
        if database == "sqlite":
            with running(data / "data") as it:
                yield it
        else:
            with postgresql() as url, running(data / "data", url) as it:
                yield it


def show(database: str, commits: int, clients: int, measured: Measured) -> None:
    """Print a row."""
    target = ""
    milliseconds = TARGETS[database].get(commits)
    if clients == 1 and milliseconds is not None:
        target = f"{milliseconds:>10.1f}  {mark(measured.median, milliseconds)}"
    print(
        f"{database:<10} {commits:>8,} {clients:>8} {measured.median:>11.2f} {measured.p95:>11.2f} "
        f"{measured.a_second:>13.1f}   {target}",
        flush=True,
    )


def measure(it: Running, commits: int, clients: int, rounds: int) -> Measured:
    """Post releases from all clients at once. The bodies are made before, so that only the server is busy."""
    bodies = [[body(commits) for _ in range(WARM_UP + rounds)] for _ in range(clients)]
    together = threading.Barrier(clients + 1)
    with ThreadPoolExecutor(clients) as pool:
        runs = [pool.submit(post_all, it, mine, together) for mine in bodies]
        together.wait()
        begun = time.perf_counter()
        times = sorted(seconds * 1_000 for run in runs for seconds in run.result())
        took = time.perf_counter() - begun
    return Measured(
        median=statistics.median(times),
        p95=times[int(len(times) * 0.95) - 1] if len(times) > 1 else times[0],
        a_second=len(times) / took,
    )


def post_all(it: Running, bodies: list[bytes], together: threading.Barrier) -> list[float]:
    """Post one release after the other on one connection; says how long each took."""
    connection = it.connect()
    try:
        for each in bodies[:WARM_UP]:
            post(connection, it.token, each)
        together.wait()
        deadline = time.perf_counter() + SECONDS_MAX
        times = []
        for each in bodies[WARM_UP:]:
            begun = time.perf_counter()
            post(connection, it.token, each)
            ended = time.perf_counter()
            times.append(ended - begun)
            if ended > deadline:
                break
        return times
    finally:
        connection.close()


def post(connection: HTTPConnection, token: str, content: bytes) -> None:
    """Post one release, which must be new."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/api/0/organizations/acme/releases/", content, headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 201:
        sys.exit(f"The server answered {answer.status}: {said[:500]!r}")


def body(commits: int) -> bytes:
    """A release with a new version."""
    number = next(_numbers)
    return json.dumps(
        {
            "version": f"web@1.0.{number}",
            "projects": ["web"],
            "commits": [commit(number, place) for place in range(commits)],
        }
    ).encode()


def commit(number: int, place: int) -> dict[str, object]:
    """A commit with a new hash."""
    author = place % AUTHORS
    return {
        "id": f"{number:020x}{place:020x}",
        "repository": "acme/web",
        "message": f"Tidy page {place} of part {number}\n\nIt did not load when the language was not set.",
        "author_name": f"Author {author}",
        "author_email": f"author-{author}@example.com",
        "timestamp": f"2026-01-{1 + place // 1440 % 28:02}T{place // 60 % 24:02}:{place % 60:02}:00Z",
        "patch_set": [
            {"path": f"src/parts/{place % 97}/page.py", "type": "M"},
            {"path": f"src/windows/{place % 89}/window.py", "type": "A"},
            {"path": f"tests/parts/test_{place % 83}.py", "type": "D"},
        ],
    }


if __name__ == "__main__":
    main()
