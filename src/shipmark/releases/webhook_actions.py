"""The signed address of a project that builds create releases by: made, shown again, replaced (releases.md 2.18)."""

import hmac

from sqlalchemy import Connection

from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext, record_action
from shipmark.projects.model import Project
from shipmark.releases.store import webhook_tokens as store

#: The only supported sender. Others would be plug-ins, and there are none.
BUILT_IN = "builtin"


def signature(token: str, plugin: str, project_id: int) -> str:
    """Return the signature of an address: a client that has it may create releases of the project, and nothing else."""
    message = f"{plugin}-{project_id}".encode()
    return hmac.new(token.encode(), message, "sha256").hexdigest()


def is_signed(token: str, plugin: str, project_id: int, sent: str) -> bool:
    """Return True if the signature is right. Compared in constant time, so that it cannot be guessed digit by digit."""
    expected = signature(token, plugin, project_id)
    return hmac.compare_digest(expected.encode(), sent.encode("utf-8", "surrogatepass"))


def ensure(connection: Connection, context: ActionContext, project: Project, fresh: str) -> str:
    """Return the token of a project: the ``fresh`` one if it had none."""
    known = store.ensure(connection, project.id, fresh, context.at)
    if known == fresh:
        _record(connection, context, project)
    return known


def replace(connection: Connection, context: ActionContext, project: Project, fresh: str) -> None:
    """Replace the token of a project: the address of the old one stops working."""
    store.replace(connection, project.id, fresh, context.at)
    _record(connection, context, project)


def webhook_path(project: Project, token: str) -> str:
    """Return the path that clients post releases of the project to."""
    signed = signature(token, BUILT_IN, project.id)
    return f"/api/hooks/release/{BUILT_IN}/{project.id}/{signed}/"


def _record(connection: Connection, context: ActionContext, project: Project) -> None:
    event, data = AuditEvent.RELEASE_TOKEN_ADD, {"project_slug": project.slug}
    record_action(connection, context, event, project.id, data)
