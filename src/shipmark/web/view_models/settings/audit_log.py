"""The view model of the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.http.pagination.keyset import paginate_by_keyset, parse_page_or_first
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import store
from shipmark.organizations.audit import AuditEntry, AuditEvent
from shipmark.organizations.store import AuditFilter
from shipmark.web import urls
from shipmark.web.request_context import WebRequest, Workspace

_ENTRIES_PER_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLogPage:
    """A page of entries, newest first, with the users who made the changes; ``newer`` and ``older`` are URLs or "".

    ``actor_id`` is that of the user whose changes alone are listed, or None.
    """

    entries: Sequence[AuditEntry]
    users: Mapping[int, User]
    events: Sequence[str]
    event: str
    actor_id: int | None
    newer: str
    older: str

    def address(self, workspace: Workspace, **changed: object) -> str:
        """Return the URL of the first page with other conditions; None drops one."""
        return _address(workspace, {"event": self.event, "actor": self.actor_id} | changed)


def audit_log_page(
    connection: Connection, web_request: WebRequest, workspace: Workspace
) -> AuditLogPage:
    """Return the requested page; an unknown event, user or cursor is ignored."""
    event = AuditEvent.named(web_request.parameter("event"))
    actor_id = id_of(web_request.parameter("actor")) or None
    page = parse_page_or_first(_ENTRIES_PER_PAGE, web_request.parameter("cursor"))
    rows = store.entries_of(
        connection,
        workspace.organization.id,
        AuditFilter(event=event, actor_id=actor_id),
        page.position,
        limit=page.limit,
    )
    entries, links = paginate_by_keyset(rows, page)
    name = event.api_name if event else ""
    listed = {"event": name, "actor": actor_id}
    return AuditLogPage(
        entries=entries,
        users=accounts.by_ids(connection, {entry.actor_id for entry in entries if entry.actor_id}),
        events=sorted(each.api_name for each in AuditEvent),
        event=name,
        actor_id=actor_id,
        newer=_address(workspace, listed | {"cursor": links.previous})
        if links.has_previous
        else "",
        older=_address(workspace, listed | {"cursor": links.next}) if links.has_next else "",
    )


def _address(workspace: Workspace, parameters: Mapping[str, object]) -> str:
    chosen = {name: value for name, value in parameters.items() if value}
    return f"{urls.settings(workspace.organization.slug, 'audit-log')}?{urlencode(chosen)}"
