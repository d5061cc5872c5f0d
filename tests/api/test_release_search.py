"""GET ``organizations/{org}/releases/?query=`` (releases.md 4.7), in the order of the specification's rules."""

from urllib.parse import quote

import pytest
from factories import (
    RELEASES,
    Caller,
    World,
    error_event,
    on_one_database,
    release_path,
    send_event,
)

VERSIONS = (
    "web@1.0.0-alpha.2",
    "web@1.0.0-alpha.10",
    "web@1.0.0",
    "web@1.2.0-rc.1",
    "web@1.2.0+7",
    "web@1.10.0+12",
    "web@2.0.0+abc",
    "ios@1.2.0",
    "ios@3.0.0",
    "nightly",
    "Web%_[x]",
)

ALL = "1.0.0 1.2.0+7 1.10.0+12 2.0.0+abc 1.2.0-rc.1 1.0.0-alpha.2 1.0.0-alpha.10"


@pytest.fixture
def _published(bob: Caller) -> None:
    for version in VERSIONS:
        bob.publish(version)


def found(caller: Caller, query: str, more: str = "") -> set[str]:
    answer = caller.get(f"{RELEASES}?query={quote(query, safe='')}{more}")
    assert answer.status_code == 200, answer.text
    return {it["version"] for it in answer.json()}


def but(*left_out: str) -> set[str]:
    return set(VERSIONS) - set(left_out)


def starting(*starts: str) -> set[str]:
    return {version for version in VERSIONS if version.startswith(starts)}


SEARCHES: dict[str, set[str]] = {
    "": set(VERSIONS),
    "WEB@1.0.0": starting("web@1.0.0"),
    '"1.2"': {it for it in VERSIONS if "1.2" in it},
    '"1.2.0 (7)"': {"web@1.2.0+7"},
    '"web@1.2.0 (7)"': {"web@1.2.0+7"},
    '"web@1.2.0+7" ': {"web@1.2.0+7"},
    '""': set(VERSIONS),
    "“web@1.2.0 (7)”": {"web@1.2.0+7"},
    "release:“web@1.2.0+7”": {"web@1.2.0+7"},
    'web"@1.1"': {"web@1.10.0+12"},
    '"web release:nightly"': set(),
    '"night" "ly"': set(),
    'release:nightly "web@2"': set(),
    "1.2.0 (7)": {"web@1.2.0+7"},
    "web release:nightly": set(),
    "release:nightly": {"nightly"},
    "!release:nightly": but("nightly"),
    "release:!=nightly": but("nightly"),
    "release:Nightly": set(),
    "Release:nightly": {"nightly"},
    "!RELEASE:nightly": but("nightly"),
    "release:night*": {"nightly"},
    "release:*ight*": {"nightly"},
    "release:*ly": {"nightly"},
    "release:n*y": {"nightly"},
    "release:n*x": set(),
    "!release:*@*": {"nightly", "Web%_[x]"},
    "release:Web%_[*": {"Web%_[x]"},
    "release:[nightly, ios@3.0.0]": {"nightly", "ios@3.0.0"},
    '!release:["nightly", "i*"]': but("nightly", "ios@1.2.0", "ios@3.0.0"),
    'release:[ , "nightly" ,ios@3.0.0,]': {"nightly", "ios@3.0.0"},
    # An item that tries each blank as its end takes longer than any test run.
    f'release:[nightly, {" " * 4000}"x]': {"nightly"},
    "release.package:ios": starting("ios@"),
    "!release.package:ios": but("ios@1.2.0", "ios@3.0.0"),
    "release.package:[ios, web]": starting("ios@", "web@"),
    "release.package:ios release.version:3.0.0": {"ios@3.0.0"},
    "release.version:1.2": {"web@1.2.0+7", "ios@1.2.0"},
    "release.version:ios@1.2": {"ios@1.2.0"},
    "release.version:>=1.2.0": {
        "web@1.2.0+7",
        "web@1.10.0+12",
        "web@2.0.0+abc",
        "ios@1.2.0",
        "ios@3.0.0",
    },
    "release.version:<1.0.0": {"web@1.0.0-alpha.2", "web@1.0.0-alpha.10"},
    "release.version:>1.0.0-alpha.2 release.version:<1.0": {"web@1.0.0-alpha.10"},
    "release.version:<=1.2.0-rc.1": starting("web@1.0.0") | {"web@1.2.0-rc.1"},
    "release.version:>web@1.2": {"web@1.10.0+12", "web@2.0.0+abc"},
    "!release.version:>1.0.0": starting("web@1.0.0"),
    "release.version:1.2.*": {"web@1.2.0-rc.1", "web@1.2.0+7", "ios@1.2.0"},
    "release.version:1.X": starting("web@1", "ios@1"),
    "release.version:web@1.2.*": {"web@1.2.0-rc.1", "web@1.2.0+7"},
    "release.version:>1.2.*": {"web@1.2.0-rc.1", "web@1.2.0+7", "ios@1.2.0"},
    "release.version:*": starting("web@", "ios@"),
    "!release.version:*": {"nightly", "Web%_[x]"},
    "!release.version:1.*": {"web@2.0.0+abc", "ios@3.0.0", "nightly", "Web%_[x]"},
    "!release.version:ios@1.2": but("ios@1.2.0"),
    "release.build:7": {"web@1.2.0+7"},
    "release.build:>7": {"web@1.10.0+12"},
    "release.build:<=12": {"web@1.2.0+7", "web@1.10.0+12"},
    "!release.build:7": but("web@1.2.0+7"),
    "release.build:abc": {"web@2.0.0+abc"},
    "release.build:a*": {"web@2.0.0+abc"},
    "release.build:[7, abc]": {"web@1.2.0+7", "web@2.0.0+abc"},
    'release.build:""': {"web@1.2.0+7", "web@1.10.0+12", "web@2.0.0+abc"},
    "finalized:false": set(VERSIONS),
    "finalized:true": set(),
    "!finalized:true": set(VERSIONS),
    "release.created:-1h": set(VERSIONS),
    "release.created:+1h": set(),
    "!release.created:-1h": set(),
    "release.created:>2020-01-31": set(VERSIONS),
    "release.created:<2020-01-31T10:00:00+01:00": set(),
    "(release:nightly)": {"nightly"},
}


@pytest.mark.usefixtures("_published")
def test_releases_are_searched_by_terms(bob: Caller) -> None:
    assert {query: found(bob, query) for query in SEARCHES} == SEARCHES


def test_a_text_is_found_beside_letters_of_other_languages(bob: Caller) -> None:
    bob.publish("Äpfel-RC_1")
    for text in ("rc_1", "PFEL-rc", "Äpfel", "Ä", "äPFEL-rc_1", "ä"):
        assert found(bob, text) == {"Äpfel-RC_1"}, text
    assert found(bob, "rc-1") == found(bob, "a") == set()


@pytest.mark.usefixtures("_published")
def test_what_is_found_is_the_same_in_every_order_and_by_project(bob: Caller, world: World) -> None:
    for query in ("release.version:>=1.2.0", "release.package:web", "!release:nightly", "web"):
        here = found(bob, query)
        assert found(bob, query, "&sort=semver") == here
        assert found(bob, query, "&flatten=1&status=") == here
        assert found(bob, query, f"&project={world.projects['web']}") == here
        assert found(bob, query, f"&project={world.projects['mobile']}") == set()


def test_latest_is_the_open_release_of_each_project_that_shipped_last(
    bob: Caller, world: World
) -> None:
    for version in ("web@1.0.0", "web@2.0.0", "web@3.0.0"):
        bob.publish(version)
    bob.publish("mobile@1.0.0", "mobile")
    bob.put(release_path("web@3.0.0"), {"status": "archived"})
    latest = {"web@2.0.0", "mobile@1.0.0"}
    for more in ("", "&sort=semver", "&flatten=1"):
        assert found(bob, "release:latest", more) == latest, more
        assert found(bob, "!release:latest", more) == {"web@1.0.0"}, more
    assert found(bob, "release:[latest, web@1.0.0]") == latest | {"web@1.0.0"}
    assert found(bob, "release:latest release.package:web") == {"web@2.0.0"}
    assert found(bob, "release:latest", f"&project={world.projects['mobile']}") == {"mobile@1.0.0"}
    assert found(bob, "release:latest", f"&project={world.projects['tools']}") == set()


@pytest.mark.parametrize("version", ['web@"1.0 x"', "web “1.0”", 'a"b'])
def test_versions_with_quotes_are_found_by_them(bob: Caller, world: World, version: str) -> None:
    for each in (version, "web@1.0 x"):
        bob.publish(each)
        payload = error_event(each, release=each)
        send_event(bob.client, world.keys["web"], world.projects["web"], payload)
    escaped = version.replace('"', '\\"')
    for query in (f'"{escaped}"', version):
        if query.count('"') != 1:  # as a text with one quote is none
            assert version in found(bob, query)
    queries = [f'release:"{escaped}"', f'release:[x, "{escaped}"]']
    if version == 'a"b':
        queries.append('release:[a"b, x]')  # it needs no quotes
    for query in queries:
        assert found(bob, query) == {version}
        issues = bob.get(f"/organizations/acme/issues/?query={quote(query, safe='')}").json()
        assert [issue["metadata"]["value"] for issue in issues] == [version]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("release:", "Empty string after 'release:'"),
        ("!release.version:", "Empty string after 'release.version:'"),
        ("release:[]", "release: takes a list of 1 to 100 values."),
        (
            "(",
            (
                "Parse error at '(' (column 1). This is commonly caused by unmatched parentheses."
                " Enclose any text in double quotes."
            ),
        ),
        (
            "web )",
            (
                "Parse error at ')' (column 5). This is commonly caused by unmatched parentheses."
                " Enclose any text in double quotes."
            ),
        ),
        (
            'web "1.0',
            (
                "Parse error at '\"1.0' (column 5). This is commonly caused by unmatched parentheses."
                " Enclose any text in double quotes."
            ),
        ),
        ("has:release", "Invalid key for this search: has"),
        ("release:1 user.email:x", "Invalid key for this search: user.email"),
        (
            "release:1 OR release:2",
            'Boolean statements containing "OR" or "AND" are not supported in this search',
        ),
        (
            "release.version:abc",
            (
                "Invalid format of semantic version. For searching non-semver releases, use"
                ' "release:" instead.'
            ),
        ),
        (
            "release.version:1.2.3.4.5",
            (
                "Invalid format of semantic version. For searching non-semver releases, use"
                ' "release:" instead.'
            ),
        ),
        ("release.version:[1.0, 2.0]", "Invalid operation 'IN' for semantic version filter."),
        ("release.package:>web", "Invalid operation '>' for release.package."),
        ("release.build:>abc", "Invalid operation '>' for release.build."),
        (
            "release.stage:adopted",
            "Choose a single environment to filter by release stage.",
        ),
        ("release.stage:far", "Unsupported release.stage value."),
        ("finalized:maybe", "finalized: takes true or false."),
        ("release.created:>soon", "release.created: soon is not an ISO 8601 date."),
        (
            "release.created:2026-01-01",
            (
                "release.created: takes a comparison with a date, such as >2026-01-31, or a time ago,"
                " such as -7d."
            ),
        ),
        ("x" * 5000, "The query is longer than 4096 characters."),
        ("release:1 " * 21, "The query has more than 20 terms."),
    ],
)
@on_one_database
def test_a_search_that_cannot_be_read_is_refused(bob: Caller, query: str, detail: str) -> None:
    for path in (RELEASES, f"{RELEASES}stats/"):
        answer = bob.get(f"{path}?query={quote(query, safe='')}")
        assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_a_stage_is_one_in_the_environment(bob: Caller) -> None:
    bob.publish("web@1")
    bob.publish("web@2")
    bob.post(release_path("web@1", "deploys/"), {"environment": "production"})
    there = "&environment=production"
    assert found(bob, "release.stage:low_adoption", there) == {"web@1"}
    assert found(bob, "release.stage:[adopted, replaced]", there) == set()
    assert found(bob, "!release.stage:adopted", there) == {"web@1"}


def test_the_list_for_charts_has_archived_releases_too(bob: Caller) -> None:
    made = [bob.publish(f"web@{n}", status=s) for n, s in enumerate(["open", "archived", "open"])]
    answer = bob.get(f"{RELEASES}stats/?per_page=1000")
    assert answer.json() == [
        {"version": it["version"], "date": it["dateCreated"]} for it in reversed(made)
    ]
    assert bob.get(f"{RELEASES}stats/?per_page=1001").status_code == 400
    assert [it["version"] for it in bob.get(f"{RELEASES}stats/?query=web@1").json()] == ["web@1"]
