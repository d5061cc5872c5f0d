"""The server, with its own exceptions reported to a Sentry-compatible one.

A module of its own, because the SDK takes long to load and most servers run without it.
"""

import sentry_sdk
from litestar.types import ASGIApp

from shipmark import __version__, app
from shipmark.infrastructure import telemetry
from shipmark.infrastructure.settings import from_environment


def create() -> ASGIApp:
    """Return what `shipmark.app.create` does, after the SDK is set up. By default it sends nothing personal."""
    sentry_sdk.init(
        from_environment().report_dsn,
        release=f"shipmark@{__version__}",
        include_local_variables=False,
        # Refusals are no bugs, so nothing is caught by itself: `telemetry.report_exception` says what is one.
        auto_enabling_integrations=False,
    )
    telemetry.add_reporter(sentry_sdk.capture_exception)
    return app.create()
