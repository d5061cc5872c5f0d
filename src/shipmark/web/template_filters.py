"""Template filters that format moments, numbers, names and versions."""

from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from math import floor
from urllib.parse import urlsplit

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from shipmark.releases import versions

#: The number of colours of people and projects (``f-0`` … in the style sheet).
TONES = 6
_KEY_SHOWN = 8
#: Names whose short forms are kept: a list shows the same few people and versions again and again.
_NAMES_MAX = 1024
_KIBI = 1024
_UNITS = ("bytes", "KiB", "MiB", "GiB")
_STEPS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)
_SHORT_STEPS = (
    (timedelta(days=365), "y"),
    (timedelta(days=30), "mo"),
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "m"),
)
#: From this age on a date is more useful than a number of days.
_DATED = timedelta(days=30)


def ago(at: datetime, now: datetime) -> str:
    """Return the age of a moment, or its date if it is long ago."""
    distance = abs(now - at)
    if distance >= _DATED:
        return f"{at.day} {at:%b %Y}"
    for step, name in _STEPS:
        if count := distance // step:
            return f"{counted(count, name)} ago" if at <= now else f"in {counted(count, name)}"
    return "just now"


@pass_context
def in_zone(context: Context, at: datetime) -> datetime:
    """Return the moment in the reader's time zone, or in UTC where only the browser knows that."""
    zone: tzinfo = context["zone"]
    return at.astimezone(zone)


@pass_context
def full_time(context: Context, at: datetime) -> str:
    """Return the moment in full, with the abbreviation of the reader's time zone."""
    return f"{in_zone(context, at):%Y-%m-%d %H:%M:%S %Z}"


def with_code(text: str) -> Markup:
    """Return a text with the parts between backticks as code; all text is escaped."""
    parts = text.split("`")
    # A backtick without a closing one is an ordinary character.
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    in_code, plain = Markup("<code>{}</code>"), Markup("{}")
    fragments = [(in_code if odd % 2 else plain).format(part) for odd, part in enumerate(parts)]
    return Markup().join(fragments)


def code_text(text: str) -> Markup:
    """Return a text between tags, with quotes as they are: escaped, they would double the size of JSON."""
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))  # noqa: S704  # escaped here


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the singular or plural."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def size_in_words(size: int) -> str:
    """Return the size of a file with its unit."""
    if size < _KIBI:
        return counted(size, "byte")
    power = next((power for power in (1, 2) if size < _KIBI ** (power + 1)), 3)
    return f"{size / _KIBI**power:,.1f} {_UNITS[power]}"


@lru_cache(maxsize=_NAMES_MAX)
def initials(name: str) -> str:
    """Return one or two initials of a name."""
    words = name.partition("@")[0].replace(".", " ").replace("_", " ").split()
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper() or "?"


def tone(number: int) -> int:
    """Return the number of the colour for an id."""
    return number % TONES


def thousands(number: int) -> str:
    """Return a number with commas; from 100,000 on with one decimal of thousands or millions."""
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= max(unit, 100_000):
            return f"{number / unit:,.1f}{letter}"
    return f"{number:,}"


def percent(share: float, decimals: int = 2) -> str:
    """Return a percentage, rounded down: what crashed once is not 100%. Without decimals a little is ``<1%``."""
    scale = 10**decimals
    floored = floor(share * scale + 1e-9) / scale
    if not decimals and 0 < share < 1:
        return "<1%"
    return "100%" if floored == 100 else f"{floored:.{decimals}f}%"


def ago_short(at: datetime, now: datetime) -> str:
    """Return the age of a moment for lists: ``2h ago``, or ``in 5m``."""
    distance = abs(now - at)
    for step, letter in _SHORT_STEPS:
        if count := distance // step:
            return f"{count}{letter} ago" if at <= now else f"in {count}{letter}"
    return "just now"


def first_line(message: str | None) -> str:
    """Return the first line of a commit's message."""
    return next((line.strip() for line in (message or "").splitlines() if line.strip()), "")


def later_lines(message: str | None) -> str:
    """Return a commit's message without its first line."""
    return (message or "").strip().partition("\n")[2].strip()


def short_key(key: str) -> str:
    """Return the abbreviated key of a commit."""
    return key[:_KEY_SHOWN]


@lru_cache(maxsize=_NAMES_MAX)
def short_version(version: str) -> str:
    """Return a version abbreviated for lists."""
    name = versions.parse(version)
    return name.description if name else version


def package(version: str) -> str:
    """Return the package of a version, if the short version omits it."""
    name = versions.parse(version)
    return str(name.package or "") if name and name.description != version else ""


def web_address(url: str | None) -> str | None:
    """Return the URL if it is safe as a link: others, such as ``javascript:``, are shown as text."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme.lower() in {"http", "https"} and parts.netloc else None


def duration(length: timedelta) -> str:
    """Return a length of time in two units at most, such as ``3d 2h``; "<1m" below a minute."""
    minutes = max(length, timedelta()) // timedelta(minutes=1)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = [(days, "d"), (hours, "h"), (rest, "m")]
    while units and not units[0][0]:
        units.pop(0)
    return " ".join(f"{count}{letter}" for count, letter in units[:2] if count) or "<1m"
