"""The table of measurements, and the statements that measure, which read all rows of an organization."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipmark.artifacts.store.bundles import artifact_bundles, bundle_projects
from shipmark.artifacts.store.release_files import release_files
from shipmark.debug_files.store.debug_files import debug_files
from shipmark.events.attachments.store import event_attachments
from shipmark.events.store import events
from shipmark.files.store.blobs import blobs
from shipmark.files.store.files import file_pieces, files
from shipmark.infrastructure import database as db
from shipmark.infrastructure.schema import parent, table
from shipmark.organizations.store import organizations
from shipmark.projects.store import projects
from shipmark.releases.store.releases import releases
from shipmark.usage.model import NOTHING, Amount, Measurement, ProjectUsage, Usage


class MeasurementColumns(sa.TypedColumns):
    """The last measurement of an organization. ``details`` is a JSON object."""

    organization_id = parent("organizations", primary_key=True)
    measured_at = sa.Column(db.UtcDateTime, nullable=False)
    details = sa.Column(sa.Text, nullable=False)


measurements = table("storage_measurements", MeasurementColumns)

_ORGANIZATION = sa.bindparam("organization_id", type_=db.Id)
_PROJECT_IDS = sa.select(projects.c.id).where(projects.c.organization_id == _ORGANIZATION)
_SUM = (sa.func.count(), sa.func.coalesce(sa.func.sum(files.c.size), 0))
_FILE_IDS = sa.union_all(
    sa.select(artifact_bundles.c.file_id).where(
        artifact_bundles.c.organization_id == _ORGANIZATION
    ),
    sa.select(release_files.c.file_id)
    .join(releases, releases.c.id == release_files.c.release_id)
    .where(releases.c.organization_id == _ORGANIZATION),
    sa.select(debug_files.c.file_id).where(debug_files.c.project_id.in_(_PROJECT_IDS)),
    sa.select(event_attachments.c.file_id).where(event_attachments.c.project_id.in_(_PROJECT_IDS)),
)
_BLOB_IDS = sa.select(file_pieces.c.blob_id).where(file_pieces.c.file_id.in_(_FILE_IDS))
_BLOBS = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(blobs.c.size), 0)).where(
    blobs.c.id.in_(_BLOB_IDS)
)
_RELEASE_FILES = (
    sa.select(*_SUM)
    .join_from(releases, release_files, release_files.c.release_id == releases.c.id)
    .join(files, files.c.id == release_files.c.file_id)
    .where(releases.c.organization_id == _ORGANIZATION)
)
_BUNDLES = (
    sa.select(bundle_projects.c.project_id, *_SUM)
    .join(artifact_bundles, artifact_bundles.c.id == bundle_projects.c.bundle_id)
    .join(files, files.c.id == artifact_bundles.c.file_id)
    .where(bundle_projects.c.project_id.in_(_PROJECT_IDS))
    .group_by(bundle_projects.c.project_id)
)
_DEBUG_FILES = (
    sa.select(debug_files.c.project_id, *_SUM)
    .join(files, files.c.id == debug_files.c.file_id)
    .where(debug_files.c.project_id.in_(_PROJECT_IDS))
    .group_by(debug_files.c.project_id)
)
_ATTACHMENTS = (
    sa.select(
        event_attachments.c.project_id,
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(event_attachments.c.size), 0),
    )
    .where(event_attachments.c.project_id.in_(_PROJECT_IDS))
    .group_by(event_attachments.c.project_id)
)
# The length of a payload is known without reading it.
_EVENTS = (
    sa.select(
        events.c.project_id,
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.func.length(events.c.payload)), 0),
    )
    .where(events.c.project_id.in_(_PROJECT_IDS))
    .group_by(events.c.project_id)
)


def measure(connection: sa.Connection, organization_id: int) -> Usage:
    """Return the storage that the organization uses now. This takes long for large ones."""
    bundles, debug, stored_events, attachments = (
        _amounts(connection, query, organization_id)
        for query in (_BUNDLES, _DEBUG_FILES, _EVENTS, _ATTACHMENTS)
    )
    return Usage(
        blobs=_amount(connection, _BLOBS, organization_id),
        release_files=_amount(connection, _RELEASE_FILES, organization_id),
        projects={
            id_: ProjectUsage(
                bundles=bundles.get(id_, NOTHING),
                debug_files=debug.get(id_, NOTHING),
                events=stored_events.get(id_, NOTHING),
                attachments=attachments.get(id_, NOTHING),
            )
            for id_ in sorted({*bundles, *debug, *stored_events, *attachments})
        },
    )


def save(connection: sa.Connection, organization_id: int, usage: Usage, at: datetime) -> None:
    """Insert or replace the measurement of an organization."""
    row = {"organization_id": organization_id, "measured_at": at}
    statement = db.upsert(measurements).values(row | {"details": json.dumps(asdict(usage))})
    changed = {name: statement.excluded[name] for name in ("measured_at", "details")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["organization_id"], set_=changed)
    )


def last(connection: sa.Connection, organization_id: int) -> Measurement | None:
    """Return the last measurement of an organization, or None."""
    query = sa.select(measurements.c.measured_at, measurements.c.details).where(
        measurements.c.organization_id == organization_id
    )
    row = connection.execute(query).first()
    return Measurement(usage=_usage(json.loads(row[1])), measured_at=row[0]) if row else None


def all_last(connection: sa.Connection) -> list[tuple[str, Measurement]]:
    """Return the slug and the last measurement of each organization that was measured."""
    query = (
        sa.select(organizations.c.slug, measurements.c.measured_at, measurements.c.details)
        .join(organizations, organizations.c.id == measurements.c.organization_id)
        .order_by(measurements.c.organization_id)
    )
    return [
        (slug, Measurement(usage=_usage(json.loads(details)), measured_at=measured_at))
        for slug, measured_at, details in connection.execute(query)
    ]


def _usage(details: dict[str, Any]) -> Usage:
    return Usage(
        blobs=Amount(**details["blobs"]),
        release_files=Amount(**details["release_files"]),
        projects={
            int(id_): ProjectUsage(**{name: Amount(**amount) for name, amount in parts.items()})
            for id_, parts in details["projects"].items()
        },
    )


def _amount(connection: sa.Connection, query: sa.Select[int, int], organization_id: int) -> Amount:
    count, size = connection.execute(query, {"organization_id": organization_id}).one()
    return Amount(count=count, bytes=int(size))


def _amounts(
    connection: sa.Connection, query: sa.Select[int, int, int], organization_id: int
) -> dict[int, Amount]:
    rows = connection.execute(query, {"organization_id": organization_id})
    return {id_: Amount(count=count, bytes=int(size)) for id_, count, size in rows}
