"""The view model of the frames in quarantine: what was received and could not be stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.events.quarantine import store as quarantine_store
from shipmark.events.quarantine.store import QuarantinedFrameRecord
from shipmark.projects.model import Project
from shipmark.web.request_context import Workspace

ROWS_PER_PAGE = 50
#: By the type of the frame.
_TITLES = {
    "event": "Event",
    "user_report": "User report",
    "feedback": "Feedback",
    "client_report": "Client report",
    "unsupported": "Unsupported items",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow:
    """A frame in words. ``project`` is None while it is being deleted."""

    frame: QuarantinedFrameRecord
    title: str
    project: Project | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinePage:
    """A page of the frames, those set aside last first, with their total number."""

    rows: Sequence[QuarantineRow]
    count: int
    number: int
    has_more: bool


def quarantine_page(connection: Connection, workspace: Workspace, number: int) -> QuarantinePage:
    """Return the requested page, by two statements."""
    frames = quarantine_store.page_of(
        connection,
        workspace.organization.id,
        limit=ROWS_PER_PAGE + 1,
        offset=(number - 1) * ROWS_PER_PAGE,
    )
    rows = [
        QuarantineRow(
            frame=frame,
            title=_TITLES.get(frame.type, frame.type),
            project=workspace.projects_by_id.get(frame.project_id),
        )
        for frame in frames[:ROWS_PER_PAGE]
    ]
    return QuarantinePage(
        rows=rows,
        count=quarantine_store.count_of(connection, workspace.organization.id),
        number=number,
        has_more=len(frames) > ROWS_PER_PAGE,
    )
