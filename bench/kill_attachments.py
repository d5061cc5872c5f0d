"""Is an acknowledged attachment lost or doubled when processes are killed? ``python bench/kill_attachments.py``

Threads send events with attachments of up to two megabytes, each again until it is acknowledged, while a worker, the
digester, or all processes are killed (SIGKILL) at random instants. At the end each attachment is read again.
"""

import argparse
import hashlib
import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from uuid import uuid4

import sqlalchemy as sa
from killing import Server, drain, postgres_server
from running import folder

from shipmark.events.attachments.store import event_attachments
from shipmark.files import piece_reader
from shipmark.files.store import files, garbage
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings

_THREADS = 3
#: The pause of a sender: the digester has to keep up.
_SENDING_SECONDS = 0.2
_PAUSE_SECONDS = 1.0
#: Spool files of killed processes are deleted a minute later at the earliest, and looked for each minute.
_ORPHAN_SECONDS = 180.0
_ACCEPTED = sa.text("SELECT sum(quantity) FROM accepted_events WHERE category = 'attachment'")


class Senders:
    """Threads that send, and what was acknowledged: names and checksums by the id of the event."""

    def __init__(self, server: Server) -> None:
        self._port, (self._project, self._key) = server.port, server.projects["web"]
        self._stopping = threading.Event()
        self.acknowledged: dict[str, dict[str, str]] = {}
        self.requests = 0
        self._threads = [threading.Thread(target=self._send) for _ in range(_THREADS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop once what is being sent is acknowledged."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        numbers = random.Random()
        while not self._stopping.is_set():
            event_id = uuid4().hex
            contents = {
                f"{index}.bin": numbers.randbytes(int(numbers.paretovariate(0.4) * 100) % 2_000_000)
                for index in range(numbers.randint(1, 3))
            }
            body = _envelope(event_id, contents)
            while not self._is_acknowledged(body):
                time.sleep(0.05)
            time.sleep(_SENDING_SECONDS)
            self.acknowledged[event_id] = {
                name: hashlib.sha1(content, usedforsecurity=False).hexdigest()
                for name, content in contents.items()
            }

    def _is_acknowledged(self, body: bytes) -> bool:
        self.requests += 1
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        path = f"/api/{self._project}/envelope/?sentry_key={self._key}"
        try:
            connection.request("POST", path, body)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def main() -> None:
    """Kill, check, and print what is wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    with ExitStack() as stack:
        place = stack.enter_context(folder())
        url = None
        if options.database == "postgresql":
            url = stack.enter_context(postgres_server()).url
        server = Server(place / "data", url, ["web"])
        stack.callback(server.stop)
        server.start()
        server.recover()
        senders = Senders(server)
        for _ in range(options.kills):
            time.sleep(random.uniform(0, _PAUSE_SECONDS))
            random.choice([server.kill_worker, server.kill_digester, server.kill_all])()
            server.recover()
            print(".", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        senders.stop()
        drain(server, server.url)
        orphans = _spool_files(server)
        problems = list(_problems(server, senders))
        seconds = _wait_for_orphans(server)
    number = sum(map(len, senders.acknowledged.values()))
    print(
        f"{options.database}: {options.kills} kills; {senders.requests:,} requests,"
        f" {len(senders.acknowledged):,} acknowledged with {number:,} attachments;"
        f" {orphans} spool files of killed processes, gone after {seconds:.0f} s"
    )
    print("\n".join(f"✗ {problem}" for problem in problems) or "✓ nothing is lost or doubled")
    sys.exit(bool(problems))


def _problems(server: Server, senders: Senders) -> Iterator[str]:
    database = Database(server.url, lock_wait_seconds=10)
    blobs = open_blobs(Settings(data=server.data).blobs)
    c = event_attachments.c
    with database.snapshot() as connection:
        stored = connection.execute(
            sa.select(c.event_id, c.name, c.sha1, c.file_id, c.issue_id)
        ).all()
        by_event: dict[str, dict[str, str]] = {}
        for event_id, name, sha1, file_id, issue_id in stored:
            named = by_event.setdefault(event_id, {})
            if name in named:
                yield f"{event_id} has {name} twice"
            named[name] = sha1
            parts = piece_reader.read_range(blobs, files.pieces_of(connection, file_id))
            if piece_reader.sha1_of(parts) != sha1:
                yield f"{name} of {event_id} has another content"
            if issue_id is None:
                yield f"{name} of {event_id} has no issue"
        for event_id, contents in senders.acknowledged.items():
            if by_event.get(event_id) != contents:
                yield f"{event_id} has {by_event.get(event_id)}, not {contents}"
        accepted = connection.execute(_ACCEPTED).scalar_one()
        if accepted != len(stored):
            yield f"{accepted} attachments are counted as accepted, not {len(stored)}"
        if wrong := garbage.with_wrong_ref_count(connection):
            yield f"{len(wrong)} blobs have a wrong count"
        aside = connection.execute(sa.text("SELECT error FROM quarantined_frames")).scalars().all()
        if aside:
            yield f"{len(aside)} frames were set aside: {aside[0]}"
    database.close()


def _spool_files(server: Server) -> int:
    return len(list((server.data / "event-log").glob("*.spool")))


def _wait_for_orphans(server: Server) -> float:
    begun = time.perf_counter()
    while _spool_files(server) and time.perf_counter() - begun < _ORPHAN_SECONDS:
        time.sleep(1)
    return time.perf_counter() - begun


def _envelope(event_id: str, contents: dict[str, bytes]) -> bytes:
    event = json.dumps({"message": "killed", "platform": "python"}).encode()
    lines = [json.dumps({"event_id": event_id}).encode()]
    lines += [b'{"type":"event","length":%d}' % len(event), event]
    for name, content in contents.items():
        lines += [
            json.dumps({"type": "attachment", "length": len(content), "filename": name}).encode(),
            content,
        ]
    return b"\n".join(lines)


if __name__ == "__main__":
    main()
