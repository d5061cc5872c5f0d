"""What an error event says: ingest.md 5, 6 and 8.5."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from read_events import ID, NOW, event, frame, kept

from shipmark.events.legacy_interfaces import with_current_names
from shipmark.events.parsing import TAGS_MAX, Event, read
from shipmark.events.payload import DEPTH_MAX, EXCEPTIONS_MAX, Json, exceptions_of


def md5(text: str) -> str:
    """Hash as the server does."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_a_python_error_is_read_whole() -> None:
    payload: dict[str, object] = {
        "level": "error",
        "platform": "python",
        "timestamp": "2026-01-02T03:04:00.500000Z",
        "release": " webapp@1.0.0 ",
        "dist": "7",
        "environment": "production",
        "server_name": "web-1.example.com",
        "transaction": "/checkout",
        "logger": "acme.checkout",
        "tags": {"plan": "pro"},
        "user": {"id": 42, "email": "ada@example.com"},
        "exception": {
            "values": [
                {
                    "type": "ZeroDivisionError",
                    "value": "division by zero",
                    "mechanism": {"type": "wsgi", "handled": False},
                    "stacktrace": {"frames": [frame("main", in_app=True)]},
                }
            ]
        },
    }
    found = read(payload, event_id=ID, received_at=NOW)
    assert found == Event(
        event_id=ID,
        at=datetime(2026, 1, 2, 3, 4, 0, 500000, tzinfo=UTC),
        received_at=NOW,
        platform="python",
        level="error",
        type="error",
        release="webapp@1.0.0",
        dist="7",
        environment="production",
        title="ZeroDivisionError: division by zero",
        culprit="/checkout",
        location="main.py",
        logger="acme.checkout",
        message="division by zero ZeroDivisionError main.py /checkout",
        metadata={
            "value": "division by zero",
            "type": "ZeroDivisionError",
            "filename": "main.py",
            "function": "main",
        },
        transaction="/checkout",
        user_hash=md5("42"),
        other_identifiers=(("email", "ada@example.com"),),
        tags=(
            ("plan", "pro"),
            ("level", "error"),
            ("logger", "acme.checkout"),
            ("environment", "production"),
            ("transaction", "/checkout"),
            ("server_name", "web-1.example.com"),
            ("sentry:release", "webapp@1.0.0"),
            ("sentry:dist", "7"),
            ("sentry:user", "id:42"),
            ("handled", "no"),
            ("mechanism", "wsgi"),
        ),
        is_unhandled=True,
        hashes=found.hashes,
    )


def test_an_empty_event_has_defaults() -> None:
    found = event()
    assert (found.at, found.platform, found.level, found.type) == (NOW, "other", "error", "default")
    assert (found.release, found.dist, found.environment) == (None, None, "")
    assert (found.title, found.culprit, found.location) == ("<unlabeled event>", "", None)
    assert (found.user_hash, found.tags, found.is_unhandled) == (None, (("level", "error"),), False)


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        (1767323040, datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        (1767323040.25, datetime(2026, 1, 2, 3, 4, 0, 250000, tzinfo=UTC)),
        ("1767323040", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        (" 1767323040.25 ", datetime(2026, 1, 2, 3, 4, 0, 250000, tzinfo=UTC)),
        ("2026-01-02T03:04:00", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("2026-01-02T05:04:00+02:00", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        (1767323040000000, datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("1767323040250000000", datetime(2026, 1, 2, 3, 4, 0, 250000, tzinfo=UTC)),
        ("2026-01-02t03:04:00z", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("2026-01-02 05:04:00 +0200", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("2026-01-02 03:04:00 UTC", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("2026-01-02 05:04:00.25 +0200 UTC", datetime(2026, 1, 2, 3, 4, 0, 250000, tzinfo=UTC)),
        ("2026-01-02 03:04:00 CET", NOW),
        (f"2026-01-02{' ' * 200_000}+", NOW),
        (True, NOW),
        ("yesterday", NOW),
        (1e300, NOW),
        (10**400, NOW),
        ("0001-01-01T00:00:00+23:00", NOW),
        ({}, NOW),
    ],
)
def test_a_timestamp_is_seconds_or_a_date(timestamp: object, at: datetime) -> None:
    assert event(timestamp=timestamp).at == at


@pytest.mark.parametrize(
    ("away", "is_believed"),
    [
        (timedelta(seconds=60), True),
        (timedelta(seconds=61), False),
        (timedelta(days=-30), True),
        (timedelta(days=-30, seconds=-1), False),
    ],
)
def test_a_timestamp_far_off_is_replaced(away: timedelta, *, is_believed: bool) -> None:
    assert event(timestamp=(NOW + away).isoformat()).at == (NOW + away if is_believed else NOW)


def test_a_clock_that_is_an_hour_slow_is_corrected() -> None:
    sent = (NOW - timedelta(hours=1, seconds=5)).isoformat()
    assert event(drift=timedelta(hours=1), timestamp=sent).at == NOW - timedelta(seconds=5)


def test_a_clock_that_is_a_little_slow_is_left_alone() -> None:
    sent = NOW - timedelta(minutes=54)
    assert event(drift=timedelta(minutes=54), timestamp=sent.isoformat()).at == sent


@pytest.mark.parametrize("drift", [timedelta.max, timedelta.min])
def test_an_absurd_drift_does_no_harm(drift: timedelta) -> None:
    assert event(drift=drift, timestamp=1767323040).at == NOW


@pytest.mark.parametrize(
    "release", ["", " ", ".", "..", "Latest", "a/b", "a\\b", "a\nb", "a\tb", "x" * 201, True, None]
)
def test_an_invalid_release_is_dropped_with_its_dist(release: object) -> None:
    found = event(release=release, dist="7")
    assert (found.release, found.dist) == (None, None)
    assert found.tags == (("level", "error"),)


@pytest.mark.parametrize("release", ["None", "x" * 200, "webapp@1.0.0+build 7"])
def test_odd_releases_are_kept(release: str) -> None:
    assert event(release=release).release == release


@pytest.mark.parametrize("dist", ["", "a b", "x" * 65, True, {}])
def test_an_invalid_dist_is_dropped(dist: object) -> None:
    assert event(release="1.0.0", dist=dist).dist is None


@pytest.mark.parametrize("environment", ["None", "a/b", "a\nb", "x" * 65, True, ""])
def test_an_invalid_environment_is_absent(environment: object) -> None:
    assert event(environment=environment).environment == ""


def test_the_environment_may_be_a_tag() -> None:
    found = event(tags={"environment": "staging"})
    assert found.environment == "staging"
    assert ("environment", "staging") in found.tags


def test_the_attribute_wins_over_the_environment_tag() -> None:
    found = event(environment="production", tags=[["environment", "staging"]])
    assert [value for key, value in found.tags if key == "environment"] == ["production"]


@pytest.mark.parametrize(
    ("sent", "level"),
    [("fatal", "fatal"), ("log", "info"), ("critical", "fatal"), ("loud", "error"), (40, "error")],
)
def test_levels_have_aliases(sent: object, level: str) -> None:
    assert event(level=sent).level == level


@pytest.mark.parametrize(("sent", "platform"), [("node", "node"), ("cobol", "other"), (1, "other")])
def test_an_unknown_platform_is_other(sent: object, platform: str) -> None:
    assert event(platform=sent).platform == platform


def test_tags_may_be_pairs_and_the_first_wins() -> None:
    found = event(tags=[["a", 1], ["a", 2], ["b", True], ["c", 1.5], ["d"], "e", None])
    assert found.tags[:3] == (("a", "1"), ("b", "True"), ("c", "1.5"))
    assert len(found.tags) == 4


@pytest.mark.parametrize(
    "tags",
    [
        {"release": "x", "dist": "x", "user": "x", "filename": "x", "function": "x"},
        {"sentry:release": "x", "sentry:dist": "x", "sentry:user": "x"},
        {"a b": "x", "": "x", "k" * 201: "x"},
        {"a": "", "b": None, "c": {}, "d": "x\ny", "e": "x" * 201},
        "nonsense",
    ],
)
def test_reserved_and_invalid_tags_are_removed(tags: object) -> None:
    assert event(tags=tags).tags == (("level", "error"),)


def test_tags_have_a_limit() -> None:
    found = event(tags={f"t{number}": "x" for number in range(TAGS_MAX + 10)})
    assert len(found.tags) == TAGS_MAX + 1


@pytest.mark.parametrize(
    ("user", "tag"),
    [
        ({"id": "7", "username": "ada", "email": "ada@example.com"}, "id:7"),
        ({"id": "", "username": "ada", "email": "ada@example.com"}, "username:ada"),
        ({"email": "ada@example.com", "ip_address": "10.1.2.3"}, "email:ada@example.com"),
        ({"ip_address": "10.1.2.3"}, "ip:10.1.2.3"),
    ],
)
def test_the_first_identity_names_the_user(user: dict[str, str], tag: str) -> None:
    found = event(user=user)
    assert ("sentry:user", tag) in found.tags
    assert found.user_hash == md5(tag.partition(":")[2])


@pytest.mark.parametrize("user", [{"ip_address": "{{auto}}"}, {"id": {}}, {}, "ada", None])
def test_a_user_without_identity_is_nobody(user: object) -> None:
    assert event(user=user).user_hash is None


@pytest.mark.parametrize(
    ("handled", "tag"), [([True, False], "no"), ([True], "yes"), ([None, "no"], None)]
)
def test_one_unhandled_exception_makes_the_event_unhandled(
    handled: list[object], tag: str | None
) -> None:
    values = [{"type": "ValueError", "mechanism": {"handled": value}} for value in handled]
    found = event(exception={"values": values})
    assert found.is_unhandled == (tag == "no")
    assert dict(found.tags).get("handled") == tag


def test_what_postgresql_cannot_store_is_replaced() -> None:
    sent: Json = {"message": "a\x00b", "release": "1\ud800", "extra": {"k\x00": ["\udfff"]}}
    found = event(**sent)
    assert (found.title, found.release) == ("a\ufffdb", "1\ufffd")
    assert kept(**sent)["extra"] == {"k\ufffd": ["\ufffd"]}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"context_line": "a\x00"}, {"context_line": "a\ufffd"}),
        ({"pre_context": ["b", "c\udfff"]}, {"pre_context": ["b", "c\ufffd"]}),
        ({"lineno": 2**70}, {"lineno": str(2**70)}),
        ({"k\x00": "d"}, {"k\ufffd": "d"}),
    ],
)
def test_what_can_not_be_stored_is_replaced_in_frames_too(sent: Json, stored: Json) -> None:
    raised = {"type": "E", "stacktrace": {"frames": [sent]}}
    assert kept(exception=[raised])["exception"] == [
        {"type": "E", "stacktrace": {"frames": [stored]}}
    ]


def test_numbers_that_json_cannot_hold_become_null() -> None:
    extra = [float("nan"), float("inf"), -(2**63) + 1, True]
    assert kept(extra=extra)["extra"] == [None, None, -(2**63) + 1, True]


def test_integers_that_a_column_cannot_hold_become_texts() -> None:
    sent: Json = {
        "release": 2**63, "dist": 10**20, "user": {"id": 2**64 - 1}, "extra": {"sum": -(2**63)}
    }  # fmt: skip
    read = event(**sent)
    assert (read.release, read.dist) == ("9223372036854775808", "100000000000000000000")
    assert ("sentry:user", "id:18446744073709551615") in read.tags
    assert kept(**sent)["extra"] == {"sum": "-9223372036854775808"}
    assert "errors" not in kept(**sent)


def test_a_payload_is_cut_at_a_depth() -> None:
    nested: object = "deep"
    for _ in range(5000):
        nested = [nested]
    level, depth = kept(extra=nested)["extra"], 1
    while isinstance(level, list):
        level, depth = level[0], depth + 1
    assert (level, depth) == (None, DEPTH_MAX + 1)


def test_a_chain_keeps_its_last_exceptions() -> None:
    chain = [{"type": f"E{number}"} for number in range(EXCEPTIONS_MAX + 5)]
    kept = exceptions_of({"exception": chain})
    assert (len(kept), kept[-1].type) == (EXCEPTIONS_MAX, f"E{EXCEPTIONS_MAX + 4}")


def test_the_payload_that_was_given_is_not_changed() -> None:
    payload: dict[str, object] = {"extra": {"a": "\x00"}}
    read(payload, event_id=ID, received_at=NOW)
    assert payload == {"extra": {"a": "\x00"}}


@pytest.mark.parametrize(
    ("sent", "level"),
    [
        (10, "debug"), (20, "info"), (25, "info"), (30, "warning"), (35, "warning"), (5, "debug"),
        (40, "error"), (50, "fatal"), (99, "fatal"),
        ("30", "warning"), ("warn", "warning"), ("WARNING", "warning"), ("log", "info"), ("notice", "info"),
        ("critical", "fatal"), ("err", "error"), ("trace", "debug"), ("panic", "fatal"),
        ("LogLevel.Warn", "warning"), ("finest", "debug"), ("success", "info"), ("dpanic", "fatal"),
        ("W", "warning"), ("inf", "info"), ("dbg", "debug"), ("FTL", "fatal"), ("wrn", "warning"),
        ("crit", "fatal"), (30.0, "warning"), ("40.0", "error"), ("10.0", "debug"),
        ("Level 35", "warning"), ("level 45", "error"),
    ],
)  # fmt: skip
def test_levels_of_other_loggers_are_known(sent: object, level: str) -> None:
    assert event(level=sent).level == level
    assert "errors" not in kept(level=sent)


def test_a_long_logger_keeps_its_end() -> None:
    found = event(logger=f"com.acme.{'shop.' * 20}OrderService")
    assert found.logger is not None
    assert (len(found.logger), found.logger[-18:]) == (64, ".shop.OrderService")


def test_numbers_count_as_texts() -> None:
    sent: Json = {"release": 7, "dist": 52, "environment": 1.5, "message": 404}
    read = event(**sent)
    assert (read.release, read.dist, read.environment, read.title) == ("7", "52", "1.5", "404")
    assert "errors" not in kept(**sent)


def test_old_interfaces_have_todays_names() -> None:
    stack = {"frames": [{"function": "pay", "module": "acme.Checkout", "in_app": True}]}
    sent = {
        "message": "hello %s",
        "sentry.interfaces.Exception": {"type": "Oops", "value": "no money"},
        "sentry.interfaces.Stacktrace": stack,
        "sentry.interfaces.Message": {"message": "hello %s", "params": ["you"]},
        "sentry.interfaces.User": {"id": 7},
        "sentry.interfaces.Http": {"url": "https://shop.example.com/"},
    }
    read = event(**with_current_names(sent))
    assert (read.title, read.culprit) == ("Oops: no money", "acme.Checkout in pay")
    assert ("sentry:user", "id:7") in read.tags
    assert kept(**with_current_names(sent))["request"] == {"url": "https://shop.example.com/"}
    assert "hello you" in read.message
    assert with_current_names({"user": {"id": 1}, "sentry.interfaces.User": {"id": 2}}) == {
        "user": {"id": 1}
    }
    assert with_current_names({"user": [], "sentry.interfaces.User": {"id": 2}}) == {
        "user": {"id": 2}
    }


def test_the_stack_of_an_event_is_that_of_its_only_exception_without_one() -> None:
    stack = {"frames": [{"function": "pay"}]}
    for raised in ({"type": "E"}, {"type": "E", "stacktrace": {"frames": []}}):
        found = with_current_names({"exception": {"values": [raised]}, "stacktrace": stack})
        assert found == {"exception": {"values": [{"type": "E", "stacktrace": stack}]}}


def test_the_site_of_an_old_client_is_a_tag() -> None:
    assert ("site", "shop") in event(site="shop").tags
    assert ("site", "own") in event(site="shop", tags={"site": "own"}).tags
