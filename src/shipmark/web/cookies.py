"""Cookies of pages, which no script reads and other sites send only with links; and the preferences in them."""

from enum import StrEnum

from litestar.datastructures import Cookie

THEME_COOKIE = "shipmark_theme"
ZONE_COOKIE = "shipmark_zone"
KEYS_COOKIE = "shipmark_keys"
ORGANIZATION_COOKIE = "shipmark_organization"

_YEAR_SECONDS = 365 * 24 * 60 * 60


def page_cookie(name: str, value: str, seconds: int, *, is_secure: bool) -> Cookie:
    """Return a cookie with this lifetime; 0 seconds delete it. ``is_secure`` ones are sent over HTTPS only."""
    return Cookie(
        key=name,
        value=value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_secure,
    )


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
