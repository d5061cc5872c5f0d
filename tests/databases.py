"""A database on PostgreSQL that one test after another has for itself: it is made as it was at first in between.

That takes a tenth of the time in which a template is copied, and the copy connected to and deleted.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, text

from shipmark.infrastructure.database import Database

#: What is deleted leaves its space behind, as nothing is vacuumed: after so many tests comes a fresh copy.
_TESTS_MAX = 100
#: Keeps the rows and the numbers of sequences in a schema of their own, with a function that brings them back. Whoever
#: changes the schema meanwhile is refused: that is not brought back.
_KEEP = """
DO $$
DECLARE
  name text;
  is_filled boolean;
  body text := '';
BEGIN
  CREATE SCHEMA kept;
  CREATE TABLE kept.numbers AS
    SELECT format('%I.%I', schemaname, sequencename)::regclass AS sequence,
      coalesce(last_value, start_value) AS value, last_value IS NOT NULL AS is_called
    FROM pg_sequences WHERE schemaname = 'public';
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    body := body || format('DELETE FROM public.%I;', name);
    EXECUTE format('SELECT EXISTS (TABLE public.%I)', name) INTO is_filled;
    IF is_filled THEN
      EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', name, name);
      body := body || format(
        'INSERT INTO public.%I OVERRIDING SYSTEM VALUE TABLE kept.%I;', name, name
      );
    END IF;
  END LOOP;
  body := body || 'PERFORM setval(sequence, value, is_called) FROM kept.numbers;';
  EXECUTE format(
    'CREATE FUNCTION kept.restore() RETURNS void LANGUAGE plpgsql AS %L',
    'BEGIN ' || body || ' END'
  );
  CREATE FUNCTION kept.refuse() RETURNS event_trigger LANGUAGE plpgsql AS
    'BEGIN RAISE ''A test that changes the schema takes a database of `copies`.''; END';
  CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION kept.refuse();
END $$
"""
#: Ends transactions that a test has left, whose locks would be in the way.
_END_TRANSACTIONS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
#: Rows are deleted and inserted in any order of their tables: in this role nothing checks what they refer to.
_RESTORE = ("SET session_replication_role = replica", _END_TRANSACTIONS, "SELECT kept.restore()")

#: The databases that tests run on.
KINDS = ("sqlite", "postgresql")


class RestoredDatabase:
    """Lends a database for the length of a block each time, with the same rows in it at the beginning.

    ``fresh`` makes a copy of the template and returns its address. The engine keeps its connections.
    """

    def __init__(self, fresh: Callable[[], str], open_database: Callable[[str], Database]) -> None:
        self._fresh = fresh
        self._open_database = open_database
        self._database: Database | None = None
        self._engine: Engine | None = None
        self._tests = 0

    @contextmanager
    def lent(self) -> Iterator[Database]:
        """Lend the database."""
        if self._database is None or self._tests == _TESTS_MAX:
            self.close()
            self._make()
        assert self._database is not None
        self._tests += 1
        yield self._database
        self._execute(*_RESTORE)

    def close(self) -> None:
        """Close all connections."""
        if self._database is not None and self._engine is not None:
            self._database.close()
            self._engine.dispose()

    def _make(self) -> None:
        address = self._fresh()
        self._engine = create_engine(
            address.replace("postgresql://", "postgresql+psycopg://"),
            isolation_level="AUTOCOMMIT",
        )
        self._execute(_KEEP)
        self._database = self._open_database(address)
        self._tests = 0

    def _execute(self, *commands: str) -> None:
        assert self._engine is not None
        with self._engine.connect() as connection:
            for command in commands:
                connection.execute(text(command))
