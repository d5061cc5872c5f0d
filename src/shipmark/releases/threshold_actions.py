"""Changes of release thresholds, and their entries in the audit log (releases.md 2.22)."""

from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.organizations import audit
from shipmark.organizations import store as organizations
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor
from shipmark.projects import store as projects
from shipmark.projects.model import Environment, Project
from shipmark.releases.store import thresholds as store
from shipmark.releases.thresholds import THRESHOLDS_MAX, NewThreshold, Threshold

TOO_MANY = f"A project has no more than {THRESHOLDS_MAX} thresholds."


def add(
    connection: Connection, project: Project, new: NewThreshold, *, by: Actor, at: datetime
) -> Threshold:
    """Add a threshold to a project. Raise `ValidationFailed` if it has too many."""
    if store.count(connection, project.id) >= THRESHOLDS_MAX:
        raise ValidationFailed({"non_field_errors": [TOO_MANY]})
    added = store.add(connection, project.id, new, at)
    _record(connection, project, AuditEvent.THRESHOLD_ADD, added, by, at, _audited(added))
    return added


def change(
    connection: Connection,
    project: Project,
    known: Threshold,
    new: NewThreshold,
    *,
    by: Actor,
    at: datetime,
) -> Threshold:
    """Replace the values of a threshold."""
    changed = store.change(connection, known, new)
    if changes := audit.changes_between(_audited(known), _audited(changed)):
        data: dict[str, object] = {"changes": changes}
        _record(connection, project, AuditEvent.THRESHOLD_EDIT, known, by, at, data)
    return changed


def remove(
    connection: Connection, project: Project, known: Threshold, *, by: Actor, at: datetime
) -> None:
    """Delete a threshold."""
    store.remove(connection, known.id)
    _record(connection, project, AuditEvent.THRESHOLD_REMOVE, known, by, at, _audited(known))


def environment_named(
    connection: Connection, organization_id: int, name: str
) -> Environment | None:
    """Return the environment of a threshold, or None, for all of them, if the name is blank.

    Raise `ValidationFailed` if the organization has none with this name.
    """
    if not name:
        return None
    named = projects.environments_named(connection, organization_id, [name])
    if not named:
        raise ValidationFailed({"environment": ["Invalid environment"]})
    return named[0]


def _audited(threshold: Threshold) -> dict[str, object]:
    return {
        "threshold_type": threshold.type.value,
        "trigger_type": threshold.trigger.value,
        "value": threshold.value,
        "window_in_seconds": threshold.window_seconds,
        "environment": threshold.environment.name if threshold.environment else None,
    }


def _record(
    connection: Connection,
    project: Project,
    event: AuditEvent,
    threshold: Threshold,
    by: Actor,
    at: datetime,
    data: dict[str, object],
) -> None:
    entry = {"project_slug": project.slug} | data
    organization_id = project.organization_id
    organizations.record(
        connection, organization_id, event, by, at, data=entry, target_id=threshold.id
    )
