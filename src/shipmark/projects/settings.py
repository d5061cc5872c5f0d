"""Changes of projects, their teams, options and keys, with entries in the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from shipmark.infrastructure.errors import Conflict, NotFound, ValidationFailed
from shipmark.organizations import audit, slugs
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext, record_action
from shipmark.organizations.model import Team
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


def create(connection: Connection, context: ActionContext, new: NewProject, team: Team) -> Project:
    """Create a project of a team, with a DSN key. Raise `Conflict` if another has the requested slug."""
    organization_id = context.access.organization.id
    slug = new.slug or slugs.from_name(new.name)
    if not slug or (new.slug is None and slug in slugs.RESERVED_OF_PROJECTS):
        slug = new.spare_slug
    project = store.add(connection, organization_id, slug, new.name, new.platform, context.at)
    if project is None and new.slug is None:
        # The slug was derived from the name and is taken: the spare one makes it unique.
        slug = f"{slug[: slugs.SLUG_MAX - len(new.spare_slug) - 1]}-{new.spare_slug}"
        project = store.add(connection, organization_id, slug, new.name, new.platform, context.at)
    if project is None:
        raise Conflict(TAKEN)
    store.add_owner(connection, project.id, team.id)
    store.add_key(connection, default_key(project, *new.key), context.at)
    data = {"slug": project.slug, "name": project.name}
    record_action(connection, context, AuditEvent.PROJECT_ADD, project.id, data)
    return project


def update(
    connection: Connection, context: ActionContext, project: Project, requested: ProjectUpdate
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
        record_action(connection, context, AuditEvent.PROJECT_EDIT, project.id, fields)
    after = store.by_slug_or_id(connection, project.organization_id, str(project.id))
    if after is None:
        raise NotFound
    return after


def set_commit_paths(
    connection: Connection, context: ActionContext, project: Project, paths: Sequence[str]
) -> list[str]:
    """Limit the commits of the project's releases to those that touch these folders, from the next commits on.

    Return the folders, each once; none is for all commits.
    """
    each = list(dict.fromkeys(paths))
    store.set_commit_paths(connection, project.id, each)
    before = {"commitPaths": list(project.commit_paths)}
    if changes := audit.changes_between(before, {"commitPaths": each}):
        record_action(connection, context, AuditEvent.PROJECT_EDIT, project.id, changes)
    return each


def add_team(connection: Connection, context: ActionContext, project: Project, team: Team) -> None:
    """Add an owning team to the project, unless it owns it already."""
    if store.add_owner(connection, project.id, team.id):
        data = {"team": f"{team.slug} added"}
        record_action(connection, context, AuditEvent.PROJECT_EDIT, project.id, data)


def remove_team(
    connection: Connection, context: ActionContext, project: Project, team: Team
) -> None:
    """Remove an owning team from the project, if it owns it. A project may be left without a team."""
    if store.remove_owner(connection, project.id, team.id):
        data = {"team": f"{team.slug} removed"}
        record_action(connection, context, AuditEvent.PROJECT_EDIT, project.id, data)


def add_key(
    connection: Connection, context: ActionContext, project: Project, key: ProjectKey
) -> None:
    """Add a key to the project. Raise `Conflict` if another has its public half."""
    if not store.add_key(connection, key, context.at):
        raise Conflict(KEY_TAKEN)
    _record_key(connection, context, AuditEvent.PROJECT_KEY_ADD, project, key)


def update_key(
    connection: Connection,
    context: ActionContext,
    project: Project,
    key: ProjectKey,
    values: Mapping[str, object],
) -> None:
    """Change columns of a key."""
    if values:
        store.change_key(connection, key.public_key, values)
        after = store.key_of(connection, project.id, key.public_key)
        changes = audit.changes_between(_public_values(key), _public_values(after)) if after else {}
        _record_key(connection, context, AuditEvent.PROJECT_KEY_EDIT, project, key, changes)


def remove_key(
    connection: Connection, context: ActionContext, project: Project, key: ProjectKey
) -> None:
    """Delete a key."""
    store.remove_key(connection, key.public_key)
    _record_key(connection, context, AuditEvent.PROJECT_KEY_REMOVE, project, key)


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
    context: ActionContext,
    event: AuditEvent,
    project: Project,
    key: ProjectKey,
    changes: Mapping[str, str] | None = None,
) -> None:
    data: dict[str, object] = {"public_key": key.public_key, "project_slug": project.slug}
    data["label"] = key.label
    if changes:
        data["changes"] = changes
    record_action(connection, context, event, project.id, data)


def _public_values(key: ProjectKey) -> dict[str, object]:
    """Return the values of a key for the audit log: never its secret half."""
    values = {"label": key.label, "is_active": key.is_active, "rate_limit": key.rate_limit}
    return {**values, **key.details}


def with_status(keys: Sequence[ProjectKey], status: str | None) -> list[ProjectKey]:
    """Return the keys with this status: all without one, none for an unknown one."""
    if not status:
        return list(keys)
    is_active = {"active": True, "inactive": False}.get(status)
    return [key for key in keys if key.is_active is is_active]
