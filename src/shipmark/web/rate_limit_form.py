"""The fields of forms that set rate limits: a number of events, and the length of a window."""

from collections.abc import Mapping, Sequence

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.projects.model import RATE_COUNT_MAX

#: The windows to choose from: seconds, and what they are called. The API takes any.
WINDOWS = {
    60: "minute",
    300: "5 minutes",
    900: "15 minutes",
    3600: "hour",
    21_600: "6 hours",
    86_400: "day",
}
_PROBLEM = f"Enter a number from 1 to {RATE_COUNT_MAX:,}, or nothing for no limit."


def limit_of(sent: Mapping[str, str]) -> tuple[int, int] | None:
    """Return the count and the window that a form sets, None for no limit. Raise `ValidationFailed`."""
    text, window = sent.get("count", "").strip(), sent.get("window", "")
    if not text:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(RATE_COUNT_MAX))
    count = int(text) if is_number else 0
    if not 1 <= count <= RATE_COUNT_MAX:
        raise ValidationFailed({"limit": [_PROBLEM]})
    seconds = int(window) if window.isascii() and window.isdigit() and len(window) < 6 else 0
    if not 1 <= seconds <= max(WINDOWS):
        raise ValidationFailed({"limit": ["Select a window."]})
    return count, seconds


def window_choices(limit: tuple[int, int] | None) -> Sequence[tuple[int, str]]:
    """Return the windows to choose from, with that of a limit which the API has set."""
    windows = dict(WINDOWS)
    if limit is not None:
        windows.setdefault(limit[1], window_name(limit[1]))
    return sorted(windows.items())


def window_name(seconds: int) -> str:
    """Return what a window is called, after "per"."""
    return WINDOWS.get(seconds) or f"{seconds:,} seconds"
