"""The browser and the operating system that a ``User-Agent`` names, in words."""

from collections.abc import Sequence

#: The first name whose mark is in the text counts: browsers also carry the marks of those that they are made from.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("Linux", "Linux"),
)
UNKNOWN = "Unknown device"


def device(user_agent: str | None) -> str:
    """Return the browser and the system, such as "Firefox on Linux"; what is not known is left out."""
    text = user_agent or ""
    names = (_first(_BROWSERS, text), _first(_SYSTEMS, text))
    return " on ".join(name for name in names if name) or UNKNOWN


def _first(names: Sequence[tuple[str, str]], text: str) -> str:
    return next((name for mark, name in names if mark in text), "")
