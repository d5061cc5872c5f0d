"""The view model of an organization's name, slug and options."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.http.scopes import ORGANIZATION_CHANGE, ORGANIZATION_DELETE
from shipmark.organizations import options, store
from shipmark.organizations.model import Organization, Role
from shipmark.web.request_context import Workspace

#: The roles that downloads of debug files may require, each with its name.
ROLE_NAMES: Mapping[str, str] = {
    **{role.value: f"{role.value.capitalize()} or above" for role in Role},
    Role.MEMBER.value: "All members",
    Role.OWNER.value: "Owners",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralPage:
    """The values of the form's fields, as stored.

    ``is_deletable`` for an organization that the user may delete: not the one that operators have made first.
    """

    stored: Mapping[str, str]
    may_change: bool
    is_deletable: bool
    is_restorable: bool


def general_values(connection: Connection, organization: Organization) -> dict[str, str]:
    """Return the values of the form's fields, as stored; "" for a box that is not ticked."""
    stored = store.options_of(connection, organization.id)
    switches = {
        "open_membership": organization.is_open,
        "shared_issues": organization.shares_issues,
        "events_member_admin": options.is_on(stored, "eventsMemberAdmin"),
        "alerts_member_write": options.is_on(stored, "alertsMemberWrite"),
    }
    return {
        "name": organization.name,
        "slug": organization.slug,
        "debug_files": options.role_for_debug_files(stored).value,
        **{field: "1" if is_on else "" for field, is_on in switches.items()},
    }


def general_page(connection: Connection, workspace: Workspace) -> GeneralPage:
    """Return the page."""
    organization = workspace.organization
    is_pending = organization.status.is_pending_deletion
    may_delete = workspace.may(ORGANIZATION_DELETE)
    return GeneralPage(
        stored=general_values(connection, organization),
        may_change=workspace.may(ORGANIZATION_CHANGE),
        is_deletable=may_delete
        and not is_pending
        and store.default_id(connection) != organization.id,
        is_restorable=may_delete and is_pending,
    )
