"""OpenAPI operations: how each endpoint is called, and what it answers."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from inspect import getdoc
from operator import or_
from types import UnionType
from typing import get_args, get_origin

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from shipmark.api.openapi.descriptions import describe_all, parted, plain
from shipmark.api.openapi.examples import Schema, exampled
from shipmark.api.openapi.response_schemas import Schemas
from shipmark.api.responses.refusal import RefusalResponse
from shipmark.http.endpoint import Credentials, Endpoint
from shipmark.http.validation import schema_of
from shipmark.infrastructure.settings import Settings

#: The description of each parameter, and an example.
PATH_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "organization": ("Slug or id of the organization.", "acme"),
    "project": ("Slug or id of the project.", "web"),
    "version": ("The version of the release, percent-encoded.", "web@1.0.0"),
    "mapping": ("Id of the code mapping.", "1"),
    "repository": ("Id of the repository.", "1"),
    "issue": ("Id of the issue, or its short id where the organization is named.", "1"),
    "share_id": ("The `shareId` of the issue.", "3f2a91c07b5d4e8896a0c1d2e3f40516"),
    "tag_key": ("Key of the tag.", "browser.name"),
    "short_id": ("The short id of the issue, such as `WEB-1A`.", "WEB-1"),
    "event": ("Id of the event, 32 hexadecimal digits.", "0123456789abcdef0123456789abcdef"),
    "note": ("Id of the comment.", "1"),
    "tombstone": ("Id of the discarded issue, as the list shows it.", "1"),
    "quarantined": ("Id of the quarantined event, as the list shows it.", "1"),
    "attachment": ("Id of the attachment.", "1"),
    "filter_id": ("Name of the filter.", "localhost"),
    "file_id": ("Id of the file, as lists show it.", "1"),
    "bundle_id": ("Id of the artifact bundle.", "eb6e60f1-65ff-4f6f-adff-f1bbeded627b"),
    "threshold": ("Id of the threshold.", "1"),
    "member": ("Id of the member, or `me`.", "me"),
    "user": ("Id of oneself, or `me`.", "me"),
    "team": ("Slug or id of the team.", "core"),
    "token": ("Id of the token.", "1"),
    "key": ("The public half of the key.", "0" * 31 + "1"),
    "plugin": ("Who sends; the address that a project shows says `builtin`.", "builtin"),
    "signature": ("What proves that the sender knows the project's token.", "8f1d2c…"),
}


_PART = re.compile(r"\{(\w+)\}")
_TYPED_PART = re.compile(r"\{(\w+):\w+\}")
_PROJECT_QUERY = frozenset({"project", "projectSlug"})
_JSON = "application/json"
_OCTETS = "application/octet-stream"

#: The refusals that have one shape for all routes, by their status: see ``components/responses``.
SHARED: Mapping[int, str] = {
    400: "BadRequest",
    401: "NotSignedIn",
    403: "NotAllowed",
    404: "NotFound",
    409: "Conflict",
    413: "TooLarge",
    415: "Unsupported",
}
_SECURITY: Mapping[Credentials, Sequence[Schema]] = {
    Credentials.REQUIRED: [{"token": []}],
    Credentials.OPTIONAL: [{}, {"token": []}],
    Credentials.NONE: [],
}
_MEANINGS: Mapping[int, str] = {
    200: "Done.",
    201: "Made, or new to it.",
    202: "Will be done.",
    204: "Done; there is nothing to show.",
    206: "The part that was asked for.",
    208: "All of it was there.",
    304: "The client has it already.",
    416: "There is no such part.",
}


def is_documented(handler: HTTPRouteHandler) -> bool:
    """Return True for an endpoint of the API. Other interfaces declare no scopes, and preflights are for browsers."""
    return handler.opt.get("scopes") is not None and handler.http_methods != {"OPTIONS"}


def endpoint_of(handler: HTTPRouteHandler) -> Endpoint:
    """Return the declaration of a documented handler."""
    endpoint: Endpoint = handler.opt["endpoint"]
    return endpoint


def operation(path: str, handler: HTTPRouteHandler, schemas: Schemas, settings: Settings) -> Schema:
    """Return the operation of a handler at a path."""
    endpoint = endpoint_of(handler)
    function = endpoint.function
    summary, more = parted(plain(getdoc(function) or ""))
    resource = resource_of(function)
    scopes = sorted(handler.opt["scopes"])
    paragraphs = [more]
    if scopes:
        paragraphs.append(f"Scopes, any of: {', '.join(f'`{scope}`' for scope in scopes)}.")
    result: Schema = {
        "operationId": f"{resource}.{function.__name__}{_suffix(path, handler)}",
        "summary": summary,
        "description": "\n\n".join(filter(None, paragraphs)),
        "tags": [tag(resource)],
        "security": _SECURITY[endpoint.credentials],
        "x-scopes": scopes,
        "parameters": [*map(_part, _PART.findall(path)), *_query_parameters(path, handler)],
        "responses": _responses(path, handler, schemas),
    }
    if body := _body(endpoint, settings):
        result["requestBody"] = body
    return result


def _suffix(path: str, handler: HTTPRouteHandler) -> str:
    """Return what tells the paths of one endpoint apart: the first part that only this path has, as _of_project.

    Of paths with the same parts but another name, such as comments and notes, all but the first have it: _as_notes.
    """
    shared = set.intersection(*(set(_TYPED_PART.findall(typed)) for typed in handler.paths))
    parts = _PART.findall(path)
    own = [name for name in parts if name not in shared]
    suffix = f"_of_{own[0]}" if own and len(handler.paths) > 1 else ""
    names = {_last_name(typed) for typed in handler.paths if _TYPED_PART.findall(typed) == parts}
    name = _last_name(path)
    return suffix if len(names) < 2 or name == min(names) else f"{suffix}_as_{name}"


def _last_name(path: str) -> str:
    """Return the last part of a path that is no parameter, or an empty text."""
    names = [part for part in path.split("/") if part and "{" not in part]
    return names[-1] if names else ""


def resource_of(function: Callable[..., object]) -> str:
    """Return the name of the package below ``api`` that an endpoint is in."""
    return function.__module__.split(".")[2]


def tag(resource: str) -> str:
    """Return the tag of a resource's operations."""
    return resource.replace("_", " ").capitalize()


def _part(name: str) -> Schema:
    description, example = PATH_PARAMETERS[name]
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "minLength": 1},
        "example": example,
    }


def _query_parameters(path: str, handler: HTTPRouteHandler) -> list[Schema]:
    """Return the parameters of the endpoint's query model; a list is a parameter that may be repeated.

    Where the path names a project, the query selects none.
    """
    query = endpoint_of(handler).query
    if query is None:
        return []
    schema = schema_of(query)
    required = schema.get("required", [])
    parameters = []
    for name, field in schema["properties"].items():
        if name in _PROJECT_QUERY and "{project}" in path:
            continue
        parameter: Schema = {"name": name, "in": "query", "required": name in required}
        parameter["description"] = field.pop("description")
        examples = field.pop("examples", None)
        if isinstance(field.get("type"), list):
            # A query has no null: a parameter is left out.
            field["type"] = next(kind for kind in field["type"] if kind != "null")
        if field.get("default") == []:
            del field["default"]
        if isinstance(field.get("default"), bool):
            field["default"] = str(int(field["default"]))
        parameter["schema"] = field
        if examples:
            parameter["example"] = examples if field.get("type") == "array" else examples[0]
        parameters.append(parameter)
    return parameters


def _body(endpoint: Endpoint, settings: Settings) -> Schema | None:
    """Return the body that an endpoint reads."""
    if endpoint.files is not None:
        return {"content": {"multipart/form-data": {"schema": _form(endpoint.files)}}}
    if endpoint.schema is not None:
        return _json_body(dict(endpoint.schema))
    if endpoint.body is None:
        return None
    schema = schema_of(endpoint.body, context={"commits_max": settings.commits_max})
    return _json_body(_with_examples(schema))


def _json_body(schema: Schema) -> Schema:
    return {"required": "required" in schema, "content": {_JSON: {"schema": describe_all(schema)}}}


def _with_examples(schema: Schema) -> Schema:
    """Return the schema of an object with an example for each field that has a known one."""
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)
    return schema | {
        "properties": {name: exampled(name, field) for name, field in properties.items()}
    }


def _form(uploads: Mapping[str, str]) -> Schema:
    """Return the schema of a form with files, each described under its name."""
    properties = {
        name: {"type": "string", "format": "binary", "description": about}
        for name, about in uploads.items()
    }
    return {"type": "object", "properties": properties}


def _responses(path: str, handler: HTTPRouteHandler, schemas: Schemas) -> Schema:
    answers = _answers(handler)
    responses: Schema = {}
    for status in sorted({*answers, *_refusals(path, handler)}):
        if answers.get(status, RefusalResponse) is RefusalResponse:
            responses[str(status)] = {"$ref": f"#/components/responses/{SHARED[status]}"}
        else:
            responses[str(status)] = _response(status, answers[status], handler, schemas)
    return responses


def _response(status: int, answer: object, handler: HTTPRouteHandler, schemas: Schemas) -> Schema:
    response: Schema = {"description": _MEANINGS.get(status, "Refused.")}
    if answer is not None:
        response["content"] = _content(status, answer, schemas)
    query = endpoint_of(handler).query
    if status == 200 and query is not None and "cursor" in query.model_fields:
        response["headers"] = {"Link": {"$ref": "#/components/headers/Link"}}
    return response


def _content(status: int, answer: object, schemas: Schemas) -> Schema:
    """Return what an answer holds: JSON, or bytes, or either where the request says which."""
    kinds = get_args(answer) if get_origin(answer) is UnionType else (answer,)
    content: Schema = {}
    if bytes in kinds:
        content[_OCTETS] = {"schema": {"type": "string", "format": "binary"}}
    if objects := [kind for kind in kinds if kind is not bytes]:
        schema = schemas.of(reduce(or_, objects))
        content[_JSON] = {"schema": {"anyOf": [schema, *BAD_REQUEST]} if status == 400 else schema}
    return content


#: What 400 may hold, whatever the route.
BAD_REQUEST: Sequence[Schema] = [
    {"$ref": "#/components/schemas/Refusal"},
    {"$ref": "#/components/schemas/CodedRefusal"},
    {"$ref": "#/components/schemas/Problems"},
]


def _answers(handler: HTTPRouteHandler) -> Mapping[int, object]:
    endpoint = endpoint_of(handler)
    responses, returned = dict(endpoint.responses or {}), endpoint.returns
    if any(status < 300 for status in responses):
        return responses
    if get_origin(returned) is Response:
        returned = get_args(returned)[0]
    return {handler.status_code: None if returned is type(None) else returned} | responses


def _refusals(path: str, handler: HTTPRouteHandler) -> set[int]:
    """Return the statuses of refusals that every route of this kind may have."""
    endpoint = endpoint_of(handler)
    is_public = endpoint.credentials is Credentials.NONE
    has_body = bool(endpoint.files or endpoint.body)
    conditions = {
        400: True,
        401: not is_public,
        403: bool(handler.opt["scopes"]),
        404: bool(_PART.search(path)),
        409: handler.http_methods != {"GET"},
        413: has_body,
        # The webhook, which needs no credentials, reads a body of any media type.
        415: has_body and not is_public,
    }
    return {status for status, may_occur in conditions.items() if may_occur}
