"""What do hostile senders cost? ``python bench/hostile_load.py``

Envelopes of 100 KB that unpack to 100 MiB are sent side by side, with an unknown key in the header, with an unknown key
in the envelope, and with a good key; then large API bodies with a wrong and with a good token. Meanwhile ``/healthz``
is asked all the time, and the memory of the server's processes is watched. All is bounded and stays on the loopback.
"""

import argparse
import gzip
import http.client
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from running import WORKERS, Running, folder, mark, running
from upload import memory

from shipmark.infrastructure.settings import Settings

#: How much more memory all processes may take, and how long ``/healthz`` may take meanwhile.
MEMORY_MOST_MIB = 150
#: The same for callers whose token is good: twice the budget of each worker, because a body is put together of pieces.
KNOWN_MOST_MIB = 2 * WORKERS * Settings().body_budget_bytes // 2**20
HEALTH_MOST_SECONDS = 2.0

MEBIBYTE = 1024 * 1024
AT_ONCE = 24
UNPACKED_BYTES = 100 * MEBIBYTE - 4096
API_BODY_BYTES = 40 * MEBIBYTE
UNKNOWN_KEY = "f" * 32


@dataclass(frozen=True, slots=True)
class Load:
    """Requests of one kind."""

    name: str
    path: str
    headers: dict[str, str]
    body: bytes
    memory_most_mib: int = MEMORY_MOST_MIB


def bomb(header: dict[str, str]) -> bytes:
    """Return an envelope with one attachment, about 100 KB of gzip."""
    payload = bytes(UNPACKED_BYTES)
    item = json.dumps({"type": "attachment", "filename": "a", "length": len(payload)})
    return gzip.compress(
        json.dumps(header).encode() + b"\n" + item.encode() + b"\n" + payload, compresslevel=9
    )


def loads(server: Running, key: str) -> list[Load]:
    """Return what is sent."""
    project = server.projects["web"]
    envelope = f"/api/{project}/envelope/"
    packed = {"Content-Encoding": "gzip"}
    plain = bomb({})

    def auth(of: str) -> dict[str, str]:
        return {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={of}"}

    dsn = f"http://{UNKNOWN_KEY}@127.0.0.1:{server.port}/{project}"
    api = "/api/0/organizations/acme/releases/"
    json_type = {"Content-Type": "application/json"}
    large = b'{"version":"' + b"a" * API_BODY_BYTES + b'"}'
    return [
        Load("envelope, unknown key", envelope, packed | auth(UNKNOWN_KEY), plain),
        Load("envelope, unknown key in it", envelope, packed, bomb({"dsn": dsn})),
        Load("envelope, known key", envelope, packed | auth(key), plain),
        Load("API, wrong token", api, json_type | {"Authorization": "Bearer wrong"}, large),
        Load(
            "API, good token",
            api,
            json_type | {"Authorization": f"Bearer {server.token}"},
            large,
            KNOWN_MOST_MIB,
        ),
    ]


def send(server: Running, load: Load) -> int:
    """Send a request; return the status, or 0 where the server closed the connection first."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    try:
        connection.request("POST", load.path, load.body, load.headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def watched(server: Running, work: Callable[[], object]) -> tuple[float, float]:
    """Return the most memory in MiB and the longest answer of ``/healthz`` in seconds while something is done."""
    ended = threading.Event()
    most, longest = [0.0], [0.0]

    def watch_memory() -> None:
        while not ended.is_set():
            most[0] = max(most[0], memory(server.pid))
            time.sleep(0.02)

    def ask_health() -> None:
        while not ended.is_set():
            begun = time.perf_counter()
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
            connection.close()
            longest[0] = max(longest[0], time.perf_counter() - begun)
            time.sleep(0.05)

    watchers = [threading.Thread(target=each) for each in (watch_memory, ask_health)]
    for watcher in watchers:
        watcher.start()
    try:
        work()
    finally:
        ended.set()
        for watcher in watchers:
            watcher.join()
    return most[0], longest[0]


def measure(server: Running, load: Load, rounds: int) -> bool:
    """Send a load in rounds, print what it cost, and say whether the targets are met."""
    before = memory(server.pid)
    statuses: Counter[int] = Counter()

    def work() -> None:
        with ThreadPoolExecutor(AT_ONCE) as senders:
            statuses.update(senders.map(lambda _: send(server, load), range(AT_ONCE * rounds)))

    most, longest = watched(server, work)
    grown = most - before
    answers = ", ".join(f"{count} of {status}" for status, count in sorted(statuses.items()))
    print(
        f"| {load.name} | {answers} | {before:.0f} → {most:.0f} | {grown:.0f} {mark(grown, load.memory_most_mib)} |"
        f" {longest:.2f} {mark(longest, HEALTH_MOST_SECONDS)} |",
        flush=True,
    )
    return grown <= load.memory_most_mib and longest <= HEALTH_MOST_SECONDS


def main() -> None:
    """Measure each load against a server of its own memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how many times 24 of each are sent")
    rounds = parser.parse_args().rounds
    keys: list[str] = []

    def prepare(made: dict[str, object]) -> None:
        [project] = made["projects"]  # type: ignore[misc]  # what the command prints
        keys.append(project["dsn"].partition("//")[2].partition("@")[0])

    with folder() as data, running(data / "data", prepare=prepare) as server:
        print(f"{AT_ONCE} at a time, {rounds} times, all workers together:\n")
        print("| | answers | MiB | more | /healthz, s |")
        print("|---|---|---|---|---|")
        are_met = [measure(server, load, rounds) for load in loads(server, keys[0])]
    sys.exit(0 if all(are_met) else 1)


if __name__ == "__main__":
    main()
