"""``/api/{project}/store/``: events of clients from before envelopes, in any form (ingest.md 1)."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable

import pytest
from client_fixtures import Serve
from factories import (
    World,
    counts,
    error_event,
    on_one_database,
    rows,
)
from plain_sdk import Sdk, told

from shipmark.infrastructure.database import Database

# Store, as older SDKs send


def test_the_store_takes_an_event(sdk: Sdk, database: Database) -> None:
    event = error_event(release="web@1.0.0")
    answer = sdk.store(json.dumps(event).encode())
    assert (answer.status_code, answer.json()) == (200, {"id": event["event_id"]})
    assert counts(database)["issues"] == 1


@on_one_database
def test_the_store_keeps_no_transactions(sdk: Sdk, database: Database) -> None:
    """sentry-python 0.10 sends them there, as it knows no envelopes."""
    event = error_event() | {"type": "transaction", "transaction": "/cart", "spans": []}
    answer = sdk.store(json.dumps(event).encode())
    assert (answer.status_code, answer.json()) == (200, {"id": event["event_id"]})
    assert "transaction" in answer.headers["x-sentry-rate-limits"]
    assert counts(database)["issues"] == 0
    assert [(row["reason"], row["category"]) for row in rows(database, "discards")] == [
        ("not_supported", "transaction")
    ]


def test_the_store_reads_packed_bodies(sdk: Sdk, database: Database) -> None:
    packed = base64.b64encode(zlib.compress(json.dumps(error_event()).encode()))
    assert sdk.store(packed).status_code == 200
    gzipped = gzip.compress(json.dumps(error_event()).encode())
    assert sdk.store(gzipped, Content_Encoding="gzip").status_code == 200
    assert counts(database)["events"] == 2


@on_one_database
def test_the_store_gives_an_event_without_an_id_one(sdk: Sdk) -> None:
    event = error_event()
    del event["event_id"]
    answer = sdk.store(json.dumps(event).encode())
    assert len(answer.json()["id"]) == 32


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"not base64!"])
@on_one_database
def test_the_store_refuses_what_is_no_event(sdk: Sdk, database: Database, content: bytes) -> None:
    assert told(sdk.store(content))[0] == 400
    assert counts(database)["events"] == 0


@on_one_database
def test_the_store_has_a_limit(serve: Serve, world: World) -> None:
    sdk = Sdk(serve(event_max_bytes=500), world)
    assert sdk.store(json.dumps(error_event("x" * 500)).encode()).status_code == 413


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (b'{"message": "bad \xff byte"}', "bad \ufffd byte"),
        ('{"message": "Gr\u00f6\u00dfe"}'.encode("latin-1"), "Gr\ufffd\ufffde"),
        (b'{"message": "bell \x07 here"}', "bell \x07 here"),
        (b'\xef\xbb\xbf{"message": "bom first"}', "bom first"),
        ('{"message": "wide"}'.encode("utf-16"), "wide"),
        ('{"message": "no mark"}'.encode("utf-16-be"), "no mark"),
        ('{"message": "wider"}'.encode("utf-32"), "wider"),
        (b'{"message": "from C"}\x00', "from C"),
        (b'{"message": "C:\\Users\\ann \\u00e9"}', "C:\\Users\\ann \u00e9"),
        (b'{"message": "price", "extra": {"a": NaN, "b": [-Infinity, Infinity]}}', "price"),
        (b'{"message": "long", "extra": {"a": ' + b"9" * 5000 + b"}}", "long"),
        (b"sentry_data=%7B%22message%22%3A+%22a+form%22%7D&x=1", "a form"),
        (b'{"message": {"code": 5}}', '{"code": 5}'),
        (b"sentry_version=4&x=&sentry_data=%7B%22message%22%3A+%22a+field%22%7D", "a field"),
    ],
)
def test_an_event_with_odd_bytes_is_taken_in(
    sdk: Sdk, database: Database, text: bytes, title: str
) -> None:
    assert sdk.store(text).status_code == 200
    assert [issue["title"] for issue in rows(database, "issues")] == [title]


@pytest.mark.parametrize(
    ("charset", "text", "title"),
    [
        ("ISO-8859-1", '{"message": "Gr\u00f6\u00dfe"}'.encode("latin-1"), "Gr\u00f6\u00dfe"),
        ('"windows-1252"', '{"message": "5 \u20ac"}'.encode("cp1252"), "5 \u20ac"),
        ("windows-1251", '{"message": "\u0434\u0430"}'.encode("cp1251"), "\u0434\u0430"),
        ("utf-16le", '{"message": "5 \u20ac"}'.encode("utf-16-le"), "5 \u20ac"),
        ("iso-8859-1", '{"message": "Gr\u00f6\u00dfe"}'.encode(), "Gr\u00f6\u00dfe"),
        ("unknown", '{"message": "\u00f6"}'.encode("latin-1"), "\ufffd"),
    ],
)
def test_an_event_may_come_in_another_character_set(
    sdk: Sdk, database: Database, charset: str, text: bytes, title: str
) -> None:
    answer = sdk.store(text, Content_Type=f"application/json; charset={charset}")
    assert answer.status_code == 200
    assert [issue["title"] for issue in rows(database, "issues")] == [title]


def _packed(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode())).decode()


@pytest.mark.parametrize("pack", [str, _packed])
def test_an_event_may_come_in_the_query(
    sdk: Sdk, database: Database, pack: Callable[[str], str]
) -> None:
    query = {"sentry_key": sdk.key, "sentry_version": "7", "sentry_data": pack('{"message": "hi"}')}
    path = f"/api/{sdk.project_id}/store/"
    answer = sdk.client.get(path, params=query)
    assert answer.status_code == 200
    assert len(answer.json()["id"]) == 32
    assert [issue["title"] for issue in rows(database, "issues")] == ["hi"]
    assert sdk.client.get(path, params=query | {"sentry_data": "{"}).status_code == 400
    assert sdk.client.get(path, params=query | {"sentry_key": "0" * 32}).status_code == 403
    assert told(sdk.client.get(path, params=query | {"sentry_data": ""}))[0] == 400
