"""Commands on users: create, list and remove them, and set their passwords."""

from collections.abc import Iterator

import click
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts import store as account_store
from shipmark.accounts.model import User
from shipmark.cli.create import organization_named
from shipmark.cli.creation import COMMAND_LINE, ensure_member
from shipmark.cli.options import snapshot, transaction, with_settings
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.settings import Settings
from shipmark.organizations import store as organization_store
from shipmark.organizations import user_removal
from shipmark.organizations.model import Role

_PAGE = 1000


@click.group()
def user() -> None:
    """Create, list and remove users, and set their passwords."""


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
