"""What happens while it works? Steps are timed and counted, for the log and for ``/metrics``.

One event, one line: a sentence for people, dotted fields for queries. Metrics carry only labels with few values;
a version is told to the log alone. Never a token, never a personal datum.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from prometheus_client import Counter, Histogram, values

from shipmark.infrastructure.errors import Refusal

#: The variable that names the folder where the workers of one server put their numbers together.
SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"

log = structlog.get_logger("shipmark")

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_seconds = Histogram(
    "shipmark_step_seconds",
    "How long a step took, in seconds.",
    ["step", "outcome"],
    buckets=_BUCKETS,
)
_refused = Counter("shipmark_refusals", "Refused steps, by their reason.", ["step", "reason"])
_counted = Counter("shipmark_counted", "Things that came in, by what they are.", ["what", "kind"])

#: The fields of the step that is under way here.
_current: ContextVar[dict[str, object] | None] = ContextVar("step", default=None)

_reporters: list[Callable[[BaseException], object]] = []


def enable_multiprocess_metrics(folder: str) -> None:
    """Let the workers of one server put their numbers together in the folder; called before they are started."""
    os.environ[SHARED_METRICS] = folder
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]  # it has no types


def add_reporter(reporter: Callable[[BaseException], object]) -> None:
    """Have every bug told to the reporter besides the log."""
    _reporters.append(reporter)


def report_exception(what: str, error: BaseException, **fields: object) -> None:
    """Log a bug with its traceback, and tell the reporters."""
    log.error(what, exc_info=error, **fields)
    for reporter in _reporters:
        reporter(error)


@contextmanager
def span(step: str, **fields: object) -> Iterator[dict[str, object]]:
    """Time a step such as ``release.set_commits``; more fields can be added to the yielded dict.

    A step within another one is told in the line of the outermost: one event, one line.
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
            log.info(step, outcome=outcome, seconds=seconds, **fields)
        else:
            outer.update(fields)
            outer[f"{step}.seconds"] = seconds


def count(what: str, kind: str, number: int = 1) -> None:
    """Count things that came in, for the metrics."""
    _counted.labels(what, kind).inc(number)
