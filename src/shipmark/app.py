"""The one place that knows every part and puts them together."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from shipmark.api.authentication import require_access
from shipmark.api.document.making import Document
from shipmark.api.given import provide_visit
from shipmark.api.routes import (
    api_tokens,
    artifact_bundles,
    artifact_lookup,
    assembling,
    audit_logs,
    avatars,
    chunk_upload,
    commit_fetches,
    commit_paths,
    committers,
    comparison,
    debug_assembling,
    debug_files,
    deploys,
    document,
    events,
    identity,
    internal_health,
    issue_releases,
    issue_updates,
    members,
    org_tokens,
    organizations,
    people,
    project_commits,
    project_details,
    project_keys,
    project_releases,
    project_teams,
    release_bulk,
    release_children,
    release_files,
    release_hook,
    release_lists,
    release_setup,
    release_stats,
    remotes,
    repositories,
    source_maps,
    teams,
    thresholds,
)
from shipmark.ground import logs
from shipmark.ground.blobs.objects import blobs_at
from shipmark.ground.clock import now
from shipmark.ground.database import Database
from shipmark.ground.errors import Refusal, Unavailable
from shipmark.ground.settings import Settings, from_environment
from shipmark.ingest import routes as ingest
from shipmark.repositories.git.chosen import chosen
from shipmark.serving.client_address import trusted_networks
from shipmark.serving.connections import ConnectionLimits
from shipmark.serving.errors import failure_answer, refusal_answer
from shipmark.serving.monitoring import get_health, get_metrics
from shipmark.serving.paths import Addresses
from shipmark.serving.workers import PARENT_PID, end_with_parent
from shipmark.web import pages
from shipmark.web.refusals import unrouted_answer
from shipmark.work import timers

API = (
    chunk_upload.router,
    assembling.router,
    debug_assembling.router,
    debug_files.router,
    identity.router,
    internal_health.router,
    organizations.router,
    audit_logs.router,
    org_tokens.router,
    api_tokens.router,
    members.router,
    teams.router,
    project_details.router,
    project_teams.router,
    project_keys.router,
    release_lists.router,
    release_bulk.router,
    release_children.router,
    release_files.router,
    artifact_bundles.router,
    artifact_lookup.router,
    source_maps.router,
    comparison.router,
    deploys.router,
    project_releases.router,
    project_commits.router,
    release_setup.router,
    release_stats.router,
    thresholds.router,
    repositories.router,
    remotes.router,
    commit_fetches.router,
    commit_fetches.organization_router,
    issue_updates.router,
    commit_paths.router,
    issue_releases.router,
    people.router,
    committers.router,
    events.router,
    avatars.router,
)

#: What browsers' SDKs may send and read from other origins (ingest.md 1.6). No cookie is ever let through.
_CORS = CORSConfig(
    allow_origins=["*"],
    allow_methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"],
    allow_headers=[
        "X-Sentry-Auth", "X-Requested-With", "Origin", "Accept", "Content-Type", "Authentication",
        "Authorization", "Content-Encoding", "Transfer-Encoding", "sentry-trace", "baggage",
    ],
    expose_headers=["X-Sentry-Error", "X-Sentry-Rate-Limits", "Retry-After", "Link", "X-Hits"],
    max_age=3600,
)  # fmt: skip


def create() -> ASGIApp:
    """The whole server, with the settings of the environment: what a worker process runs."""
    settings = from_environment()
    logs.set_up(settings)
    if PARENT_PID in os.environ:
        end_with_parent(int(os.environ[PARENT_PID]))
    app = assembled(settings)
    app.state.database = Database(
        settings.database,
        lock_wait_seconds=settings.lock_wait_seconds,
        connections=settings.database_connections,
    )
    app.state.blobs = blobs_at(settings.blobs)
    return served(app)


def served(app: Litestar) -> ASGIApp:
    """Return the application behind what every request passes first."""
    return ConnectionLimits(Addresses(app), app.state.settings)


@cache
def assembled(settings: Settings) -> Litestar:
    """The application without what it keeps things in. Made before processes fork, it is made once, for all of them."""
    return assemble(settings, None)


def assemble(settings: Settings, database: Database | None) -> Litestar:
    """The application on a given database; raises `SettingsError` for settings that can't be meant."""
    chosen(settings.git_remotes)
    trusted_networks(settings.trusted_proxies)
    monitoring = [get_health, get_metrics] if settings.metrics else [get_health]
    app = Litestar(
        route_handlers=[
            Router("/", route_handlers=API, guards=[require_access]),
            release_hook.router,
            document.get_document,
            ingest.router(settings.envelope_max_bytes),
            pages.router,
            *monitoring,
        ],
        dependencies={"visit": Provide(provide_visit)},
        exception_handlers={
            Refusal: refusal_answer,
            HTTPException: unrouted_answer,
            Exception: failure_answer,
        },
        state=State({"settings": settings, "database": database, "blobs": None}),
        lifespan=[_working],
        cors_config=_CORS,
        request_max_body_size=settings.body_max_bytes,
        openapi_config=None,
        logging_config=None,
    )
    app.state.document = Document(app.routes, settings)
    return app


@asynccontextmanager
async def _working(app: Litestar) -> AsyncIterator[None]:
    """Run the jobs in the background while the application serves."""
    database: Database = app.state.database
    # A worker that is started while the database is away finds the timers that an earlier one has started.
    with suppress(Unavailable), database.transaction() as connection:
        timers.start(connection, now())
    workers = timers.workers(database, app.state.settings)
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        database.close()
