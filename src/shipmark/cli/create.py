"""Commands that create organizations, teams and projects, and bootstrap. All are idempotent, and audited."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts import store as account_store
from shipmark.accounts.model import ALL_SCOPES, User
from shipmark.cli.options import overridden, transaction, with_settings
from shipmark.infrastructure import ids, migrations
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.settings import Settings
from shipmark.organizations import actions as organizations
from shipmark.organizations import audit
from shipmark.organizations import store as organization_store
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor, Organization, Role, Team
from shipmark.projects import actions as projects
from shipmark.projects import deletion_requests
from shipmark.projects import store as project_store
from shipmark.projects.model import Project

#: The actor of all commands.
COMMAND_LINE = Actor(user_id=None, label="command line")


@click.group()
def org() -> None:
    """Create organizations."""


@org.command("create")
@click.argument("slug")
@click.option("--name", default="")
@with_settings
def create_org(settings: Settings, slug: str, name: str) -> None:
    """Create the organization SLUG."""
    with transaction(settings) as connection:
        made = ensure_organization(connection, slug, name, now())
    click.echo(f"Organization {made.slug} is there.")


@click.group()
def team() -> None:
    """Create teams."""


@team.command("create")
@click.argument("slug")
@click.option("--org", "organization", required=True)
@click.option("--name", default="")
@with_settings
def create_team(settings: Settings, slug: str, organization: str, name: str) -> None:
    """Create the team SLUG."""
    with transaction(settings) as connection:
        owner = organization_named(connection, organization)
        made = ensure_team(connection, owner, slug, name, now())
    click.echo(f"Team {made.slug} is there.")


@click.group()
def project() -> None:
    """Create projects, and restore deleted ones."""


@project.command("create")
@click.argument("slug")
@click.option("--org", "organization", required=True)
@click.option("--name", default="")
@click.option("--platform")
@click.option("--team", "teams", multiple=True, help="A team that owns it; may be repeated.")
@with_settings
def create_project(
    settings: Settings,
    slug: str,
    organization: str,
    name: str,
    platform: str | None,
    teams: tuple[str, ...],
) -> None:
    """Create the project SLUG with a DSN key, and print its DSN."""
    with transaction(settings) as connection:
        owner = organization_named(connection, organization)
        owning = [_team(connection, owner, team_slug) for team_slug in teams]
        made = ensure_project(
            connection, owner, slug, owning, name=name, platform=platform, at=now()
        )
        dsn = project_store.keys_of(connection, made.id)[0].dsn(settings.address)
    click.echo(f"Project {made.slug} is there. Its DSN: {dsn}")


@project.command("restore")
@click.argument("project_id", type=int)
@click.option("--org", "organization", required=True)
@click.option("--slug", help="Its slug from now on.  [default: the one that it had]")
@with_settings
def restore_project(
    settings: Settings, project_id: int, organization: str, slug: str | None
) -> None:
    """Restore the deleted project with this id; the audit log of the organization has the id."""
    with transaction(settings) as connection:
        owner = organization_named(connection, organization)
        restored = deletion_requests.restore(
            connection, owner, project_id, slug=slug, by=COMMAND_LINE, at=now()
        )
    click.echo(f"Restored project {restored}.")


@click.command()
@click.option("--org", "organization", required=True)
@click.option("--project", "slugs", multiple=True, required=True)
@click.option("--user", "email", default="admin@example.com", show_default=True)
@click.option("--password", help="The user's password; without one a new user can't sign in.")
@click.option("--base-url", help="Where clients reach the server.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def bootstrap(
    settings: Settings,
    organization: str,
    slugs: tuple[str, ...],
    email: str,
    password: str | None,
    base_url: str | None,
    as_json: bool,
) -> None:
    """Create an organization with projects, an owner and tokens for a pipeline."""
    settings = overridden(settings, base_url=base_url)
    with transaction(settings) as connection:
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
    for created in made["projects"]:
        click.echo(f"DSN of {created['slug']}: {created['dsn']}")


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
    projects = [ensure_project(connection, owner, slug, [team_of_all], at=at) for slug in slugs]
    return {
        "org": {"id": str(owner.id), "slug": owner.slug},
        "projects": [
            {
                "id": str(created.id),
                "slug": created.slug,
                "dsn": project_store.keys_of(connection, created.id)[0].dsn(address),
            }
            for created in projects
        ],
        "token": accounts.add_token(
            connection, person, ALL_SCOPES, "bootstrap", ids.secret_hex(), now()
        )[1],
        "org_token": create_organization_token(
            connection, owner, address=address, by=person, at=at
        ),
        "url": address,
    }


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


def ensure_organization(connection: Connection, slug: str, name: str, at: datetime) -> Organization:
    """Return the organization with this slug, created if missing."""
    is_known = organization_store.by_slug(connection, slug) is not None
    created = organizations.create(connection, slug, name, at)
    if not is_known:
        fields = audit.snapshot(created)
        _record(connection, created, AuditEvent.ORG_ADD, fields, at, target_id=created.id)
    return created


def ensure_team(
    connection: Connection, owner: Organization, slug: str, name: str, at: datetime
) -> Team:
    """Return the team with this slug, created if missing."""
    is_known = organization_store.team_by_slug(connection, owner.id, slug) is not None
    created = organizations.create_team(connection, owner, slug, name, at)
    if not is_known:
        fields = {"slug": created.slug, "name": created.name}
        _record(connection, owner, AuditEvent.TEAM_ADD, fields, at, target_id=created.id)
    return created


def ensure_project(
    connection: Connection,
    owner: Organization,
    slug: str,
    teams: Sequence[Team],
    *,
    name: str = "",
    platform: str | None = None,
    at: datetime,
) -> Project:
    """Return the project with this slug, created with a DSN key if missing."""
    is_known = project_store.by_slug_or_id(connection, owner.id, slug) is not None
    created = projects.create(
        connection,
        owner,
        slug=slug,
        name=name or slug.capitalize(),
        platform=platform,
        teams=list(teams),
        key=(ids.hex32(), ids.hex32()),
        at=at,
    )
    if not is_known:
        fields = {"slug": created.slug, "name": created.name}
        _record(connection, owner, AuditEvent.PROJECT_ADD, fields, at, target_id=created.id)
    return created


def ensure_member(
    connection: Connection,
    owner: Organization,
    user: User,
    role: Role,
    teams: Sequence[str],
    at: datetime,
) -> None:
    """Add the user as a member on these teams; an existing member keeps the role. Raise `NotFound` for a team."""
    is_known = organization_store.member_who_is(connection, owner.id, user.id) is not None
    organizations.add_member(connection, owner, user, role, list(teams), at)
    if is_known:
        return
    member = organization_store.member_who_is(connection, owner.id, user.id)
    assert member is not None, "the user was added just now"
    fields = {"email": user.email, "role": role.value, "teams_slugs": list(teams)}
    event, target = AuditEvent.MEMBER_ADD, member.id
    _record(connection, owner, event, fields, at, target_id=target, target_user_id=user.id)


def create_organization_token(
    connection: Connection, owner: Organization, *, address: str, by: User, at: datetime
) -> str:
    """Create a token for pipelines and return its text."""
    token_id, token = organizations.add_token(
        connection,
        owner,
        name="bootstrap",
        address=address,
        secret=ids.secret_bytes(),
        by=by,
        at=at,
    )
    _record(
        connection, owner, AuditEvent.ORG_TOKEN_ADD, {"name": "bootstrap"}, at, target_id=token_id
    )
    return token


def _record(
    connection: Connection,
    owner: Organization,
    event: AuditEvent,
    data: Mapping[str, object],
    at: datetime,
    *,
    target_id: int,
    target_user_id: int | None = None,
) -> None:
    organization_store.record(
        connection,
        owner.id,
        event,
        COMMAND_LINE,
        at,
        data=data,
        target_id=target_id,
        target_user_id=target_user_id,
    )
