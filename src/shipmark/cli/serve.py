"""The command that runs the server: migrate, create a first organization, print a tour, and start the workers."""

import contextlib
import gc
import os
import resource
import shlex
import shutil
import socket
import tempfile
from textwrap import indent

import click
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server
from sqlalchemy import Connection

from shipmark import app
from shipmark.accounts import store as accounts
from shipmark.background_process import BackgroundProcess
from shipmark.cli.create import make_all
from shipmark.cli.data_checks import require_servable
from shipmark.cli.options import open_database, overridden, with_settings
from shipmark.http.client_address import trusted_networks
from shipmark.http.respawning import RespawnHistory
from shipmark.http.workers import PARENT_PID, call_when_stopping, reset_signals_in_workers
from shipmark.infrastructure import data_folder, ids, logging, migrations, telemetry
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.settings import (
    Settings,
    SettingsError,
    from_environment,
    to_environment,
)
from shipmark.infrastructure.telemetry import log
from shipmark.repositories.git.remote_rules import parse_remote_rules
from shipmark.worker import scheduler

#: The slug of the organization that the first start creates.
FIRST_ORGANIZATION = "acme"
FIRST_PROJECT = "web"
FIRST_USER = "admin@example.com"

_NO_BASE_URL = """
It listens on all addresses, but only this machine knows the one above. Start it with --base-url and the address that
others reach it at, such as https://ship.example.com. Without, DSNs and tokens hold the address that a request names.
"""
#: The requirements of the tour besides Python.
NEEDS = "git, and: pip install sentry-sdk sentry-cli"


@click.command()
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="The port to listen on.  [default: 8000]")
@click.option("--workers", type=int, help="How many processes serve.  [default: one a processor]")
@click.option("--base-url", help="Where clients reach the server, if not at host and port.")
@with_settings
def serve(
    settings: Settings,
    host: str | None,
    port: int | None,
    workers: int | None,
    base_url: str | None,
) -> None:
    """Run the server. On an empty database it creates an organization, a project and an admin, and prints a tour."""
    settings = overridden(settings, host=host, port=port, workers=workers, base_url=base_url)
    logging.configure(settings)
    parse_remote_rules(settings.git_remotes)
    trusted_networks(settings.trusted_proxies)
    _check_address(settings)
    require_servable(settings)
    # Before any file is created in it.
    if narrowed := data_folder.prepare(settings):
        log.warning(data_folder.NARROWED, paths=" ".join(map(str, narrowed)))
    open_blobs(settings.blobs)
    with open_database(settings) as database:
        with database.transaction() as connection:
            # Before the check: of two nodes that start on an empty database, one creates the admin and shows the
            # password.
            migrations.acquire_lock(connection)
            welcome = None if accounts.exists(connection) else _create_first(connection, settings)
        scheduler.warm_up(database, now())
    click.echo(welcome or f"Shipmark serves at {settings.address}")
    if settings.is_reached_locally_only:
        click.echo(_NO_BASE_URL)
    _run(settings)


def _check_address(settings: Settings) -> None:
    """Raise `SettingsError` with a message if the server could not listen on the address."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            address = f"{settings.host}:{settings.port}"
            raise SettingsError(
                f"The server can't listen at {address}: {error.strerror}."
            ) from None


def _run(settings: Settings) -> None:
    """Run the workers until they are stopped. They read the settings from the environment."""
    metrics = tempfile.mkdtemp(prefix="shipmark-metrics-")
    os.environ |= to_environment(settings) | {PARENT_PID: str(os.getpid())}
    telemetry.enable_multiprocess_metrics(metrics)
    # With the settings as the workers read them: the application is the same only for the same settings.
    app.preload(from_environment())
    # Workers are forked and share the objects that are loaded and frozen now. A large publish creates many objects
    # that live as long as the request: frequent collections among them free nothing.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    _raise_descriptor_limit()
    reset_signals_in_workers()
    background = BackgroundProcess(settings)
    background.start()
    try:
        _serve_http(settings, background)
    finally:
        background.stop()
        shutil.rmtree(metrics, ignore_errors=True)


def _serve_http(settings: Settings, background: BackgroundProcess) -> None:
    """Answer requests by workers, which create the application, until the server is stopped."""
    target = "shipmark.app_with_error_reporting" if settings.report_dsn else app.__name__
    header_milliseconds = int(settings.read_timeout_seconds * 1000)
    server = Server(
        f"{target}:create",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        # With HTTP/1 only, connections that send nothing at all time out, too.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=header_milliseconds),
        workers=settings.worker_count,
        blocking_threads=1,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=settings.stop_timeout_seconds,
    )
    server.respawned_wrks = RespawnHistory()
    # When it starts, it sets its handlers of signals.
    server.on_startup(lambda: call_when_stopping(background.note_stop))
    server.serve()


def _raise_descriptor_limit() -> None:
    """Raise the limit of open connections and files of each worker to the system's maximum."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # macOS reports no limit, and then refuses that value.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _create_first(connection: Connection, settings: Settings) -> str:
    password = ids.password()
    created = make_all(
        connection, FIRST_ORGANIZATION, (FIRST_PROJECT,), FIRST_USER, password, settings.address
    )
    dsn = created["projects"][0]["dsn"]
    steps = tour(
        address=settings.address,
        organization=FIRST_ORGANIZATION,
        project=FIRST_PROJECT,
        dsn=dsn,
        token=created["token"],
    )
    return f"""
Shipmark serves at {settings.address}

  Sign in     {settings.address}/  as {FIRST_USER} with the password {password}
  DSN         {dsn}
  Token       {created["token"]}
  CI token    {created["org_token"]}

These are shown only now. Try it; you need {NEEDS}

{indent(steps, "  ")}

Then sign in: the error is an issue, resolved in the release that went to production.
"""


def tour(*, address: str, organization: str, project: str, dsn: str, token: str) -> str:
    """Return the lines to type in a shell. They can be repeated without errors."""
    program = (
        f'import sentry_sdk; sentry_sdk.init("{dsn}", release="{project}@1.0.0");'
        ' raise ValueError("no money")'
    )
    fixed = f"{project}@1.1.0"
    return "\n".join(
        [
            f"export SENTRY_URL={shlex.quote(address)} SENTRY_ORG={organization} SENTRY_PROJECT={project}",
            f"export SENTRY_AUTH_TOKEN={token}",
            "mkdir -p shop && cd shop && git init -q",
            f"python3 -c '{program}'",
            (
                'git -c user.name=Ada -c user.email=ada@example.com commit -q --allow-empty -m "Count the coins twice"'
                f' -m "Fixes {project.upper()}-1"'
            ),
            f"sentry-cli releases new {fixed}",
            f"sentry-cli releases set-commits {fixed} --local",
            f"sentry-cli releases finalize {fixed}",
            f"sentry-cli deploys new --release {fixed} -e production",
        ]
    )
