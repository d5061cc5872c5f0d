"""How long does it take to read an event: validate, title, tag and group it?

    python bench/read_event.py [--rounds N]

In process, without storing: an error of Python of 16 KB with 22 frames and 12 breadcrumbs, like those of a web
application. Time of the processor, the best and the median round.
"""

import argparse
import json
import statistics
import time
from datetime import UTC, datetime

from running import mark

from shipmark.events import parsing

MICROSECONDS_TARGET = 250.0
EVENTS_PER_ROUND = 50
RECEIVED_AT = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)


def main() -> None:
    """Read the same event again and again."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    event = sample()
    read_round(event)
    took = [read_round(event) for _ in range(rounds)]
    best = min(took)
    print(
        f"read {len(json.dumps(event)):,} bytes   best {best:6.0f} us, median {statistics.median(took):6.0f} us"
        f"   target {MICROSECONDS_TARGET:4.0f} us   {mark(best, MICROSECONDS_TARGET)}"
    )


def read_round(event: dict[str, object]) -> float:
    """Return the microseconds of the processor that an event took."""
    begun = time.process_time()
    for _ in range(EVENTS_PER_ROUND):
        parsing.read(event, event_id="a" * 32, received_at=RECEIVED_AT)
    return (time.process_time() - begun) / EVENTS_PER_ROUND * 1e6


def sample() -> dict[str, object]:
    """Make the event."""
    raised = {
        "type": "ValueError",
        "value": "bad",
        "mechanism": {"type": "wsgi", "handled": False},
        "stacktrace": {"frames": [frame(number) for number in range(22)]},
    }
    crumb = {"timestamp": 1.0, "category": "a", "message": "m" * 80, "data": {"url": "/x"}}
    return {
        "timestamp": "2026-01-02T03:04:05Z",
        "level": "error",
        "platform": "python",
        "release": "web@1.0.0",
        "dist": "1",
        "environment": "production",
        "server_name": "web-1",
        "tags": {f"t{number}": "v" * 20 for number in range(10)},
        "user": {"id": "7", "ip_address": "192.0.2.1"},
        "exception": {"values": [raised]},
        "breadcrumbs": {"values": [crumb] * 12},
        "request": {"url": "https://example.com/", "headers": {"a": "b"}},
        "extra": {"k": "v" * 2000},
        "contexts": {"os": {"name": "Linux"}},
    }


def frame(number: int) -> dict[str, object]:
    """Make a frame with its context and variables."""
    return {
        "function": f"fn{number}",
        "filename": f"src/app/m{number}.py",
        "abs_path": f"/srv/app/m{number}.py",
        "lineno": number,
        "in_app": number % 2 == 0,
        "context_line": "x = compute(y)",
        "pre_context": ["a"] * 5,
        "post_context": ["b"] * 5,
        "vars": {"order": {"id": number, "lines": ["x" * 40] * 6}},
    }


if __name__ == "__main__":
    main()
