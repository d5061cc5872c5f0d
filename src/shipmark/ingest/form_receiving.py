"""Reception of attachments and crashes as forms, as crash reporters send them (ingest.md 1)."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from shipmark.events.attachments.model import DEFAULT_TYPE, MINIDUMP
from shipmark.events.payload import Json
from shipmark.http.body_budget import Reservation
from shipmark.http.multipart import Form, Part, boundary_of
from shipmark.infrastructure.errors import BadRequest, TooLarge
from shipmark.infrastructure.settings import Settings
from shipmark.ingest.attachment_spooling import AttachmentSpooler
from shipmark.ingest.authorization import SenderAuthorization
from shipmark.ingest.event_json import event_object
from shipmark.ingest.receiving import BodyReceiver, reserve

MINIDUMP_PART = "upload_file_minidump"
#: The event that the SDK for native code adds, in MessagePack.
_EVENT_PART = "__sentry-event"
_DEFAULT_NAME = "minidump.dmp"
_DEFAULT_CONTENT_TYPE = "application/x-dmp"
#: The beginnings of minidumps, and of those that are compressed by themselves: gzip, Zstandard, xz, bzip2.
_BEGINNINGS = (b"MDMP", b"PMDM", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zX", b"BZh")
_BEGINNING_BYTES = 4
_NO_MINIDUMP = "missing minidump"
_NOT_A_MINIDUMP = "invalid minidump"
_NO_FILE = "missing attachments: the form has no file"
_EMPTY = "empty request body"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedForm:
    """The fields of a form, the event that it has as a file, and its other files."""

    fields: Sequence[tuple[str, str]]
    event: Json
    attachments: AttachmentSpooler


class FormReceiver(BodyReceiver):
    """Receives a form batch by batch, in a thread: files go to the spooler, all else is in the budget.

    With ``needs_minidump`` one of the files must be a minidump, and a body that is no form is one.
    """

    def __init__(
        self,
        sender: SenderAuthorization,
        content_encoding: str,
        settings: Settings,
        reservation: Reservation,
        spooler: AttachmentSpooler,
        *,
        content_type: str,
        needs_minidump: bool,
    ) -> None:
        super().__init__(sender, content_encoding, settings.envelope_max_bytes, spooler)
        self._held_max = settings.event_max_bytes
        self._files = _Files(spooler)
        self._needs_minidump = needs_minidump
        is_form = content_type.strip().lower().startswith("multipart/")
        # No crash is lost for a field in another encoding, such as the name of a user in a code page of Windows.
        self._form = (
            None
            if needs_minidump and not is_form
            else Form(self._files, boundary_of(content_type), is_lenient=True)
        )
        self._reservation = reservation
        self._received = self._held = 0

    def feed(self, batch: bytes) -> None:
        """Decompress and parse a batch; raise refusals."""
        for piece in self._decoded().feed(batch):
            self._take(piece)

    def finish(self) -> ReceivedForm:
        """Return the form. Raise `BadRequest` for one without the files that it needs."""
        for piece in self._decoded().finish():
            self._take(piece)
        if not self._received:
            raise BadRequest(_EMPTY)
        if self._form is None:
            self._files.end()
        else:
            self._form.feed([b""])
        types = {attachment.attachment_type for attachment in self.spooler.received}
        if self._needs_minidump and MINIDUMP not in types:
            raise BadRequest(_NO_MINIDUMP)
        if not types:
            raise BadRequest(_NO_FILE)
        fields = self._form.fields if self._form else []
        return ReceivedForm(fields=fields, event=self._files.event, attachments=self.spooler)

    def _take(self, piece: bytes) -> None:
        is_first, self._received = not self._received, self._received + len(piece)
        if self._form is not None:
            self._form.feed([piece])
            self._hold(self._received - self._files.spooled_bytes)
            return
        if is_first:
            self._files.begin(Part(name=MINIDUMP_PART, filename="", content_type=""))
        self._files.add(piece)

    def _hold(self, held: int) -> None:
        """Count what is held of a form, which is all but its files. Raise `TooLarge` for more than an event."""
        if held > self._held_max:
            raise TooLarge(f"the fields of a form have at most {self._held_max} bytes")
        if held > self._held:
            reserve(self._reservation, held - self._held)
            self._held = held


class _Files:
    """Receives the files of a form: minidumps are checked, an event is held, all else is an attachment."""

    def __init__(self, spooler: AttachmentSpooler) -> None:
        self._spooler = spooler
        self._part = Part(name="", filename="", content_type="")
        self._beginning = b""
        self._event = bytearray()
        self.spooled_bytes = 0

    @property
    def event(self) -> Json:
        """Return the event of the form, or an empty one."""
        try:
            content = msgspec.json.encode(msgspec.msgpack.decode(self._event or b"\x80"))
            return event_object(content)
        except (ValueError, TypeError, OverflowError, RecursionError, BadRequest):
            # What is no event says nothing of the crash, which is kept all the same.
            return {}

    def begin(self, part: Part) -> None:
        """Begin a file."""
        self._part, self._beginning = part, b""
        if part.name == _EVENT_PART:
            return
        is_minidump = part.name == MINIDUMP_PART
        self._spooler.begin(
            filename=part.filename or (_DEFAULT_NAME if is_minidump else part.name),
            content_type=_DEFAULT_CONTENT_TYPE if is_minidump else part.content_type,
            attachment_type=MINIDUMP if is_minidump else DEFAULT_TYPE,
        )

    def add(self, content: bytes) -> None:
        """Add content to the file."""
        if self._part.name == _EVENT_PART:
            self._event += content
            return
        missing = _BEGINNING_BYTES - len(self._beginning)
        self._beginning += content[:missing] if missing else b""
        self.spooled_bytes += len(content)
        self._spooler.add(content)

    def end(self) -> None:
        """End the file. Raise `BadRequest` for a minidump that is none."""
        if self._part.name == _EVENT_PART:
            return
        if self._part.name == MINIDUMP_PART and not self._beginning.startswith(_BEGINNINGS):
            raise BadRequest(_NOT_A_MINIDUMP)
        self._spooler.end()
