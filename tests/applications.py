"""The application with any settings. It takes half a second to put together, so one is made for many settings."""

from copy import copy
from dataclasses import replace
from functools import cache

from litestar import Litestar
from litestar.datastructures import State

from shipmark import app
from shipmark.api.openapi.document import Document
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings
from shipmark.web.live_updates import LiveUpdates


def application(settings: Settings) -> Litestar:
    """Return an application with a state of its own. Its database and stores are the caller's to set.

    Its routes are those of other applications whose settings differ only in what requests read.
    """
    shared = _assembled(
        Settings(
            body_max_bytes=settings.body_max_bytes,
            envelope_max_bytes=settings.envelope_max_bytes,
            metrics=settings.metrics,
            git_remotes=settings.git_remotes,
            trusted_proxies=settings.trusted_proxies,
        )
    )
    own = {
        "settings": settings,
        "live": LiveUpdates(),
        "provider": app._provider(settings),
        # The document does not say where the data is, which is another place in each test.
        "document": _document(replace(settings, data=Settings().data), shared),
    }
    made = copy(shared)
    made.state = State(shared.state.dict() | own, deep_copy=False)
    return made


@cache
def _assembled(settings: Settings) -> Litestar:
    return app.assemble(settings, Database("sqlite:///never-opened.db"))


@cache
def _document(settings: Settings, shared: Litestar) -> Document:
    return Document(shared.routes, settings)
