"""The document as a whole, made by the first request for it."""

import importlib
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from inspect import getdoc

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.routes import BaseRoute, HTTPRoute

from shipmark import __version__
from shipmark.api.openapi.descriptions import plain
from shipmark.api.openapi.examples import Schema
from shipmark.api.openapi.operations import (
    BAD_REQUEST,
    SHARED,
    endpoint_of,
    is_documented,
    operation,
    resource_of,
    tag,
)
from shipmark.api.openapi.response_schemas import Schemas
from shipmark.api.responses.refusal import CodedRefusalResponse, Problems, RefusalResponse
from shipmark.infrastructure.settings import Settings

_ABOUT = """\
Shipmark speaks Sentry's protocol. Addresses end in a slash; without it, the answer is 404 and says so. An id serves \
wherever a slug does. Times are in UTC. A method that an address does not have is refused with 405, and what belongs \
to another organization is not found.

Bodies are JSON, or forms where those can express as much. Numbers are accepted as texts. Unknown fields are \
ignored, and a refused request changes nothing.

Lists have pages: the `Link` header leads to the next and the previous, with `results="false"` where there is none.
"""
_LINK = (
    'Where the previous page and the next are: `<address>; rel="next"; results="true"; cursor="…"`.'
)
_CREDENTIALS = (
    "A token of a user, as `shipmark token` makes it, or of an organization. Each operation names"
    " the scopes of which the token must have one."
)
_REFUSED = {
    400: "A field of the body, a parameter, or the request as a whole is wrong.",
    401: "Credentials are missing or unknown.",
    403: "The caller is known and may not do this.",
    404: "It does not exist, or not for this caller.",
    409: "Another request is changing the same object. Try again.",
    413: "It is over a limit of this server.",
    415: "A media type that is not read.",
}


class Document:
    """The API of an application, as OpenAPI 3.1 describes it.

    It is made when it is first asked for: what most workers never need costs no time at the start, and no memory.
    """

    def __init__(self, routes: Sequence[BaseRoute], settings: Settings) -> None:
        self._routes = routes
        self._settings = settings

    @cached_property
    def described(self) -> Schema:
        """Return the document as plain objects."""
        schemas = Schemas()
        paths: dict[str, dict[str, object]] = {}
        resources = set()
        for path, handler in documented(self._routes):
            resources.add(resource_of(endpoint_of(handler).function))
            (method,) = handler.http_methods
            described = operation(path, handler, schemas, self._settings)
            paths.setdefault(path, {})[method.lower()] = described
        return {
            "openapi": "3.1.0",
            "info": {"title": "Shipmark", "version": __version__, "description": _ABOUT},
            "servers": [{"url": self._settings.address}],
            "tags": [_tag(resource) for resource in sorted(resources)],
            # The framework keeps the methods of a path in a set: their order is another in each process.
            "paths": {
                path: dict(sorted(methods.items())) for path, methods in sorted(paths.items())
            },
            "components": _components(schemas),
        }

    @cached_property
    def content(self) -> bytes:
        """Return the document as JSON."""
        return msgspec.json.encode(self.described)

    @cached_property
    def mark(self) -> str:
        """Return a text that is another whenever the document is."""
        return sha256(self.content).hexdigest()[:16]


def documented(routes: Sequence[BaseRoute]) -> list[tuple[str, HTTPRouteHandler]]:
    """Return the handlers that the document is about, each with its path as clients write it."""
    return [
        (f"{route.path_format.rstrip('/')}/", handler)
        for route in routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if is_documented(handler)
    ]


def _tag(resource: str) -> Schema:
    text = plain(getdoc(importlib.import_module(f"shipmark.api.{resource}")) or "")
    return {"name": tag(resource), "description": text}


def _components(schemas: Schemas) -> Schema:
    refusal = schemas.of(RefusalResponse)
    schemas.of(CodedRefusalResponse)
    problems = {"description": "Fields of the body that are wrong, each with its messages."}
    schemas.named["Problems"] = schemas.of(Problems) | problems
    return {
        "schemas": dict(sorted(schemas.named.items())),
        "responses": {
            name: {
                "description": _REFUSED[status],
                "content": {
                    "application/json": {
                        "schema": {"anyOf": list(BAD_REQUEST)} if status == 400 else refusal
                    }
                },
            }
            for status, name in SHARED.items()
        },
        "headers": {"Link": {"description": _LINK, "schema": {"type": "string"}}},
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": _CREDENTIALS}
        },
    }
