"""The process that migrates the database: ``python -m shipmark.infrastructure.migrations.run``."""

import os
from pathlib import Path

from alembic import command
from alembic.config import Config

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.migrations import TARGET, acquire_lock


def run(database: Database) -> None:
    """Run all pending migrations, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with database.transaction() as connection:
        acquire_lock(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


if __name__ == "__main__":
    run(Database(os.environ[TARGET], lock_wait_seconds=60))
