"""Streaming of ingest bodies: the key is checked first, and as little memory as possible is used."""

from collections.abc import Mapping
from dataclasses import dataclass

from shipmark.http import encodings
from shipmark.http.body_budget import Reservation
from shipmark.infrastructure.errors import BadRequest, TooManyRequests
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.text_encodings import in_utf8
from shipmark.ingest.attachment_spooling import AttachmentSpooler
from shipmark.ingest.authorization import SenderAuthorization
from shipmark.ingest.envelope import (
    ATTACHMENT,
    EVENT,
    FEEDBACK,
    Envelope,
    EnvelopeReader,
    ItemRules,
    PayloadSink,
)
from shipmark.ingest.event_json import in_charset, without_form
from shipmark.ingest.session_items import AGGREGATES, ITEMS_MAX, UPDATE

#: The types of items with a report of a browser: as an event, or as the browser sends it.
REPORT_ITEM_TYPES = frozenset({"security", "raw_security"})
#: The types of which an envelope contains at most one item (ingest.md 2).
EVENT_ITEM_TYPES = frozenset({EVENT, "transaction", *REPORT_ITEM_TYPES, FEEDBACK})
#: The types of other items that are stored, with the most bytes of one. Reports of users and sessions have no limit in
#: the protocol.
ITEM_BYTES_MAX = {
    "user_report": 64 * 1024,
    "client_report": 4 * 1024,
    UPDATE: 64 * 1024,
    AGGREGATES: 256 * 1024,
}
#: The ``Retry-After`` of refusals under overload.
RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedEnvelope:
    """An envelope with stored payloads only. ``unnamed`` is the number of attachments that lack a name."""

    envelope: Envelope
    attachments: AttachmentSpooler
    unnamed: int


class BodyReceiver:
    """Decompresses a body, batch by batch, in a thread: nothing of it before the key is verified."""

    def __init__(
        self,
        sender: SenderAuthorization,
        content_encoding: str,
        max_bytes: int,
        spooler: AttachmentSpooler,
    ) -> None:
        self.spooler = spooler
        self._sender, self._content_encoding, self._max_bytes = sender, content_encoding, max_bytes
        self._decoder: encodings.Decoder | None = None

    def _decoded(self) -> encodings.Decoder:
        if self._decoder is None:
            self._verify_key()
            self._decoder = self._new_decoder()
        return self._decoder

    def _new_decoder(self) -> encodings.Decoder:
        return encodings.decoder(self._content_encoding, self._max_bytes)

    def _verify_key(self) -> None:
        """Verify the key, which is in the request itself."""
        self._sender.project()


class EnvelopeReceiver(BodyReceiver):
    """Receives the body of an envelope, batch by batch, in a thread.

    Nothing after the envelope's header is decompressed before the key is verified; only payloads to store
    are held, and count in the budget. Attachments go to the spooler.
    """

    def __init__(
        self,
        sender: SenderAuthorization,
        content_encoding: str,
        settings: Settings,
        reservation: Reservation,
        spooler: AttachmentSpooler,
    ) -> None:
        super().__init__(sender, content_encoding, settings.envelope_max_bytes, spooler)
        rules = ItemRules(
            stored_types={EVENT, FEEDBACK, *REPORT_ITEM_TYPES, *ITEM_BYTES_MAX},
            single=EVENT_ITEM_TYPES,
            single_bytes_max=settings.event_max_bytes,
            bytes_max=ITEM_BYTES_MAX,
            items_max=ITEMS_MAX,
        )
        self._reader = EnvelopeReader(
            rules,
            on_header=lambda header: sender.project(header.dsn),
            on_stored=lambda count: reserve(reservation, count),
            sink_of=self._sink_of,
        )
        self._unnamed = 0

    def _new_decoder(self) -> encodings.Decoder:
        if self._content_encoding:
            return super()._new_decoder()
        return encodings.undeclared_decoder(self._max_bytes)

    def feed(self, batch: bytes) -> None:
        """Decompress a batch; raise refusals."""
        for piece in self._decoded().feed(batch):
            self._reader.feed(piece)

    def finish(self) -> ReceivedEnvelope:
        """Return the envelope."""
        for piece in self._decoded().finish():
            self._reader.feed(piece)
        return ReceivedEnvelope(
            envelope=self._reader.finish(), attachments=self.spooler, unnamed=self._unnamed
        )

    def _sink_of(self, item_type: str, headers: Mapping[str, object]) -> PayloadSink | None:
        """Begin an attachment, unless it has no name (ingest.md 3.2). The reader has checked the types of headers."""
        if item_type != ATTACHMENT:
            return None
        filename, length = headers.get("filename"), headers.get("length")
        if not filename:
            self._unnamed += 1
            return None
        self.spooler.begin(
            filename=str(filename),
            content_type=str(headers.get("content_type") or ""),
            attachment_type=str(headers.get("attachment_type") or ""),
            length=length if isinstance(length, int) else 0,
        )
        return self.spooler

    def _verify_key(self) -> None:
        """Verify the key of the request; without one the envelope's header has it."""
        if self._sender.has_key:
            self._sender.project()


class StoreReceiver(BodyReceiver):
    """Receives the body of a legacy event."""

    def __init__(
        self,
        sender: SenderAuthorization,
        content_encoding: str,
        settings: Settings,
        reservation: Reservation,
        spooler: AttachmentSpooler,
        charset: str = "",
    ) -> None:
        super().__init__(sender, content_encoding, settings.event_max_bytes, spooler)
        self._charset, self._reservation = charset, reservation
        self._pieces: list[bytes] = []

    def feed(self, batch: bytes) -> None:
        """Decompress a batch; raise refusals."""
        for piece in self._decoded().feed(batch):
            reserve(self._reservation, len(piece))
            self._pieces.append(piece)

    def finish(self) -> bytes:
        """Return the JSON of the event."""
        content = in_utf8(without_form(self._received()))
        if not content:
            raise BadRequest("empty request body")
        if not content.lstrip().startswith(b"{"):
            content = encodings.legacy_store_body(content, self._max_bytes)
        return in_charset(content, self._charset) if self._charset else content

    def _received(self) -> bytes:
        self._pieces.extend(self._decoded().finish())
        return b"".join(self._pieces)


class ReportReceiver(StoreReceiver):
    """Receives the body of a request with reports of a browser, as that of a legacy event."""

    def finish(self) -> bytes:
        """Return the JSON of the reports."""
        content = in_utf8(self._received())
        if not content.strip():
            raise BadRequest("empty request body")
        return content


def reserve(reservation: Reservation, count: int) -> None:
    """Reserve memory for a body; raise `TooManyRequests` beyond the budget."""
    if not reservation.grow(count):
        reason = "too many large requests are under way"
        raise TooManyRequests(reason, retry_after_seconds=RETRY_AFTER_SECONDS)
