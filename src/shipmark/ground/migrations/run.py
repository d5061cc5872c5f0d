"""The process that takes the steps: ``python -m shipmark.ground.migrations.run``."""

import os
from pathlib import Path

from alembic import command
from alembic.config import Config

from shipmark.ground.database import Database
from shipmark.ground.migrations import TARGET

#: Any number that nothing else locks: nodes that start together migrate one after the other.
_LOCK = 7_446_726


def run(database: Database) -> None:
    """Take all steps that are missing, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with database.transaction() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


if __name__ == "__main__":
    run(Database(os.environ[TARGET], lock_wait_seconds=60))
