"""The view model of an organization's name, slug and options."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.http.scopes import ORGANIZATION_CHANGE, ORGANIZATION_DELETE
from shipmark.organizations import options, store
from shipmark.organizations.model import Role
from shipmark.web.request_context import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralPage:
    """The values of the form: those that were typed, if a form was refused, else the stored ones.

    ``is_deletable`` for an organization that the user may delete: not the one that operators have made first.
    """

    name: str
    slug: str
    open_membership: bool
    shared_issues: bool
    events_member_admin: bool
    alerts_member_write: bool
    debug_files: str
    may_change: bool
    is_deletable: bool
    is_restorable: bool

    @property
    def roles(self) -> list[tuple[str, str]]:
        """The roles that downloads of debug files may require, each with its name."""
        others = [(role.value, f"{role.value.capitalize()} or above") for role in Role]
        return [(Role.MEMBER.value, "All members"), *others[1:-1], (Role.OWNER.value, "Owners")]


def general_page(
    connection: Connection, workspace: Workspace, sent: Mapping[str, str] | None = None
) -> GeneralPage:
    """Return the page; ``sent`` is the form that was refused."""
    organization = workspace.organization
    stored = store.options_of(connection, organization.id)
    role = options.role_for_debug_files(stored).value
    is_pending = organization.status.is_pending_deletion
    may_delete = workspace.may(ORGANIZATION_DELETE)
    return GeneralPage(
        name=organization.name if sent is None else sent.get("name", ""),
        slug=organization.slug if sent is None else sent.get("slug", ""),
        open_membership=organization.is_open if sent is None else "open_membership" in sent,
        shared_issues=organization.shares_issues if sent is None else "shared_issues" in sent,
        events_member_admin=_is_on(stored, "eventsMemberAdmin", sent, "events_member_admin"),
        alerts_member_write=_is_on(stored, "alertsMemberWrite", sent, "alerts_member_write"),
        debug_files=role if sent is None else sent.get("debug_files", ""),
        may_change=workspace.may(ORGANIZATION_CHANGE),
        is_deletable=may_delete
        and not is_pending
        and store.default_id(connection) != organization.id,
        is_restorable=may_delete and is_pending,
    )


def _is_on(stored: options.Stored, option: str, sent: Mapping[str, str] | None, field: str) -> bool:
    return options.is_on(stored, option) if sent is None else field in sent
