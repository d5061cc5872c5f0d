"""Query parameters of the audit log (files-and-avatars.md 1.6)."""

from shipmark.api.queries import PageQuery, TimeRangeQuery
from shipmark.http.validation import optional
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.ids import id_of
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.store import AuditFilter


class AuditLogQuery(TimeRangeQuery, PageQuery):
    """A page of the audit log."""

    event: str | None = optional("Only events with this name.", example="org.edit")
    actor: str | None = optional("Only events of the user with this id.", example="1")

    def audit_filter(self) -> AuditFilter:
        """Return the entries that the query asks for. Raise `BadRequest` for an unknown event or a bad id."""
        event = AuditEvent.named(self.event) if self.event else None
        if self.event and event is None:
            raise BadRequest(f'"{self.event}" is not a valid choice for event.')
        actor_id = id_of(self.actor) if self.actor else None
        if self.actor and actor_id is None:
            raise BadRequest("Invalid actor parameter. Values must be numbers.")
        since, until = self.time_range() or (None, None)
        return AuditFilter(event=event, actor_id=actor_id, since=since, until=until)
