"""Versions have a total order, and the parser understands whatever the grammar can make."""

from functools import cmp_to_key

from hypothesis import given
from hypothesis import strategies as st

from shipmark.releases import versions

# A lone number of 12 digits or more can be a hash.
numbers = st.builds(
    lambda first, others: [first, *others],
    st.integers(0, 10**11 - 1),
    st.lists(st.integers(0, 2**63 - 1), max_size=3),
)
words = st.from_regex(r"[0-9]{0,2}[A-Za-z-][0-9A-Za-z-]{0,3}", fullmatch=True)
identifiers = st.integers(0, 12).map(str) | words
prereleases = st.none() | st.lists(identifiers, min_size=1, max_size=3).map(".".join)
builds = st.none() | st.from_regex(r"[0-9A-Za-z-]{1,3}(\.[0-9a-z]{1,2})?", fullmatch=True)


# Often among few numbers, so that prereleases and builds decide.
close_numbers = st.sampled_from([[1], [1, 0], [1, 0, 1]])


def formatted(parts: list[int], pre: str | None, build: str | None) -> str:
    text = ".".join(map(str, parts))
    return text + (f"-{pre}" if pre else "") + (f"+{build}" if build else "")


texts = st.builds(formatted, close_numbers | numbers, prereleases, builds)
names = texts.map("app@{}".format)


def compared(left: str, right: str) -> int:
    result = versions.compare(left, right)
    assert result is not None
    return result


@given(names, names)
def test_comparing_is_antisymmetric(left: str, right: str) -> None:
    assert compared(left, right) == -compared(right, left)


@given(names)
def test_a_version_equals_itself(name: str) -> None:
    assert compared(name, name) == 0


@given(st.lists(names, min_size=3, max_size=3))
def test_comparing_is_transitive(some: list[str]) -> None:
    first, second, third = sorted(some, key=cmp_to_key(compared))
    assert compared(first, second) <= 0
    assert compared(second, third) <= 0
    assert compared(first, third) <= 0


@given(numbers, prereleases, builds)
def test_parsing_gives_back_what_was_formatted(
    parts: list[int], pre: str | None, build: str | None
) -> None:
    raw = formatted(parts, pre, build)
    version = versions.parse_version(raw)
    assert version is not None
    assert [version.major, version.minor, version.patch, version.revision] == [*parts, 0, 0, 0][:4]
    assert (version.pre, version.build, version.components) == (pre, build, len(parts))
    assert version.raw == raw


@given(names)
def test_a_formatted_version_is_semver(name: str) -> None:
    assert versions.is_semver(name)


@given(st.text() | st.text("0123456789aA.-+@ _\n", max_size=20))
def test_no_name_breaks_the_parser(name: str) -> None:
    parsed = versions.parse(name)
    assert parsed is None or parsed.raw in name
    assert versions.compare(name, name) in {0, None}


@given(names, names)
def test_sort_keys_order_as_versions_do_but_for_builds(left: str, right: str) -> None:
    one, other = versions.semver_columns(left), versions.semver_columns(right)
    parsed = [versions.parse_version(name.removeprefix("app@")) for name in (left, right)]
    first, second = (it.precedence[:3] if it is not None and it.fits else () for it in parsed)
    if first and second:
        assert (one.sort_key > other.sort_key) == (first > second)
        assert (one.sort_key == other.sort_key) == (first == second)
