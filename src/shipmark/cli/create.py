"""Commands that create organizations, teams and projects, and bootstrap. All are idempotent."""

import json
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts import store as account_store
from shipmark.accounts.model import ALL_SCOPES, User
from shipmark.cli.creation import (
    create_organization_token,
    ensure_member,
    ensure_organization,
    ensure_project,
    ensure_team,
)
from shipmark.cli.options import open_database, settings_of, with_data
from shipmark.infrastructure import ids, migrations
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.organizations import store as organization_store
from shipmark.organizations.model import Organization, Role, Team
from shipmark.projects import store as project_store


@click.group()
def org() -> None:
    """Create organizations."""


@org.command("create")
@click.argument("slug")
@click.option("--name", default="")
@with_data
def create_org(slug: str, name: str, data: Path | None, database_url: str | None) -> None:
    """Create the organization SLUG."""
    with (
        open_database(settings_of(data, database_url)) as database,
        database.transaction() as connection,
    ):
        made = ensure_organization(connection, slug, name, now())
    click.echo(f"Organization {made.slug} is there.")


@click.group()
def team() -> None:
    """Create teams."""


@team.command("create")
@click.argument("slug")
@click.option("--org", "organization", required=True)
@click.option("--name", default="")
@with_data
def create_team(
    slug: str, organization: str, name: str, data: Path | None, database_url: str | None
) -> None:
    """Create the team SLUG."""
    with (
        open_database(settings_of(data, database_url)) as database,
        database.transaction() as connection,
    ):
        owner = organization_named(connection, organization)
        made = ensure_team(connection, owner, slug, name, now())
    click.echo(f"Team {made.slug} is there.")


@click.group()
def project() -> None:
    """Create projects."""


@project.command("create")
@click.argument("slug")
@click.option("--org", "organization", required=True)
@click.option("--name", default="")
@click.option("--platform")
@click.option("--team", "teams", multiple=True, help="A team that owns it; may be repeated.")
@with_data
def create_project(
    slug: str,
    organization: str,
    name: str,
    platform: str | None,
    teams: tuple[str, ...],
    data: Path | None,
    database_url: str | None,
) -> None:
    """Create the project SLUG with a DSN key, and print its DSN."""
    settings = settings_of(data, database_url)
    with open_database(settings) as database, database.transaction() as connection:
        owner = organization_named(connection, organization)
        owning = [_team(connection, owner, name) for name in teams]
        made = ensure_project(
            connection, owner, slug, owning, name=name, platform=platform, at=now()
        )
        dsn = project_store.keys_of(connection, made.id)[0].dsn(settings.address)
    click.echo(f"Project {made.slug} is there. Its DSN: {dsn}")


@click.command()
@click.option("--org", "organization", required=True)
@click.option("--project", "slugs", multiple=True, required=True)
@click.option("--user", "email", default="admin@example.com", show_default=True)
@click.option("--password", help="The user's password; without one a new user can't sign in.")
@click.option("--base-url", help="Where clients reach the server.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_data
def bootstrap(
    organization: str,
    slugs: tuple[str, ...],
    email: str,
    password: str | None,
    base_url: str | None,
    as_json: bool,
    data: Path | None,
    database_url: str | None,
) -> None:
    """Create an organization with projects, an owner and tokens for a pipeline."""
    settings = settings_of(data, database_url, base_url=base_url)
    with open_database(settings) as database, database.transaction() as connection:
        migrations.acquire_lock(connection)
        other_password = password and _has_other_password(connection, email, password)
        made = make_all(connection, organization, slugs, email, password, settings.address)
    if other_password:
        click.echo(
            f"{email} existed before, with another password or none, and that is unchanged."
            f" `shipmark user set-password {email}` changes it.",
            err=True,
        )
    if as_json:
        click.echo(json.dumps(made))
        return
    click.echo(f"Token: {made['token']}")
    click.echo(f"Organization token: {made['org_token']}")
    for each in made["projects"]:
        click.echo(f"DSN of {each['slug']}: {each['dsn']}")


def _has_other_password(connection: Connection, email: str, password: str) -> bool:
    """Return True if the user exists and this is not their password."""
    is_known = account_store.by_email(connection, email.strip()) is not None
    return is_known and accounts.check_password(connection, email, password) is None


def make_all(
    connection: Connection,
    organization: str,
    slugs: tuple[str, ...],
    email: str,
    password: str | None,
    address: str,
) -> dict[str, Any]:
    """Create the missing ones. Return ids, DSNs and two new tokens."""
    at = now()
    owner = ensure_organization(connection, organization, "", at)
    team_of_all = ensure_team(connection, owner, owner.slug, "", at)
    person = accounts.create_user(connection, email, "", password, at)
    ensure_member(connection, owner, person, Role.OWNER, [team_of_all.slug], at)
    made = [ensure_project(connection, owner, slug, [team_of_all], at=at) for slug in slugs]
    return {
        "org": {"id": str(owner.id), "slug": owner.slug},
        "projects": [
            {
                "id": str(each.id),
                "slug": each.slug,
                "dsn": project_store.keys_of(connection, each.id)[0].dsn(address),
            }
            for each in made
        ],
        "token": _user_token(connection, person),
        "org_token": create_organization_token(
            connection, owner, address=address, by=person, at=at
        ),
        "url": address,
    }


def _user_token(connection: Connection, person: User) -> str:
    secret = ids.secret_hex()
    return accounts.add_token(connection, person, ALL_SCOPES, "bootstrap", secret, now())[1]


def organization_named(connection: Connection, slug: str) -> Organization:
    """Return the organization with this slug. Raise `NotFound` if there is none."""
    organization = organization_store.by_slug(connection, slug)
    if organization is None:
        raise NotFound(f"There is no organization {slug}.")
    return organization


def _team(connection: Connection, owner: Organization, slug: str) -> Team:
    result = organization_store.team_by_slug(connection, owner.id, slug)
    if result is None:
        raise NotFound(f"There is no team {slug} in {owner.slug}.")
    return result
