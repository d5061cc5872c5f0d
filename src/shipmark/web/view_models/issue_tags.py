"""The tags of an issue with the shares of their most frequent values, from what is counted of all its events."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.events.scrubbing import ScrubbingRules
from shipmark.issues.shown_tags import shown_values
from shipmark.issues.store import tag_counts
from shipmark.issues.tag_names import term_of
from shipmark.issues.tags import TagKey, TagValue
from shipmark.web import urls
from shipmark.web.view_models.redaction import is_sensitive

#: The values of a tag that are shown, the tags, and how many of these without unfolding the others.
_VALUES_MAX = 3
_TAGS_MAX = 60
_UNFOLDED_MAX = 6
#: Tags that come first, and the user, of whom there are as many as values.
_FIRST = ("release", "environment")
_LEFT_OUT = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A value and the per cent of the tag's events that have it, rounded; ``address`` is empty where none has it."""

    value: str
    percent: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagShares:
    """The most frequent values of a tag, and the number of the issue's events that have the tag."""

    name: str
    event_count: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTags:
    """The tags that most events have, and the others, by name."""

    tags: tuple[TagShares, ...]
    more: tuple[TagShares, ...]


def issue_tags(
    connection: Connection, issue_id: int, rules: ScrubbingRules, organization: str, project: str
) -> IssueTags:
    """Return the tags, by two statements, without what the rules of the project would remove by now.

    Each value leads to the project's issues with it, a release to its page.
    """
    keys = [
        tag
        for tag in tag_counts.keys_of(connection, issue_id)
        if tag.key != _LEFT_OUT and not is_sensitive(tag.key)
    ]
    values = shown_values(tag_counts.top_values(connection, issue_id, most=_VALUES_MAX), rules)
    frequent = sorted(keys, key=_rank)[:_TAGS_MAX]
    shown = [
        _tag_shares(tag, values[tag.key], organization, project)
        for tag in frequent
        if values.get(tag.key)
    ]
    return IssueTags(
        tags=tuple(sorted(shown[:_UNFOLDED_MAX], key=_place)),
        more=tuple(sorted(shown[_UNFOLDED_MAX:], key=_place)),
    )


def _rank(tag: TagKey) -> tuple[bool, bool, int, str]:
    """Return the order in which tags are shown: the first ones, those that tell events apart, the frequent ones."""
    return tag.key not in _FIRST, tag.value_count == 1, -tag.event_count, tag.key


def _place(tag: TagShares) -> tuple[int, str]:
    return (_FIRST.index(tag.name) if tag.name in _FIRST else len(_FIRST)), tag.name


def _tag_shares(
    tag: TagKey, values: Sequence[TagValue], organization: str, project: str
) -> TagShares:
    shares = [
        Share(
            value=each.value,
            percent=round(100 * each.event_count / tag.event_count),
            address=_address(tag.key, each.value, organization, project),
        )
        for each in values
    ]
    return TagShares(name=tag.key, event_count=tag.event_count, shares=tuple(shares))


def _address(key: str, value: str, organization: str, project: str) -> str:
    if key == "release":
        return urls.release(organization, value)
    term = term_of(key, value)
    return urls.issues(organization, query=term, project=project) if term else ""
