"""Attachments of events: files that SDKs send with them, such as logs and screenshots (ingest.md 3.2)."""

from dataclasses import dataclass
from datetime import datetime

from shipmark.files.model import StagedFile

NAME_MAX = 255
TYPE_MAX = 64
CONTENT_TYPE_MAX = 255
DEFAULT_TYPE = "event.attachment"
MINIDUMP = "event.minidump"
APPLE_CRASH_REPORT = "event.applecrashreport"
#: Crashes of native programs, of which a project may keep a limited number for each issue.
CRASH_REPORTS = frozenset({MINIDUMP, APPLE_CRASH_REPORT})
OCTETS = "application/octet-stream"
#: The name of an attachment whose name consists of characters that can't be shown.
_UNNAMED = "attachment"
#: The media types of images that browsers show without running anything that is in them.
SAFE_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
#: The media types of files by the ends of their names.
_TYPES_OF_NAMES = {
    "csv": "text/csv", "gif": "image/gif", "ini": "text/plain", "jpeg": "image/jpeg", "jpg": "image/jpeg",
    "json": "application/json", "log": "text/plain", "md": "text/markdown", "pdf": "application/pdf",
    "png": "image/png", "txt": "text/plain", "webp": "image/webp", "xml": "application/xml", "zip": "application/zip",
}  # fmt: skip
#: Larger images are not shown in pages.
PREVIEW_BYTES_MAX = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttachment:
    """An attachment to store, with its staged content.

    ``is_sent_with_event`` is True if its event came in the same request, so that it is stored before or with the
    attachment, unless a filter drops it.
    """

    project_id: int
    event_id: str
    name: str
    type: str
    content_type: str
    content: StagedFile
    created_at: datetime
    is_sent_with_event: bool = False

    @property
    def event_key(self) -> tuple[int, str]:
        """Return what identifies the event."""
        return self.project_id, self.event_id

    @property
    def is_crash_report(self) -> bool:
        """Return True for a crash of a native program."""
        return self.type in CRASH_REPORTS

    @property
    def key(self) -> tuple[int, str, str, str, str]:
        """Return what identifies the attachment: one that is sent again is the same."""
        return self.project_id, self.event_id, self.name, self.type, self.content.sha1


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A stored attachment. ``issue_id`` is None until its event is stored."""

    id: int
    project_id: int
    event_id: str
    issue_id: int | None
    file_id: int
    name: str
    type: str
    content_type: str
    sha1: str
    size: int
    created_at: datetime

    @property
    def is_safe_image(self) -> bool:
        """Return True if the sender calls it an image of a type that browsers can show safely."""
        return self.content_type in SAFE_IMAGE_TYPES

    @property
    def has_preview(self) -> bool:
        """Return True if pages may show it, if it is the image that the sender says."""
        return self.is_safe_image and self.size <= PREVIEW_BYTES_MAX


def name_of(text: str) -> str:
    """Return the name of an attachment: without control characters, and cut to its limit."""
    return _printable(text)[:NAME_MAX].strip() or _UNNAMED


def type_of(text: str) -> str:
    """Return the type of an attachment; unknown ones are kept, as newer SDKs have more."""
    return _printable(text)[:TYPE_MAX].strip() or DEFAULT_TYPE


def content_type_of(text: str, name: str) -> str:
    """Return the media type, in lower case and without parameters.

    Without one, and for that of any bytes, as SDKs of native code call all files, it is what the name says.
    """
    media_type = text.partition(";")[0].strip().lower()
    is_valid = media_type.isascii() and media_type.isprintable() and media_type.count("/") == 1
    if is_valid and len(media_type) <= CONTENT_TYPE_MAX and media_type != OCTETS:
        return media_type
    return _TYPES_OF_NAMES.get(name.rpartition(".")[2].lower(), OCTETS)


def _printable(text: str) -> str:
    characters = (character if character.isprintable() else "_" for character in text)
    return "".join(characters)
