"""Tags of issues on the wire: keys, with their most frequent values, and all values of a key."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import asdict
from sqlalchemy import Connection

from shipmark.api.responses import Wire
from shipmark.issues.model import Issue
from shipmark.issues.store import tag_counts
from shipmark.issues.tag_names import label_of, term_of, value_label_of
from shipmark.issues.tags import TagKey, TagValue


class IssueTagValueResponse(Wire, kw_only=True):
    """A value of a tag, with the number of the issue's events that have it."""

    key: str
    name: str
    value: str
    count: int
    first_seen: datetime
    last_seen: datetime
    query: str


class IssueTagKeyResponse(Wire, kw_only=True):
    """A tag of an issue; values that are not kept apart count in ``totalValues`` only."""

    key: str
    name: str
    unique_values: int
    total_values: int


class IssueTagResponse(IssueTagKeyResponse, kw_only=True):
    """A tag of an issue with its most frequent values."""

    top_values: list[IssueTagValueResponse]


class ProjectTagResponse(Wire):
    """A tag of the issues of projects."""

    key: str
    name: str


class ProjectTagValueResponse(Wire):
    """A value of a tag of the issues of a project."""

    key: str
    name: str
    value: str


def tags_of(connection: Connection, issue: Issue) -> list[IssueTagKeyResponse]:
    """Return the tags of an issue without values, by name."""
    tags = [tag_key_response(tag) for tag in tag_counts.keys_of(connection, issue.id)]
    return sorted(tags, key=lambda tag: tag.name)


def tag_key_response(tag: TagKey) -> IssueTagKeyResponse:
    """Return a tag without values."""
    return IssueTagKeyResponse(
        key=tag.key,
        name=label_of(tag.key),
        unique_values=tag.value_count,
        total_values=tag.event_count,
    )


def tag_response(tag: TagKey, values: Sequence[TagValue]) -> IssueTagResponse:
    """Return a tag with these of its values."""
    return IssueTagResponse(
        **asdict(tag_key_response(tag)),
        top_values=[tag_value_response(tag.key, value) for value in values],
    )


def tag_value_response(key: str, value: TagValue) -> IssueTagValueResponse:
    """Return a value of a tag."""
    return IssueTagValueResponse(
        key=key,
        name=value_label_of(key, value.value),
        value=value.value,
        count=value.event_count,
        first_seen=value.first_seen_at,
        last_seen=value.last_seen_at,
        query=term_of(key, value.value),
    )
