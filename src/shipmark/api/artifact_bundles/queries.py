"""Query parameters of artifact bundles, look-ups and archives (files-and-avatars.md 7)."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from shipmark.api.queries import PageQuery, one_of, searched_text
from shipmark.artifacts import debug_ids
from shipmark.artifacts.store.lookups import BundleFilter, BundleSort
from shipmark.http.pagination import offset
from shipmark.http.pagination.offset import PageRequest
from shipmark.http.validation import DateTime, RequestModel, optional, refuse, repeatable
from shipmark.infrastructure.errors import BadRequest, BadUpload

PER_PAGE_MAX = 10
OFFSET_MAX = 20_000

_BAD_SORT = "You can either sort via 'date_added' or 'date_modified'"
#: How pages of releases write a version and its build.
_WITH_BUILD = re.compile(r"^(\S+) \((\S+)\)$")
_DATE_ADDED = ("date_added", "-date_added")
_DATE_TIME = DateTime()


def _parse_unused_since(text: str) -> datetime:
    try:
        return _DATE_TIME.parse(text)
    except PydanticCustomError as error:
        raise refuse(f"Invalid unusedSince parameter. {error.message()}") from None


_UnusedSince = Annotated[
    datetime | None,
    PlainValidator(_parse_unused_since),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class _BundleQuery(PageQuery):
    query: str | None = optional(
        "A release or a dist, or the id of a bundle or of a file in it.", example="web@1.0.0"
    )


class BundleListQuery(_BundleQuery):
    """A page of the artifact bundles of a project."""

    sort_by: Annotated[str | None, one_of(*BundleSort)] = optional(
        "The order of the list.", example="-date_added"
    )

    def sort(self) -> BundleSort:
        """Return the order. Raise `BadRequest` for an unknown one."""
        try:
            return BundleSort(self.sort_by or BundleSort.LAST_USED)
        except ValueError:
            raise BadRequest(_BAD_SORT, code="invalid_sort_by_parameter", extra={}) from None

    def bundle_filter(self, organization_id: int, project_id: int) -> BundleFilter:
        """Return what bundles must match: an id, also of a file in them, or else a release or dist."""
        text = searched_text(self.query) or None
        id_text = debug_ids.normalize(text) if text else None
        return BundleFilter(
            project_id=project_id,
            organization_id=organization_id,
            id_text=id_text,
            text=text if id_text is None else None,
        )


class BundleFilesQuery(_BundleQuery):
    """A page of the files of a bundle."""


class BundleDeletionQuery(RequestModel):
    """The bundles to delete: by id, or all that match the other parameters."""

    bundle_id: list[str] = repeatable(
        "The bundles with these ids.", example="eb6e60f1-65ff-4f6f-adff-f1bbeded627b"
    )
    release: str | None = optional("All bundles of this version.", example="web@1.0.0")
    dist: str | None = optional("Of the release, only those of this dist.", example="7")
    unused_since: _UnusedSince = optional(
        "All bundles that have not been used since that time.", example="2026-01-01T00:00:00Z"
    )

    def bundle_filter(self, organization_id: int, project_id: int) -> BundleFilter | None:
        """Return what the bundles to delete match, or None if they are named by id."""
        if self.release is None and self.unused_since is None:
            return None
        return BundleFilter(
            project_id=project_id,
            organization_id=organization_id,
            version=self.release,
            dist=self.dist,
            unused_since=self.unused_since,
        )


class LookupQuery(RequestModel):
    """The artifacts to look up, or one to download."""

    debug_id: str | None = optional(
        "The debug id of a file.", alias="debug_id", example="c941d872-af1f-4f0c-a7ff-ad3d295fe153"
    )
    url: str | None = optional("A part of the file's URL.", example="~/app.js")
    release: str | None = optional("The version that the file belongs to.", example="web@1.0.0")
    dist: str | None = optional("The dist that the file belongs to.", example="7")
    download: str | None = optional(
        "The id of a result; the response is its content.", example="artifact_bundle/1"
    )


class ArchiveListQuery(PageQuery):
    """A page of the releases of a project as archives."""

    query: str | None = optional("Text in versions.", example="1.0")
    sort_by: Annotated[str | None, one_of(*_DATE_ADDED)] = optional(
        "The order of the list, by the time of the release's creation.", example="-date_added"
    )

    def is_oldest_first(self) -> bool:
        """Return True for the oldest first. Raise `BadUpload` for an unknown order."""
        sort = self.sort_by or "-date_added"
        if sort not in _DATE_ADDED:
            raise BadUpload("You can either sort via 'date_added' or '-date_added'")
        return sort == "date_added"

    def text(self) -> str:
        """Return the text in versions; a build in brackets is written as in a version."""
        return _WITH_BUILD.sub(r"\1+\2", searched_text(self.query))


class ArchiveDeletionQuery(RequestModel):
    """The archive to delete."""

    name: str | None = optional("The version whose files are deleted.", example="web@1.0.0")


def limited_page(query: PageQuery, *, most: int = offset.PER_PAGE_MAX) -> PageRequest:
    """Return the page. Raise `BadRequest` for one that is too far on."""
    page = query.page(most=most)
    if page.skipped > OFFSET_MAX:
        raise BadRequest(offset.OFFSET_TOO_LARGE)
    return page
