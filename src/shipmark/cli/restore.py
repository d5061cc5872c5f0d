"""The command that restores a deleted project, for a day after its deletion was requested."""

from pathlib import Path

import click

from shipmark.cli.options import open_database, settings_of, with_data
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Actor
from shipmark.projects import deletion_requests


@click.command("restore")
@click.argument("project_id", type=int)
@click.option("--org", "organization", required=True)
@click.option("--slug", help="Its slug from now on.  [default: the one that it had]")
@with_data
def restore_project(
    project_id: int,
    organization: str,
    slug: str | None,
    data: Path | None,
    database_url: str | None,
) -> None:
    """Restore the deleted project with this id; the audit log of the organization has the id."""
    with (
        open_database(settings_of(data, database_url)) as database,
        database.transaction() as connection,
    ):
        owner = organizations.by_slug(connection, organization)
        if owner is None:
            raise NotFound(f"There is no organization {organization}.")
        by = Actor(user_id=None, label="command line")
        restored = deletion_requests.restore(
            connection, owner, project_id, slug=slug, by=by, at=now()
        )
    click.echo(f"Restored project {restored}.")
