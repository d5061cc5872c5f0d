"""Rate limits of keys and projects: what is beyond them is refused, and counted (ingest.md 1.3, 4.1)."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from client_fixtures import Serve
from digesting import discarded
from factories import (
    Caller,
    World,
    counts,
    envelope,
    error_event,
    on_one_database,
    statements,
)
from httpx import Client, Response

from shipmark.infrastructure.database import Database
from shipmark.ingest.quotas import QuotaCounters

KEY = "/projects/acme/web/keys/00000000000000000000000000000001/"
WEB = "/projects/acme/web/"
DAY = {"count": 2, "window": 86_400}
HEADERS = ("x-sentry-rate-limits", "retry-after", "x-sentry-error", "content-type")
Send = Callable[..., Response]


def sender(client: Client, world: World) -> Send:
    path = f"/api/{world.projects['web']}"
    auth = {"X-Sentry-Auth": f"Sentry sentry_key={world.keys['web']}"}

    def sent(content: bytes | None = None, to: str = "envelope", **headers: str) -> Response:
        body = envelope(error_event()) if content is None else content
        return client.post(f"{path}/{to}/", content=body, headers=auth | headers)

    return sent


@pytest.fixture
def send(client: Client, world: World) -> Send:
    """Send an envelope to project web, by default with one event."""
    return sender(client, world)


def limit(alice: Caller, path: str = KEY, **change: int) -> None:
    answer = alice.put(path, {"rateLimit": DAY | change})
    assert answer.status_code == 200, answer.text


def masked(limits: str) -> str:
    """Return limits without their seconds, which must be those until the end of the day."""
    entries = [each.strip().split(":", 1) for each in limits.split(",")]
    assert all(0 < int(seconds) <= 86_400 for seconds, _ in entries)
    return ", ".join(f"*:{rest}" for _, rest in entries)


@pytest.mark.parametrize(("path", "scope"), [(KEY, "key"), (WEB, "project")])
def test_what_is_beyond_a_limit_is_refused_and_counted(
    send: Send, alice: Caller, database: Database, path: str, scope: str
) -> None:
    limit(alice, path)
    assert [send().status_code for _ in range(5)] == [200, 200, 429, 429, 429]
    answer = send()
    assert answer.json() == {"detail": f"the rate limit of the {scope} is exceeded"}
    limits = answer.headers["x-sentry-rate-limits"]
    assert masked(limits) == f"*:default;error;security:{scope}:{scope}_rate_limit"
    assert answer.headers["retry-after"] == limits.partition(":")[0]
    assert counts(database)["events"] == 2
    assert discarded(database) == [("rate_limited", f"{scope}_rate_limit", "error", 4)]


def test_both_limits_count_and_both_are_named(send: Send, alice: Caller) -> None:
    limit(alice, KEY, count=2)
    limit(alice, WEB, count=2)
    assert [send().status_code for _ in range(2)] == [200, 200]
    limits = send().headers["x-sentry-rate-limits"]
    assert masked(limits) == (
        "*:default;error;security:key:key_rate_limit, "
        "*:default;error;security:project:project_rate_limit"
    )


def test_what_a_project_refuses_does_not_count_for_the_key(send: Send, alice: Caller) -> None:
    limit(alice, KEY, count=3)
    limit(alice, WEB, count=2)
    assert [send().status_code for _ in range(4)] == [200, 200, 429, 429]
    limit(alice, WEB, count=100)
    assert [send().status_code for _ in range(2)] == [200, 429]


def test_a_limit_of_a_project_is_of_all_its_keys(
    client: Client, send: Send, alice: Caller, world: World
) -> None:
    limit(alice, WEB)
    other = alice.post("/projects/acme/web/keys/", {}).json()["public"]
    path = f"/api/{world.projects['web']}/envelope/?sentry_key={other}"
    assert client.post(path, content=envelope(error_event())).status_code == 200
    assert [send().status_code for _ in range(2)] == [200, 429]
    assert client.post(path, content=envelope(error_event())).status_code == 429


def test_a_limit_of_a_key_is_of_that_key(
    client: Client, send: Send, alice: Caller, world: World
) -> None:
    limit(alice, count=1)
    other = alice.post("/projects/acme/web/keys/", {}).json()["public"]
    assert [send().status_code for _ in range(2)] == [200, 429]
    path = f"/api/{world.projects['web']}/envelope/?sentry_key={other}"
    assert client.post(path, content=envelope(error_event())).status_code == 200


def test_a_limit_that_is_lifted_or_changed_counts_at_once(send: Send, alice: Caller) -> None:
    limit(alice, count=1)
    assert [send().status_code for _ in range(2)] == [200, 429]
    limit(alice, count=2)
    assert [send().status_code for _ in range(2)] == [200, 429]
    alice.put(KEY, {"rateLimit": None})
    assert send().status_code == 200


ITEMS = {
    "session": b'{"type":"session"}\n{}',
    "transaction": b'{"type":"transaction"}\n{}',
    "client_report": b'{"type":"client_report"}\n{"discarded_events":[]}',
    "user_report": b'{"type":"user_report"}\n{"event_id":"%s","comments":"broken"}' % (b"a" * 32),
    "attachment": b'{"type":"attachment","filename":"a.txt","length":2}\nhi',
}


@pytest.mark.parametrize(
    ("names", "status"),
    [
        (["session"], 200),
        (["client_report"], 200),
        (["user_report"], 200),
        (["attachment", "session"], 200),
        (["attachment"], 429),
        ([], 429),
    ],
)
def test_of_an_envelope_what_is_limited_is_dropped(
    send: Send, alice: Caller, database: Database, names: list[str], status: int
) -> None:
    limit(alice, count=1)
    send()
    answer = send(envelope(error_event(event_id="a" * 32), *(ITEMS[name] for name in names)))
    assert answer.status_code == status
    limits = masked(answer.headers["x-sentry-rate-limits"])
    assert limits == "*:default;error;security:key:key_rate_limit"
    assert counts(database)["events"] == 1
    assert counts(database)["user_reports"] == names.count("user_report")
    # In an envelope that is answered 200 the counts come with the next one that is written.
    send()
    found = discarded(database)
    expected = [("rate_limited", "key_rate_limit", "error", 2)]
    if "attachment" in names:
        expected.append(("rate_limited", "key_rate_limit", "attachment", 1))
    assert [each for each in found if each[2] in {"error", "attachment"}] == sorted(expected)


def test_limits_of_what_is_not_supported_are_named_beside(send: Send, alice: Caller) -> None:
    limit(alice, count=1)
    send()
    item = b'{"type":"span"}\n{}'
    limits = send(envelope(error_event(), item)).headers["x-sentry-rate-limits"]
    assert "key_rate_limit, " in limits
    assert limits.endswith(":span:project:not_supported")


@pytest.mark.parametrize("name", ["client_report", "user_report", "session", "attachment"])
def test_what_is_no_event_is_not_limited(send: Send, alice: Caller, name: str) -> None:
    limit(alice, count=1)
    send()
    for _ in range(3):
        header = b'{"event_id":"%s"}\n' % (b"a" * 32)
        assert send(header + ITEMS[name]).status_code == 200


def test_reports_of_a_list_are_taken_in_as_far_as_the_limit_goes(
    client: Client, alice: Caller, world: World, database: Database
) -> None:
    limit(alice)
    body = {"documentURL": "https://example.com/", "effectiveDirective": "img-src"}
    entry = {"type": "csp-violation", "body": body}
    path = f"/api/{world.projects['web']}/security/?sentry_key={world.keys['web']}"
    answer = client.post(path, json=[entry] * 5)
    assert answer.status_code == 200
    assert masked(answer.headers["x-sentry-rate-limits"]).startswith("*:default;error;security:key")
    assert client.post(path, json=[entry] * 5).status_code == 429
    assert counts(database)["events"] == 2
    assert discarded(database) == [("rate_limited", "key_rate_limit", "security", 8)]


@pytest.mark.parametrize("to", ["envelope", "store"])
@pytest.mark.parametrize("path", [KEY, WEB])
def test_a_limited_event_is_answered_by_both_paths_alike(
    serve: Serve, world: World, bearer: Callable[[], Caller], path: str, to: str
) -> None:
    limit(bearer(), path, count=1)
    answers = []
    for key_seconds in (0, 60):
        send = sender(serve(key_seconds=key_seconds), world)
        body = json.dumps(error_event()).encode() if to == "store" else None
        send(b'{}\n{"type":"client_report"}\n{}')
        assert send(body, to).status_code == 200
        answers.append(send(body, to))
    expected, answer = answers
    assert (answer.status_code, answer.json()) == (429, expected.json())
    for name in HEADERS:
        one, two = answer.headers[name], expected.headers[name]
        assert one.partition(":")[2] == two.partition(":")[2]
        if ":" not in one and name != "retry-after":
            assert one == two
    assert answer.headers.keys() == expected.headers.keys()


def test_a_limited_event_of_a_remembered_key_takes_no_statement(
    serve: Serve, world: World, alice: Caller, database: Database
) -> None:
    limit(alice, count=1)
    client = serve(key_seconds=60)
    send = sender(client, world)
    send(b'{}\n{"type":"client_report"}\n{}')
    send()
    client.event_hooks = {}
    with statements(database) as sent:
        assert [send().status_code for _ in range(3)] == [429, 429, 429]
    assert sent.count == 0


def test_refusals_of_a_full_log_are_counted_once_it_takes_frames(
    serve: Serve, world: World, database: Database
) -> None:
    client = serve(event_log_max_bytes=-1)
    send = sender(client, world)
    assert send().status_code == 200  # the folder is made for the first
    admission = client.state.admission  # type: ignore[attr-defined]
    writer = client.state.event_log  # type: ignore[attr-defined]
    writer._looked_at = 0.0
    for headers in ({}, {"Origin": "https://shop.example.com"}):
        answer = send(**headers)
        assert answer.status_code == 429
        assert answer.headers["x-sentry-rate-limits"] == "30::key:overloaded"
    assert discarded(database) == []
    writer._bytes_max, writer._looked_at = 2**30, 0.0
    for future in admission.write():
        future.result()
    send()
    assert discarded(database) == [("rate_limited", "overloaded", "error", 2)]


@on_one_database
def test_a_file_that_can_not_be_used_limits_nothing(
    serve: Serve, world: World, alice: Caller, tmp_path: Path
) -> None:
    limit(alice, count=1)
    client = serve()
    (tmp_path / "file").write_text("")
    counters = QuotaCounters(tmp_path / "file" / "rate-limits")
    client.state.admission._counters = counters  # type: ignore[attr-defined]
    assert [sender(client, world)().status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"count": 5, "window": 60}, {"count": 5, "window": 60}),
        ({"count": "5", "window": "60"}, {"count": 5, "window": 60}),
        (None, None),
        ({}, None),
        ({"count": 0, "window": 60}, None),
        ({"count": 5, "window": 0}, None),
    ],
)
def test_the_option_of_a_project_is_set_and_shown(
    alice: Caller, sent: object, kept: Mapping[str, Any] | None
) -> None:
    limit(alice, WEB)
    assert alice.put(WEB, {"rateLimit": sent}).json()["rateLimit"] == kept
    assert alice.get(WEB).json()["rateLimit"] == kept


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"count": 5}, {"window": ["This field is required."]}),
        (
            {"count": -1, "window": 1},
            {"count": ["Ensure this value is greater than or equal to 0."]},
        ),
        (
            {"count": 1, "window": 86_401},
            {"window": ["Ensure this value is less than or equal to 86400."]},
        ),
    ],
)
@on_one_database
def test_an_option_that_is_no_limit_is_refused(
    alice: Caller, sent: object, problem: object
) -> None:
    answer = alice.put(WEB, {"rateLimit": sent})
    assert (answer.status_code, answer.json()) == (400, {"rateLimit": problem})
    assert alice.get(WEB).json()["rateLimit"] is None
