"""Downloads of attachments of events."""

from collections.abc import Sequence

from shipmark.events.attachments import Attachment
from shipmark.files import piece_reader
from shipmark.files.model import FileChunk
from shipmark.http.downloads import OCTETS, Content
from shipmark.infrastructure.blobs import Blobs


def attachment_content(
    blobs: Blobs, attachment: Attachment, pieces: Sequence[FileChunk]
) -> Content:
    """Return the content of an attachment. Only images keep their media type: of all else browsers know the bytes."""
    return Content(
        name=attachment.name,
        size=attachment.size,
        tag=attachment.sha1,
        media_type=attachment.content_type if attachment.is_safe_image else OCTETS,
        read=lambda start, end: piece_reader.read_range(blobs, pieces, start, end),
    )
