"""The steps of the migrations make the tables that the code has, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from database_fixtures import Copies

from shipmark.infrastructure import migrations
from shipmark.infrastructure.database import Database, metadata
from shipmark.infrastructure.migrations.run import run


def test_the_tables_are_those_of_the_code(empty_database: Database) -> None:
    with empty_database.snapshot() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_the_database_is_at_the_newest_step(empty_database: Database) -> None:
    with empty_database.snapshot() as connection:
        assert migrations.current_revision(connection) == migrations.latest_revision()


def test_migrating_again_changes_nothing(empty_database: Database) -> None:
    run(empty_database)
    migrations.upgrade(empty_database)
    with empty_database.snapshot() as connection:
        assert migrations.current_revision(connection) == migrations.latest_revision()


def test_both_databases_have_the_same_indexes(copies: Copies) -> None:
    found = []
    for kind in ("sqlite", "postgresql"):
        with copies(kind, is_settled=False) as database, database.snapshot() as connection:
            query = (
                "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
                if kind == "sqlite"
                else "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
            )
            names = set(connection.exec_driver_sql(query).scalars())
            found.append({name for name in names if name.startswith("ix_")})
    assert found[0] == found[1]
    assert len(found[0]) > 20
