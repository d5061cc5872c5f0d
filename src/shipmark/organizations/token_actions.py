"""Operations on the tokens of an organization: create, rename and revoke them, with entries in the audit log."""

from sqlalchemy import Connection

from shipmark.infrastructure.errors import NotFound
from shipmark.organizations import actions, audit, store, tokens
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext, record_action
from shipmark.organizations.model import ListedToken


def find(connection: Connection, context: ActionContext, token_id: int) -> ListedToken:
    """Return the token with this id. Raise `NotFound`, or `Forbidden` if the caller may not change it."""
    token = store.token(connection, context.access.organization.id, token_id)
    if token is None:
        raise NotFound
    tokens.check_change(context.access, token)
    return token


def create(
    connection: Connection, context: ActionContext, *, name: str, address: str, secret: bytes
) -> tuple[ListedToken, str]:
    """Create a token for pipelines. Return it, and its text, which is never shown again.

    ``address`` is the URL of this server for clients, ``secret`` 32 random bytes. Raise `Forbidden` if the token would
    reach further than the caller.
    """
    access = context.access
    tokens.check_creation(access)
    token_id, text = actions.add_token(
        connection,
        access.organization,
        name=name,
        address=address,
        secret=secret,
        by=access.user,
        at=context.at,
    )
    record_action(connection, context, AuditEvent.ORG_TOKEN_ADD, token_id, {"name": name})
    token = store.token(connection, access.organization.id, token_id)
    assert token is not None, "it was added just now"
    return token, text


def rename(connection: Connection, context: ActionContext, token_id: int, name: str) -> None:
    """Rename a token: the caller's own, or any for those who manage the organization."""
    token = find(connection, context, token_id)
    store.rename_token(connection, token.id, name)
    if changes := audit.changes_between({"name": token.name}, {"name": name}):
        data: dict[str, object] = {"name": name, "changes": changes}
        record_action(connection, context, AuditEvent.ORG_TOKEN_EDIT, token.id, data)


def revoke(connection: Connection, context: ActionContext, token_id: int) -> ListedToken:
    """Revoke a token: the caller's own, or any for those who manage the organization. Return it."""
    token = find(connection, context, token_id)
    store.deactivate_token(connection, token.id, context.at)
    record_action(connection, context, AuditEvent.ORG_TOKEN_REMOVE, token.id, {"name": token.name})
    return token
