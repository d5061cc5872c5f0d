"""The API, for people: all that the document says, with links that lead somewhere."""

import re

import pytest

from shipmark.web.view_models.documentation import documentation
from shipmark.web.view_models.schemas import Piece, example, kind, rows


@pytest.fixture
def index(browser):
    answer = browser.get("/api/docs/")
    assert answer.status_code == 200
    return answer.text


@pytest.fixture
def pages(browser, index):
    """The pages of all subjects, by their addresses."""
    addresses = set(re.findall(r'class="title-link" href="(/api/docs/[a-z-]+/)"', index))
    assert len(addresses) > 10
    return {address: browser.get(address).text for address in sorted(addresses)}


def words(pieces):
    return "".join(piece.text for piece in pieces)


def test_anybody_may_read_it(index):
    assert "<h1>API reference" in index
    assert 'href="/api/openapi.json"' in index


def test_every_operation_is_on_a_page(browser, pages):
    document, text = browser.get("/api/openapi.json").json(), "".join(pages.values())
    for path, methods in document["paths"].items():
        assert f">{path}</code>" in text
        for operation in methods.values():
            anchor = operation["operationId"].replace(".", "-").replace("_", "-")
            assert f'id="{anchor}"' in text


def test_every_object_that_an_operation_has_is_on_one_page(browser, pages):
    document, text = browser.get("/api/openapi.json").json(), "".join(pages.values())
    for name in document["components"]["schemas"]:
        assert text.count(f'id="object-{name}"') == 1


def test_every_refusal_is_on_the_first_page(index):
    assert all(f'id="refused-{status}"' in index for status in (400, 401, 403, 404, 409, 413, 415))


def test_links_lead_to_an_anchor_that_is_there_once(index, pages):
    anchors = {
        address: re.findall(r'\sid="([^"]+)"', text)
        for address, text in (pages | {"/api/docs/": index}).items()
    }
    assert all(len(each) == len(set(each)) for each in anchors.values())
    for text in (index, *pages.values()):
        for address, anchor in re.findall(r'href="(/api/docs/[^"#]*)#([^"]+)"', text):
            assert anchor in anchors[address]


def test_a_page_is_small(pages):
    assert max(len(text.encode()) for text in pages.values()) < 150_000


def test_the_search_finds_operations_by_their_words_and_fields(browser):
    text = browser.get("/api/docs/?query=POST+dateReleased").text
    assert "/api/docs/releases/#releases-publish-release" in text
    assert "#teams-" not in text


def test_a_search_that_finds_nothing_shows_all_again(browser):
    text = browser.get("/api/docs/?query=%3Cb%3Enothing").text
    assert "No matching operations" in text
    assert "<b>nothing" not in text


def test_an_unknown_subject_is_not_found(browser):
    assert browser.get("/api/docs/unknown/").status_code == 404


def test_an_operation_says_how_it_is_called(pages):
    page = pages["/api/docs/releases/"]
    start = page.index('id="releases-publish-release"')
    article = page[start : page.index("</article>", start)]
    assert "/api/0/organizations/{organization}/releases/" in article
    assert '<span class="tag">project:releases</span>' in article
    assert re.search(r"<code>version</code> <span class=\"warn xs\">required", article)
    assert "Version, unique in the organization." in article
    assert 'curl -X POST -H "Authorization: Bearer $TOKEN" --json @body.json' in article
    assert '/api/0/organizations/acme/releases/"</code>' in article
    assert re.search(r'<a href="/api/docs/[a-z]+/#object-Release">Release</a>', article)
    assert '<a href="/api/docs/#refusals">Refusals</a></th><td>400, ' in article


def test_what_must_be_asked_is_in_the_call(pages):
    assert "releases/web@1.0.0/compare/?base=web@1.0.0" in pages["/api/docs/releases/"]


def test_it_is_linked_from_every_page_of_an_organization(owner):
    assert 'href="/api/docs/"' in owner.get("/organizations/acme/releases/").text


def test_what_looks_like_markup_is_shown_as_it_is(browser):
    document = browser.get("/api/openapi.json").json()
    document["info"]["description"] = "<b>`<i>`"
    assert documentation(document).paragraphs == ["<b>`<i>`"]


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
    assert shown.count('"name": "oak"') == 2
    assert '"kind": "old"' in shown
    assert '"parent": {}' in shown
