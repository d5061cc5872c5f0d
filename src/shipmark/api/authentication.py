"""Authentication before everything else: before a body is read, and before a transaction takes the write lock."""

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from shipmark.http.multipart import threaded
from shipmark.http.request_context import RequestContext, provide_request_context

_READING = {"GET", "HEAD", "OPTIONS"}


async def require_access(
    connection: ASGIConnection[BaseRouteHandler, object, object, State], _: BaseRouteHandler
) -> None:
    """Guard all routes that change something: raise what `Visit.enter` raises, in a read-only unit of work.

    The handler authorizes again, in the unit of work that writes. Routes that only read take no lock and no body.
    """
    assert isinstance(connection, Request)
    if connection.method not in _READING and "endpoint" not in connection.route_handler.opt:
        context = await provide_request_context(connection)
        await threaded(_authorize, context, connection.path_params.get("organization"))


def _authorize(context: RequestContext, organization: str | None) -> None:
    with context.database.autocommit_read() as connection:
        if organization is None:
            context.caller(connection)
        else:
            context.authorize(connection, organization)
