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

    def __hash__(self) -> int: ...


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

    def contains(self, words: Sequence[str]) -> bool:
        """Return True if the operation, or one of its fields, contains all of the lower-case words."""
        names = " ".join(row.name for row in (*self.parameters, *self.body))
        text = f"{self.method} {self.path} {self.summary} {self.about} {names}".lower()
        return all(word in text for word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedObject:
    """A named object of the API, which several operations may return."""

    name: str
    about: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A page: the operations with one tag, and the objects that no page before it has."""

    anchor: str
    name: str
    about: str
    operations: Sequence[Operation]
    objects: Sequence[NamedObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The response to a refused request."""

    status: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """The pages. ``subject_of_object`` has the anchor of the subject whose page has the object of a name."""

    version: str
    paragraphs: Sequence[str]
    credentials: str
    subjects: Sequence[Subject]
    subject_of_object: Mapping[str, str]
    refusals: Sequence[Refusal]

    def matching(self, query: str) -> Sequence[tuple[Subject, Sequence[Operation]]]:
        """Return the operations that contain all words of the query, by subject; all of them without words."""
        words = query.lower().split()
        found = (
            (subject, [each for each in subject.operations if each.contains(words)])
            for subject in self.subjects
        )
        return [(subject, operations) for subject, operations in found if operations]


def documentation(document: Json) -> Documentation:
    """Return the pages of an OpenAPI document."""
    components: Json = document["components"]
    by_tag: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    subject_of_object: dict[str, str] = {}
    for method, path, item in _operations(document["paths"]):
        tag = item["tags"][0]
        by_tag[tag].append(_operation(method, path, item, document))
        for name in _object_names(item, components["schemas"]):
            subject_of_object.setdefault(name, _anchor(tag))
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
                objects=[
                    NamedObject(name=name, about=value.get("description", ""), rows=rows(value))
                    for name, value in components["schemas"].items()
                    if subject_of_object.get(name) == _anchor(tag["name"])
                ],
            )
            for tag in document["tags"]
        ],
        subject_of_object=subject_of_object,
        refusals=_refusals(document),
    )


def _object_names(part: object, schemas: Json) -> set[str]:
    """Return the names of the objects that a part of the document refers to, also through other objects."""
    names: set[str] = set()
    parts = [part]
    while parts:
        match parts.pop():
            case {"$ref": str(reference)} if "/schemas/" in reference:
                name = reference.rpartition("/")[2]
                if name not in names:
                    names.add(name)
                    parts.append(schemas[name])
            case dict() as mapping:
                parts += mapping.values()
            case list() as items:
                parts += items
    return names


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
