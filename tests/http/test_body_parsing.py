"""Bodies as JSON and as forms, and the words in which others are refused (auth-and-errors.md 5)."""

import pytest

from shipmark.http.body_parsing import json_of, read
from shipmark.infrastructure.errors import BadRequest, Unsupported

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=frontier"


def refusal(body: bytes, content_type: str = "application/json") -> str:
    with pytest.raises(BadRequest) as refused:
        read(body, content_type)
    return refused.value.detail


def part(name: str, value: str, more: str = "") -> bytes:
    head = f'--frontier\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return f"{head}{value}\r\n".encode()


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", "image/png"])
def test_an_empty_body_is_an_empty_object(content_type: str) -> None:
    assert read(b"", content_type) == {}


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"],
)
def test_json_may_come_under_these_types(content_type: str) -> None:
    assert read(b'{"version": "1"}', content_type) == {"version": "1"}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"null", None),
        (b"[]", []),
        (b' "a" ', "a"),
        (b"1", 1),
        (b"1e2", 100.0),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        ('"ä"'.encode(), "ä"),
        (b'"\\u0000"', "\x00"),
        (b'"\\ud83d\\ude80"', "🚀"),
        (b'"\\ud83d"', "\ud83d"),
    ],
)
def test_any_json_value_is_read(body: bytes, value: object) -> None:
    assert json_of(body) == value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (
            b"{'a': 1}",
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (b"[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
        (b'{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)"),
        (b"nope", "Expecting value: line 1 column 1 (char 0)"),
        (b" ", "Expecting value: line 1 column 2 (char 1)"),
        (b"1 2", "Extra data: line 1 column 3 (char 2)"),
        (b'{"a":\n x}', "Expecting value: line 2 column 2 (char 7)"),
        (b'"a', "Unterminated string starting at: line 1 column 1 (char 0)"),
        (b'"\n"', "Invalid control character at: line 1 column 2 (char 1)"),
    ],
)
def test_broken_json_is_told_where(body: bytes, words: str) -> None:
    assert refusal(body) == f"JSON parse error - {words}"


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_know_are_refused(word: str) -> None:
    words = f"Out of range float values are not JSON compliant: {word!r}"
    assert refusal(f'{{"a": [{word}]}}'.encode()) == f"JSON parse error - {words}"


def test_bytes_that_are_no_text_are_refused() -> None:
    words = "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"
    assert refusal(b'"\xff"') == f"JSON parse error - {words}"


@pytest.mark.parametrize(("opened", "closed"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_without_end_is_refused(opened: bytes, closed: bytes) -> None:
    told = refusal(opened * 100_000 + b"1" + closed * 100_000)
    assert told == "JSON parse error - nested too deeply"


def test_nesting_within_reason_is_read() -> None:
    found = json_of(b"[" * 50 + b"]" * 50)
    for _ in range(49):
        assert isinstance(found, list)
        [found] = found
    assert found == []


def test_a_number_with_more_digits_than_can_be_converted_is_refused() -> None:
    assert refusal(b"9" * 5000).startswith("JSON parse error - ")


def test_a_number_of_many_digits_keeps_them() -> None:
    assert json_of(b"9" * 18) == 10**18 - 1


def test_a_form_holds_texts() -> None:
    assert read(b"version=1.0&ref=a%20b+c&url=", FORM) == {
        "version": "1.0",
        "ref": "a b c",
        "url": "",
    }


def test_the_last_value_of_a_name_counts_unless_it_is_a_list() -> None:
    body = b"projects=web&version=1&version=2&projects=mobile"
    assert read(body, FORM, lists=["projects"]) == {"projects": ["web", "mobile"], "version": "2"}


def test_a_list_of_one_is_a_list_and_one_of_none_is_left_out() -> None:
    assert read(b"projects=web", FORM, lists=["projects", "refs"]) == {"projects": ["web"]}


def test_an_empty_form_is_an_empty_object() -> None:
    assert read(b"", FORM) == {}


def test_a_form_of_too_many_fields_is_refused() -> None:
    assert len(read(b"&".join(b"a%d=1" % number for number in range(1000)), FORM)) == 1000
    assert refusal(b"a=1&" * 1001, FORM).startswith("Form parse error - ")


def test_a_form_that_is_no_text_is_refused() -> None:
    assert refusal(b"a=\xff", FORM).startswith("Form parse error - ")


def test_a_multipart_form_holds_texts() -> None:
    body = part("version", "1.0") + part("projects", "web") + part("projects", "mobile")
    found = read(body + b"--frontier--\r\n", MULTIPART, lists=["projects"])
    assert found == {"version": "1.0", "projects": ["web", "mobile"]}


def test_files_of_a_multipart_form_are_passed_over() -> None:
    body = part("a", "1") + part("file", "x", '; filename="x.txt"') + b"--frontier--\r\n"
    assert read(body, MULTIPART) == {"a": "1"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"nonsense", MULTIPART),
        (part("a", "1"), MULTIPART),
        (part("a", "1") + b"--frontier--\r\n", "multipart/form-data"),
        (part("a", "1") + b"--frontier--\r\n", "multipart/form-data; boundary=other"),
    ],
)
def test_a_broken_multipart_form_is_refused(body: bytes, content_type: str) -> None:
    assert refusal(body, content_type).startswith("Multipart form parse error - ")


def test_a_multipart_form_of_too_many_parts_is_refused() -> None:
    body = b"".join(part("a", "1") for _ in range(1001)) + b"--frontier--\r\n"
    assert refusal(body, MULTIPART).startswith("Multipart form parse error - ")


@pytest.mark.parametrize(
    "content_type",
    ["application/xml", "text/html; charset=utf-8", "application/vnd.api+json", "nonsense"],
)
def test_other_media_types_are_refused_by_name(content_type: str) -> None:
    with pytest.raises(Unsupported) as refused:
        read(b"{}", content_type)
    assert refused.value.detail == f'Unsupported media type "{content_type}" in request.'
