"""Small events and sessions, whose content follows from their number, and a process that sends them."""

import asyncio
import contextlib
import json
import multiprocessing
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

CONNECTIONS = 8
PROJECTS = ("web", "mobile")
ENVIRONMENTS = ("production", "staging", "canary")
_ISSUE_EVERY, _RELEASE_EVERY, _USERS = 120, 400, 50
#: One of so many numbers is a session in place of an event; so many numbers share the release of their sessions.
_SESSION_EVERY, _SESSION_RELEASE_EVERY = 5, 100
#: What the versions of these releases begin with.
SESSION_PACKAGE = "app@"
#: The part of the events that is sent again though it was acknowledged.
_TWICE = 0.05
_ANSWER_SECONDS = 60.0
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class SmallEvent:
    """What an event with this number holds."""

    event_id: str
    project: str
    issue: str
    release: str | None
    environment: str
    user: str | None


@dataclass(slots=True)
class Sent:
    """What the sender knows. An event whose connection broke may or may not have been taken in."""

    count: int = 0
    acknowledged: set[int] = field(default_factory=set)
    #: Sessions that were acknowledged, and those whose connection broke, by the version of their release. They have no
    #: ids by which those sent twice could be told from others, so each counts.
    sessions: Counter[str] = field(default_factory=Counter)
    unsure_sessions: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)


def event_of(number: int) -> SmallEvent:
    """Return the event with a number. New issues and releases come up all the time, beside those of before."""
    chance = random.Random(number)
    issue = max(0, number // _ISSUE_EVERY - chance.randrange(4))
    release = f"web@1.{number // _RELEASE_EVERY}.{chance.randrange(3)}"
    return SmallEvent(
        event_id=f"{number + 1:032x}",
        project=PROJECTS[number % 5 == 0],
        issue=f"Error{issue}",
        release=release if chance.random() < 0.9 else None,
        environment=chance.choice(ENVIRONMENTS),
        user=f"user-{chance.randrange(_USERS)}" if chance.random() < 0.8 else None,
    )


def release_of_session(number: int) -> str | None:
    """Return the release of the session with a number, or None if the number is that of an event."""
    if number % _SESSION_EVERY != 2:
        return None
    return f"{SESSION_PACKAGE}{number // _SESSION_RELEASE_EVERY}.0.0"


def number_of(event_id: str) -> int:
    """Return the number of the event with this id."""
    return int(event_id, 16) - 1


def request_of(number: int, projects: dict[str, tuple[int, str]]) -> bytes:
    """Return the whole request; ``projects`` has the id and the key of each."""
    release = release_of_session(number)
    if release is not None:
        started = datetime.now(UTC).isoformat()
        session = {"sid": f"{number + 1:032x}", "init": True, "status": "exited", "errors": 0}
        session |= {"started": started, "attrs": {"release": release, "environment": "production"}}
        body = b"\n".join([b"{}", b'{"type": "session"}', json.dumps(session).encode()])
        return _request(*projects[PROJECTS[0]], body)
    event = event_of(number)
    frame = {"function": f"handle_{event.issue}", "module": "shop", "in_app": True, "lineno": 7}
    error = {"type": event.issue, "value": "boom", "stacktrace": {"frames": [frame]}}
    payload = {
        "event_id": event.event_id,
        "platform": "python",
        "release": event.release,
        "environment": event.environment,
        "user": {"id": event.user} if event.user else None,
        "exception": {"values": [error]},
        "extra": {"filling": "." * 600},
    }
    head = json.dumps({"event_id": event.event_id}).encode()
    body = b"\n".join([head, b'{"type": "event"}', json.dumps(payload).encode()])
    return _request(*projects[event.project], body)


def _request(project: int, key: str, body: bytes) -> bytes:
    return (
        f"POST /api/{project}/envelope/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"X-Sentry-Auth: Sentry sentry_version=7, sentry_key={key}, sentry_client=bench/1\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


class Sender:
    """Sends events over several connections until it is stopped."""

    def __init__(self, port: int, projects: dict[str, tuple[int, str]]) -> None:
        self._port, self._projects = port, projects
        self.sent = Sent()

    async def run(self, connections: int, a_second: float, stopping: Any) -> None:
        """Send at this rate while ``stopping``, an event of `multiprocessing`, is not set."""
        pause = connections / a_second
        senders = (self._send_many(pause, stopping) for _ in range(connections))
        await asyncio.gather(*senders)

    async def _send_many(self, pause: float, stopping: Any) -> None:
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        again: int | None = None
        while not stopping.is_set():
            number = self._next() if again is None else again
            is_repeated, again = again is not None, None
            try:
                if connection is None:
                    connection = await asyncio.open_connection("127.0.0.1", self._port)
                status = await asyncio.wait_for(self._send(number, *connection), _ANSWER_SECONDS)
            except TimeoutError:
                status = "no answer"
            except ConnectionRefusedError:
                # The server is down: it was not sent.
                again = number
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            except (OSError, EOFError):
                status = "broken"
            self.sent.answers[status] += 1
            self._note(number, status)
            if status in {"no answer", "broken"} and connection is not None:
                connection[1].close()
                connection = None
            # As SDKs do it: what was not answered may come again, whatever became of it.
            if not is_repeated and random.random() < (_TWICE if status == "200" else 0.5):
                again = number
            await asyncio.sleep(pause if status == "200" else _PAUSE_SECONDS)
        if connection is not None:
            connection[1].close()

    def _note(self, number: int, status: str) -> None:
        release = release_of_session(number)
        if status == "200":
            if release is None:
                self.sent.acknowledged.add(number)
            else:
                self.sent.sessions[release] += 1
        elif release is not None and status in {"no answer", "broken"}:
            self.sent.unsure_sessions[release] += 1

    def _next(self) -> int:
        number, self.sent.count = self.sent.count, self.sent.count + 1
        return number

    async def _send(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> str:
        writer.write(request_of(number, self._projects))
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        await reader.readexactly(int(length[1]) if length else 0)
        return head.split(b" ", 2)[1].decode()


def send_until_stopped(
    port: int,
    projects: dict[str, tuple[int, str]],
    *,
    connections: int,
    a_second: float,
    stopping: Any,
    results: Any,
) -> None:
    """Send until ``stopping`` is set; put what is known then into ``results``."""
    sender = Sender(port, projects)
    asyncio.run(sender.run(connections, a_second, stopping))
    results.put(sender.sent)


@contextlib.contextmanager
def sending(port: int, projects: dict[str, tuple[int, str]], rate: float) -> Iterator[list[Sent]]:
    """Send events from another process until the end of the block; then the list has what was sent."""
    stopping, results = multiprocessing.Event(), multiprocessing.Queue()
    parts: dict[str, Any] = {"connections": CONNECTIONS, "a_second": rate}
    sender = multiprocessing.Process(
        target=send_until_stopped,
        args=(port, projects),
        kwargs={**parts, "stopping": stopping, "results": results},
        daemon=True,
    )
    sender.start()
    sent: list[Sent] = []
    try:
        yield sent
    finally:
        stopping.set()
        sent.append(results.get())
        sender.join()
