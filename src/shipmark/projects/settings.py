"""Changes of projects, their teams, options and keys, with entries in the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import Conflict, NotFound, ValidationFailed
from shipmark.organizations import audit, slugs
from shipmark.organizations import store as organizations
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor, Organization, Team
from shipmark.projects import options, store
from shipmark.projects.model import Project, ProjectKey, default_key

TAKEN = "A project with this slug already exists."
KEY_TAKEN = "Another key has this public half."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProject:
    """Values of a new project. Without a slug it gets one derived from its name, or else ``spare_slug``."""

    name: str
    slug: str | None
    platform: str | None
    spare_slug: str
    key: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectUpdate:
    """Requested changes of columns and options; options have their names for clients."""

    columns: Mapping[str, str | None] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)


def create(
    connection: Connection,
    organization: Organization,
    new: NewProject,
    *,
    team: Team,
    by: Actor,
    at: datetime,
) -> Project:
    """Create a project of a team, with a DSN key. Raise `Conflict` if another has the requested slug."""
    slug = new.slug or slugs.from_name(new.name)
    if not slug or (new.slug is None and slug in slugs.RESERVED_OF_PROJECTS):
        slug = new.spare_slug
    project = store.add(connection, organization.id, slug, new.name, new.platform, at)
    if project is None and new.slug is None:
        # The slug was derived from the name and is taken: the spare one makes it unique.
        slug = f"{slug[: slugs.SLUG_MAX - len(new.spare_slug) - 1]}-{new.spare_slug}"
        project = store.add(connection, organization.id, slug, new.name, new.platform, at)
    if project is None:
        raise Conflict(TAKEN)
    store.add_owner(connection, project.id, team.id)
    store.add_key(connection, default_key(project, *new.key), at)
    data = {"slug": project.slug, "name": project.name}
    _record(connection, project, AuditEvent.PROJECT_ADD, by, at, data)
    return project


def update(
    connection: Connection, project: Project, requested: ProjectUpdate, *, by: Actor, at: datetime
) -> Project:
    """Change a project and redirect its former slug. Raise `ValidationFailed` if another project has the new slug."""
    before = {"name": project.name, "slug": project.slug, "platform": project.platform}
    columns = {name: new for name, new in requested.columns.items() if before[name] != new}
    fields = {name: audit.changed_from_to(before[name], new) for name, new in columns.items()}
    stored = _changed_options(connection, project, requested.options, fields)
    if columns and not store.change(connection, project.id, columns):
        raise ValidationFailed({"slug": [TAKEN]})
    new_slug = columns.get("slug")
    if new_slug is not None:
        store.redirect(connection, project.organization_id, project.slug, new_slug, project.id)
    if stored:
        store.save_options(connection, project.id, stored)
    if fields:
        _record(connection, project, AuditEvent.PROJECT_EDIT, by, at, fields)
    after = store.by_slug_or_id(connection, project.organization_id, str(project.id))
    if after is None:
        raise NotFound
    return after


def set_commit_paths(
    connection: Connection, project: Project, paths: Sequence[str], *, by: Actor, at: datetime
) -> list[str]:
    """Limit the commits of the project's releases to those that touch these folders, from the next commits on.

    Return the folders, each once; none is for all commits.
    """
    each = list(dict.fromkeys(paths))
    store.set_commit_paths(connection, project.id, each)
    before = {"commitPaths": list(project.commit_paths)}
    if changes := audit.changes_between(before, {"commitPaths": each}):
        _record(connection, project, AuditEvent.PROJECT_EDIT, by, at, changes)
    return each


def add_team(
    connection: Connection, project: Project, team: Team, *, by: Actor, at: datetime
) -> None:
    """Add an owning team to the project, unless it owns it already."""
    if store.add_owner(connection, project.id, team.id):
        data = {"team": f"{team.slug} added"}
        _record(connection, project, AuditEvent.PROJECT_EDIT, by, at, data)


def remove_team(
    connection: Connection, project: Project, team: Team, *, by: Actor, at: datetime
) -> None:
    """Remove an owning team from the project, if it owns it. A project may be left without a team."""
    if store.remove_owner(connection, project.id, team.id):
        data = {"team": f"{team.slug} removed"}
        _record(connection, project, AuditEvent.PROJECT_EDIT, by, at, data)


def add_key(
    connection: Connection, project: Project, key: ProjectKey, by: Actor, at: datetime
) -> None:
    """Add a key to the project. Raise `Conflict` if another has its public half."""
    if not store.add_key(connection, key, at):
        raise Conflict(KEY_TAKEN)
    _record_key(connection, project, AuditEvent.PROJECT_KEY_ADD, key, by, at)


def update_key(
    connection: Connection,
    project: Project,
    key: ProjectKey,
    values: Mapping[str, object],
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Change columns of a key."""
    if values:
        store.change_key(connection, key.public_key, values)
        after = store.key_of(connection, project.id, key.public_key)
        changes = audit.changes_between(_public_values(key), _public_values(after)) if after else {}
        _record_key(connection, project, AuditEvent.PROJECT_KEY_EDIT, key, by, at, changes)


def remove_key(
    connection: Connection, project: Project, key: ProjectKey, by: Actor, at: datetime
) -> None:
    """Delete a key."""
    store.remove_key(connection, key.public_key)
    _record_key(connection, project, AuditEvent.PROJECT_KEY_REMOVE, key, by, at)


#: Options whose values must not be in the audit log.
_SECRET = frozenset({"securityToken"})


def _changed_options(
    connection: Connection,
    project: Project,
    requested: Mapping[str, object],
    audited: dict[str, str],
) -> dict[str, object]:
    """Return the options to store, by key, and add their changes to ``audited``."""
    if not requested:
        return {}
    stored = store.options_of(connection, project.id)
    known = options.values(stored)
    changed = {}
    for name, value in requested.items():
        option = options.OPTIONS[name]
        if option.key in stored and stored[option.key] == value:
            continue
        changed[option.key] = value
        if known[name] != value:
            is_secret = name in _SECRET
            audited[name] = "changed" if is_secret else audit.changed_from_to(known[name], value)
    return changed


def _record_key(
    connection: Connection,
    project: Project,
    event: AuditEvent,
    key: ProjectKey,
    by: Actor,
    at: datetime,
    changes: Mapping[str, str] | None = None,
) -> None:
    data: dict[str, object] = {"public_key": key.public_key, "project_slug": project.slug}
    data["label"] = key.label
    if changes:
        data["changes"] = changes
    _record(connection, project, event, by, at, data)


def _public_values(key: ProjectKey) -> dict[str, object]:
    """Return the values of a key for the audit log: never its secret half."""
    values = {"label": key.label, "is_active": key.is_active, "rate_limit": key.rate_limit}
    return {**values, **key.details}


def _record(
    connection: Connection,
    project: Project,
    event: AuditEvent,
    by: Actor,
    at: datetime,
    data: Mapping[str, object],
) -> None:
    organizations.record(
        connection, project.organization_id, event, by, at, data=data, target_id=project.id
    )


def with_status(keys: Sequence[ProjectKey], status: str | None) -> list[ProjectKey]:
    """Return the keys with this status: all without one, none for an unknown one."""
    if not status:
        return list(keys)
    is_active = {"active": True, "inactive": False}.get(status)
    return [key for key in keys if key.is_active is is_active]
