"""``/api/{project}/envelope/`` and ``/store/``: events through the door (ingest.md 1, 8, 9)."""

import gzip
import json
import zlib
from collections.abc import Callable
from datetime import datetime

import brotli
import pytest
import zstandard
from client_fixtures import Serve
from factories import (
    Caller,
    World,
    ago,
    counts,
    dump,
    envelope,
    error_event,
    on_one_database,
    release_path,
    rows,
    send_event,
    statements,
    written,
)
from httpx import Client
from plain_sdk import Sdk, told
from prometheus_client import REGISTRY

from shipmark.infrastructure.database import Database


def test_an_event_becomes_an_issue(sdk: Sdk, database: Database) -> None:
    event = error_event()
    answer = sdk.envelope(envelope(event))
    assert (answer.status_code, answer.json()) == (200, {"id": event["event_id"]})
    [issue] = rows(database, "issues")
    assert (issue["title"], issue["status"], issue["number"]) == (
        "ValueError: boom",
        "unresolved",
        1,
    )
    [kept] = rows(database, "inbox")
    assert (kept["issue_id"], kept["reason"]) == (issue["id"], 0)


def test_events_of_one_kind_are_counted_in_one_issue(sdk: Sdk, database: Database) -> None:
    for _ in range(3):
        sdk.envelope(envelope(error_event()))
    [issue] = rows(database, "issues")
    assert (issue["times_seen"], counts(database)["events"]) == (3, 3)


def test_the_same_event_again_changes_nothing(sdk: Sdk, database: Database) -> None:
    event = error_event(release="web@1.0.0")
    first = sdk.envelope(envelope(event))
    before = dump(database)
    again = sdk.envelope(envelope(event))
    assert (again.status_code, again.json()) == (200, first.json())
    assert dump(database) == before


def test_raw_events_of_sentry_cli_get_ids_of_their_own(sdk: Sdk, database: Database) -> None:
    """``send-event --raw`` names the nil id in the header, and sends the bytes of the file (clients.md 4.5)."""
    raw = (
        b'{"event_id":"00000000-0000-0000-0000-000000000000"}\n'
        b'{"type":"event","length":19}\n{"message":"crash"}\n'
    )
    ids = {sdk.envelope(raw).json()["id"] for _ in range(2)}
    assert len(ids) == 2
    assert {row["event_id"] for row in rows(database, "events")} == ids


def test_short_ids_count_in_each_project(client: Client, world: World, alice: Caller) -> None:
    for project, value in (("web", "a"), ("web", "b"), ("mobile", "a"), ("globex/web", "a")):
        send_event(client, world.keys[project], world.projects[project], error_event(value))
    shown = alice.get("/organizations/acme/issues/?project=-1&query=").json()
    assert {it["shortId"] for it in shown} == {"WEB-1", "WEB-2", "MOBILE-1"}


def test_an_event_makes_its_release(sdk: Sdk, alice: Caller) -> None:
    at = ago(hours=3)
    sdk.envelope(envelope(error_event(release="web@1.0.0", timestamp=at.isoformat())))
    shown = alice.get(release_path("web@1.0.0")).json()
    assert (shown["dateCreated"], shown["firstEvent"]) == (written(at), written(at))
    assert (shown["newGroups"], shown["userAgent"]) == (1, None)
    issue = alice.get("/organizations/acme/issues/WEB-1/").json()
    assert issue["firstRelease"]["version"] == "web@1.0.0"


def test_an_event_of_a_known_release_attaches_its_project(
    client: Client, world: World, alice: Caller
) -> None:
    alice.publish("web@1.0.0", "mobile")
    send_event(client, world.keys["web"], world.projects["web"], error_event(release="web@1.0.0"))
    shown = alice.get(release_path("web@1.0.0")).json()
    assert sorted(it["slug"] for it in shown["projects"]) == ["mobile", "web"]


@pytest.mark.parametrize("name", ["a/b", "latest", " ", "..", "a\nb", "a" * 201, True, None, {}])
def test_an_event_with_an_invalid_release_is_kept_without(
    sdk: Sdk, database: Database, name: object
) -> None:
    assert sdk.envelope(envelope(error_event(release=name))).status_code == 200
    assert (counts(database)["events"], counts(database)["releases"]) == (1, 0)


def test_environments_are_made_by_events(sdk: Sdk, database: Database) -> None:
    for environment in ("production", "production", "staging"):
        sdk.envelope(envelope(error_event(environment=environment, release="web@1.0.0")))
    assert [it["name"] for it in rows(database, "environments")] == ["production", "staging"]
    assert counts(database)["project_environments"] == 2
    assert counts(database)["release_environments"] == 2


@pytest.mark.parametrize("name", ["a/b", "a" * 65, True, None])
def test_an_event_with_an_invalid_environment_is_kept_without(
    sdk: Sdk, database: Database, name: object
) -> None:
    assert sdk.envelope(envelope(error_event(environment=name))).status_code == 200
    assert [it["name"] for it in rows(database, "environments")] == [""]


def test_the_clock_of_the_sender_is_set_right(sdk: Sdk, database: Database) -> None:
    wrong = ago(days=300)
    content = envelope(error_event(timestamp=wrong.isoformat()), sent_at=wrong.isoformat())
    assert sdk.envelope(content).status_code == 200
    [issue] = rows(database, "issues")
    assert abs((issue["first_seen_at"] - ago()).total_seconds()) < 60


# Bodies (ingest.md 1.3, 1.4, 2)

CODECS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "gzip, zstd": lambda body: zstandard.compress(gzip.compress(body)),
}


@pytest.mark.parametrize("name", CODECS)
@on_one_database
def test_compressed_bodies_are_read(sdk: Sdk, database: Database, name: str) -> None:
    content = CODECS[name](envelope(error_event()))
    assert sdk.envelope(content, Content_Encoding=name, **header_of(sdk)).status_code == 200
    assert counts(database)["events"] == 1


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
@on_one_database
def test_an_envelope_is_read_though_a_proxy_dropped_its_encoding(
    sdk: Sdk, database: Database, compress: Callable[[bytes], bytes]
) -> None:
    content = compress(envelope(error_event()))
    assert sdk.envelope(content, **header_of(sdk)).status_code == 200
    assert counts(database)["events"] == 1


@on_one_database
def test_gzip_may_have_several_members_and_bytes_behind_them(sdk: Sdk, database: Database) -> None:
    whole = envelope(error_event())
    body = gzip.compress(whole[:9]) + gzip.compress(whole[9:]) + b"\0\n"
    assert sdk.envelope(body, Content_Encoding="gzip", **header_of(sdk)).status_code == 200
    assert counts(database)["events"] == 1


def header_of(sdk: Sdk) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in sdk.auth.items()}


@on_one_database
def test_an_unknown_encoding_is_refused(sdk: Sdk) -> None:
    answer = sdk.envelope(b"x", Content_Encoding="compress", **header_of(sdk))
    assert told(answer) == (400, "unknown content encoding; use gzip, deflate, br or zstd")


@on_one_database
def test_a_body_that_is_not_encoded_as_it_says_is_refused(sdk: Sdk) -> None:
    answer = sdk.envelope(envelope(error_event()), Content_Encoding="gzip", **header_of(sdk))
    assert told(answer) == (400, "body does not match its content encoding")


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "empty request body"),
        (b"x", "malformed envelope: envelope header is not a JSON object on one line"),
        (
            b'{"event_id":5}',
            "malformed envelope: envelope header: Expected `str | null`, got `int` - at `$.event_id`",
        ),
        (b'{"event_id":"x"}', "malformed envelope: event_id is not an event id"),
        (
            b'{}\n{"length":1}\nx',
            "malformed envelope: item header: Object missing required field `type`",
        ),
        (
            b'{}\n{"type":"event","length":9}\nx',
            "malformed envelope: item payload is shorter than its length",
        ),
        (b'{}\n{"type":"event"}\n[]', "invalid event: not a JSON object"),
        (
            b'{}\n{"type":"event"}\n{}\n{"type":"transaction"}\n{}',
            "an envelope holds one event at the most",
        ),
    ],
)
@on_one_database
def test_a_malformed_envelope_is_refused(
    sdk: Sdk, database: Database, content: bytes, detail: str
) -> None:
    assert told(sdk.envelope(content)) == (400, detail)
    assert counts(database)["events"] == 0


@on_one_database
def test_an_event_that_is_no_json_is_refused(sdk: Sdk) -> None:
    answer = sdk.envelope(b'{}\n{"type":"event"}\n{')
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("invalid event: ")


@on_one_database
def test_an_event_over_its_limit_is_refused(serve: Serve, world: World, database: Database) -> None:
    sdk = Sdk(serve(event_max_bytes=500), world)
    assert sdk.envelope(envelope(error_event())).status_code == 200
    answer = sdk.envelope(envelope(error_event("x" * 500)))
    detail = "envelope exceeded size limits: an event has at most 500 bytes"
    assert told(answer) == (413, detail)
    assert counts(database)["events"] == 1


@on_one_database
def test_an_envelope_over_its_limit_is_refused(serve: Serve, world: World) -> None:
    sdk = Sdk(serve(envelope_max_bytes=1000), world)
    unpacked = envelope(error_event("x" * 1000))
    answer = sdk.envelope(gzip.compress(unpacked), Content_Encoding="gzip", **header_of(sdk))
    assert told(answer) == (413, "body exceeded size limit of 1000 bytes")
    assert sdk.envelope(unpacked).status_code == 413


@on_one_database
def test_a_body_that_unpacks_without_end_is_refused(serve: Serve, world: World) -> None:
    sdk = Sdk(serve(envelope_max_bytes=100_000), world)
    bomb = gzip.compress(bytes(20_000_000))
    answer = sdk.envelope(bomb, Content_Encoding="gzip", **header_of(sdk))
    assert answer.status_code == 413


# Other items: counted, answered, and not kept

OTHERS = [
    b'{"type":"statsd"}\n{"sid":"1","init":true}',
    b'{"type":"span"}\n{"items":[]}',
    b'{"type":"from_the_future"}\n{}',
]


@pytest.mark.parametrize("item", OTHERS)
def test_other_items_are_answered_and_not_kept(sdk: Sdk, database: Database, item: bytes) -> None:
    before = dump(database)
    answer = sdk.envelope(b"{}\n" + item)
    assert (answer.status_code, answer.json()) == (200, {})
    after = dump(database)
    assert {name for name in after if after[name] != before[name]} <= {
        "digest_positions",
        "discards",
    }
    assert len(after["discards"]) == 1


@on_one_database
def test_other_items_are_counted(sdk: Sdk) -> None:
    def number(kind: str) -> float:
        labels = {"what": "items_not_stored", "kind": kind}
        return REGISTRY.get_sample_value("shipmark_counted_total", labels) or 0.0

    before = number("statsd"), number("unknown")
    sdk.envelope(b"{}\n" + b"\n".join([OTHERS[0], OTHERS[0], OTHERS[2]]))
    assert (number("statsd"), number("unknown")) == (before[0] + 2, before[1] + 1)


def test_an_event_beside_other_items_is_kept(sdk: Sdk, database: Database) -> None:
    assert sdk.envelope(envelope(error_event(), *OTHERS)).status_code == 200
    assert counts(database)["events"] == 1


def test_an_envelope_of_nothing_is_fine_with_a_good_key_only(sdk: Sdk) -> None:
    answer = sdk.envelope(b"{}")
    assert (answer.status_code, answer.json()) == (200, {})
    assert sdk.envelope(b"{}", X_Nothing="").status_code == 401


@pytest.mark.parametrize("path", ["/api/1/envelope", "/api/1/store"])
@on_one_database
def test_the_slash_at_the_end_may_be_left_out(sdk: Sdk, path: str) -> None:
    content = envelope(error_event()) if "envelope" in path else json.dumps(error_event()).encode()
    address = path.replace("/1/", f"/{sdk.project_id}/")
    assert sdk.client.post(address, content=content, headers=sdk.auth).status_code == 200


@on_one_database
def test_browsers_of_any_origin_may_send(sdk: Sdk) -> None:
    headers = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-sentry-auth",
    }
    answer = sdk.client.options(f"/api/{sdk.project_id}/envelope/", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-sentry-auth" in answer.headers["access-control-allow-headers"].lower()
    sent = sdk.envelope(envelope(error_event()), Origin="https://app.example.com", **header_of(sdk))
    assert sent.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in sent.headers


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("nul \x00 inside", "nul \ufffd inside"),
        pytest.param(
            "half \ud800 a pair",
            "half \ufffd a pair",
        ),
    ],
)
def test_what_a_database_can_not_keep_is_replaced(
    sdk: Sdk, alice: Caller, value: str, kept: str
) -> None:
    assert sdk.store(json.dumps(error_event(value)).encode()).status_code == 200
    shown = alice.get("/organizations/acme/issues/WEB-1/").json()
    assert shown["metadata"]["value"] == kept


def test_known_issues_take_no_more_statements_over_time(sdk: Sdk, database: Database) -> None:
    found = []
    for _ in range(4):
        with statements(database) as some:
            sdk.envelope(envelope(error_event(release="web@1.0.0", environment="production")))
        found.append(some.count)
    assert len(set(found[1:])) == 1


def test_events_of_an_issue_that_come_in_any_order_keep_its_ends(
    sdk: Sdk, database: Database
) -> None:
    moments = [ago(hours=hours) for hours in (2, 3, 1)]
    for moment in moments:
        sdk.envelope(envelope(error_event(timestamp=moment.isoformat())))
    [issue] = rows(database, "issues")
    ends: tuple[datetime, datetime] = issue["first_seen_at"], issue["last_seen_at"]
    assert ends == (moments[1], moments[2])


def test_an_envelope_may_hold_odd_bytes_too(sdk: Sdk, database: Database) -> None:
    event = b'{"message": "bad \xff byte", "extra": {"price": NaN}}'
    header = b'{}\n{"type": "event", "length": %d}\n' % len(event)
    assert sdk.envelope(b"\xef\xbb\xbf" + header + event).status_code == 200
    assert [issue["title"] for issue in rows(database, "issues")] == ["bad \ufffd byte"]


def test_what_was_left_out_is_in_the_errors_of_the_event(sdk: Sdk, alice: Caller) -> None:
    event = error_event(release="tags/V1", level="loud")
    sdk.store(json.dumps(event).encode())
    errors = alice.get(f"/projects/acme/web/events/{event['event_id']}/").json()["errors"]
    assert [(it["type"], it["data"]["name"], it["data"]["value"]) for it in errors] == [
        ("invalid_data", "level", "loud"),
        ("invalid_data", "release", "tags/V1"),
    ]


def test_sdks_are_asked_to_stop_sending_what_is_not_kept(sdk: Sdk) -> None:
    kinds = ("transaction", "replay_event", "replay_recording", "log")
    items = "\n".join(f'{{"type": "{kind}"}}\n{{}}' for kind in kinds)
    answer = sdk.envelope(f"{{}}\n{items}".encode())
    assert (answer.status_code, answer.json()) == (200, {})
    expected = "3600:log_item;replay;transaction:project:not_supported"
    assert answer.headers["x-sentry-rate-limits"] == expected


@pytest.mark.parametrize("item_type", ["event", "session", "sessions", "attachment", "of-tomorrow"])
def test_other_items_limit_nothing(sdk: Sdk, item_type: str) -> None:
    answer = sdk.envelope(b'{}\n{"type": "%s"}\n{}' % item_type.encode())
    assert answer.status_code == 200
    assert "x-sentry-rate-limits" not in answer.headers
