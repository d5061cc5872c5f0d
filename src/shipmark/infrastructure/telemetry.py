"""Telemetry: spans and counters, for the log and for ``/metrics``.

One event, one line: a sentence to read, dotted fields to query. Metrics have only labels with few values; versions are
logged only. Never a token, never personal data.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prometheus_client import Counter, Histogram, values

from shipmark.infrastructure.errors import Refusal
from shipmark.infrastructure.module_loading import hidden

# It loads Rich to print tracebacks in colours, which Shipmark never does.
with hidden("rich"):
    import structlog

#: The variable that names the folder where the workers of one server share their metrics.
SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"
log = structlog.get_logger("shipmark")

_seconds = Histogram(
    "shipmark_step_seconds",
    "How long a step took, in seconds.",
    ["step", "outcome"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
_refused = Counter("shipmark_refusals", "Refused steps, by their reason.", ["step", "reason"])
_counted = Counter("shipmark_counted", "Things that came in, by what they are.", ["what", "kind"])
#: The fields of the current span.
_current: ContextVar[dict[str, object] | None] = ContextVar("step", default=None)
_reporters: list[Callable[[BaseException], object]] = []


def enable_multiprocess_metrics(folder: str) -> None:
    """Share metrics among the workers of one server through a folder. Call it before they are started."""
    os.environ[SHARED_METRICS] = folder
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]  # it has no types


def add_reporter(reporter: Callable[[BaseException], object]) -> None:
    """Add a function that is called with every reported exception."""
    _reporters.append(reporter)


def report_exception(what: str, error: BaseException, **fields: object) -> None:
    """Log an unexpected exception with its traceback, and call the reporters."""
    log.error(what, exc_info=error, **fields)
    for reporter in _reporters:
        reporter(error)


@contextmanager
def span(step: str, level: str = "info", /, **fields: object) -> Iterator[dict[str, object]]:
    """Time a step such as ``release.set_commits``; more fields can be added to the yielded dict.

    A step within another one is logged in the line of the outermost: one event, one line. The line of a step that was
    done has the ``level``.
    """
    outer = _current.get()
    _current.set(fields)
    begun = time.perf_counter()
    outcome = "done"
    try:
        yield fields
    except Refusal as refusal:
        outcome = "refused"
        fields["refusal.reason"] = refusal.reason
        _refused.labels(step, refusal.reason).inc()
        raise
    except Exception:
        outcome = "failed"
        raise
    finally:
        seconds = round(time.perf_counter() - begun, 6)
        _current.set(outer)
        _seconds.labels(step, outcome).observe(seconds)
        if outer is None:
            write = getattr(log, level if outcome == "done" else "info")
            write(step, outcome=outcome, seconds=seconds, **fields)
        else:
            outer.update(fields)
            outer[f"{step}.seconds"] = seconds


def count(what: str, kind: str, number: int = 1) -> None:
    """Count received items, for the metrics."""
    _counted.labels(what, kind).inc(number)
