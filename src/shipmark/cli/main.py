"""The command line's entry point. The contract is in ``docs/cli.md``: scripts rely on it."""

import os
import sys

import click
from sqlalchemy.exc import DBAPIError, OperationalError

from shipmark import __version__
from shipmark.cli.artifacts import artifacts
from shipmark.cli.check import check
from shipmark.cli.create import bootstrap, org, project, team
from shipmark.cli.data_checks import UnusableDataError
from shipmark.cli.event_storage import compact
from shipmark.cli.gate import gate
from shipmark.cli.serve import serve
from shipmark.cli.tokens import token
from shipmark.cli.users import user
from shipmark.infrastructure.data_folder import UMASK
from shipmark.infrastructure.errors import Refusal, ValidationFailed
from shipmark.infrastructure.migrations import MigrationError
from shipmark.infrastructure.settings import SettingsError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="shipmark")
def shipmark() -> None:
    """Shipmark: a release tracker that speaks Sentry's protocol."""


for command in (serve, bootstrap, org, team, project, user, token, artifacts, check, compact, gate):
    shipmark.add_command(command)


def main() -> None:
    """Run a command; a refusal or error is reported in a sentence, with exit status 1.

    Files of the command and of the workers that it starts are accessible to the current user only.
    """
    before = os.umask(UMASK)
    try:
        shipmark()
    except ValidationFailed as refusal:
        sys.exit("\n".join(f"{name}: {problem}" for name, problem in refusal.fields.items()))
    except (Refusal, SettingsError, MigrationError, UnusableDataError) as error:
        if isinstance(reason := error.__cause__, DBAPIError):
            sys.exit(f"The database can't be used: {reason.orig}")
        sys.exit(str(error))
    except OperationalError as error:
        sys.exit(f"The database can't be used: {error.orig}")
    finally:
        os.umask(before)
