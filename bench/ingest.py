"""How many events a second are taken in, and stored? ``python bench/ingest.py``

An event of a Python SDK with 22 frames and 12 breadcrumbs (25 KB, sent with gzip), of 20 issues and 5 releases, from
4, 8 and 32 connections of another process, whose bodies are made before the clock starts. Beside it the floor: the same
events unpacked, decoded and inserted in batches into a table of their own.
"""

import argparse
import asyncio
import gzip
import json
import multiprocessing
import os
import random
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from floors import bodies_a_second
from process_tree import digesting_processes, processor_seconds, tree_mebibytes, tree_of
from running import Running, folder, mark, postgresql, running

EVENTS_A_SECOND_MIN = 2000
DIGEST_MILLISECONDS_MAX = 0.35
#: After a start: a second later the first jobs run, in a process that loads for another second.
SETTLE_SECONDS = 4.0
KEPT_BYTES_MAX = 6 * 1024
CONNECTIONS = (4, 8, 32)
ISSUES, RELEASES = 20, 5


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table."""

    connections: int
    accepted: float
    digested: float
    p50: float
    p99: float
    digester_milliseconds: float
    endpoint_milliseconds: float


def event_of(number: int, issue: int, chance: random.Random) -> dict[str, Any]:
    """Return an event such as the Python SDK sends it, with its source lines and variables."""
    frames = [
        {
            "filename": f"shop/checkout/step_{index}.py",
            "abs_path": f"/srv/shop/shop/checkout/step_{index}.py",
            "function": f"handle_{issue}_{index}" if index == 21 else f"handle_{index}",
            "module": f"shop.checkout.step_{index}",
            "lineno": 40 + index,
            "pre_context": [f"    line_{n} = compute(order, {n})" for n in range(5)],
            "context_line": f"    total = sum(line.price for line in order.lines[{index}:])",
            "post_context": [f"    check_{n}(total, order)" for n in range(5)],
            "vars": {
                "order": {"id": str(chance.randrange(10**9)), "lines": ["'a'"] * 6},
                "self": f"<shop.checkout.Step object at 0x{chance.randrange(2**40):x}>",
                "total": str(chance.random()),
                "request": f"<WSGIRequest: POST '/checkout/{chance.randrange(10**6)}'>",
            },
            "in_app": index % 2 == 1,
        }
        for index in range(22)
    ]
    crumbs = [
        {
            "type": "default",
            "category": "query",
            "level": "info",
            "message": f'SELECT "orders"."id" FROM "orders" WHERE "orders"."id" = {chance.randrange(10**6)}',
            "timestamp": "2026-11-26T10:00:00.000000Z",
            "data": {"db.system": "postgresql"},
        }
        for _ in range(12)
    ]
    return {
        "event_id": UUID(int=chance.getrandbits(128)).hex,
        "level": "error",
        "platform": "python",
        "release": f"web@1.{number % RELEASES}.0",
        "environment": "production",
        "server_name": f"web-{number % 8}",
        "transaction": "/checkout/{id}",
        "sdk": {"name": "sentry.python.django", "version": "2.40.0"},
        "exception": {
            "values": [
                {
                    "type": f"Error{issue}",
                    "value": f"order {chance.randrange(10**6)} has no lines",
                    "mechanism": {"type": "django", "handled": False},
                    "stacktrace": {"frames": frames},
                }
            ]
        },
        "breadcrumbs": {"values": crumbs},
        "user": {"id": str(chance.randrange(5000)), "ip_address": "192.0.2.1"},
        "request": {
            "url": "https://shop.example.com/checkout/7",
            "method": "POST",
            "headers": {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"},
        },
        "contexts": {
            "runtime": {"name": "CPython", "version": "3.11.7"},
            "trace": {"trace_id": "a" * 32},
        },
        "modules": {f"package-{index}": f"1.{index}.0" for index in range(60)},
        "extra": {"sys.argv": ["manage.py", "runserver"]},
        "tags": {"region": "eu-1", "tenant": f"t{number % 50}"},
    }


def bodies_of(count: int, seed: int) -> list[bytes]:
    """Return envelopes, compressed as SDKs do it."""
    chance = random.Random(seed)
    bodies = []
    for number in range(count):
        payload = json.dumps(event_of(number, number % ISSUES, chance)).encode()
        header = json.dumps({"event_id": json.loads(payload)["event_id"]}).encode()
        item = json.dumps({"type": "event", "length": len(payload)}).encode()
        bodies.append(gzip.compress(b"\n".join([header, item, payload]), compresslevel=6))
    return bodies


def requests_of(
    bodies: Sequence[bytes], project: int, key: str, *, encoding: str = "gzip", headers: str = ""
) -> list[bytes]:
    """Return the whole requests, so that the sender only writes."""
    return [
        (
            f"POST /api/{project}/envelope/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"X-Sentry-Auth: Sentry sentry_version=7, sentry_key={key}, sentry_client=bench/1\r\n"
            f"Content-Type: application/x-sentry-envelope\r\nContent-Encoding: {encoding}\r\n"
            f"Content-Length: {len(body)}\r\n{headers}\r\n"
        ).encode()
        + body
        for body in bodies
    ]


async def _send(port: int, requests: list[bytes], latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while requests:
            request = requests.pop()
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(head.decode())
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            latencies.append(time.perf_counter() - begun)
    finally:
        writer.close()


def send_all(port: int, requests: list[bytes], connections: int, results: Any) -> None:
    """Send the requests over this number of connections; the process of the sender."""

    async def run() -> list[float]:
        latencies: list[float] = []
        await asyncio.gather(*(_send(port, requests, latencies) for _ in range(connections)))
        return latencies

    begun = time.perf_counter()
    latencies = asyncio.run(run())
    results.put((time.perf_counter() - begun, latencies))


def measure(server: Running, engine: sa.Engine, requests: list[bytes], connections: int) -> Row:
    """Send the requests; wait until all are digested."""
    before = _events(engine)
    cpu = cpu_of(server.pid)
    results: Any = multiprocessing.Queue()
    sender = multiprocessing.Process(
        target=send_all, args=(server.port, list(requests), connections, results)
    )
    begun = time.perf_counter()
    sender.start()
    seconds, latencies = results.get()
    sender.join()
    while _events(engine) < before + len(requests):
        time.sleep(0.02)
    total = time.perf_counter() - begun
    digester, endpoints = spent_since(cpu, server.pid)
    count = len(requests)
    return Row(
        connections,
        count / seconds,
        count / total,
        statistics.median(latencies) * 1000,
        statistics.quantiles(latencies, n=100)[98] * 1000,
        digester / count * 1000,
        endpoints / count * 1000,
    )


def _events(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT max(id) FROM events")).scalar_one() or 0


def cpu_of(pid: int) -> dict[int, float]:
    """Return the seconds of CPU of a process and its children."""
    return {each: processor_seconds(each) for each in tree_of(pid)}


def spent_since(before: dict[int, float], pid: int) -> tuple[float, float]:
    """Return the seconds of CPU since then: of the digester with its readers, and of the other processes."""
    spent = {each: after - before.get(each, 0.0) for each, after in cpu_of(pid).items()}
    digester = sum(spent.pop(each, 0.0) for each in digesting_processes(pid))
    return digester, sum(spent.values())


def event_id_in(body: bytes) -> str:
    """Unpack and decode an envelope, and return the id of its event."""
    event: dict[str, str] = json.loads(gzip.decompress(body).split(b"\n", 2)[2])
    return event["event_id"]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--events", type=int, default=4000)
    parser.add_argument("--connections", type=int, nargs="*", default=CONNECTIONS)
    options = parser.parse_args()
    bodies = {n: bodies_of(options.events, seed) for seed, n in enumerate(options.connections)}
    with folder() as place:
        first = next(iter(bodies.values()))
        least = bodies_a_second(first, place / "floor.db", event_id_in, is_unique=True)
    print(f"floor: {least:,.0f} events/s on one processor; {len(os.sched_getaffinity(0))} of them")
    for database in [options.database] if options.database else ["sqlite", "postgresql"]:
        if database == "sqlite":
            with folder() as place:
                report(place / "data", None, bodies, f"sqlite:///{place / 'data' / 'shipmark.db'}")
        else:
            with postgresql() as url, folder() as place:
                report(place / "data", url, bodies, url.replace("://", "+psycopg://", 1))


def report(data: Path, url: str | None, bodies: dict[int, list[bytes]], read: str) -> None:
    """Measure one database, and print its table."""
    made: dict[str, Any] = {}
    with running(data, url, prepare=made.update) as server:
        key = re.search(r"//([0-9a-f]+)@", made["projects"][0]["dsn"])
        assert key is not None
        project = server.projects["web"]
        engine = sa.create_engine(read)
        time.sleep(SETTLE_SECONDS)
        idle = tree_mebibytes(server.pid)
        measure(server, engine, requests_of(bodies_of(200, 99), project, key[1]), 8)
        before = _kept_bytes(data, engine)
        count = sum(len(each) for each in bodies.values())
        print(f"\n{engine.dialect.name}   idle {idle:.0f} MiB")
        print("connections  accepted/s  digested/s   p50 ms   p99 ms  digester ms  endpoint ms")
        for connections, sent in bodies.items():
            row = measure(server, engine, requests_of(sent, project, key[1]), connections)
            is_enough = min(row.accepted, row.digested) >= EVENTS_A_SECOND_MIN or connections < 8
            print(
                f"{row.connections:>11}  {row.accepted:>10,.0f}  {row.digested:>10,.0f}"
                f"  {row.p50:>7.1f}  {row.p99:>7.1f}  {row.digester_milliseconds:>11.2f}"
                f"  {row.endpoint_milliseconds:>11.2f}  {'✓' if is_enough else '✗'}"
            )
        kept = (_kept_bytes(data, engine) - before) / count
        memory = tree_mebibytes(server.pid)
        print(
            f"kept: {kept / 1024:.1f} KB an event {mark(kept, KEPT_BYTES_MAX)}; memory {memory:.0f} MiB"
        )
        engine.dispose()


def _kept_bytes(data: Path, engine: sa.Engine) -> int:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            size = sa.text("SELECT pg_database_size(current_database())")
            return int(connection.execute(size).scalar_one())
        connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()
    return (data / "shipmark.db").stat().st_size


if __name__ == "__main__":
    main()
