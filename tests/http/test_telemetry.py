"""Steps are timed and counted: one event, one line."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shipmark.infrastructure import telemetry
from shipmark.infrastructure.errors import BadRequest, NotFound, Refusal, ValidationFailed
from shipmark.infrastructure.logging import configure
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import add_reporter, count, report_exception, span
from shipmark.verdicts.judgement import VerdictStatus


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    level = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    with capture_logs() as logged:
        yield logged
    structlog.configure(wrapper_class=level)


def number(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def test_a_step_is_one_line(lines: list[Any]) -> None:
    with span("test.plain", color="red"):
        pass
    [line] = lines
    assert line.pop("seconds") >= 0
    assert line == {
        "event": "test.plain",
        "log_level": "info",
        "outcome": "done",
        "color": "red",
    }


def test_fields_can_be_added_while_it_runs(lines: list[Any]) -> None:
    with span("test.adding", a=1) as fields:
        fields["b.count"] = 2
    assert (lines[0]["a"], lines[0]["b.count"]) == (1, 2)


def test_inner_steps_are_told_in_the_line_of_the_outermost(lines: list[Any]) -> None:
    with span("test.outer"), span("test.middle", m=1), span("test.inner", i=2):
        assert lines == []
    [line] = lines
    assert (line["event"], line["m"], line["i"]) == ("test.outer", 1, 2)
    assert line["test.inner.seconds"] <= line["test.middle.seconds"] <= line["seconds"]


def test_steps_one_after_the_other_are_told_together(lines: list[Any]) -> None:
    with span("test.outer"):
        for step in ("test.one", "test.two"):
            with span(step):
                pass
    assert {"test.one.seconds", "test.two.seconds"} <= lines[0].keys()


def test_after_a_step_another_has_a_line_of_its_own(lines: list[Any]) -> None:
    for step in ("test.one", "test.two"):
        with span(step):
            pass
    assert [line["event"] for line in lines] == ["test.one", "test.two"]


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (BadRequest("no"), "bad_request"),
        (ValidationFailed({"version": ["no"]}), "invalid"),
        (NotFound(), "not_found"),
    ],
)
def test_a_refusal_is_counted_and_told(lines: list[Any], refusal: Refusal, reason: str) -> None:
    labels = {"step": "test.refused", "reason": reason}
    before = number("shipmark_refusals_total", **labels)
    with pytest.raises(type(refusal)), span("test.refused"):
        raise refusal
    assert number("shipmark_refusals_total", **labels) == before + 1
    assert (lines[0]["outcome"], lines[0]["refusal.reason"]) == ("refused", reason)


def test_a_refusal_within_is_told_by_the_outermost(lines: list[Any]) -> None:
    with pytest.raises(NotFound), span("test.outer"), span("test.inner"):
        raise NotFound
    [line] = lines
    assert (line["event"], line["refusal.reason"]) == ("test.outer", "not_found")


def test_a_refusal_that_is_caught_within_leaves_the_outer_step_done(lines: list[Any]) -> None:
    with span("test.outer"), pytest.raises(NotFound), span("test.inner"):
        raise NotFound
    assert lines[0]["outcome"] == "done"


def test_a_bug_fails_its_step_and_is_no_refusal(lines: list[Any]) -> None:
    with pytest.raises(ZeroDivisionError), span("test.bug"):
        _ = 1 / 0
    assert (lines[0]["outcome"], "refusal.reason" in lines[0]) == ("failed", False)


def test_a_step_after_a_failed_one_is_told_on_its_own(lines: list[Any]) -> None:
    with pytest.raises(ZeroDivisionError), span("test.bug"):
        _ = 1 / 0
    with span("test.next"):
        pass
    assert [line["event"] for line in lines] == ["test.bug", "test.next"]


@pytest.mark.parametrize(
    ("error", "outcome"), [(None, "done"), (NotFound(), "refused"), (KeyError(), "failed")]
)
def test_steps_are_counted_by_their_outcome(error: Exception | None, outcome: str) -> None:
    name, labels = "shipmark_step_seconds_count", {"step": "test.outcome", "outcome": outcome}
    before = number(name, **labels)
    try:
        with span("test.outcome", version="never a label"):
            if error:
                raise error
    except (NotFound, KeyError):
        pass
    assert number(name, **labels) == before + 1


def test_things_are_counted_by_what_they_are() -> None:
    before = number("shipmark_counted_total", what="tests", kind="odd")
    count("tests", "odd")
    count("tests", "odd", 2)
    assert number("shipmark_counted_total", what="tests", kind="odd") == before + 3


def test_a_bug_is_logged_and_reported(lines: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "_reporters", [])
    reported: list[BaseException] = []
    add_reporter(reported.append)
    error = ValueError("odd")
    report_exception("A job failed", error, job="sweep")
    assert reported == [error]
    assert (lines[0]["event"], lines[0]["log_level"], lines[0]["job"]) == (
        "A job failed",
        "error",
        "sweep",
    )


def test_members_of_enumerations_are_texts_in_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    configure(Settings(log_level="info"))
    try:
        structlog.get_logger().info("Judged", verdict=VerdictStatus.REGRESSED, sessions=3)
    finally:
        structlog.configure(**before)
    assert capfd.readouterr().out.endswith(" Judged  verdict='regressed' sessions=3\n")
