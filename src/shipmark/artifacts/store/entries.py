"""The table of files in bundles, by which events look them up without opening bundles, and its queries."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from shipmark.artifacts.model import BundleEntry, url_key
from shipmark.artifacts.urls import basename
from shipmark.artifacts.zip_entries import EntryLocation
from shipmark.infrastructure.database import Id, json_rows, metadata, rows_param
from shipmark.infrastructure.schema import partial_index


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
partial_index(
    "ix_bundle_entries_debug_id",
    bundle_entries.c.debug_id,
    bundle_entries.c.bundle_id,
    where=bundle_entries.c.debug_id.is_not(None),
)

_COLUMNS = [column for column in bundle_entries.c if column is not bundle_entries.c.bundle_id]
_ENTRIES = json_rows("given_entries", **{column.name: column.type for column in _COLUMNS})
_ADD_ENTRIES = sa.insert(bundle_entries).from_select(
    ["bundle_id", *_ENTRIES.c.keys()],
    sa.select(sa.bindparam("bundle", type_=Id), *_ENTRIES.c).order_by(_ENTRIES.c.number),
)
#: The columns of an entry, without the keys that it is looked up by.
ENTRY = tuple(column for column in _COLUMNS if column.name not in {"url_key", "base_key"})


def add(connection: sa.Connection, bundle_row_id: int, entries: Sequence[BundleEntry]) -> None:
    """Insert the entries of a bundle by one statement."""
    rows = (_row(bundle_entry) for bundle_entry in entries)
    connection.execute(_ADD_ENTRIES, {"bundle": bundle_row_id} | rows_param("given_entries", rows))


def clear(connection: sa.Connection, bundle_row_id: int) -> None:
    """Delete the entries of a bundle."""
    connection.execute(sa.delete(bundle_entries).where(bundle_entries.c.bundle_id == bundle_row_id))


def _row(new: BundleEntry) -> tuple[object, ...]:
    keys = (None, None) if new.url is None else (url_key(new.url), url_key(basename(new.url)))
    names = (new.number, new.path, new.url, *keys, new.debug_id)
    content = (new.type, new.size, new.sha1, json.dumps(dict(new.headers)))
    place = (new.place.offset, new.place.compressed_bytes, new.place.crc, new.place.is_deflated)
    return names + content + place


def entry(row: Sequence[Any]) -> BundleEntry:
    """Return the entry of a row's columns."""
    number, path, url, debug_id, type_, size, sha1, headers, *place = row
    offset, compressed, crc, is_deflated = place
    location = EntryLocation(offset, compressed, size, crc, is_deflated=bool(is_deflated))
    return BundleEntry(
        number, path, url, debug_id, type_, size, location, sha1, json.loads(headers)
    )
