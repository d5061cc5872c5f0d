"""Storing and deleting attachments of events. A file is deleted with its attachment, and its blobs soon after."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.events import digest_store
from shipmark.events import store as events
from shipmark.events.attachments import store
from shipmark.events.attachments.model import NewAttachment
from shipmark.files import actions as files
from shipmark.files.model import FileKind, NewFile
from shipmark.infrastructure import jobs
from shipmark.infrastructure.jobs import JobKind

#: Attachments that are deleted together: each has a file.
BATCH = 100
NO_LIMITS: Mapping[int, int] = {}
#: The shortest retention that can be set.
_RETENTION_MIN = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedAttachments:
    """Attachments by what became of them: new ones are ``stored``, and two kinds are dropped.

    The event of the ``filtered`` ones came with them, and was not stored because of a filter. The issue of those that
    are ``beyond_limit`` has as many crash reports as its project keeps.
    """

    stored: Sequence[NewAttachment] = ()
    filtered: Sequence[NewAttachment] = ()
    beyond_limit: Sequence[NewAttachment] = ()


def receive(
    connection: Connection,
    attachments: Sequence[NewAttachment],
    *,
    new_events: Collection[tuple[int, str]] = (),
    crash_report_limits: Mapping[int, int] = NO_LIMITS,
    at: datetime,
) -> ReceivedAttachments:
    """Store attachments, and tie them and earlier ones of new events, by project and event, to issues.

    One that is stored already changes nothing. ``crash_report_limits`` has, by project, how many crash reports are kept
    of an issue; all of other projects are. Call it after the events of the same batch are stored.
    """
    if new_events:
        store.links.link(connection, new_events)
    if not attachments:
        return ReceivedAttachments()
    event_keys = {attachment.event_key for attachment in attachments}
    issue_ids = events.issues_of(connection, event_keys)
    dropped = _of_dropped_events(connection, attachments, issue_ids)
    known = store.keys_of(connection, event_keys)
    new = {
        attachment.key: attachment
        for attachment in attachments
        if attachment.event_key not in dropped and attachment.key not in known
    }
    beyond = _beyond_limits(connection, new.values(), issue_ids, crash_report_limits)
    stored = [
        attachment
        for attachment in new.values()
        if attachment not in beyond
        and _add(connection, attachment, issue_ids.get(attachment.event_key), at)
    ]
    filtered = [attachment for attachment in attachments if attachment.event_key in dropped]
    return ReceivedAttachments(stored=stored, filtered=filtered, beyond_limit=beyond)


def _beyond_limits(
    connection: Connection,
    attachments: Collection[NewAttachment],
    issue_ids: Mapping[tuple[int, str], int],
    limits: Mapping[int, int],
) -> list[NewAttachment]:
    """Return the crash reports beyond the number that their projects keep of an issue.

    One whose event is not stored yet has no issue; it is beyond only where none is kept.
    """
    reports = [each for each in attachments if each.is_crash_report and each.project_id in limits]
    if not reports:
        return []
    issues = {issue_ids[each.event_key] for each in reports if each.event_key in issue_ids}
    numbers = Counter(store.count_crash_reports(connection, issues))
    beyond = []
    for report in reports:
        issue_id = issue_ids.get(report.event_key)
        number = 0 if issue_id is None else numbers[issue_id]
        if number >= limits[report.project_id]:
            beyond.append(report)
        elif issue_id is not None:
            numbers[issue_id] += 1
    return beyond


def _of_dropped_events(
    connection: Connection,
    attachments: Sequence[NewAttachment],
    issue_ids: Mapping[tuple[int, str], int],
) -> set[tuple[int, str]]:
    """Return the events that came with attachments and are neither stored nor set aside."""
    missing = {
        attachment.event_key
        for attachment in attachments
        if attachment.is_sent_with_event and attachment.event_key not in issue_ids
    }
    return missing - digest_store.quarantined_among(connection, missing) if missing else set()


def _add(
    connection: Connection, attachment: NewAttachment, issue_id: int | None, at: datetime
) -> bool:
    """Store an attachment with its file. Return False if it is stored already."""
    new = NewFile(
        name=attachment.name,
        kind=FileKind.ATTACHMENT,
        headers={"Content-Type": attachment.content_type},
    )
    file = files.create(connection, new, attachment.content, at)
    is_new = store.add(connection, attachment, file.id, issue_id)
    if not is_new:
        files.remove(connection, [file.id], at)
    return is_new


def link_recent(connection: Connection, at: datetime) -> int:
    """Tie the attachments of the last day to events that were stored in the same moment. Return their number."""
    return store.links.link_since(connection, at - timedelta(days=1))


def delete(connection: Connection, ids: Collection[int], at: datetime) -> Counter[int]:
    """Delete attachments with their files. Return the number of those that were there, by project."""
    removed = store.remove(connection, ids) if ids else []
    files.remove(connection, [file_id for _, file_id in removed], at)
    return Counter(project_id for project_id, _ in removed)


def delete_of_events(
    connection: Connection, event_keys: Collection[tuple[int, str]], at: datetime
) -> int:
    """Delete the attachments of these events, given by project and event. Return their number."""
    ids = store.links.ids_of_events(connection, event_keys) if event_keys else []
    return delete(connection, ids, at).total()


def delete_of_filtered(
    connection: Connection, event_keys: Collection[tuple[int, str]], at: datetime
) -> Counter[int]:
    """Delete the attachments that wait for events that a filter drops. Return their numbers by project."""
    return delete(connection, store.links.unlinked_of_events(connection, event_keys), at)


def delete_of_issues(connection: Connection, issue_ids: Collection[int], at: datetime) -> bool:
    """Delete a batch of the attachments of these issues. Return True if there may be more."""
    ids = store.ids_of_issues(connection, issue_ids, limit=BATCH)
    delete(connection, ids, at)
    return len(ids) == BATCH


def delete_of_project(
    connection: Connection, project_id: int, at: datetime, *, limit: int = BATCH
) -> bool:
    """Delete a batch of a deleted project's attachments. Return False if there are none."""
    return bool(delete(connection, store.ids_of_project(connection, project_id, limit=limit), at))


def delete_of_projects(connection: Connection, project_ids: Collection[int], at: datetime) -> None:
    """Delete all attachments of these projects, with a constant number of statements."""
    delete(connection, store.ids_of_projects(connection, project_ids), at)


def delete_older(connection: Connection, before: datetime, at: datetime) -> int:
    """Delete a batch of the attachments that were received before this moment. Return their number."""
    return delete(connection, store.ids_before(connection, before, limit=BATCH), at).total()


def schedule_pruning(connection: Connection, at: datetime) -> None:
    """Schedule the deletion of old attachments, if any may be old enough."""
    if store.ids_before(connection, at - _RETENTION_MIN, limit=1):
        kind = JobKind.PRUNE_ATTACHMENTS
        jobs.enqueue(connection, kind, {}, now=at, key=kind)
