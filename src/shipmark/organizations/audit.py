"""Entries of the audit log, and their notes (files-and-avatars.md 1.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Self

from shipmark.organizations.model import NO_FLAGS, Flag, Organization


class AuditEvent(IntEnum):
    """Type of an entry: its number in the protocol, its name in the API, and its note over the fields of the data."""

    api_name: str
    template: str

    def __new__(cls, number: int, api_name: str = "", template: str = "") -> Self:
        """Return the event; one of a number is looked up."""
        event = int.__new__(cls, number)
        event._value_ = number
        event.api_name = api_name
        event.template = template
        return event

    MEMBER_INVITE = 1, "member.invite", "invited member {email} (role: {role})"
    MEMBER_ADD = 2, "member.add", "added member {email}"
    MEMBER_ACCEPT = 3, "member.accept-invite", "accepted the invitation of {email}"
    MEMBER_EDIT = 4, "member.edit", "edited member {email} (role: {role})"
    MEMBER_REMOVE = 5, "member.remove", "removed member {email}"
    MEMBER_JOIN_TEAM = 6, "member.join-team", "added {email} to team {team_slug}"
    MEMBER_LEAVE_TEAM = 7, "member.leave-team", "removed {email} from team {team_slug}"
    ORG_ADD = 10, "org.create", "created the organization"
    ORG_EDIT = 11, "org.edit"
    ORG_REMOVE = 12, "org.remove", "removed the organization"
    ORG_RESTORE = 13, "org.restore", "restored the organization"
    TEAM_ADD = 20, "team.create", "created team {slug}"
    TEAM_EDIT = 21, "team.edit", "edited team {slug}"
    TEAM_REMOVE = 22, "team.remove", "removed team {slug}"
    PROJECT_ADD = 30, "project.create", "created project {slug}"
    PROJECT_EDIT = 31, "project.edit"
    PROJECT_REMOVE = 32, "project.remove", "removed project {slug}"
    PROJECT_KEY_ADD = 50, "projectkey.create", "added project key {public_key}"
    PROJECT_KEY_EDIT = 51, "projectkey.edit", "edited project key {public_key}"
    PROJECT_KEY_REMOVE = 52, "projectkey.remove", "removed project key {public_key}"
    ORG_TOKEN_ADD = 176, "org-auth-token.create", "added org auth token {name}"
    ORG_TOKEN_REMOVE = 177, "org-auth-token.remove", "removed org auth token {name}"
    # The protocol has no numbers for these: ours begin far above its own.
    ORG_TOKEN_EDIT = 10_001, "org-auth-token.edit", "edited org auth token {name}"
    RELEASE_EDIT = 10_011, "release.edit", "edited {releases}"
    RELEASE_REMOVE = 10_012, "release.remove", "removed {releases}"
    RELEASE_MARK = (
        10_013,
        "release.mark",
        "marked release {version} as {marked} in environment {environment} of project {project_slug}",
    )
    RELEASE_TOKEN_ADD = (
        10_020,
        "release-token.create",
        "created a release token of project {project_slug}",
    )
    REPOSITORY_ADD = 10_030, "repository.create", "added repository {name}"
    REPOSITORY_EDIT = 10_031, "repository.edit", "edited repository {name}"
    REPOSITORY_REMOVE = 10_032, "repository.remove", "removed repository {name}"
    REMOTE_EDIT = 10_041, "repository-remote.edit", "edited the remote of repository {name}"
    REMOTE_REMOVE = 10_042, "repository-remote.remove", "removed the remote of repository {name}"
    THRESHOLD_ADD = (
        10_050,
        "release-threshold.create",
        "created a release threshold of project {project_slug}",
    )
    THRESHOLD_EDIT = (
        10_051,
        "release-threshold.edit",
        "edited a release threshold of project {project_slug}",
    )
    THRESHOLD_REMOVE = (
        10_052,
        "release-threshold.remove",
        "removed a release threshold of project {project_slug}",
    )
    ARTIFACTS_PRUNE = (
        10_060,
        "artifacts.prune",
        "requested the deletion of artifacts of project {project_slug} unused for {days} days",
    )
    QUARANTINE_DISCARD = (
        10_070,
        "quarantined-event.remove",
        "discarded the quarantined {type} {event_id}",
    )
    ISSUE_REMOVE = 10_080, "issue.delete", "deleted {issues}"
    ISSUE_DISCARD = 10_081, "issue.discard", "deleted {issues}, whose future events are discarded"
    DISCARDED_ISSUE_REMOVE = (
        10_082,
        "discarded-issue.remove",
        "ended discarding events of issue {short_id}",
    )

    @classmethod
    def named(cls, name: str) -> Self | None:
        """Return the event with this name in the API, or None."""
        return next((audit_event for audit_event in cls if audit_event.api_name == name), None)


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
        named = {
            "releases": _named(self.data, "versions", "release"),
            "issues": _named(self.data, "short_ids", "issue"),
        }
        note = self.event.template.format_map(_Fields(dict(self.data) | named))
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


def _named(data: Data, key: str, noun: str) -> str:
    """Return what an entry names, such as versions of releases, and the number of others, as text."""
    names, count = data.get(key), data.get("count")
    if not isinstance(names, list) or not isinstance(count, int):
        return ""
    more = f" and {count - len(names)} more" if count > len(names) else ""
    return f"{noun if count == 1 else f'{noun}s'} {', '.join(map(str, names))}{more}"


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
