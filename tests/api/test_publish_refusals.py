"""POST ``organizations/{org}/releases/``: what is refused, in which words, and that nothing is left behind."""

from typing import Any

import pytest
from factories import RELEASES, Caller, commit, dump, on_one_database, release, rows

from shipmark.infrastructure.database import Database

REQUIRED = ["This field is required."]
NULL = ["This field may not be null."]
BLANK = ["This field may not be blank."]
NOT_TEXT = ["Not a valid string."]
BAD_URL = ["Enter a valid URL."]
BAD_MOMENT = [
    (
        "Datetime has wrong format. Use one of these formats instead:"
        " YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
    )
]
KEY = "a" * 40
RANGE = ["Commit cannot begin or end with .."]


def too_long(most: int) -> list[str]:
    return [f"Ensure this field has no more than {most} characters."]


def no_list(name: str) -> list[str]:
    return [f'Expected a list of items but got type "{name}".']


def no_object(name: str) -> dict[str, list[str]]:
    return {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {name}."]}


def named(version: str) -> list[str]:
    return [f"Release with name {version} is not allowed"]


WRONG: list[tuple[str, object, object]] = [
    ("version", None, NULL),
    ("version", "", BLANK),
    ("version", True, NOT_TEXT),
    ("version", ["web@1"], NOT_TEXT),
    ("version", {"a": 1}, NOT_TEXT),
    ("version", "a" * 201, too_long(200)),
    ("version", "\U0001f600" * 201, too_long(200)),
    *(
        ("version", bad, named(bad))
        for bad in (" ", ".", "..", " .. ", "latest", "Latest", "\u00a0")
    ),
    *(("version", bad, named(bad)) for bad in ("a/b", "a\\b", "a\nb", "a\tb", "a\rb", "a\fb")),
    ("version", "a\x00b", ["Null characters are not allowed."]),
    ("version", "a\ud800b", ["Surrogate characters are not allowed: U+D800."]),
    ("projects", None, NULL),
    ("projects", "web", no_list("str")),
    ("projects", {"slug": "web"}, no_list("dict")),
    ("projects", 5, no_list("int")),
    ("projects", ["initech"], ["Invalid project slugs"]),
    ("projects", ["web", "initech"], ["Invalid project slugs"]),
    ("projects", ["99999"], ["Invalid project slugs"]),
    ("projects", [{"slug": "web"}], ["Invalid project slugs"]),
    ("projects", [True], ["Invalid project slugs"]),
    ("projects", [None], ["Invalid project slugs"]),
    ("projects", [""], ["Invalid project slugs"]),
    ("ref", True, NOT_TEXT),
    ("ref", {"a": 1}, NOT_TEXT),
    ("ref", "a" * 201, too_long(200)),
    ("ref", "a\x00b", ["Null characters are not allowed."]),
    ("url", 5, BAD_URL),
    ("url", True, BAD_URL),
    ("url", ["x"], BAD_URL),
    ("url", {"a": 1}, BAD_URL),
    ("url", "notaurl", BAD_URL),
    ("url", "javascript:alert(1)", BAD_URL),
    ("url", "//example.com/x", BAD_URL),
    ("url", "https://", BAD_URL),
    ("url", "https://exa mple.com", BAD_URL),
    ("url", "https://example.com:99999/", BAD_URL),
    ("url", 'https://example.com/"onmouseover=', BAD_URL),
    ("url", "https://example.com/" + "a" * 200, too_long(200)),
    ("dateReleased", "2023-07-01", BAD_MOMENT),
    ("dateReleased", "", BAD_MOMENT),
    ("dateReleased", "soon", BAD_MOMENT),
    ("dateReleased", 1688212800.5, BAD_MOMENT),
    ("dateReleased", True, BAD_MOMENT),
    ("dateReleased", "2023-07-01T12:00:00z", BAD_MOMENT),
    ("dateReleased", "2023-13-01T12:00:00Z", BAD_MOMENT),
    ("dateReleased", "2023-07-01T25:00:00Z", BAD_MOMENT),
    ("dateReleased", "2023-W26-6", BAD_MOMENT),
    ("dateReleased", "9999-12-31T23:59:59-10:00", ["Datetime value out of range."]),
    ("dateReleased", "0001-01-01T00:00:00+10:00", ["Datetime value out of range."]),
    ("status", "closed", ["Invalid status closed"]),
    ("status", 0, ["Invalid status 0"]),
    ("status", "", BLANK),
    ("status", None, NULL),
    ("status", True, NOT_TEXT),
    ("owner", "nobody@example.com", ["Unable to find user"]),
    ("owner", "99999", ["Unable to find user"]),
    ("owner", 10**30, ["Unable to find user"]),
    ("owner", "\N{SUPERSCRIPT TWO}", ["Unable to find user"]),
    ("owner", "", BLANK),
    ("owner", "charlie@example.com", ["User does not have access to this organization"]),
    ("commits", None, NULL),
    ("commits", {"id": KEY}, no_list("dict")),
    ("commits", "x", no_list("str")),
    ("commits", ["x"], no_object("str")),
    ("commits", [None], NULL),
    ("commits", [{}], {"id": REQUIRED}),
    ("commits", [{"id": None}], {"id": NULL}),
    ("commits", [{"id": " "}], {"id": BLANK}),
    ("commits", [{"id": "a" * 65}], {"id": too_long(64)}),
    ("commits", [{"id": ["a"]}], {"id": NOT_TEXT}),
    ("commits", [{"id": "a\x00"}], {"id": ["Null characters are not allowed."]}),
    ("commits", [{"id": KEY, "repository": "a" * 65}], {"repository": too_long(64)}),
    ("commits", [{"id": KEY, "message": ["a"]}], {"message": NOT_TEXT}),
    (
        "commits",
        [{"id": KEY, "message": "a\x00"}],
        {"message": ["Null characters are not allowed."]},
    ),
    ("commits", [{"id": KEY, "author_name": True}], {"author_name": NOT_TEXT}),
    ("commits", [{"id": KEY, "author_email": {}}], {"author_email": NOT_TEXT}),
    ("commits", [{"id": KEY, "timestamp": "2023-07-01"}], {"timestamp": BAD_MOMENT}),
    (
        "commits",
        [{"id": KEY, "timestamp": "9999-12-31T23:59:59-10:00"}],
        {"timestamp": ["Datetime value out of range."]},
    ),
    ("commits", [{"id": KEY, "patch_set": "x"}], {"patch_set": no_list("str")}),
    ("commits", [{"id": KEY, "patch_set": ["x"]}], {"patch_set": no_object("str")}),
    (
        "commits",
        [{"id": KEY, "patch_set": [{"path": "a"}]}],
        {"patch_set": {"type": REQUIRED}},
    ),
    (
        "commits",
        [{"id": KEY, "patch_set": [{"path": "a" * 511, "type": "X"}]}],
        {
            "patch_set": {
                "path": too_long(510),
                "type": ["Commit patch_set type X is not supported."],
            }
        },
    ),
    (
        "commits",
        [{"id": "", "timestamp": "x", "message": 5.5, "author_name": []}],
        {"id": BLANK, "timestamp": BAD_MOMENT, "author_name": NOT_TEXT},
    ),
    ("refs", None, NULL),
    ("refs", "x", no_list("str")),
    ("refs", ["x"], no_object("str")),
    ("refs", [{}], {"commit": REQUIRED, "repository": REQUIRED}),
    ("refs", [{"commit": KEY, "repository": "a" * 201}], {"repository": too_long(200)}),
    ("refs", [{"commit": None, "repository": "r"}], {"commit": NULL}),
    ("refs", [{"commit": "..a", "repository": "r"}], {"commit": RANGE}),
    ("refs", [{"commit": "a..", "repository": "r"}], {"commit": RANGE}),
    ("refs", [{"commit": "a..b..c", "repository": "r"}], {"commit": RANGE}),
    ("refs", [{"commit": "..", "repository": "r"}], {"commit": RANGE}),
    (
        "refs",
        [{"commit": "a" * 65, "repository": "r"}],
        {"commit": ["Commit too long - max is 64 chars"]},
    ),
    (
        "refs",
        [{"commit": f"a..{'b' * 65}", "repository": "r"}],
        {"commit": ["Start or end commit too long - max is 64 chars each"]},
    ),
    (
        "refs",
        [{"commit": KEY, "repository": "r", "previousCommit": "a" * 65}],
        {"previousCommit": too_long(64)},
    ),
    ("headCommits", None, NULL),
    ("headCommits", [{}], {"currentId": REQUIRED, "repository": REQUIRED}),
    (
        "headCommits",
        [{"currentId": "a" * 65, "repository": "a" * 65, "previousId": "a" * 65}],
        {"currentId": too_long(64), "repository": too_long(64), "previousId": too_long(64)},
    ),
]


@pytest.mark.parametrize(("field", "value", "messages"), WRONG)
@on_one_database
def test_a_bad_field_is_refused(
    alice: Caller, database: Database, field: str, value: object, messages: object
) -> None:
    answer = alice.post(RELEASES, release() | {field: value})
    assert (answer.status_code, answer.json()) == (400, {field: messages})
    assert rows(database, "releases") == []


@pytest.mark.parametrize("field", ["version", "projects"])
@on_one_database
def test_a_missing_field_is_refused(alice: Caller, field: str) -> None:
    body = release()
    del body[field]
    answer = alice.post(RELEASES, body)
    assert (answer.status_code, answer.json()) == (400, {field: REQUIRED})


@on_one_database
def test_all_bad_fields_are_reported_at_once(alice: Caller) -> None:
    answer = alice.post(
        RELEASES,
        {
            "version": "a/b",
            "projects": "web",
            "url": "x",
            "status": "closed",
            "dateReleased": "soon",
            "commits": [{"id": KEY}, {}],
            "refs": [{"commit": "a..", "repository": "r"}],
        },
    )
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "version": named("a/b"),
            "projects": no_list("str"),
            "url": BAD_URL,
            "status": ["Invalid status closed"],
            "dateReleased": BAD_MOMENT,
            "commits": {"id": REQUIRED},
            "refs": {"commit": RANGE},
        },
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", {"version": REQUIRED, "projects": REQUIRED}),
        (b"{}", {"version": REQUIRED, "projects": REQUIRED}),
        (b"null", {"non_field_errors": ["No data provided"]}),
        (b"[]", no_object("list")),
        (b'"x"', no_object("str")),
        (b"5", no_object("int")),
        (b"true", no_object("bool")),
        (
            b"{",
            {
                "detail": "JSON parse error - Expecting property name enclosed in double quotes:"
                " line 1 column 2 (char 1)"
            },
        ),
        (
            b"{'a': 1}",
            {
                "detail": "JSON parse error - Expecting property name enclosed in double quotes:"
                " line 1 column 2 (char 1)"
            },
        ),
        (
            b'{"a": 1} x',
            {"detail": "JSON parse error - Extra data: line 1 column 10 (char 9)"},
        ),
        (
            b'{"a": NaN}',
            {
                "detail": "JSON parse error - Out of range float values are not JSON compliant:"
                " 'NaN'"
            },
        ),
        (
            b'{"a": "\xff"}',
            {
                "detail": "JSON parse error - 'utf-8' codec can't decode byte 0xff in position 7:"
                " invalid start byte"
            },
        ),
        (
            b"\xef\xbb\xbf{}",
            {
                "detail": "JSON parse error - Unexpected UTF-8 BOM (decode using utf-8-sig):"
                " line 1 column 1 (char 0)"
            },
        ),
    ],
)
@on_one_database
def test_a_body_that_is_no_object_is_refused(alice: Caller, content: bytes, told: Any) -> None:
    answer = alice.post(RELEASES, content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (400, told)


@pytest.mark.parametrize(
    "wrong",
    [
        {"projects": []},
        {"projects": ["web", "initech"]},
        {"refs": [{"repository": "new", "commit": "b" * 40}, {"repository": "new"}]},
        {
            "commits": [
                commit("1"),
                commit("2", patch_set=[{"path": "a", "type": "X"}]),
                commit("3"),
            ]
        },
        {"owner": "nobody@example.com"},
    ],
)
def test_a_refused_new_release_leaves_nothing_behind(
    alice: Caller, database: Database, wrong: dict[str, object]
) -> None:
    """The reference leaves half-made releases behind."""
    before = dump(database)
    body = release(
        commits=[commit("1", message="Fixes WEB-1")], dateReleased="2026-01-05T10:00:00Z"
    )
    answer = alice.post(RELEASES, body | wrong)
    assert answer.status_code == 400
    assert dump(database) == before


def test_a_new_release_in_no_project_is_refused(alice: Caller) -> None:
    answer = alice.post(RELEASES, {"version": "web@1.0.0", "projects": []})
    assert (answer.status_code, answer.json()) == (
        400,
        {"projects": ["This list may not be empty for a new release."]},
    )


def test_a_refused_extension_changes_nothing(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")], ref="one")
    before = dump(database)
    answer = alice.post(
        RELEASES,
        release(
            "web@1.0.0",
            "web",
            "mobile",
            ref="two",
            status="archived",
            commits=[commit("2", author_email="new@example.com", repository="acme/new")],
            refs=[
                {"repository": "acme/new", "commit": "2" * 40},
                {"repository": "unknown", "commit": ""},
            ],
        ),
    )
    assert (answer.status_code, answer.json()) == (
        400,
        {"refs": {"commit": ["This field may not be blank."]}},
    )
    assert dump(database) == before
