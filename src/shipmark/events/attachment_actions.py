"""Storing and deleting attachments of events. A file is deleted with its attachment, and its blobs soon after."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.events import attachment_store as store
from shipmark.events import digest_store
from shipmark.events import store as events
from shipmark.events.attachments import NewAttachment
from shipmark.files import actions as files
from shipmark.files.model import FileKind, NewFile
from shipmark.infrastructure import jobs
from shipmark.infrastructure.jobs import JobKind

#: Attachments that are deleted together: each has a file.
BATCH = 100
#: The shortest retention that can be set.
_RETENTION_MIN = timedelta(days=1)


def receive(
    connection: Connection,
    attachments: Sequence[NewAttachment],
    *,
    new_events: Collection[tuple[int, str]] = (),
    at: datetime,
) -> list[NewAttachment]:
    """Store attachments, and tie them and earlier ones of new events, by project and event, to issues.

    One that is stored already changes nothing. Return those that are dropped: their event came with them, and was
    not stored because of a filter. Call it after the events of the same batch are stored.
    """
    if new_events:
        store.links.link(connection, new_events)
    if not attachments:
        return []
    event_keys = {attachment.event_key for attachment in attachments}
    issue_ids = events.issues_of(connection, event_keys)
    dropped = _of_dropped_events(connection, attachments, issue_ids)
    known = store.keys_of(connection, event_keys)
    for attachment in attachments:
        if attachment.event_key not in dropped and attachment.key not in known:
            known.add(attachment.key)
            _add(connection, attachment, issue_ids.get(attachment.event_key), at)
    return [attachment for attachment in attachments if attachment.event_key in dropped]


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
) -> None:
    new = NewFile(
        name=attachment.name,
        kind=FileKind.ATTACHMENT,
        headers={"Content-Type": attachment.content_type},
    )
    file = files.create(connection, new, attachment.content, at)
    if not store.add(connection, attachment, file.id, issue_id):
        files.remove(connection, [file.id], at)


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
