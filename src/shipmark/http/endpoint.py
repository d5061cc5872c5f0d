"""Endpoints of the HTTP API: one typed declaration of scopes, inputs and responses.

::

    @endpoint.post("/deploys/", scopes=RELEASE_WRITE)
    def create_deploy(
        context: RequestContext, release: VisibleRelease, body: DeployRequest
    ) -> DeployResponse: ...

The parameters of the function declare its inputs:

* ``context`` is the request with its credentials and the database.
* ``body`` and ``query`` are pydantic models; all invalid fields of a body are reported at once.
* Annotated with `Load`, a parameter is a row that the path names, loaded in the read-only unit of work that authorizes.
* Any other parameter is a path parameter, as text.

The order is always the same: credentials and access, query, rows that the path names, body. So a flood of wrong tokens
costs no body, no validation and no lock, and 404 comes before what is wrong with a body. For methods that write, all
but the last step happen in a guard, before the body is received.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from types import ModuleType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import litestar
from litestar import Request, Response, Router
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import RawBody
from sqlalchemy import Connection

from shipmark.http import json_schema
from shipmark.http.json_schema import Schema
from shipmark.http.multipart import threaded
from shipmark.http.request_context import InjectedRequest, RequestContext, provide_request_context
from shipmark.http.validation import RequestModel, validate, validate_query
from shipmark.infrastructure.telemetry import span

Function = Callable[..., Any]
Decorator = Callable[[Function], HTTPRouteHandler]

#: Below it are all endpoints of the API for programs.
API_PATH = "/api/0"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Credentials(Enum):
    """The need for credentials. An endpoint requires them unless it declares otherwise."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


@dataclass(frozen=True)
class Load:
    """The annotation of a parameter that is a row named by the path.

    ``function`` is called with the context, a read-only connection, and the path parameters that it names;
    those missing from the path are None. ``query`` is the endpoint's query parameters.
    """

    function: Callable[..., object]

    @cached_property
    def names(self) -> Sequence[str]:
        """Return the parameters of the function after the context and the connection."""
        return list(inspect.signature(self.function).parameters)[2:]

    def load(
        self, context: RequestContext, connection: Connection, query: RequestModel | None
    ) -> object:
        """Return the row. Raise `NotFound` for one that the caller can't see."""
        values = (query if name == "query" else context.path_parameter(name) for name in self.names)
        return self.function(context, connection, *values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The declaration of an endpoint; see the decorators below."""

    function: Function
    returns: Any
    credentials: Credentials
    query: type[RequestModel] | None
    takes_query: bool
    body: type[RequestModel] | None
    schema: Schema | None
    loads: Mapping[str, Load]
    path_parameters: Sequence[str]
    responses: Mapping[int, Any] | None
    files: Mapping[str, str] | None
    step: str

    def prepare(self, context: RequestContext) -> Mapping[str, object]:
        """Authorize, and load the rows that the path names, once per request. Raise a `Refusal` otherwise."""
        if context.prepared is None:
            with context.database.autocommit_read() as connection:
                self._authorize(context, connection)
            context.wait_for_writes()
            with context.database.autocommit_read() as connection:
                query = validate_query(self.query, context.query_pairs()) if self.query else None
                context.prepared = {
                    name: load.load(context, connection, query) for name, load in self.loads.items()
                }
                if self.takes_query:
                    context.prepared["query"] = query
        return context.prepared

    def _authorize(self, context: RequestContext, connection: Connection) -> None:
        if self.credentials is not Credentials.REQUIRED:
            return
        organization = context.path_parameter("organization")
        if organization is None:
            context.authenticated = context.caller(connection)
        else:
            context.access = context.authorize(connection, organization)

    def arguments(self, context: RequestContext, content: bytes | None) -> dict[str, object]:
        """Return the arguments of the function."""
        arguments = {"context": context, **self.prepare(context)}
        for name in self.path_parameters:
            arguments[name] = context.path_parameter(name)
        if content is not None:
            content = context.decompressed(content)
        if content is not None and self.schema is not None:
            arguments["body"] = json_schema.read(content, self.schema)
        elif content is not None and self.body is not None:
            with span(self.step, **{"http.body_bytes": len(content)}):
                value = context.decode(content, lists=self.body.list_names())
                limits = context.validation_context()
                arguments["body"] = validate(self.body, value, context=limits)
        return arguments


async def authorize(
    connection: ASGIConnection[BaseRouteHandler, object, object, State], handler: BaseRouteHandler
) -> None:
    """Guard an endpoint that writes: authorize, and load the rows of the path, before the body is received."""
    assert isinstance(connection, Request)
    if connection.method not in SAFE_METHODS:
        endpoint: Endpoint = handler.opt["endpoint"]
        await threaded(endpoint.prepare, await provide_request_context(connection))


def declare(
    function: Function,
    *,
    credentials: Credentials,
    responses: Mapping[int, Any] | None,
    files: Mapping[str, str] | None,
    schema: Schema | None,
    step: str,
) -> Endpoint:
    """Return the declaration in the signature of a function."""
    hints = get_type_hints(function, include_extras=True)
    returns = hints.pop("return")
    loads = {name: load for name, hint in hints.items() if (load := _load_of(hint))}
    reserved = {"context", "query", "body"}
    return Endpoint(
        function=function,
        returns=returns,
        credentials=credentials,
        query=hints.get("query") or _query_of(loads.values()),
        takes_query="query" in hints,
        body=hints.get("body"),
        schema=schema,
        loads=loads,
        path_parameters=[name for name in hints if name not in reserved | loads.keys()],
        responses=responses,
        files=files,
        step=step,
    )


def _query_of(loads: Iterable[Load]) -> type[RequestModel] | None:
    """Return the query model of a loading function, for an endpoint that has none itself."""
    hints = (get_type_hints(load.function).get("query") for load in loads)
    return next((hint for hint in hints if hint is not None), None)


def _load_of(hint: object) -> Load | None:
    if get_origin(hint) is not Annotated:
        return None
    return next((extra for extra in get_args(hint) if isinstance(extra, Load)), None)


def _decorator(
    make: Callable[..., Callable[[Function], HTTPRouteHandler]],
) -> Callable[..., Decorator]:
    def endpoint(
        path: str | Sequence[str],
        *,
        scopes: frozenset[str],
        credentials: Credentials = Credentials.REQUIRED,
        responses: Mapping[int, Any] | None = None,
        files: Mapping[str, str] | None = None,
        schema: Schema | None = None,
        step: str = "request.validate",
        **options: object,
    ) -> Decorator:
        def decorate(function: Function) -> HTTPRouteHandler:
            declared = declare(
                function,
                credentials=credentials,
                responses=responses,
                files=files,
                schema=schema,
                step=step,
            )
            if files is not None:
                options["streams_body"] = True
            handler = make(
                path,
                guards=[authorize],
                scopes=scopes,
                credentials=credentials,
                endpoint=declared,
                **options,
            )
            return handler(_wrapped(declared))

        return decorate

    return endpoint


def _wrapped(endpoint: Endpoint) -> Function:
    """Return the function that the framework calls, with the endpoint's name and docstring."""
    function = endpoint.function

    def run(context: RequestContext, content: bytes | None) -> Any:
        return function(**endpoint.arguments(context, content))

    async def call_async(context: InjectedRequest) -> Response[Any]:
        arguments = await threaded(endpoint.arguments, context, None)
        return await function(**arguments)  # type: ignore[no-any-return]  # what the function returns

    # The framework's own way to a thread wraps a handler once for each of its paths: one thread would wait for another.
    async def call_with_body(context: InjectedRequest, body: RawBody) -> Any:
        return await sync_to_thread(run, context, body)

    async def call(context: InjectedRequest) -> Any:
        return await sync_to_thread(run, context, None)

    wrapped: Function = call_with_body if endpoint.body is not None else call
    if inspect.iscoroutinefunction(function):
        wrapped = call_async
    for name in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(wrapped, name, getattr(function, name))
    wrapped.__annotations__["return"] = endpoint.returns
    return wrapped


#: The decorators: a path or several, the scopes of which a token needs one, and options of the framework.
#: ``responses`` maps statuses to types: refusals besides the usual ones, and all successes unless the one type that the
#: function returns says it; ``files`` describes the files of a form that the endpoint itself receives; ``schema`` is
#: what a body that is no model must fit; ``step`` is what validating the body is called in logs and metrics.
get = _decorator(litestar.get)
post = _decorator(litestar.post)
put = _decorator(litestar.put)
delete = _decorator(litestar.delete)


def handlers_of(module: ModuleType) -> list[HTTPRouteHandler]:
    """Return all handlers that a module declares, in their order."""
    return [value for value in vars(module).values() if isinstance(value, HTTPRouteHandler)]


def router(module: ModuleType) -> Router:
    """Return the router of all endpoints that a module declares, below its ``BASE_PATH``, if any."""
    return Router(getattr(module, "BASE_PATH", API_PATH), route_handlers=handlers_of(module))
