"""How long does a page of the web UI take, and how much does a browser load the first time? With 10,000 releases.

    python bench/pages.py [--releases N] [--rounds N] [--database sqlite|postgresql]

It fills a database, starts a server of its own with two workers, signs in, and asks for each page on one connection.
"""

import argparse
import gzip
import re
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urljoin

from running import Running, folder, mark, postgresql, running
from seeding import seed

PROJECTS = ("web", "mobile", "api", "docs", "shop")
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
#: Milliseconds a page, and bytes of the first load.
TARGET_MS = 30.0
TARGET_BYTES = 150_000
#: Enough for both workers to have prepared the statements of a page.
WARM_UP = 20
ACME = "/organizations/acme"
VERSION = "web%400.50.1"
PAGES = {
    "releases": f"{ACME}/releases/",
    "releases of a project": f"{ACME}/releases/?project=mobile",
    "releases of an environment": f"{ACME}/releases/?environment=production",
    "releases, search by version": f"{ACME}/releases/?query=release.version%3A%3E%3Dweb%400.3",
    "releases, search without results": f"{ACME}/releases/?query=no-such-version",
    "a release": "",
    "comparison": "compare/",
    "artifacts": "artifacts/",
    "timeline": f"{ACME}/timeline/",
    "issues": f"{ACME}/issues/",
    "search over everything": f"{ACME}/search/?query=web",
    "settings, projects": f"{ACME}/settings/projects/",
    "API reference, releases": "/api/docs/releases/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A signed-in browser on one connection."""

    connection: HTTPConnection
    cookie: str

    def get(self, path: str, **headers: str) -> tuple[bytes, str]:
        """Return the content of a page, as it is sent, and its encoding."""
        self.connection.request("GET", path, headers={"Cookie": self.cookie} | headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            sys.exit(f"The server answered {answer.status} for {path}.")
        return content, answer.headers.get("Content-Encoding", "")


def main() -> None:
    """Measure the pages, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--releases", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=40, help="requests a page")
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    for database in [asked.database] if asked.database else ["sqlite", "postgresql"]:
        with server(database, asked.releases) as running_server:
            browser = signed_in(running_server)
            print(f"\n{database}, {asked.releases:,} releases")
            print(f"{'page':<34}{'KB':>7} median ms   p95 ms  target ms")
            for name, path in addresses(browser).items():
                show(name, browser, path, asked.rounds)
            show_first_load(browser, PAGES["releases"])


@contextmanager
def server(database: str, count: int) -> Iterator[Running]:
    """A server on that database, with that many releases."""
    account = ("--user", EMAIL, "--password", PASSWORD)
    with folder() as data:
        if database == "sqlite":
            with filled(data / "data", None, count, account) as it:
                yield it
        else:
            with postgresql() as url, filled(data / "data", url, count, account) as it:
                yield it


@contextmanager
def filled(data: Path, url: str | None, count: int, account: tuple[str, ...]) -> Iterator[Running]:
    """A server whose database was filled before it started."""
    here = url or f"sqlite:///{data / 'shipmark.db'}"
    with running(
        data,
        url,
        projects=PROJECTS,
        options=account,
        prepare=lambda made: seed(here, made, count),
    ) as it:
        yield it


def signed_in(it: Running) -> Browser:
    """Sign in as a person does."""
    connection = it.connect()
    connection.request(
        "POST",
        "/sign-in/",
        urlencode({"email": EMAIL, "password": PASSWORD}),
        {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"},
    )
    answer = connection.getresponse()
    answer.read()
    if answer.status != 303:
        sys.exit(f"Signing in was answered by {answer.status}.")
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    return Browser(connection=connection, cookie=cookie)


def addresses(browser: Browser) -> dict[str, str]:
    """Return the addresses of all pages; those of a release are of the first one in the list."""
    listed = browser.get(PAGES["releases"])[0].decode()
    found = re.search(rf'class="version" href="({ACME}/releases/[^/"]+/)"', listed)
    if found is None:
        sys.exit("The list shows no release.")
    return {name: urljoin(found[1], path) for name, path in PAGES.items()}


def show(name: str, browser: Browser, path: str, rounds: int) -> None:
    """Measure a page, and print its row."""
    for _ in range(WARM_UP):
        content, _ = browser.get(path)
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        content, _ = browser.get(path)
        times.append((time.perf_counter() - begun) * 1_000)
    median, p95 = statistics.median(times), sorted(times)[int(len(times) * 0.95) - 1]
    print(
        f"{name:<34}{len(content) / 1_000:>7.1f} {median:>9.2f} {p95:>8.2f} {TARGET_MS:>10.0f}  "
        f"{mark(median, TARGET_MS)}",
        flush=True,
    )


def show_first_load(browser: Browser, path: str) -> None:
    """Print what a browser without a cache loads for a page: the page, styles, scripts and pictures."""
    sent = plain = 0
    waiting, seen = [path], set()
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        content, encoding = browser.get(address, **{"Accept-Encoding": "gzip"})
        text = gzip.decompress(content) if encoding == "gzip" else content
        sent, plain = sent + len(content), plain + len(text)
        pattern = (
            r'import "(\./[^"]+)"|from "(\./[^"]+)"'
            if ".js" in address
            else r'(?:src|href)="(/static/[^"]+)"'
        )
        matches = re.finditer(pattern, text.decode(errors="replace"))
        waiting += [urljoin(address, next(filter(None, match.groups()))) for match in matches]
    print(
        f"first load: {len(seen)} requests, {plain / 1_000:.1f} KB, {sent / 1_000:.1f} KB as sent, "
        f"target {TARGET_BYTES / 1_000:.0f} KB  {mark(sent, TARGET_BYTES)}"
    )


if __name__ == "__main__":
    main()
