"""The framing of envelopes: ingest.md 3 and clients.md 11."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipmark.infrastructure.errors import BadRequest, TooLarge
from shipmark.ingest.envelope import ITEMS_MAX, Envelope, EnvelopeReader, Item, ItemRules, parse

ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def test_an_envelope_may_end_after_its_header() -> None:
    assert parse(b"{}") == Envelope(headers={}, event_id=None, sent_at=None, dsn=None, items=())
    assert parse(b"{}\n").items == ()


def test_the_python_sdk_gives_lengths_and_a_final_newline() -> None:
    payload = b'{"sid":"f189f9e9-1f52-45c5-ad96-4a6c267add10","init":true}'
    body = (
        b'{"event_id":"%s","sent_at":"2026-11-22T01:37:34.149609Z"}\n' % ID.encode()
        + b'{"type":"session","content_type":"application/json","length":%d}\n' % len(payload)
        + payload
        + b"\n"
    )
    envelope = parse(body)
    assert envelope.event_id == ID
    assert envelope.sent_at == datetime(2026, 11, 22, 1, 37, 34, 149609, tzinfo=UTC)
    assert [(item.type, item.payload) for item in envelope.items] == [("session", payload)]


def test_the_javascript_sdks_give_no_length_and_no_final_newline() -> None:
    body = (
        b'{"sent_at":"2026-11-22T01:39:03.116Z","sdk":{"name":"sentry.javascript.node"}}\n'
        b'{"type":"session"}\n{"init":true}\n{"type":"event"}\n{"message":"hello"}'
    )
    items = parse(body).items
    assert [item.payload for item in items] == [b'{"init":true}', b'{"message":"hello"}']


def test_sentry_cli_sends_an_id_with_dashes_and_an_extra_newline() -> None:
    body = (
        b'{"event_id":"9e2bd4c5-5ab9-4E0E-A7ee-2f5e5d1e9d11"}\n'
        b'{"type":"event","length":13}\n{"level":"x"}\n\n'
    )
    envelope = parse(body)
    assert envelope.event_id == "9e2bd4c55ab94e0ea7ee2f5e5d1e9d11"
    assert len(envelope.items) == 1


def test_a_path_of_windows_may_be_written_as_it_is() -> None:
    item = parse(b'{}\n{"type":"attachment","length":1,"filename":"C:\\logs\\u1\\\\x"}\na').items[0]
    assert item.headers["filename"] == "C:\\logs\\u1\\x"


def test_a_payload_with_a_length_may_hold_newlines_and_nul() -> None:
    payload = b"\xef\xbb\xbfHello\r\n\x00\n"
    body = b'{}\n{"type":"attachment","length":%d}\n%s\n{"type":"event"}\n{}'
    items = parse(body % (len(payload), payload)).items
    assert [item.payload for item in items] == [payload, b"{}"]


def test_a_carriage_return_belongs_to_the_payload() -> None:
    assert parse(b'{}\n{"type":"attachment"}\nabc\r\n').items[0].payload == b"abc\r"


def test_empty_payloads_are_payloads() -> None:
    body = b'{}\n{"type":"a","length":0}\n\n{"type":"b","length":0}\n\n{"type":"c"}\n'
    assert [(item.type, item.payload) for item in parse(body).items] == [
        ("a", b""),
        ("b", b""),
        ("c", b""),
    ]


def test_an_item_header_at_the_end_has_an_empty_payload() -> None:
    assert parse(b'{}\n{"type":"event"}').items[0].payload == b""


def test_blank_lines_between_items_are_harmless() -> None:
    body = b'{}\n\n{"type":"a","length":1}\n1\n\n\n{"type":"b"}\n2\n\n'
    assert [item.payload for item in parse(body).items] == [b"1", b"2"]


def test_unknown_types_and_unknown_keys_are_kept() -> None:
    envelope = parse(b'{"future":[1]}\n{"type":"hologram","depth":3}\nxyz')
    assert envelope.headers == {"future": [1]}
    assert envelope.items == (
        Item(type="hologram", headers={"type": "hologram", "depth": 3}, payload=b"xyz"),
    )


def test_the_dsn_of_the_header_is_read() -> None:
    dsn = "https://" + "a" * 32 + "@errors.example.com/1"
    assert parse(b'{"dsn":"%s"}' % dsn.encode()).dsn == dsn


@pytest.mark.parametrize(
    "sent_at", ["2026-01-02T03:04:05", "2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00"]
)
def test_sent_at_is_read_in_utc(sent_at: str) -> None:
    envelope = parse(b'{"sent_at":"%s"}' % sent_at.encode())
    assert envelope.sent_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert envelope.sent_at.tzinfo is UTC


def test_keys_with_null_are_absent() -> None:
    envelope = parse(b'{"event_id":null,"sent_at":null}\n{"type":"event","length":null}\nx')
    assert (envelope.event_id, envelope.items[0].payload) == (None, b"x")


@pytest.mark.parametrize("nil", ["00000000-0000-0000-0000-000000000000", "0" * 32])
def test_the_nil_id_of_a_header_counts_as_none(nil: str) -> None:
    assert parse(b'{"event_id":"%s"}' % nil.encode()).event_id is None


def test_bytes_of_other_encodings_in_headers_are_replaced() -> None:
    """Names of files and users are in those of their system."""
    read = parse(b'{"sdk":{"name":"\xff"}}\n{"type":"event","length":2,"by":"J\xfcrgen"}\n{}')
    assert read.headers["sdk"] == {"name": "\ufffd"}
    assert [item.headers["by"] for item in read.items] == ["J\ufffdrgen"]


def test_an_empty_body_is_refused() -> None:
    with pytest.raises(BadRequest, match="empty request body"):
        parse(b"")


@pytest.mark.parametrize(
    "header",
    [
        b"\n",
        b"null",
        b"[]",
        b'{"event_id":',
        b" {}",
        b"{} ",
        b"{}\r\n",
        b"\xff{}",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"event_id":1}',
        b'{"event_id":"nonsense"}',
        b'{"event_id":"9ec79c33-ec9942ab8353589fcb2e04dc"}',
        b'{"dsn":{}}',
        b'{"sent_at":1795311457}',
        b'{"sent_at":"yesterday"}',
        b'{"sent_at":"0001-01-01T00:00:00+23:00"}',
        b'{"sdk":"python"}',
        b'{"trace":[]}',
    ],
)
def test_a_malformed_envelope_header_is_refused(header: bytes) -> None:
    with pytest.raises(BadRequest, match="malformed envelope"):
        parse(header)


@pytest.mark.parametrize(
    "item",
    [
        b"nonsense\n",
        b"{}\n",
        b'{"type":1}\n',
        b'{"type":"event","length":"2"}\n{}',
        b'{"type":"event","length":-1}\n{}',
        b'{"type":"event","length":true}\n{}',
        b'{"type":"event","length":3}\n{}',
        b'{"type":"event","length":1}\n{}',
        b'{"type":"attachment","filename":1}\n{}',
        b'{"type":"event","length":2}\n{} \n',
        b'{"type":"event","length":2}\n{}\n \n',
    ],
)
def test_a_malformed_item_is_refused(item: bytes) -> None:
    with pytest.raises(BadRequest, match="malformed envelope"):
        parse(b"{}\n" + item)


def test_more_items_than_the_limit_are_refused() -> None:
    item = b'\n{"type":"session"}\n{}'
    assert len(parse(b"{}" + item * ITEMS_MAX).items) == ITEMS_MAX
    with pytest.raises(BadRequest, match="more than 1000 items"):
        parse(b"{}" + item * (ITEMS_MAX + 1))


@given(st.data())
def test_it_does_not_matter_in_which_pieces_an_envelope_comes(data: st.DataObject) -> None:
    body = (
        b'{"event_id":"%s"}\n\n{"type":"a","length":3}\n1\n3\n{"type":"b"}\nline\n'
        b'{"type":"c","length":0}\n\n{"type":"event"}\n{"message":"x"}\n\n' % ID.encode()
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    reader = EnvelopeReader(ItemRules())
    for begin, end in pairwise([0, *cuts, len(body)]):
        reader.feed(body[begin:end])
    assert reader.finish() == parse(body)


def test_payloads_that_are_not_kept_are_counted_all_the_same() -> None:
    rules = ItemRules(stored_types={"event"}, single={"event"}, single_bytes_max=10)
    body = b'{}\n{"type":"session"}\n{}\n{"type":"event","length":2}\n{}'
    assert [item.payload for item in parse(body, rules).items] == [b"", b"{}"]
    with pytest.raises(BadRequest, match="shorter than its length"):
        parse(b'{}\n{"type":"session","length":9}\n{}', rules)


def test_an_event_over_the_limit_is_refused_by_its_length_alone() -> None:
    rules = ItemRules(stored_types={"event"}, single={"event"}, single_bytes_max=10)
    with pytest.raises(TooLarge, match="an event has at most 10 bytes"):
        parse(b'{}\n{"type":"event","length":11}\n', rules)


@pytest.mark.parametrize("place", [b"", b"{}\n"])
def test_a_header_over_the_limit_is_refused(place: bytes) -> None:
    with pytest.raises(BadRequest, match="a header has over 65536 bytes"):
        parse(place + b'{"type":"' + b"x" * 70_000 + b'"}')
