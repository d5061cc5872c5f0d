"""Entries of the audit log, and their notes (files-and-avatars.md 1.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from shipmark.organizations.model import NO_FLAGS, Flag, Organization


class AuditEvent(IntEnum):
    """Type of an entry, by its number in the protocol."""

    MEMBER_INVITE = 1
    MEMBER_ADD = 2
    MEMBER_ACCEPT = 3
    MEMBER_EDIT = 4
    MEMBER_REMOVE = 5
    MEMBER_JOIN_TEAM = 6
    MEMBER_LEAVE_TEAM = 7
    ORG_ADD = 10
    ORG_EDIT = 11
    ORG_REMOVE = 12
    ORG_RESTORE = 13
    TEAM_ADD = 20
    TEAM_EDIT = 21
    TEAM_REMOVE = 22
    PROJECT_ADD = 30
    PROJECT_EDIT = 31
    PROJECT_REMOVE = 32
    PROJECT_KEY_ADD = 50
    PROJECT_KEY_EDIT = 51
    PROJECT_KEY_REMOVE = 52
    ORG_TOKEN_ADD = 176
    ORG_TOKEN_REMOVE = 177
    # The protocol has no numbers for these: ours begin far above its own.
    ORG_TOKEN_EDIT = 10_001
    RELEASE_EDIT = 10_011
    RELEASE_REMOVE = 10_012
    RELEASE_TOKEN_ADD = 10_020
    REPOSITORY_ADD = 10_030
    REPOSITORY_EDIT = 10_031
    REPOSITORY_REMOVE = 10_032
    REMOTE_EDIT = 10_041
    REMOTE_REMOVE = 10_042
    THRESHOLD_ADD = 10_050
    THRESHOLD_EDIT = 10_051
    THRESHOLD_REMOVE = 10_052

    @property
    def api_name(self) -> str:
        """Name in the API."""
        return _API_NAMES[self]

    @classmethod
    def named(cls, name: str) -> "AuditEvent | None":
        """Return the event with this name in the API, or None."""
        return next((audit_event for audit_event in cls if audit_event.api_name == name), None)


_API_NAMES: Mapping[AuditEvent, str] = {
    AuditEvent.MEMBER_INVITE: "member.invite",
    AuditEvent.MEMBER_ADD: "member.add",
    AuditEvent.MEMBER_ACCEPT: "member.accept-invite",
    AuditEvent.MEMBER_EDIT: "member.edit",
    AuditEvent.MEMBER_REMOVE: "member.remove",
    AuditEvent.MEMBER_JOIN_TEAM: "member.join-team",
    AuditEvent.MEMBER_LEAVE_TEAM: "member.leave-team",
    AuditEvent.ORG_ADD: "org.create",
    AuditEvent.ORG_EDIT: "org.edit",
    AuditEvent.ORG_REMOVE: "org.remove",
    AuditEvent.ORG_RESTORE: "org.restore",
    AuditEvent.TEAM_ADD: "team.create",
    AuditEvent.TEAM_EDIT: "team.edit",
    AuditEvent.TEAM_REMOVE: "team.remove",
    AuditEvent.PROJECT_ADD: "project.create",
    AuditEvent.PROJECT_EDIT: "project.edit",
    AuditEvent.PROJECT_REMOVE: "project.remove",
    AuditEvent.PROJECT_KEY_ADD: "projectkey.create",
    AuditEvent.PROJECT_KEY_EDIT: "projectkey.edit",
    AuditEvent.PROJECT_KEY_REMOVE: "projectkey.remove",
    AuditEvent.ORG_TOKEN_ADD: "org-auth-token.create",
    AuditEvent.ORG_TOKEN_REMOVE: "org-auth-token.remove",
    AuditEvent.ORG_TOKEN_EDIT: "org-auth-token.edit",
    AuditEvent.RELEASE_EDIT: "release.edit",
    AuditEvent.RELEASE_REMOVE: "release.remove",
    AuditEvent.RELEASE_TOKEN_ADD: "release-token.create",
    AuditEvent.REPOSITORY_ADD: "repository.create",
    AuditEvent.REPOSITORY_EDIT: "repository.edit",
    AuditEvent.REPOSITORY_REMOVE: "repository.remove",
    AuditEvent.REMOTE_EDIT: "repository-remote.edit",
    AuditEvent.REMOTE_REMOVE: "repository-remote.remove",
    AuditEvent.THRESHOLD_ADD: "release-threshold.create",
    AuditEvent.THRESHOLD_EDIT: "release-threshold.edit",
    AuditEvent.THRESHOLD_REMOVE: "release-threshold.remove",
}

#: Templates of notes, over the fields of the data.
_NOTES: Mapping[AuditEvent, str] = {
    AuditEvent.MEMBER_INVITE: "invited member {email} (role: {role})",
    AuditEvent.MEMBER_ADD: "added member {email}",
    AuditEvent.MEMBER_ACCEPT: "accepted the invitation of {email}",
    AuditEvent.MEMBER_EDIT: "edited member {email} (role: {role})",
    AuditEvent.MEMBER_REMOVE: "removed member {email}",
    AuditEvent.MEMBER_JOIN_TEAM: "added {email} to team {team_slug}",
    AuditEvent.MEMBER_LEAVE_TEAM: "removed {email} from team {team_slug}",
    AuditEvent.ORG_ADD: "created the organization",
    AuditEvent.ORG_REMOVE: "removed the organization",
    AuditEvent.ORG_RESTORE: "restored the organization",
    AuditEvent.TEAM_ADD: "created team {slug}",
    AuditEvent.TEAM_EDIT: "edited team {slug}",
    AuditEvent.TEAM_REMOVE: "removed team {slug}",
    AuditEvent.PROJECT_ADD: "created project {slug}",
    AuditEvent.PROJECT_REMOVE: "removed project {slug}",
    AuditEvent.PROJECT_KEY_ADD: "added project key {public_key}",
    AuditEvent.PROJECT_KEY_EDIT: "edited project key {public_key}",
    AuditEvent.PROJECT_KEY_REMOVE: "removed project key {public_key}",
    AuditEvent.ORG_TOKEN_ADD: "added org auth token {name}",
    AuditEvent.ORG_TOKEN_REMOVE: "removed org auth token {name}",
    AuditEvent.ORG_TOKEN_EDIT: "edited org auth token {name}",
    AuditEvent.RELEASE_EDIT: "edited {releases}",
    AuditEvent.RELEASE_REMOVE: "removed {releases}",
    AuditEvent.RELEASE_TOKEN_ADD: "created a release token of project {project_slug}",
    AuditEvent.REPOSITORY_ADD: "added repository {name}",
    AuditEvent.REPOSITORY_EDIT: "edited repository {name}",
    AuditEvent.REPOSITORY_REMOVE: "removed repository {name}",
    AuditEvent.REMOTE_EDIT: "edited the remote of repository {name}",
    AuditEvent.REMOTE_REMOVE: "removed the remote of repository {name}",
    AuditEvent.THRESHOLD_ADD: "created a release threshold of project {project_slug}",
    AuditEvent.THRESHOLD_EDIT: "edited a release threshold of project {project_slug}",
    AuditEvent.THRESHOLD_REMOVE: "removed a release threshold of project {project_slug}",
}

Data = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An entry of the audit log; ``target_id`` is the id of the changed object."""

    id: int
    event: AuditEvent
    actor_id: int | None
    actor_label: str
    ip_address: str | None
    target_id: int | None
    target_user_id: int | None
    data: Data
    created_at: datetime

    @property
    def note(self) -> str:
        """Description of the event for display."""
        changes = ", ".join(f"{key} {value}" for key, value in self.data.items())
        if self.event is AuditEvent.ORG_EDIT:
            return f"edited the organization setting: {changes}"
        if self.event is AuditEvent.PROJECT_EDIT:
            return f"edited project settings: {changes}"
        note = _NOTES[self.event].format_map(
            _Fields(dict(self.data) | {"releases": _releases(self.data)})
        )
        changed = self.data.get("changes")
        if not isinstance(changed, Mapping) or not changed:
            return note
        return f"{note}: {', '.join(f'{key} {value}' for key, value in changed.items())}"


class _Fields(dict[str, object]):
    """The fields of an entry; those that an older server did not store read as empty texts."""

    def __missing__(self, _: str) -> str:
        return ""


def snapshot(organization: Organization) -> dict[str, object]:
    """Return the data of an entry about the removal or restoration of an organization."""
    flags = organization.flags | (Flag.ALLOW_JOINLEAVE if organization.is_open else NO_FLAGS)
    return {
        "id": organization.id,
        "slug": organization.slug,
        "name": organization.name,
        "status": organization.status.value,
        "flags": int(flags),
        "default_role": organization.default_role.value,
    }


def _releases(data: Data) -> str:
    """Return the versions that an entry names, and the number of others, as text."""
    versions, count = data.get("versions"), data.get("count")
    if not isinstance(versions, list) or not isinstance(count, int):
        return ""
    more = f" and {count - len(versions)} more" if count > len(versions) else ""
    return f"{'release' if count == 1 else 'releases'} {', '.join(map(str, versions))}{more}"


def changes_between(before: Data, after: Data) -> dict[str, str]:
    """Return the changed values, each as `changed_from_to`."""
    return {
        name: changed_from_to(before.get(name), value)
        for name, value in after.items()
        if before.get(name) != value
    }


def changed_to(value: object) -> str:
    """Return the text for a value that was not set before, as Python writes it."""
    return f"to {value}"


def changed_from_to(before: object, after: object) -> str:
    """Return the text for a value that replaces another one."""
    return f"from {before} to {after}"
