"""Fingerprint rules: their text, and which events they fit."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from shipmark.events.fingerprint_rules import (
    RULES_MAX,
    FingerprintRuleError,
    parse,
    with_fingerprint,
)
from shipmark.events.grouping import hashes_of
from shipmark.events.normalization import normalize
from shipmark.events.parsing import ParsedEvent
from shipmark.events.project_rules import ProjectRules

Json = dict[str, Any]
FRAME = {
    "function": "connect",
    "module": "acme.db",
    "abs_path": "C:\\srv\\acme\\db.py",
    "in_app": True,
}
EVENT: Json = {
    "platform": "python",
    "level": "error",
    "logger": "acme.orders",
    "release": "web@1.0.0",
    "transaction": "/checkout",
    "sdk": {"name": "sentry.python"},
    "tags": {"region": "eu", "plan": "pro plus"},
    "message": "could not order",
    "exception": {
        "values": [
            {"type": "OSError", "value": "no route"},
            {
                "type": "ConnectionError",
                "value": "connection refused: db-7",
                "stacktrace": {"frames": [FRAME, {"function": "run", "module": "lib", "package": "/usr/lib/a.so"}]},
            },
        ]
    },
}  # fmt: skip


def fingerprint(rules: str, event: Json = EVENT) -> object:
    """Return the fingerprint of the event by these rules."""
    return with_fingerprint(event, parse(rules)).get("fingerprint")


@pytest.mark.parametrize(
    "matchers",
    [
        "error.type:ConnectionError",
        "type:OSError",
        "error.type:Connection*",
        "error.type:?onnection[A-F]rror",
        "error.type:[!x]*",
        'error.value:"connection refused: *"',
        'value:"CONNECTION *"',
        'message:"could not*"',
        'message:"no route"',
        "logger:acme.* level:error",
        "level:ERROR",
        "release:web@*",
        "sdk:sentry.python",
        "transaction:/check*",
        "tags.region:eu",
        'tags.plan:"pro plus"',
        "family:other",
        "app:yes",
        "stack.module:acme.* stack.function:connect",
        "path:c:/SRV/*.py",
        'path:"C:\\\\srv\\\\*"',
        "package:/USR/lib/*",
        "!error.type:KeyError",
        "!tags.region:us",
        "!logger:other  error.type:OSError",
        "function:*o*n*t",
    ],
)
def test_a_rule_fits(matchers: str) -> None:
    assert fingerprint(f"{matchers} -> mine") == ["mine"]


@pytest.mark.parametrize(
    "matchers",
    [
        "error.type:connectionerror",
        "error.type:Connection",
        "error.type:ConnectionError logger:other",
        'error.type:OSError error.value:"connection refused: *"',
        "stack.module:lib stack.function:connect",
        "!level:error",
        "tags.missing:x",
        "family:javascript",
        'message:"*x*"',
        "error.type:a.b",
    ],
)
def test_a_rule_does_not_fit(matchers: str) -> None:
    assert with_fingerprint(EVENT, parse(f"{matchers} -> mine")) is EVENT


def test_the_first_rule_that_fits_decides() -> None:
    rules = """
        # the database
        error.type:KeyError -> key

        error.type:ConnectionError -> database, {{ tags.region }}, {{default}}
        logger:* -> logger
    """
    assert fingerprint(rules) == ["database", "{{ tags.region }}", "{{default}}"]
    assert fingerprint(rules, {"logger": ""}) == ["logger"]


def test_it_precedes_the_clients_fingerprint() -> None:
    rule = 'error.type:OSError -> "a, b", {{ error.type }}'
    changed = with_fingerprint(EVENT | {"fingerprint": ["own"]}, parse(rule))
    assert changed["fingerprint"] == ["a, b", "{{ error.type }}"]
    assert changed["_fingerprint_info"] == {
        "client_fingerprint": ["own"],
        "matched_rule": {"text": rule},
    }
    same = {"fingerprint": ["a, b", "ConnectionError"]}
    assert hashes_of(changed) == hashes_of(same)


def test_a_value_may_have_many_blanks() -> None:
    # An expression that tries each of them as the end of a value takes longer than any test run.
    blanks = " " * 20_000
    (rule,) = parse(f'error.type:OSError -> a{blanks}b, title = "Disk"')
    assert rule.fingerprint == (f"a{blanks}b",)
    assert rule.title == "Disk"


def test_a_rule_can_have_a_title() -> None:
    rules = parse(
        'error.type:OSError -> db, title="Database in {{ tags.region }}: {{ error.type }}"'
    )
    parsed = normalize(
        EVENT,
        ProjectRules(fingerprints=rules),
        event_id="a" * 32,
        received_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    assert isinstance(parsed, ParsedEvent)
    event = parsed.event
    assert event.title == "Database in eu: ConnectionError"
    assert event.metadata["type"] == "ConnectionError"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("error.type:X", '"->" and a fingerprint are missing.'),
        ("error.type:X ->", "the fingerprint is missing."),
        ("-> x", "a matcher is missing."),
        ("colour:red -> x", 'unknown matcher "colour".'),
        ("tags.:red -> x", 'unknown matcher "tags.".'),
        ("error.type -> x", '"error.type" is no matcher, such as error.type:ValueError.'),
        ('error.type:"X -> x', '"->" and a fingerprint are missing.'),
        ("error.type:X -> a,, b", '", b" is no value of a fingerprint.'),
        ('error.type:X -> "a" b', 'a comma is missing before "b".'),
        ('error.type:X -> a, colour="red"', 'unknown attribute "colour"; only title is known.'),
        ("error.type:[z-a] -> x", '"[z-a]" is no set of characters.'),
        ("error.type:X -> " + ",".join("a" * 33), "a fingerprint has at most 32 values."),
    ],
)  # fmt: skip
def test_a_problem_names_the_line(line: str, problem: str) -> None:
    with pytest.raises(FingerprintRuleError) as raised:
        parse(f"# first\nlevel:error -> ok\n{line}\n")
    assert str(raised.value) == f"Line 3: {problem}"


def test_there_are_not_too_many_rules() -> None:
    parse("level:error -> x\n" * RULES_MAX)
    with pytest.raises(FingerprintRuleError, match="more than 200 rules"):
        parse("level:error -> x\n" * (RULES_MAX + 1))
    with pytest.raises(FingerprintRuleError, match="longer than 50000 characters"):
        parse("#" * 50_001)


def test_no_pattern_is_slow() -> None:
    rules = parse("message:" + "*a" * 30 + "*b -> x\nmessage:" + "*?" * 30 + "[c] -> x")
    begun = time.process_time()
    assert fingerprint("level:x -> y", {"message": "a" * 8000}) is None
    with_fingerprint({"message": "a" * 8000}, rules)
    assert time.process_time() - begun < 0.5
