"""Reports of users: what someone wrote about an event, with name and e-mail address (ingest.md 3.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipmark.events.payload import Json, object_of, text_of

NAME_MAX = 128
EMAIL_MAX = 75
COMMENTS_MAX = 4096
#: For so long after it was sent, a report is replaced by another one of the same event.
REPLACEABLE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUserReport:
    """A report to store. A project has one for each ``report_key``, which is the id of its event, of feedback its own.

    ``event_id`` is that of the event that it is about, which may come later or never; for feedback about none it is
    that of the feedback.
    """

    project_id: int
    report_key: str
    event_id: str
    name: str
    email: str
    comments: str
    created_at: datetime

    @property
    def key(self) -> tuple[int, str]:
        """Return what identifies the report."""
        return self.project_id, self.report_key


@dataclass(frozen=True, slots=True, kw_only=True)
class UserReport:
    """A stored report. ``issue_id`` is None until its event is stored."""

    id: int
    project_id: int
    event_id: str
    issue_id: int | None
    name: str
    email: str
    comments: str
    created_at: datetime


def from_item(
    payload: Json, *, project_id: int, event_id: str, received_at: datetime
) -> NewUserReport | None:
    """Return the report of an envelope's item, with its texts cut to their limits; None if nothing is written in it."""
    comments = text_of(payload, "comments")
    if not comments:
        return None
    return NewUserReport(
        project_id=project_id,
        report_key=event_id,
        event_id=event_id,
        name=text_of(payload, "name")[:NAME_MAX],
        email=text_of(payload, "email")[:EMAIL_MAX],
        comments=comments[:COMMENTS_MAX],
        created_at=received_at,
    )


def from_feedback(
    payload: Json, *, project_id: int, event_id: str, about: str | None, received_at: datetime
) -> NewUserReport | None:
    """Return the report of an event with the context ``feedback``; None if nothing is written in it.

    ``event_id`` is its own id, ``about`` that of the event that it names, if any. The user of the event fills in for
    what the context leaves out.
    """
    written, user = feedback_context(payload), object_of(payload, "user")
    report = from_item(
        {
            "name": text_of(written, "name") or text_of(user, "name"),
            "email": text_of(written, "contact_email") or text_of(user, "email"),
            "comments": text_of(written, "message"),
        },
        project_id=project_id,
        event_id=event_id,
        received_at=received_at,
    )
    return replace(report, event_id=about or event_id) if report else None


def feedback_context(payload: Json) -> Json:
    """Return the context ``feedback`` of an event."""
    return object_of(object_of(payload, "contexts"), "feedback")


def merged(
    reports: Sequence[NewUserReport], stored: Mapping[tuple[int, str], datetime]
) -> list[NewUserReport]:
    """Return the reports to write, one for each key, as if they came one after the other.

    ``stored`` has the moments of the reports that are there. A report keeps the moment of the first one that it
    replaces, so that the time for replacing it does not begin anew.
    """
    written: dict[tuple[int, str], NewUserReport] = {}
    for report in reports:
        earlier = written.get(report.key)
        first_at = earlier.created_at if earlier else stored.get(report.key)
        if first_at is None:
            written[report.key] = report
        elif report.created_at - first_at <= REPLACEABLE:
            written[report.key] = replace(report, created_at=first_at)
    return list(written.values())
