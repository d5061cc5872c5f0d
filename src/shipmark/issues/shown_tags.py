"""What is shown of counted tags: not what a rule for scrubbing would remove that is newer than their events."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from shipmark.events.payload import Json
from shipmark.events.scrubbing import ScrubbingRules, scrub
from shipmark.issues.tags import TagValue

_USER = "user"
#: The attributes of users that have another name than the kind that a value of the tag ``user`` begins with.
_ATTRIBUTES = {"ip": "ip_address"}


def shown_values(
    values: Mapping[str, Collection[TagValue]], rules: ScrubbingRules
) -> dict[str, list[TagValue]]:
    """Return the values that the rules leave as they are, by key."""
    pairs = [(key, each.value) for key, of_key in values.items() for each in of_key]
    shown = _untouched(pairs, rules)
    return {
        key: [each for each in of_key if (key, each.value) in shown]
        for key, of_key in values.items()
    }


def shown_texts(key: str, values: Sequence[str], rules: ScrubbingRules) -> list[str]:
    """Return the values of a key that the rules leave as they are."""
    shown = _untouched([(key, value) for value in values], rules)
    return [value for value in values if (key, value) in shown]


def _untouched(
    pairs: Iterable[tuple[str, str]], rules: ScrubbingRules
) -> Collection[tuple[str, str]]:
    """Return the pairs of a name and a value that scrubbing changes nothing of, of many at once."""
    tags, untouched = list[tuple[str, str]](), set[tuple[str, str]]()
    for key, value in pairs:
        if key != _USER:
            tags.append((key, value))
        elif _is_untouched({"user": _user(value)}, rules):
            untouched.add((key, value))
    scrubbed = scrub({"tags": [list(pair) for pair in tags]}, rules)["tags"]
    assert isinstance(scrubbed, list)
    return untouched | {(key, value) for key, value in scrubbed}.intersection(tags)


def _is_untouched(payload: Json, rules: ScrubbingRules) -> bool:
    return scrub(payload, rules) == payload


def _user(value: str) -> Json:
    kind, _, text = value.partition(":")
    return {_ATTRIBUTES.get(kind, kind): text}
