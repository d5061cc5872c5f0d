"""Commands on users and their tokens: create, list and remove them, and set passwords and addresses."""

import json
from collections.abc import Iterator

import click
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts import store as account_store
from shipmark.accounts.model import ALL_SCOPES, USER_TOKEN_PREFIX, User
from shipmark.cli.create import COMMAND_LINE, ensure_member, organization_named
from shipmark.cli.options import snapshot, transaction, with_settings
from shipmark.infrastructure import ids
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.settings import Settings
from shipmark.organizations import store as organization_store
from shipmark.organizations import user_removal
from shipmark.organizations.model import Role

_PAGE = 1000
_NO_SCOPES = "Name what the token may do with --scope, or allow everything with --all-scopes."


@click.group()
def user() -> None:
    """Create, list and remove users, and set their passwords and addresses."""


@user.command("create")
@click.argument("email")
@click.option("--password", required=True)
@click.option("--name", default="")
@click.option("--org", "organization", help="The organization that they are a member of.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="member")
@click.option("--team", "teams", multiple=True, help="A team that they join; may be repeated.")
@with_settings
def create_user(
    settings: Settings,
    email: str,
    password: str,
    name: str,
    organization: str | None,
    role: str,
    teams: tuple[str, ...],
) -> None:
    """Create the user EMAIL, or give an existing one a further membership."""
    with transaction(settings) as connection:
        is_known = account_store.by_email(connection, email.strip()) is not None
        made = accounts.create_user(connection, email, name, password, now())
        if organization is not None:
            owner = organization_named(connection, organization)
            ensure_member(connection, owner, made, Role(role), teams, now())
    click.echo(f"User {made.email} is there.")
    if is_known:
        click.echo(
            f"{made.email} existed before: the password is unchanged."
            f" `shipmark user set-password {made.email}` changes it."
        )


@user.command("set-password")
@click.argument("email")
@click.option(
    "--password",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="The new password; prompted for when missing.",
)
@with_settings
def set_password(settings: Settings, email: str, password: str) -> None:
    """Set the password of the user EMAIL, and end their sessions. Their tokens stay valid."""
    with transaction(settings) as connection:
        result = user_named(connection, email)
        ended = accounts.set_password(connection, result, password)
    click.echo(
        f"The password of {result.email} is changed. Sessions ended: {ended}."
        f" Tokens stay valid: see `shipmark token list --user {result.email}`."
    )


@user.command("set-email")
@click.argument("email")
@click.argument("new_email", metavar="NEW")
@click.option(
    "--keep-former",
    is_flag=True,
    help="EMAIL stays one of their addresses: for commits with it, and to sign in.",
)
@with_settings
def set_email(settings: Settings, email: str, new_email: str, *, keep_former: bool) -> None:
    """Change the address of the user EMAIL to NEW, by which they sign in from then on."""
    with transaction(settings) as connection:
        found = user_named(connection, email)
        changed = accounts.set_email(connection, found, new_email, keeps_former=keep_former)
    former = f" {found.email} is still one of their addresses." if keep_former else ""
    click.echo(f"The address of {found.email} is {changed.email} now.{former}")


@user.command("list")
@with_settings
def list_users(settings: Settings) -> None:
    """List all users: address, name, last sign-in, and the organizations that they are in."""
    with snapshot(settings) as connection:
        for line in _user_lines(connection):
            click.echo(line)


def _user_lines(connection: Connection) -> Iterator[str]:
    last_id = 0
    while page := account_store.all_users(connection, limit=_PAGE, after_id=last_id):
        roles = organization_store.roles_of_users(connection, {listed.id for listed in page})
        for listed in page:
            login = listed.last_login_at
            signed_in = f"last sign-in {login:%Y-%m-%d}" if login else "never signed in"
            joined = ", ".join(f"{slug} ({role})" for slug, role in roles.get(listed.id, ()))
            name = f" ({listed.name})" if listed.name else ""
            password = "" if listed.has_password else ", no password"
            inactive = "" if listed.is_active else ", inactive"
            membership = joined or "no organization"
            yield f"{listed.email}{name}: {membership}, {signed_in}{password}{inactive}"
        last_id = page[-1].id


@user.command("remove")
@click.argument("email")
@with_settings
def remove_user(settings: Settings, email: str) -> None:
    """Delete the user EMAIL with sessions, tokens and memberships; refused for the last owner of an organization."""
    with transaction(settings) as connection:
        result = user_named(connection, email)
        user_removal.remove_user(connection, result, COMMAND_LINE, now())
    click.echo(f"User {result.email} is removed.")


def user_named(connection: Connection, email: str) -> User:
    """Return the user with this address. Raise `NotFound` if there is none."""
    result = account_store.by_email(connection, email.strip())
    if result is None:
        raise NotFound(f"There is no user {email}.")
    return result


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
