"""What can be done with a project's settings? Make and change projects and their keys, and tell the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from shipmark.infrastructure.errors import Conflict, NotFound, ValidationFailed
from shipmark.organizations import audit, slugs
from shipmark.organizations import store as organizations
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor, Organization, Team
from shipmark.projects import options, store
from shipmark.projects.model import Project, ProjectKey

TAKEN = "A project with this slug already exists."
KEY_TAKEN = "Another key has this public half."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProject:
    """A project that is to be made. Without a slug it gets one made of its name, or else ``spare_slug``."""

    name: str
    slug: str | None
    platform: str | None
    spare_slug: str
    key: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectUpdate:
    """What is to be changed: columns and options, by the names that clients have for options."""

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
    """A new project that a team owns, with a DSN key. Raises `Conflict` where another has the slug that is wanted."""
    requested = new.slug or slugs.from_name(new.name)
    if not requested or (new.slug is None and requested in slugs.RESERVED_OF_PROJECTS):
        requested = new.spare_slug
    made = store.add(connection, organization.id, requested, new.name, new.platform, at)
    if made is None and new.slug is None:
        # The name's slug is taken, and nobody asked for it: the spare one makes it another.
        requested = f"{requested[: slugs.SLUG_MAX - len(new.spare_slug) - 1]}-{new.spare_slug}"
        made = store.add(connection, organization.id, requested, new.name, new.platform, at)
    if made is None:
        raise Conflict(TAKEN)
    store.add_owner(connection, made.id, team.id)
    public, secret = new.key
    key = ProjectKey(
        project_id=made.id, public_key=public, secret_key=secret, label="Default", is_active=True
    )
    store.add_key(connection, key, at)
    _note(connection, made, AuditEvent.PROJECT_ADD, by, at, {"slug": made.slug, "name": made.name})
    return made


def update(
    connection: Connection,
    project: Project,
    amendment: ProjectUpdate,
    *,
    by: Actor,
    at: datetime,
) -> Project:
    """Change a project and redirect its former slug. Raise `ValidationFailed` if another project has the new slug."""
    before = {"name": project.name, "slug": project.slug, "platform": project.platform}
    columns = {value: new for value, new in amendment.columns.items() if before[value] != new}
    fields = {value: audit.changed_from_to(before[value], new) for value, new in columns.items()}
    stored = _changed_options(connection, project, amendment.options, fields)
    if columns and not store.change(connection, project.id, columns):
        raise ValidationFailed({"slug": [TAKEN]})
    new_slug = columns.get("slug")
    if new_slug is not None:
        store.redirect(connection, project.organization_id, project.slug, new_slug, project.id)
    if stored:
        store.save_options(connection, project.id, stored)
    if fields:
        _note(connection, project, AuditEvent.PROJECT_EDIT, by, at, fields)
    after = store.by_slug_or_id(connection, project.organization_id, str(project.id))
    if after is None:
        raise NotFound
    return after


def add_team(
    connection: Connection, project: Project, team: Team, *, by: Actor, at: datetime
) -> None:
    """Let a team own the project, unless it does already."""
    if store.add_owner(connection, project.id, team.id):
        _note(connection, project, AuditEvent.PROJECT_EDIT, by, at, {"team": f"{team.slug} added"})


def remove_team(
    connection: Connection, project: Project, team: Team, *, by: Actor, at: datetime
) -> None:
    """Let a team own the project no longer, if it does. A project may be left without a team."""
    if store.remove_owner(connection, project.id, team.id):
        data = {"team": f"{team.slug} removed"}
        _note(connection, project, AuditEvent.PROJECT_EDIT, by, at, data)


def add_key(
    connection: Connection, project: Project, key: ProjectKey, by: Actor, at: datetime
) -> None:
    """Give a project another key. Raises `Conflict` where one has its public half."""
    if not store.add_key(connection, key, at):
        raise Conflict(KEY_TAKEN)
    _note_key(connection, project, AuditEvent.PROJECT_KEY_ADD, key, by, at)


def update_key(
    connection: Connection,
    project: Project,
    key: ProjectKey,
    values: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Change columns of a key."""
    if values:
        store.change_key(connection, key.public_key, values)
        after = store.key_of(connection, project.id, key.public_key)
        changes = audit.changes_between(_audited(key), _audited(after)) if after else {}
        _note_key(connection, project, AuditEvent.PROJECT_KEY_EDIT, key, by, at, changes)


def remove_key(
    connection: Connection, project: Project, key: ProjectKey, by: Actor, at: datetime
) -> None:
    """Delete a key."""
    store.remove_key(connection, key.public_key)
    _note_key(connection, project, AuditEvent.PROJECT_KEY_REMOVE, key, by, at)


#: Options that the audit log must not tell.
_SECRET = frozenset({"securityToken"})


def _changed_options(
    connection: Connection, project: Project, given: Mapping[str, object], told: dict[str, str]
) -> dict[str, object]:
    """What is to be stored, by key; what the log is told of it is added."""
    if not given:
        return {}
    stored = store.options_of(connection, project.id)
    known = options.values(stored)
    kept = {}
    for name, value in given.items():
        option = options.OPTIONS[name]
        if option.key in stored and stored[option.key] == value:
            continue
        kept[option.key] = value
        if known[name] != value:
            is_secret = name in _SECRET
            told[name] = "changed" if is_secret else audit.changed_from_to(known[name], value)
    return kept


def _note_key(
    connection: Connection,
    project: Project,
    event: AuditEvent,
    key: ProjectKey,
    by: Actor,
    at: datetime,
    changes: Mapping[str, str] | None = None,
) -> None:
    data: dict[str, object] = {
        "public_key": key.public_key,
        "project_slug": project.slug,
        "label": key.label,
    }
    _note(connection, project, event, by, at, data | ({"changes": changes} if changes else {}))


def _audited(key: ProjectKey) -> dict[str, object]:
    """Return what the audit log tells of a key: never its secret half."""
    return {
        "label": key.label,
        "is_active": key.is_active,
        "rate_limit": key.rate_limit,
        **key.details,
    }


def _note(
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
    """Those keys that are active or inactive; all without a word, none for another one."""
    match status:
        case None | "":
            return list(keys)
        case "active" | "inactive":
            return [key for key in keys if key.is_active is (status == "active")]
    return []
