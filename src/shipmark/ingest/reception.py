"""Reception of a request of an SDK: its body is read in batches, parsed in a thread, and appended to the log."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, ParamSpec, Protocol, TypeVar

from shipmark.events.discards import UNKNOWN
from shipmark.events.sender import Sender
from shipmark.http import AnyRequest
from shipmark.http.body_budget import Reservation
from shipmark.http.client_address import client_address
from shipmark.http.connections import is_small, reservation_of
from shipmark.http.multipart import threaded
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Refusal, TooManyRequests
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span
from shipmark.ingest.admission import Admission
from shipmark.ingest.attachment_spooling import AttachmentSpooler
from shipmark.ingest.authorization import SenderAuthorization
from shipmark.ingest.event_log import FrameType, LogFrame, LogWriter

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
#: The bytes of a body that are received before they are decompressed.
_BATCH_BYTES = 128 * 1024
#: A body up to this size is processed in the event loop; it unpacks to at most a thousand times as much.
_QUICK_BYTES = 16 * 1024
#: Separate threads, so that requests of SDKs never block other requests.
_THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="ingest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken in: the id for the answer, the limits that the sender must respect, and when it is on disk."""

    event_id: str | None
    limits: str | None = None
    written: Sequence[Future[None]] = ()


class Receiver(Protocol[T_co]):
    """Receives a body batch by batch, always in a thread."""

    spooler: AttachmentSpooler

    def feed(self, batch: bytes) -> None:
        """Take a batch; raise refusals."""

    def finish(self) -> T_co:
        """Return what was received."""


@dataclass(frozen=True, slots=True)
class Reception(Generic[T]):
    """Receives the body of a request, and takes in what the receiver made of it."""

    step: str
    request: AnyRequest
    sender: SenderAuthorization
    receiver: Receiver[T]
    take: Callable[[AnyRequest, SenderAuthorization, T], Taken]

    async def run(self) -> Taken:
        """Read a small body at once; verify the key of a large one before it is read, if the request has it.

        Return when what was taken in is on disk.
        """
        try:
            rest = await self._read()
        except BaseException as error:
            self.receiver.spooler.discard()
            if isinstance(error, TooManyRequests):
                self._count_overload()
            if isinstance(error, Refusal):
                with span(self.step):
                    raise
            raise

        return await self.finish(rest)

    async def finish(self, rest: bytes) -> Taken:
        """Feed the receiver with the rest of the body, and process what it received."""
        # A thread takes longer than a small event. Its key is known, so that nothing waits for the database.
        is_quick = len(rest) <= _QUICK_BYTES and self.sender.is_remembered
        if is_quick:
            taken = await self._quickly(rest)
        else:
            taken = await in_thread(self._finished, rest)
        for written in taken.written:
            await asyncio.wrap_future(written)
        return taken

    async def _quickly(self, rest: bytes) -> Taken:
        """Do as `_finished`, in the event loop, except for what waits for the disk."""
        with self._received(rest) as content:
            if self.receiver.spooler.received:
                return await in_thread(self.take, self.request, self.sender, content)
            return self.take(self.request, self.sender, content)

    def _finished(self, rest: bytes) -> Taken:
        with self._received(rest) as content:
            return self.take(self.request, self.sender, content)

    @contextmanager
    def _received(self, rest: bytes) -> Iterator[T]:
        """Give what was received, for the block that takes it; attachments that this does not hand over are deleted."""
        try:
            # As many as events: a line for each would take as long as all the rest.
            with span(self.step, "debug") as tags:
                content = self._parsed(rest)
                tags["project"] = self.sender.known.slug
                yield content
        finally:
            self.receiver.spooler.discard()

    def _parsed(self, rest: bytes) -> T:
        try:
            self.receiver.feed(rest)
            return self.receiver.finish()
        except TooManyRequests:
            self._count_overload()
            raise

    def _count_overload(self) -> None:
        """Count a request whose body is not held for want of memory: what is in it is unknown."""
        if self.sender.is_known:
            admission: Admission = self.request.app.state.admission
            admission.count_overload(self.sender.key, [UNKNOWN])

    async def _read(self) -> bytes:
        """Feed the receiver with the body except its last batch, which is returned."""
        if self.sender.has_key and not is_small(self.request.headers, _BATCH_BYTES):
            await threaded(self.sender.project)
        batch, gathered = list[bytes](), 0
        async for content in self.request.stream():
            batch.append(content)
            gathered += len(content)
            if gathered >= _BATCH_BYTES:
                await in_thread(self.receiver.feed, b"".join(batch))
                batch, gathered = [], 0
        return b"".join(batch)


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a call in one of the threads for requests of SDKs."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, partial(call, *args, **kwargs))


class FrameFactory:
    """Makes the frames of a request, which all have its moment and its sender."""

    def __init__(
        self, request: AnyRequest, sender: SenderAuthorization, sent_at: datetime | None
    ) -> None:
        self._project_id, self._sent_at, self._received_at = sender.known.id, sent_at, now()
        self._sender = Sender(
            address=client_address(request, request.app.state.settings),
            user_agent=request.headers.get("user-agent"),
        )

    def frame(self, frame_type: FrameType, payload: bytes, event_id: str | None) -> LogFrame:
        """Return a frame."""
        return LogFrame(
            type=frame_type,
            project_id=self._project_id,
            received_at=self._received_at,
            payload=payload,
            event_id=event_id or "",
            sent_at=self._sent_at,
            sender=self._sender,
        )

    def attachments(
        self, spooler: AttachmentSpooler, event_id: str, *, is_sent_with_event: bool
    ) -> list[LogFrame]:
        """Return the frames of attachments, once the contents are on disk."""
        return [
            self.frame(FrameType.ATTACHMENT, attachment.encoded(), event_id)
            for attachment in spooler.durable(is_sent_with_event=is_sent_with_event)
        ]


def reception_limits(
    request: AnyRequest,
) -> tuple[str, Settings, Reservation, AttachmentSpooler]:
    """Return the encoding of a body, and what limits it in memory and on disk."""
    settings: Settings = request.app.state.settings
    writer: LogWriter = request.app.state.event_log
    spooler = AttachmentSpooler(writer.new_spool_file, settings)
    encoding = request.headers.get("content-encoding", "")
    return encoding, settings, reservation_of(request.scope), spooler
