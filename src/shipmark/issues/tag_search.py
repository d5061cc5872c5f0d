"""Terms of a search by tags: a value, one of several, or any (groups-api.md 2.3)."""

import re
from collections.abc import Sequence
from dataclasses import replace

from shipmark.infrastructure.errors import BadRequest
from shipmark.issues import text_search
from shipmark.issues.tags import USER_KINDS, TagCondition, TagPattern, hidden_key_of

_NAME = re.compile(r"[a-zA-Z0-9_.-]+")
_EXPLICIT = re.compile(r"tags\[([a-zA-Z0-9_.:-]+)\]")
#: The name of the term for any value of a tag.
HAS = "has"
_USER = "user"
#: The kinds of identifiers, with which the values of the tag ``user`` begin, by their terms.
USER_TERMS = {f"user.{kind}": kind for kind in USER_KINDS}
#: What clients search by that is no tag, in part not kept in a way that can be searched.
_NO_TAGS = text_search.KEYS.keys() - {"level"} | {
    "assigned", "assigned_to", "assigned_or_suggested", "bookmarks", "bookmarked_by", "subscribed",
    "id", "is", "issue", "issue.id", "issue.seer_actionability", "project",
    "project.id", "project.name", "status", "timestamp", "event.timestamp", "error.main_thread", "error.mechanism",
    "error.value", "geo.city", "geo.country_code", "geo.region", "release.build",
    "release.package", "release.stage", "release.version", "sdk.name", "sdk.version",
    "stack.abs_path", "stack.colno", "stack.filename", "stack.function", "stack.in_app",
    "stack.lineno", "stack.module", "stack.package", "stack.stack_level",
}  # fmt: skip


def tag_of(key: str, text: str) -> str | None:
    """Return the tag of a term; a URL, ``TypeError:`` or a parenthesis among words of a text is of none.

    ``tags[Release]`` is always of the tag, also where the name alone means something else.
    """
    if not text or text.startswith("//"):
        return None
    if explicit := _EXPLICIT.fullmatch(key):
        return explicit[1]
    return key if _NAME.fullmatch(key) and key.lower() not in _NO_TAGS else None


def condition_of(key: str, values: Sequence[str], *, is_negated: bool) -> TagCondition:
    """Return the condition of a term; one with an empty value only asks for issues without the tag.

    A ``*`` at the end of a value stands for any text. Raise `BadRequest` for one elsewhere, as no index has the answer.
    """
    if key == HAS:
        [name] = values if len(values) == 1 else [""]
        if not name or "*" in name or name in _NO_TAGS:
            raise BadRequest(f"{HAS}: takes the name of a tag.")
        return _of_any_value(name, is_negated=is_negated)
    if list(values) == [""]:
        return _of_any_value(key, is_negated=not is_negated)
    patterns = [_pattern(key, value) for value in values]
    if kind := USER_TERMS.get(key):
        return _of_users(kind, patterns, is_negated=is_negated)
    return TagCondition(key=key, patterns=tuple(patterns), is_negated=is_negated)


def _of_any_value(key: str, *, is_negated: bool) -> TagCondition:
    if kind := USER_TERMS.get(key):
        return _of_users(kind, [TagPattern(text="", is_prefix=True)], is_negated=is_negated)
    return TagCondition(key=key, patterns=(), is_negated=is_negated)


def _of_users(kind: str, patterns: Sequence[TagPattern], *, is_negated: bool) -> TagCondition:
    """Return the condition for an identifier of users, be it the one in the tag or another that they have."""
    return TagCondition(
        key=_USER,
        hidden_key=hidden_key_of(kind),
        patterns=tuple(replace(each, text=f"{kind}:{each.text}") for each in patterns),
        is_negated=is_negated,
    )


def _pattern(key: str, value: str) -> TagPattern:
    begin, star, rest = value.partition("*")
    if not value:
        raise BadRequest(f'{key}: takes "" only alone.')
    if rest or (star and not begin):
        raise BadRequest(f"{key}: takes a * only at the end of a value.")
    return TagPattern(text=begin, is_prefix=bool(star))
