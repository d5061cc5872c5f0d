"""Envelopes and events from anybody: ingest.md 3 and 5."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipmark.events import parsing
from shipmark.events.grouping import hashes_of
from shipmark.events.parsing import read
from shipmark.events.payload import DEPTH_MAX
from shipmark.events.scanning import storable
from shipmark.events.scrubbing import ScrubbingRules, scrub
from shipmark.infrastructure.errors import BadRequest
from shipmark.ingest.envelope import Envelope, Item, parse

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

#: Attributes that readers look for, so that odd values reach them.
KEYS = st.sampled_from([
    "timestamp", "release", "dist", "environment", "level", "platform", "logger", "transaction",
    "culprit", "tags", "user", "id", "email", "ip_address", "message", "logentry", "formatted",
    "params", "exception", "values", "type", "value", "mechanism", "handled", "synthetic",
    "exception_id", "main_exception_id", "stacktrace", "frames", "function", "module", "filename",
    "abs_path", "in_app", "context_line", "threads", "crashed", "current", "fingerprint", "csp",
    "blocked_uri", "effective_directive",
])  # fmt: skip
#: All of Unicode, halves of surrogate pairs too: they can be written in JSON.
TEXTS = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    [
        "{{ default }}",
        "{{ error.type }}",
        "{{ tags.a }}",
        "%s %(a)d {0} {}",
        "a\x00b",
        "0001-01-01T00:00+23:59",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda held: st.lists(held, max_size=4) | st.dictionaries(KEYS | TEXTS, held, max_size=6),
    max_leaves=25,
)
PAYLOADS = st.dictionaries(KEYS | TEXTS, VALUES, max_size=8)

NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
HEADERS = st.dictionaries(NAMES.map("x_{}".format), st.none() | st.booleans() | NAMES, max_size=3)


@st.composite
def items(draw: st.DrawFn) -> Item:
    """Make an item whose header says how long it is."""
    payload, type_ = draw(st.binary(max_size=40)), draw(NAMES)
    headers: dict[str, object] = {**draw(HEADERS), "type": type_, "length": len(payload)}
    return Item(type=type_, headers=headers, payload=payload)


def line(headers: dict[str, object]) -> bytes:
    """Write a header as SDKs do, on one line."""
    return json.dumps(headers).encode()


def built(envelope: Envelope) -> bytes:
    """Write an envelope as the specification says."""
    lines = [line(envelope.headers)]
    for item in envelope.items:
        lines += [line(item.headers), item.payload]
    return b"\n".join(lines)


@given(HEADERS, st.lists(items(), max_size=5), st.sampled_from([b"", b"\n"]))
def test_building_and_parsing_are_inverse(
    headers: dict[str, object], held: list[Item], end: bytes
) -> None:
    envelope = Envelope(
        headers={**headers, "event_id": ID},
        event_id=ID,
        sent_at=None,
        dsn=None,
        items=tuple(held),
    )
    assert parse(built(envelope) + end) == envelope


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"{}\n", b'{}\n{"type":"a"}\n', b'{}\n{"type":"a","length":']),
)
def test_parsing_refuses_and_never_fails(body: bytes, start: bytes) -> None:
    try:
        parse(start + body)
    except BadRequest:
        return


@given(PAYLOADS, st.timedeltas())
def test_reading_an_event_never_fails(payload: dict[str, object], drift: timedelta) -> None:
    event = read(payload, event_id=ID, received_at=NOW, drift=drift)
    assert timedelta(days=-30) <= event.at - NOW <= timedelta(seconds=60)
    texts = (
        event.title,
        event.culprit,
        event.message,
        *event.metadata.values(),
        *dict(event.tags).values(),
    )
    for text in texts:
        assert "\x00" not in str(text)
        str(text).encode()


@given(PAYLOADS)
def test_what_is_stored_is_json_in_utf_8(payload: dict[str, object]) -> None:
    kept = parsing.parse(payload, event_id=ID, received_at=NOW).payload
    stored = json.dumps(kept, ensure_ascii=False, allow_nan=False)
    assert json.loads(stored.encode()) == kept
    assert "\\u0000" not in stored


@given(PAYLOADS)
def test_what_can_be_stored_is_not_copied(payload: dict[str, object]) -> None:
    stored = storable(payload)
    assert storable(stored) is stored
    try:
        text = json.dumps(payload, ensure_ascii=False, allow_nan=False)
        is_storable = "\\u0000" not in text and bool(text.encode()) and not large(payload)
    except ValueError:
        is_storable = False
    assert (stored is payload) is is_storable


@pytest.mark.parametrize("depth", [DEPTH_MAX - 1, DEPTH_MAX, DEPTH_MAX + 1, DEPTH_MAX + 2])
def test_what_is_nested_too_deep_is_cut(depth: int) -> None:
    value: object = "x"
    for _ in range(depth):
        value = [value]
    lost: list[str] = []
    stored = storable({"extra": value}, lost)
    assert (stored == {"extra": value}, lost) == (
        depth <= DEPTH_MAX,
        [] if depth <= DEPTH_MAX else ["extra"],
    )


def large(value: object) -> bool:
    """Whether a value has an integer that no column holds."""
    if isinstance(value, dict | list):
        return any(map(large, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and abs(value) >= 2**63


@given(PAYLOADS, st.booleans())
def test_scrubbing_never_fails_and_once_is_enough(
    payload: dict[str, object], removes_addresses: bool
) -> None:
    rules = ScrubbingRules(sensitive_fields=("a",), removes_addresses=removes_addresses)
    event = {"extra": payload, "request": payload, **payload}
    scrubbed = scrub(event, rules)
    assert repr(scrub(scrubbed, rules)) == repr(scrubbed)


@given(PAYLOADS, TEXTS, TEXTS)
def test_grouping_does_not_depend_on_the_release(
    payload: dict[str, object], release: str, dist: str
) -> None:
    hashes = hashes_of(payload)
    assert 1 <= len(hashes) <= 2
    assert hashes_of({**payload, "release": release, "dist": dist}) == hashes
