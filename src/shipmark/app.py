"""The one place that knows every part and puts them together."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import cache

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.events import SimpleEventEmitter
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from shipmark.accounts.openid_connect import OpenIdProvider
from shipmark.api.openapi import routes as openapi
from shipmark.api.openapi.document import Document
from shipmark.api.releases import webhook_routes
from shipmark.api.routers import ROUTERS
from shipmark.http.client_address import trusted_networks
from shipmark.http.connections import ConnectionLimits
from shipmark.http.error_responses import failure_response, refusal_response
from shipmark.http.head_requests import HeadRequestsMiddleware
from shipmark.http.health import get_health, get_liveness, get_metrics
from shipmark.http.path_aliases import PathAliasMiddleware
from shipmark.http.preflights import PreflightMiddleware
from shipmark.http.request_context import provide_request_context
from shipmark.http.trailing_slash import TrailingSlashMiddleware
from shipmark.http.workers import (
    PARENT_PID,
    call_in_loop_when_stopping,
    end_with_parent,
    hold_stop_signals,
    keep_closing_silent_connections,
)
from shipmark.infrastructure import logging
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Refusal
from shipmark.infrastructure.module_loading import hidden
from shipmark.infrastructure.settings import Settings, from_environment
from shipmark.ingest import quotas
from shipmark.ingest import routes as ingest
from shipmark.ingest.admission import Admission
from shipmark.ingest.backlog import read_backlog
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.project_keys import ProjectKeys
from shipmark.ingest.quotas import QuotaCounters
from shipmark.ingest.read_your_writes import ReadYourWrites
from shipmark.ingest.refused_counts import RefusedCounts
from shipmark.ingest.single_items import SingleItems
from shipmark.ingest.sqlite_log import SqliteLogWriter
from shipmark.repositories.git.remote_rules import parse_remote_rules
from shipmark.web import handlers
from shipmark.web.error_pages import unrouted_answer
from shipmark.web.live_updates import LiveUpdates

#: What browsers' SDKs may send and read from other origins (ingest.md 1.6). No cookie is ever let through.
_CORS = CORSConfig(
    allow_origins=["*"],
    allow_methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"],
    allow_headers=[
        "X-Sentry-Auth", "X-Requested-With", "X-Forwarded-For", "Origin", "Referer", "Accept", "Content-Type",
        "Authentication", "Authorization", "Content-Encoding", "Transfer-Encoding", "sentry-trace", "baggage",
        "X-CSRFToken",
    ],
    expose_headers=[
        "X-Sentry-Error", "X-Sentry-Rate-Limits", "Retry-After", "Link", "X-Hits", "X-Max-Hits",
    ],
    max_age=3600,
)  # fmt: skip

#: The headers with which answers to pages of other origins go out.
_CORS_HEADERS = {
    **_CORS.simple_headers,
    "Access-Control-Allow-Headers": ", ".join(sorted(_CORS.allow_headers)),
    "Access-Control-Allow-Methods": ", ".join(sorted(_CORS.allow_methods)),
}

#: The headers of answers to OPTIONS.
_PREFLIGHT_HEADERS = {
    **_CORS_HEADERS,
    "Access-Control-Max-Age": str(_CORS.max_age),
    "Allow": _CORS_HEADERS["Access-Control-Allow-Methods"],
}


def create() -> ASGIApp:
    """Return the whole server, with the settings of the environment: what a worker process runs."""
    settings = from_environment()
    logging.configure(settings)
    if PARENT_PID in os.environ:
        # Before there are threads: a signal goes to any one that does not hold it.
        hold_stop_signals()
        end_with_parent(int(os.environ[PARENT_PID]))
    app = assembled(settings)
    app.state.database = Database(
        settings.database,
        lock_wait_seconds=settings.lock_wait_seconds,
        connections=settings.database_connections,
    )
    app.state.blobs = open_blobs(settings.blobs)
    app.state.project_keys = ProjectKeys(app.state.database)
    folder = LogFolder(settings.event_log)
    app.state.event_log = SqliteLogWriter(folder, bytes_max=settings.event_log_max_bytes)
    app.state.admission = Admission(
        QuotaCounters(settings.data / quotas.FILE_NAME), RefusedCounts(app.state.event_log)
    )
    app.state.backlog = lambda: asdict(read_backlog(app.state.database, folder))
    app.state.wait_for_writes = ReadYourWrites(app.state.database, folder).wait
    return served(app)


def served(app: Litestar) -> ASGIApp:
    """Return the application behind what every request passes first."""
    state = app.state
    single = SingleItems(
        PathAliasMiddleware(
            PreflightMiddleware(
                TrailingSlashMiddleware(HeadRequestsMiddleware(app)), _PREFLIGHT_HEADERS
            )
        ),
        state.settings,
        state.project_keys,
        state.event_log,
        state.admission,
        _CORS_HEADERS,
    )
    return ConnectionLimits(single, state.settings)


@cache
def assembled(settings: Settings) -> Litestar:
    """Return the application without what it keeps things in. Made before processes fork, it is made once for all."""
    return assemble(settings, None)


def preload(settings: Settings) -> None:
    """Make the application, and load what it loads when it starts, before the processes are forked that serve it.

    The emitter of events loads the part of AnyIO for this event loop: 50 ms and 7 MiB in each process.
    """
    assembled(settings)
    asyncio.run(_run_emitter())


async def _run_emitter() -> None:
    async with SimpleEventEmitter(()):
        pass


def assemble(settings: Settings, database: Database | None) -> Litestar:
    """Return the application on a given database. Raise `SettingsError` for settings that can't be meant."""
    parse_remote_rules(settings.git_remotes)
    trusted_networks(settings.trusted_proxies)
    monitoring = [get_health, get_liveness, *([get_metrics] if settings.metrics else [])]
    # Litestar loads plugins for these where they are installed, one with a second Pydantic. Requests are validated
    # without them (http/validation).
    with hidden("pydantic", "attr", "attrs"):
        app = Litestar(
            route_handlers=[
                *ROUTERS,
                webhook_routes.router,
                openapi.get_document,
                ingest.router(settings.envelope_max_bytes),
                handlers.router,
                *monitoring,
            ],
            dependencies={"context": Provide(provide_request_context)},
            exception_handlers={
                Refusal: refusal_response,
                HTTPException: unrouted_answer,
                Exception: failure_response,
            },
            state=_state(settings, database),
            lifespan=[_lifespan],
            cors_config=_CORS,
            request_max_body_size=settings.body_max_bytes,
            openapi_config=None,
            logging_config=None,
        )
    app.state.document = Document(app.routes, settings)
    return app


def _state(settings: Settings, database: Database | None) -> State:
    """Return what requests share. What is None here is set by `create`, in each process."""
    return State(
        {
            "settings": settings,
            "database": database,
            "blobs": None,
            "event_log": None,
            "admission": None,
            "backlog": dict,
            "wait_for_writes": None,
            "project_keys": None,
            "live": LiveUpdates(),
            "provider": _provider(settings),
        }
    )


def _provider(settings: Settings) -> OpenIdProvider | None:
    """Return the OpenID provider of the settings; nothing is requested before a user signs in."""
    if not settings.oidc_issuer:
        return None
    return OpenIdProvider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        name=settings.oidc_name,
        trusts_emails=settings.oidc_trust_emails,
    )


def _end_open_connections(state: State) -> None:
    """End what would keep the server from stopping: streams, and connections opened in advance."""
    state.live.stop()
    keep_closing_silent_connections(state.settings.port)


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    """Let go of all that the application holds when it stops."""
    loop = asyncio.get_running_loop()
    call_in_loop_when_stopping(loop, lambda: _end_open_connections(app.state))
    try:
        yield
    finally:
        app.state.live.stop()
        app.state.admission.close()
        app.state.event_log.close()
        app.state.database.close()
