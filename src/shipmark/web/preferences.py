"""Preferences of a browser, in cookies that no script reads: theme, time zone, keys, and the last organization."""

from enum import StrEnum

from litestar.datastructures import Cookie

from shipmark.web.cookies import page_cookie

THEME_COOKIE = "shipmark_theme"
ZONE_COOKIE = "shipmark_zone"
KEYS_COOKIE = "shipmark_keys"
ORGANIZATION_COOKIE = "shipmark_organization"

_YEAR_SECONDS = 365 * 24 * 60 * 60


class Theme(StrEnum):
    """The colours of pages; `SYSTEM` follows the reader's operating system."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def theme_of(text: str | None) -> Theme:
    """Return the theme of this name, or else the system's."""
    return Theme(text) if text in {theme.value for theme in Theme} else Theme.SYSTEM


def has_single_keys(text: str | None) -> bool:
    """Return True unless the reader turned single keys off (WCAG 2.1.4)."""
    return text != "off"


def preference_cookie(name: str, value: str, *, is_secure: bool) -> Cookie:
    """Return the cookie that keeps a preference for a year."""
    return page_cookie(name, value, _YEAR_SECONDS, is_secure=is_secure)
