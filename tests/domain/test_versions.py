"""Names of releases: the vectors of releases.md, Appendix A, and the rules around them."""

import pytest

from shipmark.releases import versions

SHA = "a" * 40
SEMVER = "app@1.0.0"
PLAIN = "nightly"


def parsed(name: str) -> versions.Name:
    result = versions.parse(name)
    assert result is not None
    return result


def version_of(name: str) -> versions.Version:
    version = parsed(name).version
    assert version is not None
    return version


@pytest.mark.parametrize(
    "name", ["1.0", " 1.0 ", "Latest-1", "...", "a b c", "x" * 300, "\x00", "\x0b1", "✓"]
)
def test_valid_names(name: str) -> None:
    assert versions.is_valid_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        " .. ",
        "latest",
        "LaTeSt",
        " latest ",
        "a\rb",
        "a\n",
        "\fa",
        "a\tb",
        "a/b",
        "a\\b",
    ],
)
def test_invalid_names(name: str) -> None:
    assert not versions.is_valid_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "latest",
        "LATEST",
        "a/b",
        "a\\b",
        "a\nb",
        "1.0\x0b",
        "a\x00",
        "\x1fa",
        "\x7f",
        "x" * 201,
    ],
)
def test_refused_names(name: str) -> None:
    assert versions.parse(name) is None


def test_the_parser_counts_bytes() -> None:
    assert versions.parse("ü" * 100) is not None
    assert versions.parse("ü" * 101) is None


def test_a_lone_surrogate_is_parsed() -> None:
    assert parsed("\ud800@1").package == "\ud800"


@pytest.mark.parametrize(
    ("name", "package", "raw"),
    [
        ("1.2.3", None, "1.2.3"),
        ("app@1.2.3", "app", "1.2.3"),
        ("@scope@1.0", "@scope", "1.0"),
        ("a@b@1.2.3", "a", "b@1.2.3"),
        ("my app@1", "my app", "1"),
        ("Ünï@1", "Ünï", "1"),
        ("  app@1  ", "app", "1"),
        ("app@", "app", ""),
        ("@app", None, "@app"),
        ("@@1", None, "@@1"),
    ],
)
def test_a_name_splits_at_the_first_separator(name: str, package: str | None, raw: str) -> None:
    assert (parsed(name).package, parsed(name).raw) == (package, raw)


@pytest.mark.parametrize(
    ("raw", "expected", "description"),
    [
        ("1.2.3", (1, 2, 3, 0, None, None, 3), "1.2.3"),
        ("1", (1, 0, 0, 0, None, None, 1), "1"),
        ("1.2.3.4", (1, 2, 3, 4, None, None, 4), "1.2.3.4"),
        ("1.2.3-rc.1+5", (1, 2, 3, 0, "rc.1", "5", 3), "1.2.3-rc.1 (5)"),
        ("1.2.3+007", (1, 2, 3, 0, None, "007", 3), "1.2.3 (007)"),
        ("1.2.3+build7", (1, 2, 3, 0, None, "build7", 3), "1.2.3 (build7)"),
        ("1.2.3-beta.2+4501", (1, 2, 3, 0, "beta.2", "4501", 3), "1.2.3-beta.2 (4501)"),
        ("1.2a", (1, 2, 0, 0, "a", None, 2), "1.2a"),
        ("1.2rc1.2", (1, 2, 0, 0, "rc1.2", None, 2), "1.2rc1.2"),
        ("1-1", (1, 0, 0, 0, "1", None, 1), "1-1"),
        ("1-a", (1, 0, 0, 0, "a", None, 1), "1-a"),
        ("00.1", (0, 1, 0, 0, None, None, 2), "00.1"),
        ("1.2.3-0a", (1, 2, 3, 0, "0a", None, 3), "1.2.3-0a"),
        ("1.2.3-0", (1, 2, 3, 0, "0", None, 3), "1.2.3-0"),
        ("1.2.3-", (1, 2, 3, 0, None, None, 3), "1.2.3"),
        ("1.2.3-+5", (1, 2, 3, 0, None, "5", 3), "1.2.3 (5)"),
        ("1.2.3--", (1, 2, 3, 0, "-", None, 3), "1.2.3--"),
        ("1.2.3+a-b.c", (1, 2, 3, 0, None, "a-b.c", 3), "1.2.3 (a-b.c)"),
        ("99999999999999999999.0.0", (0, 0, 0, 0, None, None, 3), "99999999999999999999.0.0"),
        (f"1.{2**64 - 1}", (1, 2**64 - 1, 0, 0, None, None, 2), f"1.{2**64 - 1}"),
        (f"1.0+{SHA}", (1, 0, 0, 0, None, SHA, 2), "1.0 (aaaaaaaaaaaa)"),
    ],
)
def test_parsed_versions(raw: str, expected: tuple[object, ...], description: str) -> None:
    version = version_of(f"app@{raw}")
    numbers = (version.major, version.minor, version.patch, version.revision)
    assert (*numbers, version.pre, version.build, version.components) == expected
    assert version.raw == raw
    assert parsed(f"app@{raw}").description == description


@pytest.mark.parametrize(
    "raw",
    [
        *("", "1.2.3.4.5", "v1.2.3", "1a", "1.2.3-01", "1.2.3_rc1", "1.2.3.rc1", "1..2", "1.2.3+"),
        *("1.2.3-a..b", "1.2.3-a.", "1.2.3-a_b", "1.2A", "1.2.3+a_b", "1.2.3 x", "1.0 (42)"),
        *("1.0 ✓", "١.٢", "b@1.2.3"),
    ],
)
def test_what_is_no_version_leaves_the_whole_name(raw: str) -> None:
    assert parsed(f"app@{raw}").version is None
    assert parsed(f"app@{raw}").description == f"app@{raw}"


def test_a_version_without_a_package_is_not_parsed() -> None:
    assert parsed("1.2.3").version is None


def test_a_description_has_no_white_space_around() -> None:
    assert parsed("  both  ").description == "both"


@pytest.mark.parametrize("length", [12, 16, 20, 32, 40, 64])
@pytest.mark.parametrize("package", ["", "app@"])
def test_a_hash_is_no_version(package: str, length: int) -> None:
    name = parsed(package + "1" * length)
    assert (name.version, name.build_hash) == (None, "1" * length)
    assert name.description == "1" * 12


@pytest.mark.parametrize("name", ["a" * 13, "a" * 41, "g" * 40])
def test_only_hexadecimal_of_known_lengths_is_a_hash(name: str) -> None:
    assert parsed(name).build_hash is None
    assert parsed(name).description == name


def test_a_build_can_be_a_hash() -> None:
    assert parsed(f"app@1.0+{SHA}").build_hash == SHA
    assert parsed("app@1.0+5").build_hash is None


@pytest.mark.parametrize(
    ("build", "number"),
    [
        ("5", 5),
        ("007", 7),
        ("a", None),
        ("1.2", None),
        ("-5", None),
        (str(2**63 - 1), 2**63 - 1),
        (str(2**63), None),
    ],
)
def test_a_build_can_be_a_number(build: str, number: int | None) -> None:
    assert version_of(f"app@1+{build}").build_number == number


def test_without_a_build_there_is_no_build_number() -> None:
    assert version_of("app@1").build_number is None


@pytest.mark.parametrize("name", ["app@1", "@acme@1.2.3.4-rc.1+5", f"app@{2**63 - 1}", " app@1.0"])
def test_names_that_are_semver(name: str) -> None:
    assert versions.is_semver(name)


@pytest.mark.parametrize(
    "name",
    [
        "1.2.3",
        "app@v1",
        "app@",
        "app@1\t",
        "latest",
        f"app@{SHA}",
        f"app@1.{2**63}",
        f"app@1.{2**64}",
        "a" * 200 + "@1",
    ],
)
def test_names_that_are_not_semver(name: str) -> None:
    assert not versions.is_semver(name)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.9.0", "1.10.0"),
        ("1.0.0", "1.0.0.1"),
        ("1.0.0-alpha", "1.0.0"),
        ("1.0.0-alpha.2", "1.0.0-alpha.10"),
        ("1.0.0-alpha", "1.0.0-alpha.1"),
        ("1.0.0-alpha.1", "1.0.0-alpha.beta"),
        ("1.0.0-rc.9", "1.0.0-rc.1a"),
        ("1.0.0-Beta", "1.0.0-alpha"),
        ("1.0.0-rc+9", "1.0.0"),
        ("1.0.0", "1.0.0+2"),
        ("1.0.0", "1.0.0+0"),
        ("1.0.0+9", "1.0.0+10"),
        ("1.0.0+5", "1.0.0+abc"),
        ("1.0.0+9", "1.0.0+1a"),
        (f"1.{2**64}", f"1.{2**64 + 1}"),
    ],
)
def test_the_older_version_is_smaller(older: str, newer: str) -> None:
    assert versions.compare(f"app@{older}", f"app@{newer}") == -1
    assert versions.compare(f"app@{newer}", f"app@{older}") == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [("1.0", "1.0.0"), ("1", "01.0.0.0"), ("1.2-a", "1.2a"), ("1.0-", "1.0"), ("1+7", "1+007")],
)
def test_spellings_of_one_version_are_equal(left: str, right: str) -> None:
    assert versions.compare(f"app@{left}", f"app@{right}") == 0


def test_packages_are_not_compared() -> None:
    assert versions.compare("app@1.0", "web@1.0") == 0
    assert versions.compare("1.0", "web@1.1") == -1


@pytest.mark.parametrize("name", ["abc", "app@abc", f"app@{SHA}", "latest", "1" * 12])
def test_what_does_not_parse_cannot_be_compared(name: str) -> None:
    assert versions.compare(name, "app@1.0") is None
    assert versions.compare("app@1.0", name) is None


@pytest.mark.parametrize(
    ("newest_first", "follows"),
    [
        ([], False),
        ([SEMVER], True),
        ([PLAIN], False),
        ([SEMVER, PLAIN], True),
        ([PLAIN, SEMVER], False),
        ([PLAIN, PLAIN, SEMVER], True),
        ([PLAIN, PLAIN, PLAIN], False),
        ([PLAIN, PLAIN, PLAIN, *[SEMVER] * 6], False),
        ([PLAIN, PLAIN, SEMVER, *[PLAIN] * 6], True),
        ([PLAIN, PLAIN, SEMVER, *[PLAIN] * 7], False),
        ([PLAIN, PLAIN, SEMVER, SEMVER, SEMVER, *[PLAIN] * 5], True),
        ([PLAIN, PLAIN, PLAIN, *[SEMVER] * 7], False),
    ],
)
def test_projects_that_follow_semver(newest_first: list[str], *, follows: bool) -> None:
    """The table of releases.md 1.4.1."""
    assert versions.follows_semver(newest_first) is follows


def test_only_the_ten_newest_releases_count() -> None:
    assert not versions.follows_semver([SEMVER, SEMVER, *[PLAIN] * 8, SEMVER])
