"""The application in this process, called without a server: what a request costs the processor.

A machine that others use changes the length of a request from one second to the next. The processor time of the
shortest of many is the same each time.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from shipmark import app
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings


@dataclass(frozen=True, slots=True)
class Application:
    """The application on a database, for one client with a token."""

    asgi: Any
    loop: asyncio.AbstractEventLoop
    token: str

    def get(self, path: str) -> bytes:
        """Return the body of a page."""
        return self.loop.run_until_complete(self._get(path))

    def milliseconds(self, path: str) -> float:
        """Return how long the processor works for a page, in all threads; PostgreSQL works elsewhere."""
        begun = time.process_time()
        self.get(path)
        return (time.process_time() - begun) * 1_000

    async def _get(self, path: str) -> bytes:
        sent: list[Mapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        await self.asgi(self._scope(path), receive, send)
        body = b"".join(each.get("body", b"") for each in sent)
        if sent[0]["status"] != 200:
            sys.exit(f"The application answered {sent[0]['status']}: {body[:500]!r}")
        return body

    def _scope(self, path: str) -> dict[str, Any]:
        path, _, query = path.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (b"host", b"127.0.0.1"),
                (b"authorization", f"Bearer {self.token}".encode()),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }


@contextmanager
def application(url: str, token: str) -> Iterator[Application]:
    """Give the application on the database of a URL; no job runs, and nothing is digested."""
    gc.set_threshold(50_000, 20, 100)  # as in a server
    database = Database(url)
    litestar = app.assemble(Settings(), database)
    litestar.state.wait_for_writes = lambda *_: None
    loop = asyncio.new_event_loop()
    try:
        yield Application(app.served(litestar), loop, token)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        database.close()
