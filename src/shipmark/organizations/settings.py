"""Changes of an organization's settings, and their entries in the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure import jobs
from shipmark.infrastructure.errors import NotFound
from shipmark.organizations import audit, deletion_requests, options, store
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor, Flag, Organization, OrganizationStatus, Role
from shipmark.organizations.trusted_relays import RelayInput, merge_relays


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationUpdate:
    """Requested changes; fields that are None stay. ``switches`` and ``options`` are by their names."""

    name: str | None = None
    slug: str | None = None
    default_role: Role | None = None
    is_restored: bool = False
    switches: Mapping[str, bool] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    relays: Sequence[RelayInput] | None = None


@dataclass(slots=True)
class _Changes:
    """Columns and options to write, and the changes for the audit log."""

    columns: dict[str, object] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)
    audited: dict[str, str] = field(default_factory=dict)


def update(
    connection: Connection,
    organization_id: int,
    requested: OrganizationUpdate,
    by: Actor,
    at: datetime,
) -> Organization:
    """Change an organization, with one entry in the audit log if anything changed.

    Raise `ValidationFailed` if another organization has the slug.
    """
    before = store.lock(connection, organization_id)
    if before is None:
        raise NotFound
    stored = store.options_of(connection, organization_id)
    changes = _Changes()
    _change_columns(changes, before, requested)
    _change_switches(changes, before, requested.switches)
    _change_options(changes, stored, requested.options)
    _change_relays(changes, stored, requested.relays, at)
    is_restored = requested.is_restored and before.status.is_pending_deletion
    if is_restored:
        changes.columns["status"] = OrganizationStatus.ACTIVE.value
        jobs.cancel(connection, deletion_requests.job_key(organization_id))
    if changes.columns:
        store.change(connection, organization_id, changes.columns)
    if changes.options:
        store.save_options(connection, organization_id, changes.options)
    after = store.by_id(connection, organization_id)
    assert after is not None, "it is locked"
    event, data = AuditEvent.ORG_EDIT, dict[str, object](changes.audited)
    if is_restored:
        event, data = AuditEvent.ORG_RESTORE, audit.snapshot(after)
    if data:
        store.record(
            connection, organization_id, event, by, at, data=data, target_id=organization_id
        )
    return after


def _change_columns(changes: _Changes, before: Organization, requested: OrganizationUpdate) -> None:
    old_and_new = {
        "name": (before.name, requested.name),
        "slug": (before.slug, requested.slug),
        "default_role": (before.default_role.value, requested.default_role),
    }
    for name, (old, new) in old_and_new.items():
        if new is not None and str(new) != old:
            changes.columns[name] = str(new)
            changes.audited[name] = audit.changed_from_to(old, new)


def _change_switches(
    changes: _Changes, before: Organization, requested: Mapping[str, bool]
) -> None:
    flags = before.flags
    for switch in options.SWITCHES:
        if switch.name not in requested or not switch.is_kept:
            continue
        is_set = switch.flagged(requested[switch.name])
        if is_set is before.has(switch.flag):
            continue
        changes.audited[(switch.flag.name or "").lower()] = audit.changed_to(is_set)
        if switch.flag is Flag.ALLOW_JOINLEAVE:
            changes.columns["is_open"] = is_set
        else:
            flags = flags | switch.flag if is_set else flags & ~switch.flag
    if flags != before.flags:
        changes.columns["flags"] = int(flags)


#: The options that affect the access of members are columns too, so that one statement loads all of an access.
_COLUMNS = {"eventsMemberAdmin": "deletes_events", "alertsMemberWrite": "writes_alerts"}


def _change_options(
    changes: _Changes, stored: options.Stored, requested: Mapping[str, object]
) -> None:
    for name, value in requested.items():
        option = options.OPTIONS[name]
        if option.key in stored:
            if stored[option.key] == value:
                continue
            changes.audited[name] = audit.changed_from_to(stored[option.key], value)
        elif value != option.default:
            changes.audited[name] = audit.changed_to(value)
        changes.options[option.key] = value
        if name in _COLUMNS:
            changes.columns[_COLUMNS[name]] = value


def _change_relays(
    changes: _Changes, stored: options.Stored, requested: Sequence[RelayInput] | None, at: datetime
) -> None:
    if requested is None:
        return
    before = options.trusted_relays(stored)
    after = merge_relays(before, requested, at)
    if after is None:
        return
    is_first = options.TRUSTED_RELAYS not in stored
    changes.audited["trustedRelays"] = (
        audit.changed_to(after) if is_first else audit.changed_from_to(before, after)
    )
    changes.options[options.TRUSTED_RELAYS] = after
