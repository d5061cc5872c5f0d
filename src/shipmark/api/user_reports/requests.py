"""The body of a report that a program sends for a user."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import Field

from shipmark.events.payload import event_id_in, without_dashes
from shipmark.http.validation import RequestModel, Text, require
from shipmark.issues.user_reports import COMMENTS_MAX, EMAIL_MAX, NAME_MAX, NewUserReport

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_EXAMPLE = "14bad9a2e3774046977a21440ddb39b2"


def _is_event_id(text: str) -> bool:
    return event_id_in(text) is not None


class UserReportRequest(RequestModel):
    """What a user writes about an event."""

    event_id: Annotated[str, Text(), require(_is_event_id, "Not an event ID.")] = Field(
        description="The event, which may come later.", examples=[_EXAMPLE], alias="event_id"
    )
    name: Annotated[str, Text(max_length=NAME_MAX)] = Field(
        description="The name of the user.", examples=["Jane Doe"]
    )
    email: Annotated[
        str, Text(max_length=EMAIL_MAX), require(_EMAIL.fullmatch, "Enter a valid email address.")
    ] = Field(description="The e-mail address of the user.", examples=["jane@example.com"])
    comments: Annotated[str, Text(max_length=COMMENTS_MAX)] = Field(
        description="What the user writes.", examples=["It broke when I saved."]
    )

    def to_report(self, project_id: int, at: datetime) -> NewUserReport:
        """Return the report to store."""
        event_id = without_dashes(self.event_id)
        return NewUserReport(
            project_id=project_id,
            report_key=event_id,
            event_id=event_id,
            name=self.name,
            email=self.email,
            comments=self.comments,
            created_at=at,
        )
