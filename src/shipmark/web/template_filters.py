"""How do pages say things? Moments, numbers, names and versions in words for people."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from markupsafe import Markup

from shipmark.releases import versions

#: How many colours authors are told apart by (``tone-0`` … in the style sheet).
COLOR_CLASSES = 6

_KEY_SHOWN = 8
_KIBI = 1024
_UNITS = ("bytes", "KiB", "MiB", "GiB")
_STEPS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)
#: From here on a date says more than a number of days.
_DATED = timedelta(days=30)


def ago(at: datetime, now: datetime) -> str:
    """How long ago that is, or when it was if it is long ago."""
    distance = abs(now - at)
    if distance >= _DATED:
        return f"{at.day} {at:%b %Y}"
    for step, name in _STEPS:
        if count := distance // step:
            words = counted(count, name)
            return f"{words} ago" if at <= now else f"in {words}"
    return "just now"


def full_utc(at: datetime) -> str:
    """The whole moment."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def with_code(text: str) -> Markup:
    """A text with what stands between ticks as code; all else is escaped."""
    parts = text.split("`")
    # A tick that none follows is an ordinary letter.
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    in_code, plain = Markup("<code>{}</code>"), Markup("{}")
    shown = [(in_code if odd % 2 else plain).format(item) for odd, item in enumerate(parts)]
    return Markup().join(shown)


def counted(count: int, noun: str) -> str:
    """A number and what is counted."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def size_in_words(size: int) -> str:
    """How much a file takes."""
    if size < _KIBI:
        return counted(size, "byte")
    power = next((item for item in (1, 2) if size < _KIBI ** (item + 1)), 3)
    return f"{size / _KIBI**power:,.1f} {_UNITS[power]}"


def initials(name: str) -> str:
    """One or two letters that stand for a person."""
    words = name.partition("@")[0].replace(".", " ").replace("_", " ").split()
    letters = [word[0] for word in words]
    return "".join([*letters[:1], *letters[1:][-1:]]).upper() or "?"


def color_class(number: int) -> str:
    """The class of a colour that stays with a number."""
    return f"tone-{number % COLOR_CLASSES}"


def first_line(message: str | None) -> str:
    """What a commit's message says in short."""
    return next((line.strip() for line in (message or "").splitlines() if line.strip()), "")


def later_lines(message: str | None) -> str:
    """What a commit's message says beyond its first line."""
    return (message or "").strip().partition("\n")[2].strip()


def short_key(key: str) -> str:
    """What people call a commit by."""
    return key[:_KEY_SHOWN]


def short_version(version: str) -> str:
    """A version without what a list can do without."""
    name = versions.parse(version)
    return name.description if name else version


def package(version: str) -> str:
    """The package that a version is of, where the short version leaves it out."""
    name = versions.parse(version)
    is_left_out = name is not None and name.package and name.description != version
    return str(name.package) if is_left_out and name else ""


def web_address(url: str | None) -> str | None:
    """The address, if a link may lead there: others, such as ``javascript:``, are shown as text."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme.lower() in {"http", "https"} and parts.netloc else None
