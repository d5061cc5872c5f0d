"""How long does a page of releases take? By number of releases, order, place in the list, and number of clients.

    python bench/list.py [--releases N …] [--rounds N] [--database sqlite|postgresql]

For each number it fills a database, starts a server of its own with two workers, and asks for 100 releases a page, with
commits, authors and projects. A page in the middle is the one after the cursor of the middle release.
"""

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

from running import Running, folder, mark, postgresql, running
from seeding import created, seed

COUNTS = (1_000, 10_000, 1_000_000)
CLIENTS = (1, 4)
#: Milliseconds, with one client.
TARGET = 6.0
WARM_UP = 5
#: The first project has all releases, the second each tenth, the others one in a thousand, by turns.
PROJECTS = ("web", "mobile", "api", "docs", "shop")
#: What is asked for, and whether it must be as fast as the target.
PAGES = {
    "date": "",
    "date, middle": "",
    "date, flatten": "flatten=1",
    "semver": "sort=semver",
    "semver, middle": "sort=semver",
    "build": "sort=build",
    "any status": "status=",
    "archived": "status=archived",
    "project, one in ten": "projectSlug=mobile",
    "project, one in a thousand": "projectSlug=shop",
    "environment": "environment=production",
    "package": f"query={quote('release.package:tool-7')}",
    "version range": f"query={quote('release.version:>=web@0.5')}&sort=semver",
    "text": "query=web%40",
}
#: What a list is cut off by so that it begins in the middle: its cursor leads on from there in the whole list.
MIDDLES: dict[str, Callable[[int], str]] = {
    "date, middle": lambda count: f"start=2000-01-01&end={quote(created(count // 2).isoformat())}",
    "semver, middle": lambda count: f"query={quote(f'release.version:<=web@{count // 20_000}.50')}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one row of the table shows, in milliseconds."""

    median: float
    p95: float
    a_second: float
    rows: int


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--releases", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--rounds", type=int, default=60, help="pages a row and client")
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    for database in [asked.database] if asked.database else ["sqlite", "postgresql"]:
        for count in asked.releases:
            with server(database, count) as it:
                print(
                    f"{'page':<28}{'rows':>5} clients  median ms     p95 ms    pages/s  target ms"
                )
                for name, query in PAGES.items():
                    path = address(it, name, query, count)
                    for clients in CLIENTS:
                        show(name, clients, measure(it, path, clients, asked.rounds))


@contextmanager
def server(
    database: str, count: int, add: Callable[[str], None] = lambda _: None
) -> Iterator[Running]:
    """A server on that database, with that many releases, and what ``add`` puts into the database of a URL."""
    with folder() as data:
        if database == "sqlite":
            with filled(data / "data", None, count, add) as it:
                yield it
        else:
            with postgresql() as url, filled(data / "data", url, count, add) as it:
                yield it


@contextmanager
def filled(
    data: Path, url: str | None, count: int, add: Callable[[str], None]
) -> Iterator[Running]:
    """A server whose database was filled before it started."""
    here = url or f"sqlite:///{data / 'shipmark.db'}"

    def prepare(made: dict[str, object]) -> None:
        begun = time.perf_counter()
        seed(here, made, count)
        add(here)
        seconds = time.perf_counter() - begun
        print(f"\n{here.partition(':')[0]}, {count:,} releases (made in {seconds:.1f} s)")

    with running(data, url, projects=PROJECTS, prepare=prepare) as it:
        yield it


def address(it: Running, name: str, query: str, count: int) -> str:
    """The address of a page: the first, or the one after the middle release."""
    path = f"/api/0/organizations/acme/releases/?per_page=100&{query}"
    if not name.endswith("middle"):
        return path
    middle = MIDDLES[name](count)
    _, link = get(it.connect(), it.token, f"{path}&{middle}")
    cursor = re.findall(r'cursor="([^"]+)"', link)[-1]
    return f"{path}&cursor={cursor}"


def get(connection: HTTPConnection, token: str, path: str) -> tuple[bytes, str]:
    """The body of a page and its links."""
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        sys.exit(f"The server answered {answer.status}: {content[:500]!r}")
    return content, answer.headers.get("Link", "")


def measure(it: Running, path: str, clients: int, rounds: int) -> Measured:
    """Ask for a page from all clients at once."""
    with ThreadPoolExecutor(clients) as pool:
        begun = time.perf_counter()
        runs = [pool.submit(ask_often, it, path, rounds) for _ in range(clients)]
        found = [run.result() for run in runs]
        took = time.perf_counter() - begun
    times = sorted(seconds * 1_000 for each, _ in found for seconds in each)
    return Measured(
        median=statistics.median(times),
        p95=times[int(len(times) * 0.95) - 1],
        a_second=len(times) / took,
        rows=found[0][1],
    )


def ask_often(it: Running, path: str, rounds: int) -> tuple[list[float], int]:
    """How long each took on one connection, and how many rows there were."""
    connection = it.connect()
    try:
        for _ in range(WARM_UP):
            get(connection, it.token, path)
        times = []
        content = b"[]"
        for _ in range(rounds):
            begun = time.perf_counter()
            content, _ = get(connection, it.token, path)
            times.append(time.perf_counter() - begun)
        return times, len(json.loads(content))
    finally:
        connection.close()


def show(name: str, clients: int, measured: Measured, target: float = TARGET) -> None:
    """Print a row."""
    shown = f"{target:>9.0f}  {mark(measured.median, target)}" if clients == 1 else ""
    print(
        f"{name if clients == 1 else '':<28}{measured.rows:>5} {clients:>7} {measured.median:>10.2f} "
        f"{measured.p95:>10.2f} {measured.a_second:>10.1f}  {shown}",
        flush=True,
    )


if __name__ == "__main__":
    main()
