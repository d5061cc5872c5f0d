"""Fingerprint rules of a project: their text, parsed and validated, and which of them fits an event (ingest.md 9.1).

A rule is one line, ``matcher:pattern … -> value, … title="…"``; lines that begin with ``#`` are comments. The first
that fits decides, before the client's own fingerprint.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from shipmark.events import grouping
from shipmark.events.globs import expression_of
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
from shipmark.infrastructure.search_values import QUOTED

RULES_MAX = 200
TEXT_MAX = 50_000
VALUES_MAX = 32
#: The names of matchers, with their short forms.
MATCHERS = {
    "error.type": "error.type", "type": "error.type",
    "error.value": "error.value", "value": "error.value",
    "message": "message", "logger": "logger", "level": "level", "release": "release", "sdk": "sdk",
    "transaction": "transaction", "family": "family", "app": "app",
    "stack.abs_path": "stack.abs_path", "path": "stack.abs_path",
    "stack.module": "stack.module", "module": "stack.module",
    "stack.function": "stack.function", "function": "stack.function",
    "stack.package": "stack.package", "package": "stack.package",
}  # fmt: skip
_IGNORING_CASE = frozenset({"error.value", "message", "level", "stack.abs_path", "stack.package"})
_PATHS = frozenset({"stack.abs_path", "stack.package"})
_ARROW = "->"
_MATCHER = re.compile(rf'(?P<not>!?)(?P<name>[\w.-]+):(?P<pattern>{QUOTED}|[^\s"]+)(?=\s|$)')
_TITLE = re.compile(rf"(?<!\w)title\s*=\s*({QUOTED})\Z")
_ATTRIBUTE = re.compile(r"(?<![\w{])(\w+)\s*=\s*\"")
_VALUE = re.compile(rf"{QUOTED}|\{{\{{[^{{}}]*\}}\}}|[^,\"]+(?=,|\Z)")
#: The matchers of each kind fit together: one frame, or one exception, must fit all of its kind.
_OF_FRAMES = frozenset({"stack.abs_path", "stack.module", "stack.function", "stack.package", "app"})
_OF_EXCEPTIONS = frozenset({"error.type", "error.value"})
_FAMILIES = {"javascript": "javascript", "node": "javascript"} | dict.fromkeys(
    ("c", "cocoa", "native", "objc"), "native"
)
_Values = Mapping[str, str]


class FingerprintRuleError(ValueError):
    """A line that is no rule; its text names the line."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition: the value of this name fits the pattern, or does not."""

    name: str
    pattern: re.Pattern[str]
    is_negated: bool


@dataclass(frozen=True, slots=True)
class FingerprintRule:
    """The fingerprint, and perhaps the title, of events that all matchers fit."""

    matchers: tuple[Matcher, ...]
    fingerprint: tuple[str, ...]
    title: str | None
    text: str


def parse(text: str) -> tuple[FingerprintRule, ...]:
    """Return the rules of a text. Raise `FingerprintRuleError` for the first line that is none."""
    if len(text) > TEXT_MAX:
        raise FingerprintRuleError(f"The rules are longer than {TEXT_MAX} characters.")
    rules = []
    for number, line in enumerate(text.splitlines(), start=1):
        rule = line.strip()
        if rule and not rule.startswith("#"):
            try:
                rules.append(_rule(rule))
            except ValueError as problem:
                raise FingerprintRuleError(f"Line {number}: {problem}") from None
    if len(rules) > RULES_MAX:
        raise FingerprintRuleError(f"There are more than {RULES_MAX} rules.")
    return tuple(rules)


def _rule(line: str) -> FingerprintRule:
    conditions, arrow = _split(line)
    if not arrow:
        raise ValueError(f'"{_ARROW}" and a fingerprint are missing.')
    matchers = _matchers(conditions)
    fingerprint = line[len(conditions) + len(_ARROW) :].strip()
    title = None
    if match := _TITLE.search(fingerprint):
        title = _unquoted(match[1])
        fingerprint = fingerprint[: match.start()].rstrip().removesuffix(",").rstrip()
    elif attribute := _ATTRIBUTE.search(fingerprint):
        raise ValueError(f'unknown attribute "{attribute[1]}"; only title is known.')
    values = _values(fingerprint)
    if not values:
        raise ValueError("the fingerprint is missing.")
    if len(values) > VALUES_MAX:
        raise ValueError(f"a fingerprint has at most {VALUES_MAX} values.")
    return FingerprintRule(matchers=matchers, fingerprint=values, title=title, text=line)


def _split(line: str) -> tuple[str, bool]:
    """Return the part before the arrow, which may also be within quotation marks, and whether there is an arrow."""
    is_quoted = False
    for index, character in enumerate(line):
        if character == '"' and line[index - 1 : index] != "\\":
            is_quoted = not is_quoted
        elif not is_quoted and line.startswith(_ARROW, index):
            return line[:index], True
    return line, False


def _matchers(text: str) -> tuple[Matcher, ...]:
    matchers, position = [], 0
    while rest := text[position:].strip():
        match = _MATCHER.match(text, len(text) - len(text[position:].lstrip()))
        if match is None:
            raise ValueError(f'"{rest[:50]}" is no matcher, such as error.type:ValueError.')
        matchers.append(_matcher(match))
        position = match.end()
    if not matchers:
        raise ValueError("a matcher is missing.")
    return tuple(matchers)


def _matcher(match: re.Match[str]) -> Matcher:
    name = match["name"]
    known = name if name.startswith("tags.") and len(name) > len("tags.") else MATCHERS.get(name)
    if known is None:
        raise ValueError(f'unknown matcher "{name}".')
    pattern = _unquoted(match["pattern"])
    if known in _PATHS:
        pattern = pattern.replace("\\", "/")
    flags = re.IGNORECASE if known in _IGNORING_CASE else re.NOFLAG
    compiled = re.compile(expression_of(pattern), re.DOTALL | flags)
    return Matcher(name=known, pattern=compiled, is_negated=bool(match["not"]))


def _values(text: str) -> tuple[str, ...]:
    values, position = [], 0
    while position < len(text):
        found = _VALUE.match(text, position)
        if found is None or not found[0].strip():
            raise ValueError(f'"{text[position:][:50]}" is no value of a fingerprint.')
        values.append(_unquoted(found[0].strip()))
        rest = text[found.end() :].lstrip()
        if rest and not rest.startswith(","):
            raise ValueError(f'a comma is missing before "{rest[:50]}".')
        position = len(text) - len(rest.removeprefix(",").lstrip())
    return tuple(values)


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    return text


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
