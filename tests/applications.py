"""The application with any settings, and where it runs in tests.

It takes half a second to put together, so one is made for many settings.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from functools import cache
from typing import Any

from anyio import Event
from anyio.from_thread import BlockingPortal, start_blocking_portal
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


class Portal:
    """An event loop in a thread of its own, for clients of the application.

    They ask it for an event with each request. Going to the loop for that takes as long as a query, for nothing: an
    event belongs to the loop that first waits for it.
    """

    def __init__(self, portal: BlockingPortal) -> None:
        self._portal = portal

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function in the loop, and return what it returns."""
        return Event() if function is Event else self._portal.call(function, *arguments)


@contextmanager
def running_portal() -> Iterator[Portal]:
    """Run an event loop until the end of the block."""
    with start_blocking_portal() as portal:
        yield Portal(portal)


@cache
def _assembled(settings: Settings) -> Litestar:
    return app.assemble(settings, Database("sqlite:///never-opened.db"))


@cache
def _document(settings: Settings, shared: Litestar) -> Document:
    return Document(shared.routes, settings)
