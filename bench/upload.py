"""How fast do files come in and go out, and what does it take in memory? ``python bench/upload.py``

100 MB in one piece and in 100 chunks, the same again, and back; beside a plain write with SHA-1 of the same bytes, in
one file that is synced to the disk. With ``--memory`` 1 GB in one piece too, in and out, while the memory of the
server's processes is watched.
"""

import argparse
import hashlib
import http.client
import io
import json
import os
import statistics
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from running import Running, folder, mark, postgresql, running

#: Times of a plain write with SHA-1 (the design's targets).
MOST = 2.0
#: How much more memory all processes may take while a gigabyte streams through.
MEMORY_MOST_MIB = 96

MEGABYTE = 10**6
LENGTH = 100 * MEGABYTE
LARGE = 1000 * MEGABYTE
CHUNK = 1024 * 1024
CHUNKS_A_REQUEST = 32
VERSION = "web@1.0.0"
_BOUNDARY = "boundary-of-the-bench"


@dataclass(frozen=True, slots=True)
class Client:
    """A client that uploads over one connection."""

    server: Running
    connection: http.client.HTTPConnection

    def call(
        self, method: str, path: str, body: object = None, *, media_type: str = "application/json"
    ) -> bytes:
        """Call the API, and end everything where it refuses."""
        headers = {"Authorization": f"Bearer {self.server.token}", "Content-Type": media_type}
        if isinstance(body, Parts):
            headers["Content-Length"] = str(body.length)
        self.connection.request(method, f"/api/0{path}", body, headers)  # type: ignore[arg-type]
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:200]!r}")
        return content


class Parts:
    """A body in parts, none of which is held longer than it takes to send it."""

    def __init__(self, length: int, parts: Callable[[], Iterator[bytes]]) -> None:
        self.length = length
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        return self._parts()


def form(name: str, filename: str, length: int, content: Callable[[], Iterator[bytes]]) -> Parts:
    """A form with one file."""
    head = (
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name={name!r};"
        f' filename="{filename}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    ).replace("'", '"').encode()  # fmt: skip
    tail = f"\r\n--{_BOUNDARY}--\r\n".encode()

    def parts() -> Iterator[bytes]:
        yield head
        yield from content()
        yield tail

    return Parts(len(head) + length + len(tail), parts)


def chunk_form(chunks: list[bytes]) -> bytes:
    """A form with chunks, each under its SHA-1."""
    parts = []
    for chunk in chunks:
        sha1 = hashlib.sha1(chunk).hexdigest()
        parts.append(
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file";'
            f' filename="{sha1}"\r\n\r\n'.encode()
            + chunk
            + b"\r\n"
        )
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def bundle(length: int) -> bytes:
    """A bundle with a file that nothing can make shorter."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("large.js", os.urandom(length))
        files = {"large.js": {"type": "source", "url": "~/large.js"}}
        archive.writestr("manifest.json", json.dumps({"org": "acme", "files": files}))
    return content.getvalue()


def plain(path: Path, content: bytes) -> None:
    """What has to be done anyway."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    hashlib.sha1(content).hexdigest()
    path.unlink()


def seconds(call: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def one_piece(client: Client, content: bytes, name: str) -> Callable[[], bytes]:
    """Upload a file of a release; gives what downloads it."""
    path = f"/organizations/acme/releases/{VERSION}/files/"
    body = form("file", name, len(content), lambda: iter([content]))
    media_type = f"multipart/form-data; boundary={_BOUNDARY}"
    made = json.loads(client.call("POST", path, body, media_type=media_type))
    return lambda: client.call("GET", f"{path}{made['id']}/?download=1")


def asked(content: bytes, version: str) -> str:
    """The body that has an artifact bundle assembled."""
    chunks = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)]
    return json.dumps(
        {
            "checksum": hashlib.sha1(content).hexdigest(),
            "chunks": [hashlib.sha1(chunk).hexdigest() for chunk in chunks],
            "projects": ["web"],
            "version": version,
        }
    )


def send(server: Running, body: bytes) -> None:
    """Send chunks over a connection of their own, as clients do, who send up to eight requests side by side."""
    connection = server.connect()
    media_type = f"multipart/form-data; boundary={_BOUNDARY}"
    path = "/organizations/acme/chunk-upload/"
    Client(server, connection).call("POST", path, body, media_type=media_type)
    connection.close()


def in_chunks(client: Client, body: str, forms: list[bytes]) -> None:
    """Upload an artifact bundle as clients do: ask what is missing, send it, have it assembled."""
    path = "/organizations/acme/artifactbundle/assemble/"
    if json.loads(client.call("POST", path, body))["missingChunks"]:
        with ThreadPoolExecutor(max_workers=len(forms)) as senders:
            list(senders.map(partial(send, client.server), forms))
    while (assembly := json.loads(client.call("POST", path, body)))["state"] != "ok":
        if assembly["state"] == "error":
            raise SystemExit(assembly["detail"])


def forms_of(content: bytes) -> list[bytes]:
    """The requests that send a content in chunks."""
    chunks = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)]
    return [
        chunk_form(chunks[at : at + CHUNKS_A_REQUEST - 1])
        for at in range(0, len(chunks), CHUNKS_A_REQUEST - 1)
    ]


def memory(pid: int, field: str = "VmRSS") -> float:
    """What a process and its children take, or took at most (``VmHWM``), in MiB."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(
                line.split(":", 1) for line in status.read_text().splitlines() if ":" in line
            )
        except OSError:
            continue
        if int(lines["Pid"]) == pid or int(lines["PPid"]) == pid:
            total += int(lines.get(field, "0 kB").split()[0])
    return total / 1024


def reset(pid: int) -> None:
    """Begin to watch anew how much memory is taken at most."""
    for status in Path("/proc").glob("[0-9]*/status"):
        parent = status.read_text().partition("PPid:")[2].split()[0]
        if int(status.parent.name) == pid or int(parent) == pid:
            (status.parent / "clear_refs").write_text("5")


def stream(client: Client, length: int) -> Callable[[], bytes]:
    """Upload a large file whose content is made as it goes."""
    block = os.urandom(CHUNK)

    def content() -> Iterator[bytes]:
        for at in range(0, length, CHUNK):
            yield at.to_bytes(8, "big") + block[8 : min(CHUNK, length - at)]

    path = f"/organizations/acme/releases/{VERSION}/files/"
    body = form("file", "streamed.bin", length, content)
    media_type = f"multipart/form-data; boundary={_BOUNDARY}"
    made = json.loads(client.call("POST", path, body, media_type=media_type))

    def download() -> bytes:
        headers = {"Authorization": f"Bearer {client.server.token}"}
        address = f"/api/0{path}{made['id']}/?download=1"
        client.connection.request("GET", address, headers=headers)
        answer = client.connection.getresponse()
        while answer.read(CHUNK):
            pass
        return b""

    return download


def measure(server: Running, data: Path, rounds: int) -> None:
    """Time all ways in and out."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    client = Client(server, connection)
    release = json.dumps({"version": VERSION, "projects": ["web"]})
    client.call("POST", "/organizations/acme/releases/", release)
    times: dict[str, list[float]] = {}

    def timed(name: str, call: Callable[[], object]) -> None:
        times.setdefault(name, []).append(seconds(call))

    for number in range(rounds):
        content, other = bundle(LENGTH), bundle(LENGTH)
        forms = forms_of(other)
        first, second = asked(other, f"c@{number}"), asked(other, f"d@{number}")
        made: list[Callable[[], bytes]] = []
        timed("plain write, SHA-1", partial(plain, data / "plain", content))
        timed("one piece", lambda: made.append(one_piece(client, content, f"{number}.bin")))  # noqa: B023
        timed("one piece, again", partial(one_piece, client, content, f"{number}-again.bin"))
        timed("100 chunks", partial(in_chunks, client, first, forms))
        timed("100 chunks, again", partial(in_chunks, client, second, forms))
        timed("download", made[0])
    base = times["plain write, SHA-1"]
    for name, found in times.items():
        # The disk is not equally fast all the time: each round is compared with its own plain write.
        ratio = statistics.median(took / own for took, own in zip(found, base, strict=True))
        median = statistics.median(found)
        print(f"| {name} | {median * 1000:.0f} | {ratio:.2f} | {mark(ratio, MOST)} |")


def watch(server: Running) -> None:
    """See how the server's memory grows while a gigabyte streams through it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    client = Client(server, connection)
    before = memory(server.pid)
    downloads: list[Callable[[], bytes]] = []
    ways: dict[str, Callable[[], object]] = {
        "in": lambda: downloads.append(stream(client, LARGE)),
        "out": lambda: [each() for each in downloads],
    }
    for name, way in ways.items():
        reset(server.pid)
        took = seconds(way)
        grown = memory(server.pid, "VmHWM") - before
        print(
            f"| 1 GB {name} | {took:.1f} s | +{grown:.0f} MiB over {before:.0f} |"
            f" {mark(grown, MEMORY_MOST_MIB)} |"
        )


def main() -> None:
    """Run servers, and print a table for each database."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--postgresql", action="store_true")
    options.add_argument("--memory", action="store_true", help="stream 1 GB too")
    given = options.parse_args()

    def run(database_url: str | None) -> None:
        with folder() as data, running(data, database_url) as server:
            print(f"\n{'PostgreSQL' if database_url else 'SQLite'}")
            print("| 100 MB | ms | times plain | |\n|---|---|---|---|")
            measure(server, data, given.rounds)
            if given.memory:
                watch(server)

    run(None)
    if given.postgresql:
        with postgresql() as url:
            run(url)


if __name__ == "__main__":
    main()
