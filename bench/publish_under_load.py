"""How long does a release with 100 commits take to publish while events come in?

    python bench/publish_under_load.py [--rounds N] [--events-per-second N] [--database sqlite|postgresql]

A process of its own sends events of 23.5 KB at a steady rate, while a client publishes one release after the other. The
same without events is in the row before. Prints how many events a second were accepted, and how many waited at the end.
"""

import argparse
import asyncio
import multiprocessing
import re
import time
from http.client import HTTPConnection
from multiprocessing.synchronize import Event
from typing import Any

import publish
from ingest import bodies_of, requests_of
from running import Running, mark

COMMITS = 100
CONNECTIONS = 8
TARGET_MS = 12.0
#: Events that are made before the clock starts, and sent again with other ids.
BODIES = 8000
#: Who publishes waits for what its own address sent; these events are from the users of the product.
FROM_ELSEWHERE = "X-Forwarded-For: 192.0.2.9\r\n"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=60, help="releases a row")
    parser.add_argument("--events-per-second", type=int, default=500)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    bodies = bodies_of(BODIES, seed=1)
    print("database    events/s  accepted/s   median ms      p95 ms  target ms")
    for database in [asked.database] if asked.database else ["sqlite", "postgresql"]:
        with publish.server(database) as server:
            show(database, 0, 0.0, publish.measure(server, COMMITS, 1, asked.rounds))
            requests = requests_of(
                bodies, server.projects["web"], key_of(server), headers=FROM_ELSEWHERE
            )
            rate, measured = under_load(server, requests, asked.events_per_second, asked.rounds)
            show(database, asked.events_per_second, rate, measured)


def show(database: str, events: int, accepted: float, measured: publish.Measured) -> None:
    """Print a row."""
    target = f"{TARGET_MS:>10.0f}  {mark(measured.median, TARGET_MS)}" if events else ""
    print(
        f"{database:<10} {events:>9,} {accepted:>11.0f} {measured.median:>11.2f} {measured.p95:>11.2f} {target}",
        flush=True,
    )


def under_load(
    server: Running, requests: list[bytes], events: int, rounds: int
) -> tuple[float, publish.Measured]:
    """Publish while events are sent. Return the events accepted a second, and what was measured."""
    stop, results = multiprocessing.Event(), multiprocessing.Queue()
    sender = multiprocessing.Process(
        target=send_steadily, args=(server.port, requests, events, stop, results)
    )
    sender.start()
    time.sleep(2)  # the digester has its share of the processors by then
    measured = publish.measure(server, COMMITS, 1, rounds)
    stop.set()
    rate = results.get()
    sender.join()
    return rate, measured


def send_steadily(port: int, requests: list[bytes], events: int, stop: Event, results: Any) -> None:
    """Send so many events a second until asked to stop; the process of the sender."""

    async def one_after_the_other(begun: float) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sent = 0
        while requests and not stop.is_set():
            due = begun + sent * CONNECTIONS / events
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(requests.pop())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(head.decode())
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            sent += 1
        writer.close()
        return sent

    async def all_connections() -> int:
        begun = time.perf_counter()
        tasks = (one_after_the_other(begun + n / events) for n in range(CONNECTIONS))
        return sum(await asyncio.gather(*tasks))

    begun = time.perf_counter()
    sent = asyncio.run(all_connections())
    results.put(sent / (time.perf_counter() - begun))


def key_of(server: Running, project: str = "web") -> str:
    """Return the public key of a project."""
    connection = HTTPConnection("127.0.0.1", server.port)
    headers = {"Authorization": f"Bearer {server.token}"}
    connection.request("GET", f"/api/0/projects/acme/{project}/keys/", headers=headers)
    found = re.search(rb'"public":"([0-9a-f]{32})"', connection.getresponse().read())
    if found is None:
        raise SystemExit("The project has no key.")
    return found[1].decode()


if __name__ == "__main__":
    main()
