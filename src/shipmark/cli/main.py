"""The command line's entry point. The contract is in ``docs/cli.md``: scripts rely on it."""

import gc
import os
import sys
from importlib import import_module

import click
from sqlalchemy.exc import DBAPIError, OperationalError

from shipmark import __version__
from shipmark.cli.data_checks import UnusableDataError
from shipmark.infrastructure.data_folder import UMASK
from shipmark.infrastructure.errors import Refusal, ValidationFailed
from shipmark.infrastructure.migrations import MigrationError
from shipmark.infrastructure.settings import SettingsError

#: The module of each command, with a function of the command's name.
_MODULES = {
    "artifacts": "artifacts",
    "bootstrap": "create",
    "check": "check",
    "compact": "compact",
    "gate": "gate",
    "org": "create",
    "project": "create",
    "serve": "serve",
    "team": "create",
    "token": "users",
    "user": "users",
}


class Commands(click.Group):
    """The commands. One is loaded when it is run or described: the server's modules take ten times those of others."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(_MODULES)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with this name, or None."""
        if cmd_name not in _MODULES:
            return None
        name = f"shipmark.cli.{_MODULES[cmd_name]}"
        if name not in sys.modules:
            # What modules make lives on. To look through it for garbage meanwhile took a fifth of the time.
            gc.disable()
            import_module(name)
            gc.freeze()
            gc.enable()
        command: click.Command = getattr(sys.modules[name], cmd_name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="shipmark")
def shipmark() -> None:
    """Shipmark: a release tracker that speaks Sentry's protocol."""


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
