"""Changes of release thresholds, and their entries in the audit log (releases.md 2.22)."""

from sqlalchemy import Connection

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.organizations import audit
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext, record_action
from shipmark.projects import store as projects
from shipmark.projects.model import Environment, Project
from shipmark.releases.store import thresholds as store
from shipmark.releases.thresholds import THRESHOLDS_MAX, NewThreshold, Threshold

TOO_MANY = f"A project has no more than {THRESHOLDS_MAX} thresholds."


def add(
    connection: Connection, context: ActionContext, project: Project, new: NewThreshold
) -> Threshold:
    """Add a threshold to a project. Raise `ValidationFailed` if it has too many."""
    if store.count(connection, project.id) >= THRESHOLDS_MAX:
        raise ValidationFailed({"non_field_errors": [TOO_MANY]})
    added = store.add(connection, project.id, new, context.at)
    _record(connection, context, AuditEvent.THRESHOLD_ADD, project, added, _audited(added))
    return added


def change(
    connection: Connection,
    context: ActionContext,
    project: Project,
    known: Threshold,
    new: NewThreshold,
) -> Threshold:
    """Replace the values of a threshold."""
    changed = store.change(connection, known, new)
    if changes := audit.changes_between(_audited(known), _audited(changed)):
        data: dict[str, object] = {"changes": changes}
        _record(connection, context, AuditEvent.THRESHOLD_EDIT, project, known, data)
    return changed


def remove(
    connection: Connection, context: ActionContext, project: Project, known: Threshold
) -> None:
    """Delete a threshold."""
    store.remove(connection, known.id)
    _record(connection, context, AuditEvent.THRESHOLD_REMOVE, project, known, _audited(known))


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
    context: ActionContext,
    event: AuditEvent,
    project: Project,
    threshold: Threshold,
    data: dict[str, object],
) -> None:
    entry = {"project_slug": project.slug} | data
    record_action(connection, context, event, threshold.id, entry)
