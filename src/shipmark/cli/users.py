"""Commands on users: create, list and remove them, and set their passwords."""

from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts import store as account_store
from shipmark.accounts.model import User
from shipmark.cli.create import organization_named
from shipmark.cli.creation import COMMAND_LINE, ensure_member
from shipmark.cli.options import open_database, settings_of, with_data
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
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
@with_data
def create_user(
    email: str,
    password: str,
    name: str,
    organization: str | None,
    role: str,
    teams: tuple[str, ...],
    data: Path | None,
    database_url: str | None,
) -> None:
    """Create the user EMAIL, or give an existing one a further membership."""
    with (
        open_database(settings_of(data, database_url)) as database,
        database.transaction() as connection,
    ):
        is_known = account_store.by_email(connection, email.strip()) is not None
        made = accounts.create_user(connection, email, name, password, now())
        if organization is not None:
            owner = organization_named(connection, organization)
            ensure_member(connection, owner, made, Role(role), teams, now())
    click.echo(f"User {made.email} is there.")
    if is_known:
        click.echo(unchanged_password(made))


def unchanged_password(user: User) -> str:
    """Return the message for a password passed for a user who exists already."""
    return (
        f"{user.email} existed before: the password is unchanged."
        f" `shipmark user set-password {user.email}` changes it."
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
@with_data
def set_password(email: str, password: str, data: Path | None, database_url: str | None) -> None:
    """Set the password of the user EMAIL, and end their sessions. Their tokens stay valid."""
    with (
        open_database(settings_of(data, database_url)) as database,
        database.transaction() as connection,
    ):
        result = user_named(connection, email)
        ended = accounts.set_password(connection, result, password)
    click.echo(
        f"The password of {result.email} is changed. Sessions ended: {ended}."
        f" Tokens stay valid: see `shipmark token list --user {result.email}`."
    )


@user.command("list")
@with_data
def list_users(data: Path | None, database_url: str | None) -> None:
    """List all users: address, name, last sign-in, and the organizations that they are in."""
    with (
        open_database(settings_of(data, database_url)) as database,
        database.snapshot() as connection,
    ):
        for line in _user_lines(connection):
            click.echo(line)


def _user_lines(connection: Connection) -> Iterator[str]:
    last_id = 0
    while page := account_store.all_users(connection, limit=_PAGE, after_id=last_id):
        roles = organization_store.roles_of_users(connection, {item.id for item in page})
        for each in page:
            login = each.last_login_at
            signed_in = f"last sign-in {login:%Y-%m-%d}" if login else "never signed in"
            joined = ", ".join(f"{slug} ({role})" for slug, role in roles.get(each.id, ()))
            name = f" ({each.name})" if each.name else ""
            password = "" if each.has_password else ", no password"
            inactive = "" if each.is_active else ", inactive"
            yield (
                f"{each.email}{name}: {joined or 'no organization'}, {signed_in}{password}{inactive}"
            )
        last_id = page[-1].id


@user.command("remove")
@click.argument("email")
@with_data
def remove_user(email: str, data: Path | None, database_url: str | None) -> None:
    """Delete the user EMAIL with sessions, tokens and memberships; refused for the last owner of an organization."""
    with (
        open_database(settings_of(data, database_url)) as database,
        database.transaction() as connection,
    ):
        result = user_named(connection, email)
        user_removal.remove_user(connection, result, COMMAND_LINE, now())
    click.echo(f"User {result.email} is removed.")


def user_named(connection: Connection, email: str) -> User:
    """Return the user with this address. Raise `NotFound` if there is none."""
    result = account_store.by_email(connection, email.strip())
    if result is None:
        raise NotFound(f"There is no user {email}.")
    return result
