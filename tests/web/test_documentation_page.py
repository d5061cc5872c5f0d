"""The API, for people: all that the document says, with links that lead somewhere."""

import re

import pytest

from shipmark.web.view_models.documentation import documentation
from shipmark.web.view_models.schemas import Piece, example, kind, rows


@pytest.fixture
def page(browser):
    answer = browser.get("/api/docs/")
    assert answer.status_code == 200
    return answer.text


def words(pieces):
    return "".join(piece.text for piece in pieces)


def test_anybody_may_read_it(page):
    assert "<h1>The API" in page
    assert 'href="/api/openapi.json"' in page


def test_every_operation_is_on_it(browser, page):
    document = browser.get("/api/openapi.json").json()
    for path, methods in document["paths"].items():
        assert f">{path}</code>" in page
        for it in methods.values():
            anchor = it["operationId"].replace(".", "-").replace("_", "-")
            assert f'id="{anchor}"' in page


def test_every_object_and_refusal_is_on_it(browser, page):
    document = browser.get("/api/openapi.json").json()
    assert all(f'id="object-{name}"' in page for name in document["components"]["schemas"])
    assert all(f'id="refused-{status}"' in page for status in (400, 401, 403, 404, 409, 413, 415))


def test_links_lead_to_what_is_there_and_nothing_is_there_twice(page):
    anchors = re.findall(r'\sid="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)


def test_an_operation_says_how_it_is_called(page):
    start = page.index('id="releases-publish-release"')
    article = page[start : page.index("</article>", start)]
    assert "/api/0/organizations/{organization}/releases/" in article
    assert '<span class="chip">project:releases</span>' in article
    assert re.search(r"<code class=\"break\">version</code> <span class=\"must\">required", article)
    assert "curl -X POST -H &#34;Authorization: Bearer $TOKEN&#34; --json @body.json" in article
    assert "/api/0/organizations/acme/releases/&#34;</pre>" in article
    assert '<a href="#object-Release">Release</a>' in article
    assert '<a href="#refused-413">413</a>' in article


def test_what_must_be_asked_is_in_the_call(page):
    assert "releases/web@1.0.0/compare/?base=web@1.0.0" in page


def test_it_is_linked_from_every_page_of_an_organization(owner):
    assert 'href="/api/docs/"' in owner.get("/organizations/acme/releases/").text


def test_what_looks_like_markup_is_shown_as_it_is(browser):
    document = browser.get("/api/openapi.json").json()
    document["info"]["description"] = "<b>`<i>`"
    story = documentation(document)
    assert story.paragraphs == ["<b>`<i>`"]
    assert story.count == sum(len(it) for it in document["paths"].values())


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({}, "anything"),
        ({"type": "string"}, "text"),
        ({"type": ["string", "null"], "maxLength": 2000}, "text or null, up to 2,000 characters"),
        ({"type": "string", "format": "date-time"}, "moment"),
        ({"type": ["string", "null"], "format": "uri"}, "address or null"),
        ({"type": "integer", "minimum": 0, "maximum": 9, "default": 5}, "number, 0 to 9, else 5"),
        ({"enum": ["a", 1]}, 'one of "a", 1'),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 7}, "list of texts, up to 7"),
        ({"type": "array", "items": {"$ref": "#/x/Leaf"}}, "list of Leaf"),
        ({"type": "object"}, "object"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of number"),
        ({"type": "object", "additionalProperties": {}}, "object"),
        ({"anyOf": [{"$ref": "#/x/Leaf"}, {"type": "null"}]}, "Leaf or null"),
        (
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "maxItems": 2,
            },
            "pair of number and text",
        ),
    ],
)
def test_a_schema_is_told_in_words(schema, said):
    assert words(kind(schema)) == said


def test_a_named_object_is_a_link():
    assert kind({"$ref": "#/components/schemas/Leaf"}) == [Piece("Leaf", "Leaf")]


def test_fields_of_fields_follow_them():
    inner = {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}
    shown = rows({"properties": {"a": {"type": "array", "items": inner}, "c": inner}})
    assert [(it.name, it.depth, it.is_required) for it in shown] == [
        ("a", 0, False),
        ("b", 1, True),
        ("c", 0, False),
        ("b", 1, True),
    ]


def test_an_example_ends_though_objects_hold_themselves():
    tree = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "examples": ["oak"]},
            "kind": {"enum": ["old", "young"]},
            "parent": {"anyOf": [{"$ref": "#/x/Tree"}, {"type": "null"}]},
            "at": {"type": "string", "format": "date-time"},
            "pairs": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "boolean"}]},
        },
    }
    shown = example({"$ref": "#/x/Tree"}, {"Tree": tree})
    assert shown.count('"name": "oak"') == 3
    assert '"kind": "old"' in shown
    assert '"parent": {}' in shown
