"""The view model of a project's client keys, and of the lines that set up SDKs with one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.http.scopes import PROJECT_DELETE, PROJECT_WRITE
from shipmark.projects import store
from shipmark.projects.model import Project, ProjectKey
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.settings.sdk_setup import SdkSetup, sdk_setups


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPage:
    """The keys of a project, newest first, and how SDKs are set up with the ``chosen`` one, None if none is active."""

    project: Project
    keys: Sequence[ProjectKey]
    chosen: ProjectKey | None
    setups: Sequence[SdkSetup]
    may_change: bool
    may_delete: bool


def keys_page(
    connection: Connection, workspace: Workspace, project: Project, chosen: str, address: str
) -> KeysPage:
    """Return the keys; ``chosen`` is the public half of the active key to show lines for, by default the oldest."""
    keys = store.keys_of(connection, project.id)
    active = [key for key in reversed(keys) if key.is_active]
    key = next((key for key in active if key.public_key == chosen), active[0] if active else None)
    return KeysPage(
        project=project,
        keys=keys,
        chosen=key,
        setups=sdk_setups(key.dsn(address), project.slug, project.platform) if key else (),
        may_change=workspace.may(PROJECT_WRITE),
        may_delete=workspace.may(PROJECT_DELETE),
    )
