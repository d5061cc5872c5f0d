"""How much time of the processor does the digester take for an event, in full batches? ``python bench/digest.py``

In process and without a server: the events of `ingest.py` wait in a log, and are digested into a new database. Beside
it the floor: the same events unpacked, decoded, encoded and inserted in batches. The best and the median batch.
``--profile FILE`` writes what cProfile saw of it.
"""

import argparse
import cProfile
import gc
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import zstandard
from floors import batch_inserter
from ingest import DIGEST_MILLISECONDS_MAX, ISSUES, event_of
from running import folder, mark, postgresql, shipmark

from shipmark.events.sender import Sender
from shipmark.infrastructure import logging
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings
from shipmark.ingest.digester import BATCH_MAX, Digester
from shipmark.ingest.event_log import FrameType, LogFrame
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogReader, SqliteLogWriter

_T = TypeVar("_T")
#: Batches before the measured ones: what is remembered between events is there then, as in a server.
WARM_BATCHES = 2
_SENDER = Sender(address="192.0.2.9", user_agent="sentry.python/2.40.0")


def main() -> None:
    """Measure each database, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--batches", type=int, default=12)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--profile", type=Path)
    options = parser.parse_args()
    logging.configure(Settings(log_level="error"))
    payloads = payloads_of((options.batches + WARM_BATCHES) * BATCH_MAX)
    size = len(payloads[0]) / 1024
    print(f"{options.batches} batches of {BATCH_MAX} events of {size:.1f} KB, ms of the processor")
    profile = cProfile.Profile() if options.profile else None
    for database in [options.database] if options.database else ["sqlite", "postgresql"]:
        url = nullcontext(None) if database == "sqlite" else postgresql()
        with folder() as place, url as address, digesting(place, address, payloads) as digester:
            report(database, *times_of(digester, floor(payloads, place / "floor.db"), profile))
    if profile is not None:
        profile.dump_stats(options.profile)


def payloads_of(count: int) -> list[bytes]:
    """Return the events, as SDKs send them."""
    chance = random.Random(7)
    return [json.dumps(event_of(n, n % ISSUES, chance)).encode() for n in range(count)]


def times_of(
    digest: Callable[[], int], least: Callable[[], None], profile: cProfile.Profile | None
) -> tuple[list[float], list[float]]:
    """Digest batch by batch. Return the milliseconds for an event in each after the first ones, and of the floor.

    Both take turns: a processor that is shared changes its speed within seconds.
    """
    gc.freeze()
    times, floors = list[float](), list[float]()
    while True:
        floors.append(_measured(least)[0])
        if profile is not None:
            profile.enable()
        milliseconds, number = _measured(digest)
        times.append(milliseconds)
        if profile is not None:
            profile.disable()
        if number < BATCH_MAX:
            return times[WARM_BATCHES:-1], floors[WARM_BATCHES:-1]


def _measured(call: Callable[[], _T]) -> tuple[float, _T]:
    """Return the milliseconds for an event of a batch, and the result."""
    begun = time.process_time()
    result = call()
    return (time.process_time() - begun) / BATCH_MAX * 1000, result


def report(name: str, times: Sequence[float], floors: Sequence[float]) -> None:
    """Print a line of the table."""
    ratio = statistics.median(a / b for a, b in zip(times, floors, strict=True))
    best = min(times)
    print(
        f"{name:10}  best {best:6.3f}  median {statistics.median(times):6.3f}   floor {min(floors):6.3f}"
        f"  median {statistics.median(floors):6.3f}   {ratio:5.2f} floors"
        f"   target {DIGEST_MILLISECONDS_MAX:.2f} ms  {mark(best, DIGEST_MILLISECONDS_MAX)}"
    )


@contextmanager
def digesting(
    place: Path, url: str | None, payloads: Sequence[bytes]
) -> Iterator[Callable[[], int]]:
    """Give what digests the next batch of the events, which wait in a log."""
    data = ["--data", str(place / "data"), *(["--database-url", url] if url else [])]
    made: dict[str, Any] = json.loads(
        shipmark("bootstrap", *data, "--org", "acme", "--project", "web", "--json")
    )
    logs = LogFolder(place / "logs")
    write_log(logs, int(made["projects"][0]["id"]), payloads)
    database = Database(url or f"sqlite:///{place / 'data' / 'shipmark.db'}")
    with closing(database), closing(SqliteLogReader(logs)) as reader:
        blobs = open_blobs((place / "blobs").as_uri())
        yield Digester(database, blobs, reader).digest_pending


def write_log(logs: LogFolder, project_id: int, payloads: Sequence[bytes]) -> None:
    """Append the events to a log."""
    with closing(SqliteLogWriter(logs, bytes_max=10**10)) as writer:
        for payload in payloads:
            frame = LogFrame(
                type=FrameType.EVENT,
                project_id=project_id,
                received_at=datetime.now(UTC),
                payload=payload,
                event_id=json.loads(payload)["event_id"],
                sender=_SENDER,
            )
            written = writer.append(frame)
        written.result(60)


def floor(payloads: Sequence[bytes], path: Path) -> Callable[[], None]:
    """Return what does the least there is to do with the next batch."""
    insert = batch_inserter(path, is_unique=True)
    compress = zstandard.ZstdCompressor(level=1).compress
    packed = list(map(compress, payloads))
    starts = cycle(range(0, len(packed), BATCH_MAX))

    def digest() -> None:
        start = next(starts)
        rows = []
        for each in packed[start : start + BATCH_MAX]:
            event = msgspec.json.decode(zstandard.decompress(each))
            rows.append((event["event_id"], compress(msgspec.json.encode(event))))
        insert(rows)

    return digest


if __name__ == "__main__":
    main()
