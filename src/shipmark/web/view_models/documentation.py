"""The API's document as people read it: operations by subject, fields in rows, links between objects.

What is shown comes out of the OpenAPI document alone, so that this page and programs read the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shipmark.web.view_models.schemas import Piece, Row, example, kind, rows

#: In which order the operations of an address are told.
_METHODS = ("get", "post", "put", "delete")

Json = Mapping[str, Any]


class DescribedRow(Protocol):
    """What can say of itself, as OpenAPI does, how it is used."""

    @property
    def described(self) -> Json:
        """The document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes back under a status."""

    status: str
    about: str
    kind: Sequence[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What can be done at an address."""

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
    """Operations that belong together."""

    anchor: str
    name: str
    about: str
    operations: Sequence[Operation]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedObject:
    """An object of the API, which several operations may show."""

    name: str
    about: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a refused request is told."""

    status: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """All that the page shows."""

    version: str
    paragraphs: Sequence[str]
    credentials: str
    subjects: Sequence[Subject]
    objects: Sequence[NamedObject]
    refusals: Sequence[Refusal]

    @property
    def count(self) -> int:
        """How many operations there are."""
        return sum(len(subject.operations) for subject in self.subjects)


def documentation(document: Json) -> Documentation:
    """The page of an OpenAPI document."""
    components: Json = document["components"]
    by_tag: dict[str, list[Operation]] = {it["name"]: [] for it in document["tags"]}
    for method, path, it in _operations(document["paths"]):
        by_tag[it["tags"][0]].append(_operation(method, path, it, document))
    return Documentation(
        version=document["info"]["version"],
        paragraphs=document["info"]["description"].strip().split("\n\n"),
        credentials=components["securitySchemes"]["token"]["description"],
        subjects=[
            Subject(
                anchor=_anchor(it["name"]),
                name=it["name"],
                about=it["description"],
                operations=by_tag[it["name"]],
            )
            for it in document["tags"]
        ],
        objects=[
            NamedObject(name=name, about=it.get("description", ""), rows=rows(it))
            for name, it in components["schemas"].items()
        ],
        refusals=_refusals(document),
    )


def _operations(paths: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in paths.items():
        for method in _METHODS:
            if method in methods:
                yield method, path, methods[method]


def _operation(method: str, path: str, it: Json, document: Json) -> Operation:
    content = _content(it.get("requestBody", {}))
    answers = {status: answer for status, answer in it["responses"].items() if "$ref" not in answer}
    shown = next((schema for each in answers.values() if (schema := _content(each))), {})
    named: Json = document["components"]["schemas"]
    return Operation(
        anchor=_anchor(it["operationId"]),
        method=method.upper(),
        path=path,
        summary=it["summary"],
        about=it["description"].partition("Scopes, any of:")[0].strip(),
        credentials=_credentials(it),
        scopes=it["x-scopes"],
        parameters=[_parameter(each) for each in it["parameters"]],
        body=rows(content),
        answers=[_answer(status, answer) for status, answer in answers.items()],
        refusals=[status for status in it["responses"] if status not in answers],
        call=_call(method, path, it, document["servers"][0]["url"]),
        body_example=example(content, named) if content else "",
        answer_example=example(shown, named) if shown else "",
    )


def _credentials(it: Json) -> str:
    if not it["security"]:
        return "No credentials."
    return "With a token, or without." if {} in it["security"] else "With a token."


def _parameter(it: Json) -> Row:
    schema: Json = it["schema"]
    return Row(
        name=it["name"],
        depth=0,
        place=it["in"],
        is_required=it["required"],
        about=it["description"],
        kind=kind(schema),
    )


def _answer(status: str, it: Json) -> Answer:
    return Answer(status=status, about=it["description"], kind=kind(_content(it)))


def _content(it: Json) -> Json:
    found: Json = it.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _refusals(document: Json) -> list[Refusal]:
    """Each status once, by those operations that may be refused with it."""
    responses: Json = document["components"]["responses"]
    found = {
        status: responses[answer["$ref"].rpartition("/")[2]]["description"]
        for _, _, it in _operations(document["paths"])
        for status, answer in it["responses"].items()
        if "$ref" in answer
    }
    return [Refusal(status=status, about=about) for status, about in sorted(found.items())]


def _call(method: str, path: str, it: Json, address: str) -> str:
    """The operation as curl calls it."""
    for each in it["parameters"]:
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", each["example"])
    needed = [each for each in it["parameters"] if each["in"] == "query" and each["required"]]
    query = "&".join(f"{each['name']}={each['example']}" for each in needed)
    parts = ["curl"]
    if method != "get":
        parts.append(f"-X {method.upper()}")
    if it["security"]:
        parts.append("-H 'Authorization: Bearer $TOKEN'".replace("'", '"'))
    if "requestBody" in it:
        parts.append("--json @body.json")
    return " ".join([*parts, f'"{address}{path}{"?" + query if query else ""}"'])


def _anchor(text: str) -> str:
    return text.lower().replace(" ", "-").replace(".", "-").replace("_", "-")
