"""How does the database get its tables? By Alembic, one step a file; a step that has landed is never edited.

A step works with the code before it and after it, on SQLite and on PostgreSQL.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from shipmark.ground.database import Database

#: Any number that nothing else locks: nodes that start together migrate one after the other.
_LOCK = 7_446_726


def newest() -> str:
    """The step that the code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def current(connection: Connection) -> str | None:
    """The step that the database is at; null for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database) -> None:
    """Bring the database to the newest step. Does nothing when it is there already."""
    with database.snapshot() as connection:
        if current(connection) == newest():
            return
    with database.transaction() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
