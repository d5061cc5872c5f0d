"""Pure rules of organizations: options, slugs, queries, roles, what the audit log says."""

import pytest

from shipmark.organizations import options, roles, slugs, text_filter
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Flag, Role, TeamRole


def test_an_option_that_is_not_stored_has_its_default() -> None:
    for name, option in options.OPTIONS.items():
        assert options.value({}, name) == option.default
        assert options.value({option.key: "set"}, name) == "set"


def test_no_two_options_share_a_key() -> None:
    keys = [it.key for it in options.OPTIONS.values()]
    assert len(set(keys)) == len(keys)
    assert options.TRUSTED_RELAYS not in keys


def test_an_option_may_be_stored_as_nothing() -> None:
    assert options.value({"sentry:relay_pii_config": None}, "relayPiiConfig") is None


@pytest.mark.parametrize(
    ("stored", "number"), [(True, -1), (0, 0), (-1, -1), (7, 7), (None, 0), ("x", 0)]
)
def test_true_stands_for_no_limit(stored: object, number: int) -> None:
    found = options.number({"sentry:store_crash_reports": stored}, "storeCrashReports")
    assert found == number


@pytest.mark.parametrize(("stored", "words"), [(None, []), ([], []), (["a", 5], ["a", "5"])])
def test_no_words_are_an_empty_list(stored: object, words: list[str]) -> None:
    assert options.words({"sentry:safe_fields": stored}, "safeFields") == words


def test_the_roles_for_downloads_are_members_and_admins_at_first() -> None:
    assert options.role_for_attachments({}) is Role.MEMBER
    assert options.role_for_debug_files({}) is Role.ADMIN
    assert options.role_for_debug_files({"sentry:debug_files_role": "owner"}) is Role.OWNER


def test_switches_say_what_flags_say_or_the_contrary() -> None:
    known = {it.name: it for it in options.SWITCHES}
    assert known["enhancedPrivacy"].flagged(value=True)
    assert known["allowSharedIssues"].flag is Flag.DISABLE_SHARED_ISSUES
    assert not known["allowSharedIssues"].flagged(value=True)
    assert known["allowSharedIssues"].flagged(value=False)


@pytest.mark.parametrize("slug", ["abc", "ABC", "a-1", "1a2", "a" * 50, "x--y"])
def test_slugs_of_organizations(slug: str) -> None:
    assert slugs.problem(slug, slug) is None


@pytest.mark.parametrize(
    "slug", ["123", "-ab", "ab-", "a_b", "a b", "é12", "a\n", "abc\n", "", "--", "a.b"]
)
def test_no_slugs_of_organizations(slug: str) -> None:
    assert slugs.problem(slug, slug) == slugs.NO_MATCH


def test_every_reserved_slug_is_refused_for_that() -> None:
    for slug in slugs.RESERVED:
        assert slugs.problem(slug, slug) is not None
    assert "organizations" in slugs.RESERVED
    assert "$all" in slugs.RESERVED_OF_PROJECTS
    assert not any(" " in it or '"' in it for it in slugs.RESERVED | slugs.RESERVED_OF_PROJECTS)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Web", "web"),
        ("My  Shop!", "my-shop"),
        ("--a--", "a"),
        ("日本", ""),
        ("42", "42-x"),
        ("Ünïcode", "unicode"),
        ("Größe – İstanbul", "grosse-istanbul"),
        ("Ｆｕｌｌ 版", "full"),
        ("a" * 60, "a" * 50),
        ("9" * 60, "9" * 48 + "-x"),
        ("a" * 49 + " b", "a" * 49),
    ],
)
def test_a_slug_is_made_of_a_name(name: str, slug: str) -> None:
    assert slugs.from_name(name) == slug
    assert not slug or slugs.TEAM_PATTERN.fullmatch(slug)


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("", []),
        ("a b", [("", "a"), ("", "b")]),
        ("slug:a", [("slug", "a")]),
        ("!team:a", [("!team", "a")]),
        ("Slug:A", [("slug", "A")]),
        ('name:"a b" c', [("name", "a b"), ("", "c")]),
        ('"a b"', [("", "a b")]),
        ("a:b:c", [("a", "b:c")]),
        (":", [("", ":")]),
        ("a:", [("", "a:")]),
    ],
)
def test_a_query_is_taken_apart(query: str, terms: list[tuple[str, str]]) -> None:
    assert text_filter.terms(query) == terms


def test_terms_of_a_name_are_alternatives_and_words_are_not() -> None:
    tests: text_filter.Tests[str] = {
        "": lambda it, text: text_filter.contains(text, it),
        "is": lambda it, text: it == text,
        "!is": lambda it, text: it != text,
    }
    known = ["web", "mobile", "tools"]
    assert text_filter.apply_filter(known, None, tests) == known
    assert text_filter.apply_filter(known, "is:web is:tools", tests) == ["web", "tools"]
    assert text_filter.apply_filter(known, "O L", tests) == ["mobile", "tools"]
    assert text_filter.apply_filter(known, "!is:web !is:tools", tests) == ["mobile"]
    assert text_filter.apply_filter(known, "was:web", tests) == []


def test_roles_rise() -> None:
    assert [role.rank for role in Role] == [0, 1, 2, 3]
    for less, more in zip(list(Role), list(Role)[1:], strict=False):
        assert less.scopes < more.scopes
    assert TeamRole.CONTRIBUTOR.scopes < TeamRole.ADMIN.scopes == Role.ADMIN.scopes


def test_every_role_has_words() -> None:
    assert set(roles.NAMES) == set(roles.MEANINGS) == set(Role)
    assert set(roles.TEAM_NAMES) == set(roles.TEAM_MEANINGS) == set(roles.LEAST_OF) == set(TeamRole)
    assert TeamRole.of(Role.MEMBER) is TeamRole.CONTRIBUTOR
    assert TeamRole.of(Role.OWNER) is TeamRole.ADMIN


def test_every_event_has_a_name_of_its_own() -> None:
    names = [it.api_name for it in AuditEvent]
    assert len(set(names)) == len(names)
    assert all(AuditEvent.named(it.api_name) is it for it in AuditEvent)
    assert AuditEvent.named("nothing") is None
    assert (AuditEvent.ORG_EDIT, AuditEvent.ORG_TOKEN_ADD) == (11, 176)
