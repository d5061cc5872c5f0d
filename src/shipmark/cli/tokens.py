"""Commands on user tokens: create, list and revoke them."""

import json
from collections.abc import Iterator

import click
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts import store as account_store
from shipmark.accounts.model import ALL_SCOPES, USER_TOKEN_PREFIX
from shipmark.cli.options import snapshot, transaction, with_settings
from shipmark.cli.users import user_named
from shipmark.infrastructure import ids
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.settings import Settings

_PAGE = 1000
_NO_SCOPES = "Name what the token may do with --scope, or allow everything with --all-scopes."


@click.group()
def token() -> None:
    """Create, list and revoke user tokens."""


@token.command("create")
@click.option("--user", "email", required=True, help="Whose token it is.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(ALL_SCOPES))
@click.option("--all-scopes", is_flag=True, help="Allow all that the user may do.")
@click.option("--name", default="")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def create_token(
    settings: Settings,
    email: str,
    scopes: tuple[str, ...],
    all_scopes: bool,
    name: str,
    as_json: bool,
) -> None:
    """Create a token and print it: it is never shown again."""
    allowed = _allowed_scopes(scopes, all_scopes=all_scopes, is_script=as_json)
    with transaction(settings) as connection:
        owner = user_named(connection, email)
        _, made = accounts.add_token(connection, owner, allowed, name, ids.secret_hex(), now())
    click.echo(json.dumps({"token": made}) if as_json else made)


def _allowed_scopes(
    scopes: tuple[str, ...], *, all_scopes: bool, is_script: bool
) -> tuple[str, ...]:
    """Return the token's scopes; only scripts, which depend on it, get a token without any."""
    if scopes and all_scopes:
        raise click.UsageError("Use either --scope or --all-scopes.")
    if all_scopes:
        return ALL_SCOPES
    if not scopes and not is_script:
        raise click.UsageError(_NO_SCOPES)
    if not scopes:
        click.echo(f"Warning: this token has no scopes and can do nothing. {_NO_SCOPES}", err=True)
    return scopes


@token.command("list")
@click.option("--user", "email", help="Only the tokens of this user.")
@with_settings
def list_tokens(settings: Settings, email: str | None) -> None:
    """List user tokens by id: name, user, creation, last characters and scopes; never the secret."""
    with snapshot(settings) as connection:
        user_id = user_named(connection, email).id if email else None
        for line in _token_lines(connection, user_id):
            click.echo(line)


def _token_lines(connection: Connection, user_id: int | None) -> Iterator[str]:
    listed = 0
    while page := account_store.tokens_of(connection, user_id, limit=_PAGE, offset=listed):
        owners = account_store.by_ids(connection, {summary.user_id for summary in page})
        for summary in page:
            name = f" ({summary.name})" if summary.name else ""
            has_all = set(summary.scopes) == set(ALL_SCOPES)
            scopes = "all scopes" if has_all else " ".join(summary.scopes) or "no scopes"
            yield (
                f"{summary.id}{name}: {owners[summary.user_id].email},"
                f" created {summary.created_at:%Y-%m-%d},"
                f" {USER_TOKEN_PREFIX}…{summary.last_characters}, {scopes}"
            )
        listed += len(page)


@token.command("revoke")
@click.argument("token_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@with_settings
def revoke_token(settings: Settings, token_id: int) -> None:
    """Revoke the token ID, as `token list` shows it. It is refused from now on."""
    with transaction(settings) as connection:
        if account_store.token_by_id(connection, token_id) is None:
            raise NotFound(f"There is no token {token_id}.")
        account_store.remove_token(connection, token_id)
    click.echo(f"Token {token_id} is revoked.")
