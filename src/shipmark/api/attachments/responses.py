"""An attachment of an event, as the API shows it."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from shipmark.api.responses import Wire
from shipmark.events.attachments import Attachment


class AttachmentResponse(Wire):
    """An attachment. ``mimetype`` is what the sender says; ``headers`` repeat it."""

    id: str
    event_id: str = msgspec.field(name="event_id")
    type: str
    name: str
    mimetype: str
    date_created: datetime
    size: int
    headers: Mapping[str, str]
    sha1: str


def attachment_response(attachment: Attachment) -> AttachmentResponse:
    """Return an attachment as the API shows it."""
    return AttachmentResponse(
        id=str(attachment.id),
        event_id=attachment.event_id,
        type=attachment.type,
        name=attachment.name,
        mimetype=attachment.content_type,
        date_created=attachment.created_at,
        size=attachment.size,
        headers={"Content-Type": attachment.content_type},
        sha1=attachment.sha1,
    )
