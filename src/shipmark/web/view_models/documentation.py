"""The view model of the API's documentation: operations by subject, fields in rows, links between objects.

It is made from the OpenAPI document alone, so that users and programs read the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shipmark.web.view_models.schemas import Piece, Row, example, kind, rows

#: The order of the operations of a path.
_METHODS = ("get", "post", "put", "delete")
Json = Mapping[str, Any]


class DescribedRow(Protocol):
    """A part of the document that can describe itself in OpenAPI."""

    @property
    def described(self) -> Json:
        """Return the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The response with one status."""

    status: str
    about: str
    kind: Sequence[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of a path."""

    anchor: str
    method: str
    path: str
    summary: str
    about: str
    credentials: str
    scopes: Sequence[str]
    parameters: Sequence[Row]
    body: Sequence[Row]
    answers: Sequence[Answer]
    refusals: Sequence[str]
    call: str
    body_example: str
    answer_example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The operations with one tag."""

    anchor: str
    name: str
    about: str
    operations: Sequence[Operation]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedObject:
    """A named object of the API, which several operations may return."""

    name: str
    about: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The response to a refused request."""

    status: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """The page."""

    version: str
    paragraphs: Sequence[str]
    credentials: str
    subjects: Sequence[Subject]
    objects: Sequence[NamedObject]
    refusals: Sequence[Refusal]

    @property
    def count(self) -> int:
        """Return the number of operations."""
        return sum(len(subject.operations) for subject in self.subjects)


def documentation(document: Json) -> Documentation:
    """Return the page of an OpenAPI document."""
    components: Json = document["components"]
    by_tag: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for method, path, item in _operations(document["paths"]):
        by_tag[item["tags"][0]].append(_operation(method, path, item, document))
    return Documentation(
        version=document["info"]["version"],
        paragraphs=document["info"]["description"].strip().split("\n\n"),
        credentials=components["securitySchemes"]["token"]["description"],
        subjects=[
            Subject(
                anchor=_anchor(tag["name"]),
                name=tag["name"],
                about=tag["description"],
                operations=by_tag[tag["name"]],
            )
            for tag in document["tags"]
        ],
        objects=[
            NamedObject(name=name, about=value.get("description", ""), rows=rows(value))
            for name, value in components["schemas"].items()
        ],
        refusals=_refusals(document),
    )


def _operations(paths: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in paths.items():
        yield from ((method, path, methods[method]) for method in _METHODS if method in methods)


def _operation(method: str, path: str, item: Json, document: Json) -> Operation:
    content = _content(item.get("requestBody", {}))
    answers = {
        status: answer for status, answer in item["responses"].items() if "$ref" not in answer
    }
    shown = next((schema for answer in answers.values() if (schema := _content(answer))), {})
    named: Json = document["components"]["schemas"]
    return Operation(
        anchor=_anchor(item["operationId"]),
        method=method.upper(),
        path=path,
        summary=item["summary"],
        about=item["description"].partition("Scopes, any of:")[0].strip(),
        credentials=_credentials(item),
        scopes=item["x-scopes"],
        parameters=[_parameter(parameter) for parameter in item["parameters"]],
        body=rows(content),
        answers=[_answer(status, answer) for status, answer in answers.items()],
        refusals=[status for status in item["responses"] if status not in answers],
        call=_call(method, path, item, document["servers"][0]["url"]),
        body_example=example(content, named) if content else "",
        answer_example=example(shown, named) if shown else "",
    )


def _credentials(item: Json) -> str:
    if not item["security"]:
        return "No credentials."
    return "With a token, or without." if {} in item["security"] else "With a token."


def _parameter(item: Json) -> Row:
    return Row(
        name=item["name"],
        depth=0,
        place=item["in"],
        is_required=item["required"],
        about=item["description"],
        kind=kind(item["schema"]),
    )


def _answer(status: str, item: Json) -> Answer:
    return Answer(status=status, about=item["description"], kind=kind(_content(item)))


def _content(item: Json) -> Json:
    result: Json = item.get("content", {}).get("application/json", {}).get("schema", {})
    return result


def _refusals(document: Json) -> list[Refusal]:
    """Return each status of a refusal once."""
    responses: Json = document["components"]["responses"]
    result = {
        status: responses[answer["$ref"].rpartition("/")[2]]["description"]
        for _, _, item in _operations(document["paths"])
        for status, answer in item["responses"].items()
        if "$ref" in answer
    }
    return [Refusal(status=status, about=about) for status, about in sorted(result.items())]


def _call(method: str, path: str, item: Json, address: str) -> str:
    """Return the curl command of the operation."""
    for parameter in item["parameters"]:
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
    queries = (parameter for parameter in item["parameters"] if parameter["in"] == "query")
    needed = (parameter for parameter in queries if parameter["required"])
    query = "&".join(f"{parameter['name']}={parameter['example']}" for parameter in needed)
    parts = ["curl"]
    if method != "get":
        parts.append(f"-X {method.upper()}")
    if item["security"]:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if "requestBody" in item:
        parts.append("--json @body.json")
    return " ".join([*parts, f'"{address}{path}{"?" + query if query else ""}"'])


def _anchor(text: str) -> str:
    return text.lower().replace(" ", "-").replace(".", "-").replace("_", "-")
