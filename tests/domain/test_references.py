"""What commit messages resolve: the grammar of releases.md 3.7.4."""

import time

import pytest

from shipmark.issues import references, short_ids
from shipmark.issues.references import ISSUE_ID_MAX, REFERENCES_MAX, URL_MAX

HOST = "shipmark.example.com"


def named(message: str) -> list[str]:
    """List the short ids that a message resolves, as people see them."""
    found = references.find(message, host=HOST, organization="acme").short_ids
    return [short_ids.format_short_id(each.project_slug, each.number) for each in found]


def issue_ids(message: str) -> list[int]:
    return list(references.find(message, host=HOST, organization="acme").issue_ids)


@pytest.mark.parametrize(
    "keyword",
    [
        "fix",
        "fixes",
        "fixed",
        "close",
        "closes",
        "closed",
        "resolve",
        "resolves",
        "resolved",
        "Fixes",
        "CLOSED",
    ],
)
@pytest.mark.parametrize("colon", ["", ":"])
def test_keywords(keyword: str, colon: str) -> None:
    assert named(f"{keyword}{colon} APP-1") == ["APP-1"]


@pytest.mark.parametrize(
    "message",
    [
        "APP-1",
        "see APP-1",
        "ref APP-1",
        "fixing APP-1",
        "resolving APP-1",
        "fixs APP-1",
        "prefixes APP-1",
        "éfixes APP-1",
        "pre_fixes APP-1",
        "fixes_ APP-1",
        "FixesAPP-1",
        "Fixes:APP-1",
        "Fixes : APP-1",
        "Fixes:: APP-1",
        "Fixes",
        "Fixes ",
        "",
    ],
)
def test_other_words_resolve_nothing(message: str) -> None:
    assert named(message) == []


@pytest.mark.parametrize(
    "message", ["re-fixes APP-1", "(fixes APP-1)", "app: fixes APP-1", "Fixes\tAPP-1"]
)
def test_a_keyword_begins_at_a_word_boundary(message: str) -> None:
    assert named(message) == ["APP-1"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Fixes APP-1, APP-2 and WEB-9", ["APP-1", "APP-2", "WEB-9"]),
        ("Fixes APP-1,APP-2", ["APP-1", "APP-2"]),
        ("Fixes the crash of APP-1", ["APP-1"]),
        ("Fixes APP-1\nAPP-2\r\n\r\nand WEB-9", ["APP-1", "APP-2", "WEB-9"]),
        ("Fixes:\n  APP-1", ["APP-1"]),
        ("Fixes WEB-9, APP-1, WEB-9, web-9", ["WEB-9", "APP-1"]),
    ],
)
def test_every_short_id_of_a_run_counts_once_in_order(message: str, expected: list[str]) -> None:
    assert named(message) == expected


@pytest.mark.parametrize(
    "message",
    [
        "Fixes `APP-1`, `APP-2`",
        "**Fixes** APP-1, APP-2",
        "**Fixes:** **APP-1** and *APP-2*",
        "**Fixes**: APP-1 `APP-2`",
        "Fixes:\n* APP-1\n* APP-2\n",
        "* Fixes `APP-1`\n* Fixes `APP-2`",
    ],
)
def test_markdown_is_no_part_of_a_statement(message: str) -> None:
    assert named(message) == ["APP-1", "APP-2"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('Revert "Fixes APP-1"', []),
        ('Revert "Fixes APP-1"\n\nThis reverts commit 1234567.', []),
        ('Revert "Cache, fixes APP-1" (#456)\r\n\r\nReverts acme/web#123', []),
        ('revert "Say "no", fixes APP-1"', []),
        ('Revert "Fixes APP-1 and a subject that was cut', []),
        ('* Revert "Fixes APP-1"\n* Fixes APP-2', ["APP-2"]),
        ('Revert "Fixes APP-1"\n\nFixes APP-2, see "x"', ["APP-2"]),
        ('Revert "Add a cache" fixes APP-2', ["APP-2"]),
        ('Revert "Revert "Fixes APP-1""', ["APP-1"]),
        ('Reapply "Fixes APP-1"', ["APP-1"]),
        ('Revert "Reapply "Fixes APP-1""', []),
        ("Revert the cache, fixes APP-1", ["APP-1"]),
        ("Fixes APP-1\n\nThis reverts commit 1234567.", ["APP-1"]),
    ],
)
def test_a_revert_does_not_resolve_what_the_reverted_commit_did(
    message: str, expected: list[str]
) -> None:
    assert named(message) == expected


@pytest.mark.parametrize("end", [".", "#", "(", "/", ":", ";", "!", '"', "é", "–"])
def test_other_characters_end_a_run(end: str) -> None:
    assert named(f"Fixes APP-1 {end} APP-2") == ["APP-1"]


@pytest.mark.parametrize(
    "message", ["Fixes #123", "Fixes #APP-1", "Fixes 123", "Fixes (APP-1)", "Fixes APP"]
)
def test_only_short_ids_count(message: str) -> None:
    assert named(message) == []


@pytest.mark.parametrize(
    "message",
    ["Fixes APP-1. Closes WEB-9", "Fixes APP-1\nCloses: WEB-9", "fix fix: APP-1 closed WEB-9"],
)
def test_a_message_can_have_several_statements(message: str) -> None:
    assert named(message) == ["APP-1", "WEB-9"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my-app-1A", ["MY-APP-1A"]),
        ("my_app-1a", ["MY_APP-1A"]),
        ("app-1", ["APP-1"]),
        ("APP-O1", ["APP-1"]),
        ("APP-1-", ["APP-1"]),
        ("APP-1-x_y", ["APP-1"]),
        ("--APP-1", ["APP-1"]),
        ("APP-1's", ["APP-1"]),
        ("APP-U", []),
        ("APP-0", []),
        ("APP-ZZZZZZZZZZZZZZ", []),
        ("APP_1", []),
        ("-1", []),
        ("APP-1é", []),
        ("WEB-9-1é", ["WEB-9"]),
        ("APP-1_", []),
    ],
)
def test_what_a_short_id_looks_like(text: str, expected: list[str]) -> None:
    assert named(f"Fixes {text}") == expected


@pytest.mark.parametrize(
    "message",
    [
        "Fixes [APP-1](https://example.com/APP-2)",
        "Fixes [APP-1](https://shipmark.example.com/issues/5)",
        "Fixes [APP-1]()",
        "[Fixes APP-1](https://example.com)",
        '[Fixes](x) [APP-1](https://example.com "title")',
    ],
)
def test_a_markdown_link_counts_as_its_text(message: str) -> None:
    assert named(message) == ["APP-1"]
    assert issue_ids(message) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://shipmark.example.com/issues/5",
        "http://shipmark.example.com/issues/5/",
        "HTTPS://SHIPMARK.EXAMPLE.COM:8000/organizations/acme/issues/5/?project=1#top",
        "https://acme.shipmark.example.com/issues/5/events/7/",
        "https://user@shipmark.example.com/issues/5",
        "https://shipmark.example.com/issues/5,",
        "https://shipmark.example.com/issues/5.",
    ],
)
@pytest.mark.parametrize("keyword", ["Fixes ", "closed:\n", "Fixes APP-1, resolves "])
def test_an_address_of_an_issue_names_it(keyword: str, url: str) -> None:
    assert issue_ids(keyword + url) == [5]


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/issues/5",
        "https://evilshipmark.example.com/issues/5",
        "https://shipmark.example.com.acme.test/issues/5",
        "https://shipmark.example.com@acme.test/issues/5",
        "https://acme.test/https://shipmark.example.com/issues/5",
        "https://shipmark.example.com/?next=/issues/5",
        "https://shipmark.example.com/#/issues/5",
        "https://shipmark.example.com/issues/",
        "https://shipmark.example.com/issues/5a",
        "https://shipmark.example.com/issues/APP-1",
        "https:///issues/5",
        "https://[shipmark.example.com/issues/5",
        "ftp://shipmark.example.com/issues/5",
        "shipmark.example.com/issues/5",
        "at https://shipmark.example.com/issues/5",
        f"https://shipmark.example.com/issues/{ISSUE_ID_MAX + 1}",
        "https://shipmark.example.com/issues/" + "5" * 99,
        "https://shipmark.example.com/issues/5?" + "x" * URL_MAX,
    ],
)
def test_other_addresses_name_nothing(url: str) -> None:
    assert issue_ids(f"Fixes {url}") == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("acme/issues/APP-1", ["APP-1"]),
        ("acme/issues/my-app-1A/?event=7#activity", ["MY-APP-1A"]),
        ("acme/issues/2048-GAME-3/", ["2048-GAME-3"]),
        ("acme/issues/APP-1.", ["APP-1"]),
        ("other/issues/APP-1/", []),
        ("acme/issues/APP-U/", []),
        ("acme/issues/APP/", []),
    ],
)
def test_an_address_of_a_page_names_its_issue(path: str, expected: list[str]) -> None:
    message = f"Fixes https://{HOST}/organizations/{path}"
    assert named(message) == expected
    assert issue_ids(message) == []
    assert named(f"Fixes https://example.com/organizations/{path}") == []


def test_addresses_and_short_ids_can_be_mixed() -> None:
    message = "Fixes https://shipmark.example.com/issues/5 and closes APP-1\nfixed https://shipmark.example.com/issues/5"
    assert issue_ids(message) == [5]
    assert named(message) == ["APP-1"]


def test_the_host_is_compared_without_case() -> None:
    found = references.find(
        "Fixes https://acme.test/issues/5", host="ACME.test", organization="acme"
    )
    assert found.issue_ids == (5,)


def test_a_message_names_a_limited_number_of_issues() -> None:
    many = "Fixes https://shipmark.example.com/issues/5\nFixes " + ", ".join(
        f"APP-{i}" for i in range(1, 500)
    )
    assert issue_ids(many) == [5]
    assert len(named(many)) == REFERENCES_MAX - 1


def seconds_of_work(unit: str, end: str, length: int) -> float:
    message = "Fixes " + unit * (length // len(unit)) + end
    started = time.process_time()
    references.find(message, host=HOST, organization="acme")
    return time.process_time() - started


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "fix ",
            "fixes: ",
            "fix:",
            "fix\n",
            "fix APP-",
            "fix a-_é ",
            "fix https://",
            "fix http://[",
            '\nRevert "',
            '\n>- "',
        ),
        *("-", "a-", "a-_", "-_", "_", "a", "1", " ", ", ", "é", "aé", "[", "[]", "[a](", "("),
        *("/issues/", "https://shipmark.example.com/issues/"),
        "https://shipmark.example.com/organizations/acme/issues/",
    ],
)
@pytest.mark.parametrize("end", ["", "é", "!"])
def test_the_work_grows_only_with_the_length(unit: str, end: str) -> None:
    """It takes some hundredths of a second; were the work quadratic, it would take a minute."""
    assert seconds_of_work(unit, end, 100_000) < 5


@pytest.mark.parametrize("unit", ["fix ", "-", "fix APP-U, ", "[a]("])
def test_a_megabyte_is_read_at_once(unit: str) -> None:
    assert seconds_of_work(unit, "é", 1_000_000) < 10
