"""Symbolication of a stored event again, after files that it waited for were uploaded.

Its issue stays. The hashes of its original stack lead to this issue from then on, so that the next event, which is
symbolicated when it comes, is of the same one. Where another issue has such a hash already, because events came after
the upload and before this, both issues stay: each has events, states and activity of its own, and new events are of the
one that has the hash.
"""

from datetime import datetime

from sqlalchemy import Connection

from shipmark.events import parsing, store
from shipmark.events.fingerprint_rules import with_fingerprint
from shipmark.events.parsing import Event
from shipmark.events.payload import Json
from shipmark.events.project_rules import ProjectRules, rules_from
from shipmark.events.store import StoredEvent
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.issues.model import Issue
from shipmark.issues.store import hashes, issues, late_symbolications
from shipmark.projects import store as projects
from shipmark.symbolication import event_symbolication, javascript_stacks, waits
from shipmark.symbolication.event_symbolication import Uploads


def symbolicate_again(database: Database, blobs: Blobs, event_row_id: int, at: datetime) -> bool:
    """Symbolicate a stored event with what is uploaded now. Return True if its stack is better than before.

    No unit of work is open while files are read. It may be repeated: an event is counted once.
    """
    with database.snapshot() as connection:
        event = store.by_row_id(connection, event_row_id)
        known = projects.by_ids(connection, [event.project_id]) if event else {}
    if event is None or event.project_id not in known:
        return False
    project = known[event.project_id]
    uploads = Uploads(
        database=database,
        blobs=blobs,
        organization_id=project.organization_id,
        project_id=project.id,
        at=at,
    )
    # A page may have stored the stack already: then only the issue is left.
    payload = event_symbolication.current_payload(event, uploads) or event.payload
    if not javascript_stacks.symbolicated_count(payload):
        return False
    try:
        with database.transaction() as connection:
            return _store(connection, event, payload, at)
    except _GoneError:
        return False


class _GoneError(Exception):
    """The event was deleted meanwhile."""


def _store(connection: Connection, event: StoredEvent, payload: Json, at: datetime) -> bool:
    """Store the stack, and what follows for the issue. Releases, projects and issues are locked in this order.

    A stack that a page has stored before is not better, but its issue does not know its hashes.
    """
    is_better = event_symbolication.is_better(payload, event.payload)
    release_id = store.release_of(connection, event.id)
    if release_id is not None and is_better and event.symbolicated_at is None:
        late_symbolications.count(connection, release_id, at)
    # No transaction makes an issue of these hashes meanwhile.
    projects.lock_short_ids(connection, event.project_id)
    issue = issues.lock_whole(connection, [event.issue_id]).get(event.issue_id)
    if issue is None or store.by_row_id(connection, event.id) is None:
        raise _GoneError
    if is_better:
        store.replace_symbolicated(connection, event.id, payload, at)
    rules = rules_from(
        projects.options_with_organization(connection, issue.organization_id, issue.project_id)
    )
    after = _read(event, payload, rules)
    hashes.add(connection, issue, after.hashes)
    sent = javascript_stacks.raw(event.payload)
    if any(_shows(issue, _read(event, each, rules)) for each in (event.payload, sent)):
        issues.describe(connection, issue.id, after)
    if not waits.keys_of(after.release, payload):
        waits.remove(connection, event.id)
    return is_better


def _read(event: StoredEvent, payload: Json, rules: ProjectRules) -> Event:
    """Return a stored payload as it would be read if it came now."""
    if rules.fingerprints:
        payload = with_fingerprint(payload, rules.fingerprints)
    return parsing.read(payload, event_id=event.event_id, received_at=event.received_at)


def _shows(issue: Issue, event: Event) -> bool:
    """Return True if the issue is described by such an event: no other has come since."""
    described = (issue.title, issue.culprit, dict(issue.metadata))
    return described == (event.title, event.culprit, event.metadata)
