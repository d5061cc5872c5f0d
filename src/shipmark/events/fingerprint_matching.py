"""Which fingerprint rule fits an event; the first one decides, before the client's own fingerprint (ingest.md 9.1)."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from shipmark.events import grouping
from shipmark.events.fingerprint_rules import FingerprintRule, Matcher
from shipmark.events.payload import (
    Json,
    exceptions_of,
    filename_of,
    frames_of,
    level_of,
    object_of,
    objects_of,
    text_of,
)
from shipmark.events.titles import RULE, message_of

#: The matchers of each kind fit together: one frame, or one exception, must fit all of its kind.
_OF_FRAMES = frozenset({"stack.abs_path", "stack.module", "stack.function", "stack.package", "app"})
_OF_EXCEPTIONS = frozenset({"error.type", "error.value"})
_FAMILIES = {"javascript": "javascript", "node": "javascript"} | dict.fromkeys(
    ("c", "cocoa", "native", "objc"), "native"
)
_Values = Mapping[str, str]


def with_fingerprint(payload: Json, rules: Sequence[FingerprintRule]) -> Json:
    """Return the event with the fingerprint and title of the first rule that fits, itself if none does.

    The rule and the client's own fingerprint are in ``_fingerprint_info``.
    """
    facts = _Facts(payload)
    rule = next((rule for rule in rules if facts.fit(rule)), None)
    if rule is None:
        return payload
    info: Json = {"matched_rule": {"text": rule.text}}
    if rule.title is not None:
        info["title"] = grouping.filled(rule.title, payload)
    if payload.get("fingerprint"):
        info["client_fingerprint"] = payload["fingerprint"]
    return payload | {"fingerprint": list(rule.fingerprint), RULE: info}


class _Facts:
    """The values of an event that matchers look at, each computed once."""

    def __init__(self, payload: Json) -> None:
        self._payload = payload
        self._texts: dict[str, str] = {}

    def fit(self, rule: FingerprintRule) -> bool:
        """Return True if all matchers of a rule fit the event."""
        of_frames = [matcher for matcher in rule.matchers if matcher.name in _OF_FRAMES]
        of_exceptions = [matcher for matcher in rule.matchers if matcher.name in _OF_EXCEPTIONS]
        return (
            all(self._fits(matcher) for matcher in rule.matchers if not _is_grouped(matcher))
            and _fit_any(of_exceptions, self._exceptions)
            and _fit_any(of_frames, self._frames)
        )

    def _fits(self, matcher: Matcher) -> bool:
        if matcher.name == "message":
            values = [self._text("message"), *(found["error.value"] for found in self._exceptions)]
            has_match = any(value and matcher.pattern.fullmatch(value) for value in values)
            return has_match is not matcher.is_negated
        return _fits_text(matcher, self._text(matcher.name))

    def _text(self, name: str) -> str:
        if name not in self._texts:
            self._texts[name] = self._read(name)
        return self._texts[name]

    def _read(self, name: str) -> str:
        if name.startswith("tags."):
            return grouping.tag_of(self._payload, name.removeprefix("tags."))
        return _READERS[name](self._payload)

    @cached_property
    def _exceptions(self) -> list[_Values]:
        return [
            {"error.type": raised.type, "error.value": raised.value}
            for raised in exceptions_of(self._payload)
        ]

    @cached_property
    def _frames(self) -> list[_Values]:
        stacks = [raised.frames for raised in exceptions_of(self._payload)]
        if not any(stacks):
            stacks = [frames_of(thread) for thread in objects_of(self._payload, "threads")]
        return [
            _of_frame(frame) for frames in (*stacks, frames_of(self._payload)) for frame in frames
        ]


def _of_frame(frame: Json) -> _Values:
    return {
        "stack.abs_path": (text_of(frame, "abs_path") or filename_of(frame)).replace("\\", "/"),
        "stack.module": text_of(frame, "module"),
        "stack.function": text_of(frame, "function"),
        "stack.package": text_of(frame, "package").replace("\\", "/"),
        "app": "yes" if frame.get("in_app") is True else "no",
    }


def _is_grouped(matcher: Matcher) -> bool:
    return matcher.name in _OF_FRAMES or matcher.name in _OF_EXCEPTIONS


def _fit_any(matchers: Sequence[Matcher], candidates: Sequence[_Values]) -> bool:
    if not matchers:
        return True
    return any(
        all(_fits_text(matcher, values[matcher.name]) for matcher in matchers)
        for values in candidates
    )


def _fits_text(matcher: Matcher, text: str) -> bool:
    return (matcher.pattern.fullmatch(text) is not None) is not matcher.is_negated


_READERS: Mapping[str, Callable[[Json], str]] = {
    "message": message_of,
    "logger": lambda payload: text_of(payload, "logger"),
    "level": level_of,
    "release": lambda payload: text_of(payload, "release"),
    "sdk": lambda payload: text_of(object_of(payload, "sdk"), "name"),
    "transaction": lambda payload: text_of(payload, "transaction"),
    "family": lambda payload: _FAMILIES.get(text_of(payload, "platform"), "other"),
}
