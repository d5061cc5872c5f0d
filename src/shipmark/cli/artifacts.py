"""Commands on uploaded artifacts: list their sizes, delete unused ones."""

from datetime import timedelta

import click
from sqlalchemy import Connection

from shipmark.artifacts.actions import remove_unused
from shipmark.cli.options import open_database, snapshot, with_settings
from shipmark.debug_files.store import usage
from shipmark.debug_files.store.usage import Sum
from shipmark.files.model import RELEASED_RETENTION
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.settings import MEBIBYTE, Settings
from shipmark.organizations import store as organizations
from shipmark.projects import store as projects
from shipmark.worker import blob_gc

DAYS_MAX = 36_500


@click.group()
def artifacts() -> None:
    """List and delete source maps and other uploaded files."""


@artifacts.command("list")
@with_settings
def list_artifacts(settings: Settings) -> None:
    """List the number and size of each project's artifacts, and their sum."""
    with snapshot(settings) as connection:
        usages = usage.of_projects(connection)
        by_id = projects.by_ids(connection, usages)
        for id_, used in usages.items():
            owner = organizations.by_id(connection, by_id[id_].organization_id)
            assert owner is not None, "a project has one"
            name = f"{owner.slug}/{by_id[id_].slug}"
            bundles, debug = _describe(used.bundles), _describe(used.debug_files)
            click.echo(f"{name}: bundles {bundles}, debug files {debug}")
        click.echo(f"Single files of releases: {_describe(usage.of_releases(connection))}")
        stored = _size(usage.stored_bytes(connection))
    click.echo(f"Stored: {stored}. What several files share is stored once, and counts in each.")


@artifacts.command()
@click.option(
    "--unused-days",
    "days",
    type=click.IntRange(1, DAYS_MAX),
    required=True,
    help="Delete artifacts unused for this many days.",
)
@click.option("--project", metavar="ORG/SLUG", help="Only what this project has.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--now", "is_now", is_flag=True, help="Free the disk space at once, not in minutes.")
@with_settings
def prune(settings: Settings, days: int, project: str | None, dry_run: bool, is_now: bool) -> None:
    """Delete bundles unused for long, and single files of old releases."""
    length, at = timedelta(days=days), now()
    with open_database(settings) as database:
        with database.snapshot() as connection:
            project_id = _project_id(connection, project) if project else None
            bundles = usage.unused_bundles(connection, at - length, project_id)
            single = usage.unused_files(connection, at - length, project_id)
        verb = "would go" if dry_run else "go"
        click.echo(f"Bundles that {verb}: {_describe(bundles)}. Single files: {_describe(single)}.")
        if dry_run:
            return
        removed = 1
        while removed:
            with database.transaction() as connection:
                removed = remove_unused(connection, now(), length, project_id)
        _free(database, settings, is_now=is_now)


def _free(database: Database, settings: Settings, *, is_now: bool) -> None:
    if not is_now:
        click.echo(
            "A running server frees the disk space in a few minutes. Use --now to do it at once."
        )
        return
    before = _stored(database)
    # A concurrent reader may find its blob deleted: that is the meaning of --now.
    blob_gc.collect(database, open_blobs(settings.blobs), now() + RELEASED_RETENTION)
    click.echo(f"Freed: {_size(before - _stored(database))}.")


def _stored(database: Database) -> int:
    with database.snapshot() as connection:
        return usage.stored_bytes(connection)


def _project_id(connection: Connection, name: str) -> int:
    organization, _, slug = name.partition("/")
    owner = organizations.by_slug(connection, organization)
    project = projects.by_slug_or_id(connection, owner.id, slug) if owner and slug else None
    if project is None:
        raise NotFound(f"There is no project {name}.")
    return project.id


def _describe(used: Sum) -> str:
    return f"{used.count} ({_size(used.bytes)})"


def _size(size: int) -> str:
    return f"{size / MEBIBYTE:.1f} MiB"
