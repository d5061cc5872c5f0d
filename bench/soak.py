"""Does the memory of a server grow with time? ``python bench/soak.py --minutes 30``

Events and sessions of ever new issues and releases come in, releases with commits are published, lists, searches,
releases and issues are asked for by the API and as pages, all the time. Each minute a line says how much memory each
process takes, how long the answers took, and how large the database is.
"""

import argparse
import itertools
import json
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

from pages import EMAIL, PASSWORD, Browser, signed_in
from process_tree import digester_of, mebibytes, tree_of
from publish_under_load import key_of
from running import Running, folder, postgresql, running
from small_events import PROJECTS, sending

ACME = "/api/0/organizations/acme"
COMMITS = 30
#: Words of searches; each is asked for with a number that is new each time.
SEARCHES = (
    f"{ACME}/issues/?query=is:unresolved%20Error{{number}}",
    f"{ACME}/issues/?query=firstRelease:web@1.{{number}}.0&sort=freq",
    f"{ACME}/releases/?query=web@1.{{number}}&health=1&adoptionStages=1",
    f"{ACME}/releases/?per_page=100&sort=sessions&flatten=1&cursor=0:{{number}}:0",
    f"{ACME}/releases/soak@1.{{number}}.0/",
    f"{ACME}/sessions/?field=sum(session)&groupBy=release&statsPeriod=1d&interval=1h",
    f"{ACME}/stats_v2/?field=sum(quantity)&groupBy=outcome&statsPeriod=1d&interval=1h",
)
PAGES = (
    "/organizations/acme/releases/?query={number}",
    "/organizations/acme/issues/?query=Error{number}",
    "/organizations/acme/releases/soak@1.{number}.0/",
    "/organizations/acme/timeline/",
)


class Load:
    """Requests of one kind, one after the other, until it is stopped."""

    def __init__(self, server: Running, stopping: threading.Event) -> None:
        self._server, self._stopping = server, stopping
        self.published = 0
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()

    def publish(self) -> None:
        """Publish releases with new commits."""
        connection = self._server.connect()
        for number in self._numbers():
            commits = [
                {"id": f"{number:020x}{index:020x}", "message": f"Change {index}"}
                | {"author_name": f"Author {number % 50}", "author_email": f"a{number % 50}@x.test"}
                for index in range(COMMITS)
            ]
            body = {"version": f"soak@1.{number}.0", "projects": ["web"], "commits": commits}
            self._ask(connection, "POST", f"{ACME}/releases/", json.dumps(body))
            self.published = number + 1

    def search(self) -> None:
        """Ask the API."""
        connection, chance = self._server.connect(), random.Random(1)
        for number in self._numbers():
            path = SEARCHES[number % len(SEARCHES)]
            self._ask(connection, "GET", path.format(number=self._known(chance)))

    def browse(self) -> None:
        """Open pages."""
        browser, chance = signed_in(self._server), random.Random(2)
        for number in self._numbers():
            path = PAGES[number % len(PAGES)].format(number=self._known(chance))
            self._ask(browser.connection, "GET", path, browser=browser)

    def _numbers(self) -> Iterator[int]:
        for number in itertools.count():
            if self._stopping.wait(0.05):
                return
            yield number

    def _known(self, chance: random.Random) -> int:
        return chance.randrange(max(1, self.published))

    def _ask(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        body: str | None = None,
        browser: Browser | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {self._server.token}"}
        if browser is not None:
            headers = {"Cookie": browser.cookie}
        if body is not None:
            headers["Content-Type"] = "application/json"
        begun = time.perf_counter()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        self.seconds.append(time.perf_counter() - begun)
        self.statuses[answer.status] += 1


def main() -> None:
    """Run the load, and print a line each minute."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--events", type=float, default=100, help="events and sessions a second")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    with folder() as data:
        if asked.database == "sqlite":
            soak(data / "data", None, asked.minutes, asked.events)
        else:
            with postgresql() as url:
                soak(data / "data", url, asked.minutes, asked.events)


def soak(data: Path, url: str | None, minutes: int, events: float) -> None:
    """Run the load for so many minutes."""
    account = ("--user", EMAIL, "--password", PASSWORD)
    with running(data, url, projects=PROJECTS, options=account) as server:
        projects = {name: (server.projects[name], key_of(server, name)) for name in PROJECTS}
        stopping = threading.Event()
        load = Load(server, stopping)
        threads = [threading.Thread(target=run) for run in (load.publish, load.search, load.browse)]
        with sending(server.port, projects, events) as sent:
            for thread in threads:
                thread.start()
            try:
                watch(server, load, data, minutes)
            finally:
                stopping.set()
                for thread in threads:
                    thread.join()
        print(f"events and sessions: {dict(sent[0].answers)}; API and pages: {dict(load.statuses)}")


def watch(server: Running, load: Load, data: Path, minutes: int) -> None:
    """Print a line each minute."""
    print(f"{'minute':>6} {'MiB':>7} {'main':>6} {'digester':>9} {'workers':>15} {'published':>10}"
          f" {'p50 ms':>7} {'p99 ms':>7} {'database MiB':>13}")  # fmt: skip
    for minute in range(1, minutes + 1):
        time.sleep(60)
        seconds, load.seconds = load.seconds, []
        digester = digester_of(server.pid)
        memory = {pid: mebibytes(pid) for pid in tree_of(server.pid)}
        others = [memory[pid] for pid in memory if pid not in {server.pid, digester}]
        workers = " ".join(f"{each:.0f}" for each in others)
        cuts = statistics.quantiles(seconds, n=100)
        size = sum(path.stat().st_size for path in data.glob("shipmark.db*")) / 2**20
        print(
            f"{minute:>6} {sum(memory.values()):>7.1f} {memory[server.pid]:>6.0f}"
            f" {memory.get(digester or 0, 0):>9.1f} {workers:>15} {load.published:>10}"
            f" {cuts[49] * 1000:>7.1f} {cuts[98] * 1000:>7.1f} {size:>13.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
