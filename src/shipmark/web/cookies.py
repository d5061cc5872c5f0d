"""The cookies of pages: no script reads them, and other sites send them only with links."""

from litestar.datastructures import Cookie


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
