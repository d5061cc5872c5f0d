"""Connections to PostgreSQL through a pooler, such as PgBouncer, that gives each transaction any session of the server.

What is left in a session, such as a setting or a prepared statement, is another client's in the next transaction: a
statement that is executed by its name may be another one. So nothing is prepared there, and each unit of work begins
with its settings (decision 43).
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event

from shipmark.infrastructure.settings import SettingsError
from shipmark.infrastructure.units_of_work import UNIT, Unit

#: The key in the info of a connection that leads to a pooler.
_IS_POOLED = "is_pooled"
_OPTIONS_IN_ADDRESS = (
    "The database is behind a connection pooler, which drops the options in its address. Remove them, and set them for"
    " the user instead, such as: ALTER ROLE shipmark SET search_path = shipmark"
)


def recognize_poolers(
    engine: Engine, settings: Mapping[str, str], *, address_has_options: bool
) -> None:
    """Make an engine of psycopg work with a pooler, without costs for direct connections but a round trip for each.

    ``settings`` are those that a direct connection has as its options. Raise `SettingsError` as the engine connects, if
    its address has further options, as they have no effect.
    """

    @event.listens_for(engine, "do_connect")
    def _connect(
        dialect: Dialect, record: Any, arguments: tuple[Any, ...], parameters: dict[str, Any]
    ) -> Any:
        try:
            return dialect.connect(*arguments, **parameters)
        except dialect.loaded_dbapi.OperationalError as error:
            # PgBouncer refuses options unless `ignore_startup_parameters` names them.
            if "options" not in str(error):
                raise
            record.info[_IS_POOLED] = True
            return dialect.connect(*arguments, **{**parameters, "options": ""})

    @event.listens_for(engine, "connect")
    def _recognize(connection: Any, record: Any) -> None:
        if record.info.get(_IS_POOLED) or _leads_to_pooler(connection):
            record.info[_IS_POOLED] = True
            if address_has_options:
                raise SettingsError(_OPTIONS_IN_ADDRESS)
            connection.prepare_threshold = None

    beginnings = _beginnings(settings)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.info.get(_IS_POOLED):
            unit = connection.get_execution_options().get(UNIT, Unit.TRANSACTION)
            # One round trip: without parameters the driver sends several statements at once.
            connection.exec_driver_sql(beginnings[unit])


def _beginnings(settings: Mapping[str, str]) -> dict[Unit, str]:
    """Return the statements with which each kind of unit of work begins in a session of others."""
    local = "".join(f"; SET LOCAL {name} TO '{value}'" for name, value in settings.items())
    return {
        Unit.TRANSACTION: f"SET TRANSACTION ISOLATION LEVEL READ COMMITTED{local}",
        Unit.SNAPSHOT: local.removeprefix("; "),
        # The driver begins no transaction for it, in which alone settings hold. It is rolled back at the end.
        Unit.AUTOCOMMIT_READ: f"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY{local}",
    }


def _leads_to_pooler(connection: Any) -> bool:
    """Return True if the process id that psycopg got when it connected is not that of the executing backend.

    Poolers send an id of their own, so that requests to cancel a statement go to them.
    """
    connection.autocommit = True
    (executing,) = connection.execute("SELECT pg_backend_pid()", prepare=False).fetchone()
    connection.autocommit = False
    return bool(executing != connection.info.backend_pid)
