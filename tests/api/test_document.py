"""The API as OpenAPI describes it: true to the standard, for anybody, made once."""

import re
from typing import Any

import pytest
from factories import Caller
from httpx import Client
from openapi_spec_validator import OpenAPIV31SpecValidator


@pytest.fixture
def kind() -> str:
    """No database has a say in it."""
    return "sqlite"


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, it)
        for path, known in document["paths"].items()
        for method, it in known.items()
    ]


def operation(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(it for _, _, it in operations(document) if it["operationId"] == name)


def test_it_keeps_the_standard(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_it_needs_no_credentials_and_tells_nothing_of_who_is_here(client: Client) -> None:
    answer = client.get("/api/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert "alice" not in answer.text.replace("alice@example.com", "")
    assert "sntryu_" not in answer.text


def test_it_is_not_sent_again_to_who_has_it(client: Client) -> None:
    first = client.get("/api/openapi.json")
    again = client.get("/api/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/api/openapi.json", headers={"If-None-Match": '"another"'})
    assert other.content == first.content


def test_it_is_the_same_in_each_process(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert list(paths) == sorted(paths)
    assert all(list(methods) == sorted(methods) for methods in paths.values())


def test_it_names_this_server(document: dict[str, Any]) -> None:
    assert document["servers"] == [{"url": "https://ship.example.com"}]


def test_every_operation_is_told(document: dict[str, Any]) -> None:
    names = [it["operationId"] for _, _, it in operations(document)]
    assert len(names) == len(set(names)) > 60
    for method, path, it in operations(document):
        assert it["summary"], (method, path)
        assert path.endswith("/"), path
        assert set(re.findall(r"\{(\w+)\}", path)) == {
            each["name"] for each in it["parameters"] if each["in"] == "path"
        }
        assert all(each["description"] for each in it["parameters"])
        assert {"400"} <= set(it["responses"])
        assert any(status < "300" for status in it["responses"])


def test_no_word_of_ours_is_in_it(client: Client) -> None:
    text = client.get("/api/openapi.json").text
    assert ".md" not in text
    assert "``" not in text


def test_what_sdks_and_browsers_ask_is_not_in_it(document: dict[str, Any]) -> None:
    assert all(path.startswith(("/api/0/", "/api/hooks/release/")) for path in document["paths"])


def test_a_token_and_its_scopes_are_asked_for(document: dict[str, Any]) -> None:
    it = operation(document, "releases.publish_release")
    assert it["security"] == [{"token": []}]
    assert it["x-scopes"] == ["org:ci", "project:admin", "project:releases", "project:write"]
    assert "Scopes, any of: `org:ci`, `project:admin`" in it["description"]
    assert operation(document, "auth.get_root")["security"] == [{}, {"token": []}]
    assert operation(document, "releases.take_release")["security"] == []


def test_publishing_is_answered_in_two_ways(document: dict[str, Any]) -> None:
    answers = operation(document, "releases.publish_release")["responses"]
    shown = {"application/json": {"schema": {"$ref": "#/components/schemas/Release"}}}
    assert answers["201"]["content"] == answers["208"]["content"] == shown
    assert set(answers) == {"201", "208", "400", "401", "403", "404", "409", "413", "415"}


def test_deleting_is_answered_without_a_body(document: dict[str, Any]) -> None:
    answers = operation(document, "releases.delete_release")["responses"]
    assert "content" not in answers["204"]
    assert "409" in answers
    assert "415" not in answers


def test_reading_has_no_conflicts_unless_it_writes(document: dict[str, Any]) -> None:
    assert "409" not in operation(document, "releases.list_releases")["responses"]
    assert "409" in operation(document, "releases.get_token")["responses"]


def test_lists_with_pages_lead_on(document: dict[str, Any]) -> None:
    for _, path, it in operations(document):
        has_pages = "cursor" in {each["name"] for each in it["parameters"]}
        assert has_pages == ("headers" in it["responses"].get("200", {})), path


def test_parameters_that_come_again_are_lists(document: dict[str, Any]) -> None:
    known = {
        it["name"]: it["schema"]
        for it in operation(document, "releases.list_releases")["parameters"]
    }
    assert known["project"] == {"type": "array", "items": {"type": "string"}}
    assert known["query"] == {"type": "string"}
    assert known["per_page"]["maximum"] == 100


def test_what_may_be_sent_says_its_limits(document: dict[str, Any]) -> None:
    body = operation(document, "releases.publish_release")["requestBody"]
    assert body["required"]
    schema = body["content"]["application/json"]["schema"]
    assert schema["required"] == ["version", "projects"]
    assert schema["properties"]["version"]["maxLength"] == 200
    assert schema["properties"]["commits"]["maxItems"] == 10_000
    commit = schema["properties"]["commits"]["items"]
    assert commit["required"] == ["id"]
    assert commit["properties"]["patch_set"]["items"]["properties"]["type"]["enum"] == [
        "A",
        "C",
        "D",
        "M",
        "R",
        "T",
    ]


def test_limits_are_those_of_the_settings(serve: Any) -> None:
    found = serve(commits_max=3).get("/api/openapi.json").json()
    body = operation(found, "releases.update_release")["requestBody"]
    assert not body["required"]
    assert body["content"]["application/json"]["schema"]["properties"]["commits"]["maxItems"] == 3


def test_objects_say_what_is_always_there(document: dict[str, Any]) -> None:
    release = document["components"]["schemas"]["Release"]
    assert "adoptionStages" in release["properties"]
    assert "adoptionStages" not in release["required"]
    assert {"version", "lastCommit", "dateReleased"} <= set(release["required"])
    assert release["properties"]["dateReleased"]["anyOf"] == [
        {"type": "string", "format": "date-time"},
        {"type": "null"},
    ]
    assert document["components"]["schemas"]["Nobody"]["maxProperties"] == 0


def test_a_whole_release_is_as_it_says(alice: Caller, document: dict[str, Any]) -> None:
    shown = alice.publish("web@1.0.0")
    release = document["components"]["schemas"]["Release"]
    assert set(release["required"]) <= set(shown) <= set(release["properties"])


def undescribed(part: Any) -> list[str]:
    """Return the names of the properties without a description, at any depth."""
    if isinstance(part, list):
        return [name for each in part for name in undescribed(each)]
    if not isinstance(part, dict):
        return []
    properties = part.get("properties", {}) if part.get("type") == "object" else {}
    names = [name for name, schema in properties.items() if not schema.get("description")]
    return names + [name for each in part.values() for name in undescribed(each)]


def test_every_field_and_parameter_has_a_description(document: dict[str, Any]) -> None:
    assert undescribed(document) == []
    parameters = [each for _, _, it in operations(document) for each in it["parameters"]]
    assert [each["name"] for each in parameters if not each["description"]] == []
