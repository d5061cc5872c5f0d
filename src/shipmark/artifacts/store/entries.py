"""The table of files in bundles, by which events look them up without opening bundles, and its queries."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from shipmark.artifacts.model import BundleEntry, url_key
from shipmark.artifacts.urls import basename
from shipmark.artifacts.zip_entries import EntryLocation
from shipmark.infrastructure.database import Id, json_rows, metadata, rows_param


class BundleEntryColumns(sa.TypedColumns):
    """A file in a bundle. ``url_key`` and ``base_key`` are digests of the URL and of its last part.

    ``headers`` is a JSON object; ``offset`` and the following columns are the location in the bundle.
    """

    bundle_id = sa.Column(
        Id, sa.ForeignKey("artifact_bundles.id", ondelete="CASCADE"), primary_key=True
    )
    number = sa.Column(sa.Integer, primary_key=True)
    path = sa.Column(sa.Text, nullable=False)
    url = sa.Column(sa.Text)
    url_key = sa.Column(sa.String(16))
    base_key = sa.Column(sa.String(16))
    debug_id = sa.Column(sa.String(60))
    type = sa.Column(sa.Integer)
    size = sa.Column(sa.BigInteger, nullable=False)
    sha1 = sa.Column(sa.String(40))
    headers = sa.Column(sa.Text, nullable=False)
    offset = sa.Column(sa.BigInteger, nullable=False)
    compressed = sa.Column(sa.BigInteger, nullable=False)
    crc = sa.Column(sa.BigInteger, nullable=False)
    is_deflated = sa.Column(sa.Boolean, nullable=False)


bundle_entries = sa.Table(
    "bundle_entries",
    metadata,
    BundleEntryColumns,
    sa.Index("ix_bundle_entries_url_key", "bundle_id", "url_key"),
    sa.Index("ix_bundle_entries_base_key", "bundle_id", "base_key"),
)
sa.Index(
    "ix_bundle_entries_debug_id",
    bundle_entries.c.debug_id,
    bundle_entries.c.bundle_id,
    sqlite_where=bundle_entries.c.debug_id.is_not(None),
    postgresql_where=bundle_entries.c.debug_id.is_not(None),
)

_ENTRIES = json_rows(
    "given_entries",
    number=sa.Integer(),
    path=sa.Text(),
    url=sa.Text(),
    url_key=sa.Text(),
    base_key=sa.Text(),
    debug_id=sa.Text(),
    type=sa.Integer(),
    size=sa.BigInteger(),
    sha1=sa.Text(),
    headers=sa.Text(),
    offset=sa.BigInteger(),
    compressed=sa.BigInteger(),
    crc=sa.BigInteger(),
    is_deflated=sa.Boolean(),
)
_ADD_ENTRIES = sa.insert(bundle_entries).from_select(
    ["bundle_id", *_ENTRIES.c.keys()],
    sa.select(sa.bindparam("bundle", type_=Id), *_ENTRIES.c).order_by(_ENTRIES.c.number),
)
ENTRY = (
    bundle_entries.c.number,
    bundle_entries.c.path,
    bundle_entries.c.url,
    bundle_entries.c.debug_id,
    bundle_entries.c.type,
    bundle_entries.c.size,
    bundle_entries.c.sha1,
    bundle_entries.c.headers,
    bundle_entries.c.offset,
    bundle_entries.c.compressed,
    bundle_entries.c.crc,
    bundle_entries.c.is_deflated,
)


def add(connection: sa.Connection, bundle_row_id: int, entries: Sequence[BundleEntry]) -> None:
    """Insert the entries of a bundle by one statement."""
    connection.execute(_ADD_ENTRIES, {"bundle": bundle_row_id} | _rows_of(entries))


def clear(connection: sa.Connection, bundle_row_id: int) -> None:
    """Delete the entries of a bundle."""
    connection.execute(sa.delete(bundle_entries).where(bundle_entries.c.bundle_id == bundle_row_id))


def entries_of(connection: sa.Connection, bundle_row_id: int) -> list[BundleEntry]:
    """Return the entries of a bundle, in the order of its manifest."""
    query = sa.select(*ENTRY).where(bundle_entries.c.bundle_id == bundle_row_id)
    return [entry(row) for row in connection.execute(query.order_by(bundle_entries.c.number))]


def _rows_of(entries: Sequence[BundleEntry]) -> dict[str, str]:
    return rows_param(
        "given_entries",
        (
            (
                bundle_entry.number,
                bundle_entry.path,
                bundle_entry.url,
                None if bundle_entry.url is None else url_key(bundle_entry.url),
                None if bundle_entry.url is None else url_key(basename(bundle_entry.url)),
                bundle_entry.debug_id,
                bundle_entry.type,
                bundle_entry.size,
                bundle_entry.sha1,
                json.dumps(dict(bundle_entry.headers)),
                bundle_entry.place.offset,
                bundle_entry.place.compressed_bytes,
                bundle_entry.place.crc,
                bundle_entry.place.is_deflated,
            )
            for bundle_entry in entries
        ),
    )


def entry(row: Sequence[Any]) -> BundleEntry:
    """Return the entry of a row's columns."""
    number, path, url, debug_id, type_, size, sha1, headers, *place = row
    offset, compressed, crc, is_deflated = place
    return BundleEntry(
        number=number,
        path=path,
        url=url,
        debug_id=debug_id,
        type=type_,
        size=size,
        sha1=sha1,
        headers=json.loads(headers),
        place=EntryLocation(
            offset=offset,
            compressed_bytes=compressed,
            size_bytes=size,
            crc=crc,
            is_deflated=bool(is_deflated),
        ),
    )
