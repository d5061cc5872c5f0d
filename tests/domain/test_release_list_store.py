"""Lists of releases: filters, searches as statements of few forms, environments and pages."""

import pytest
from factories import World, record_event
from made_releases import HOUR, NOW, MakeRelease, listed
from sqlalchemy import Connection

from shipmark.projects import store as project_store
from shipmark.releases.model import (
    Position,
    Release,
    ReleaseFilter,
    ReleaseSort,
    ReleaseStatus,
)
from shipmark.releases.search import Search, parse
from shipmark.releases.store import (
    environments,
    list_query,
    list_statement,
    projects,
)
from shipmark.releases.store.search_conditions import conditions_of


@pytest.mark.parametrize(
    ("more", "versions"),
    [
        ({}, ["web@2", "web@1"]),
        ({"status": None}, ["web@3", "web@2", "web@1"]),
        ({"status": ReleaseStatus.ARCHIVED}, ["web@3"]),
        ({"search": Search(texts=("WEB@1",))}, ["web@1"]),
        ({"search": Search(texts=("2",))}, ["web@2"]),
        ({"search": Search(texts=("%",))}, []),
        ({"search": Search(texts=("_",))}, []),
        ({"created_from": NOW + HOUR}, ["web@2", "web@1"]),
        ({"created_from": NOW + 2 * HOUR}, ["web@2"]),
        ({"created_to": NOW + HOUR}, ["web@1"]),
        ({"shipped_from": NOW + 2 * HOUR}, ["web@2"]),
        ({"shipped_from": NOW + 2 * HOUR, "status": None}, ["web@3", "web@2"]),
        ({"created_from": NOW + HOUR, "created_to": NOW + HOUR}, ["web@1"]),
        ({"environment_ids": ()}, []),
    ],
)
def test_which_releases_pass_a_filter(
    connection: Connection,
    acme: int,
    web: int,
    make_release: MakeRelease,
    more: dict[str, object],
    versions: list[str],
) -> None:
    make_release("web@1", hours=1)
    make_release("web@2", hours=2)
    make_release("web@3", hours=3, status=ReleaseStatus.ARCHIVED)
    make_release("tools@1", "tools", hours=4)
    given = ReleaseFilter(organization_id=acme, project_ids=(web,), **more)  # type: ignore[arg-type]
    for sort in (ReleaseSort.DATE, ReleaseSort.EFFECTIVE_DATE):
        assert listed(connection, given, sort) == versions


def test_a_filter_without_projects_lets_nothing_pass(
    connection: Connection, acme: int, make_release: MakeRelease
) -> None:
    make_release("1")
    given = ReleaseFilter(organization_id=acme, project_ids=())
    assert listed(connection, given) == []


def test_a_statement_is_composed_once_whatever_its_values(
    connection: Connection, acme: int, world: World, make_release: MakeRelease
) -> None:
    web, mobile = world.projects["web"], world.projects["mobile"]
    names = [f"web@{number}" for number in range(6)]
    known = [make_release(name, hours=hours) for hours, name in enumerate(names)]

    def after(release: Release, project_id: int, limit: int) -> list[str]:
        position = Position(
            key=release.created_at, created_at=release.created_at, release_id=release.id
        )
        wanted = ReleaseFilter(organization_id=acme, project_ids=(project_id,))
        rows = list_query.page(connection, wanted, ReleaseSort.DATE, limit=limit, after=position)
        return [row.release.version for row in rows]

    assert after(known[5], web, 2) == ["web@4", "web@3"]
    composed = list_statement.statement_of.cache_info().misses
    assert after(known[3], web, 1) == ["web@2"]
    assert after(known[3], mobile, 3) == []
    assert list_statement.statement_of.cache_info().misses == composed


@pytest.mark.parametrize(
    ("first", "second", "versions"),
    [
        ("web@1.0", "web@2.0", ["web@2.0.0+7"]),
        ("WEB@1%", "wEB@1", ["web@1.0.0+5"]),
        ("release:web@1.0.0+5", "release:web@2.0.0+7", ["web@2.0.0+7"]),
        ("release:*1.0.0*", "release:web@*", ["web@2.0.0+7", "web@1.0.0+5"]),
        ("release:[a,b]", "release:[app@3.0.0,b]", ["app@3.0.0"]),
        ("release.package:web", "release.package:app", ["app@3.0.0"]),
        ("!release.package:web", "!release.package:app", ["web@2.0.0+7", "web@1.0.0+5"]),
        ("release.version:1.0.0", "release.version:2.0.0", ["web@2.0.0+7"]),
        (
            "release.version:>web@1.0.0",
            "release.version:>web@0.9.0",
            ["web@2.0.0+7", "web@1.0.0+5"],
        ),
        ("release.version:1.*", "release.version:3.*", ["app@3.0.0"]),
        ("release.build:5", "release.build:7", ["web@2.0.0+7"]),
        ("release.build:>6", "release.build:>4", ["web@2.0.0+7", "web@1.0.0+5"]),
    ],
)
def test_searches_of_one_form_are_one_statement_with_values_of_their_own(
    connection: Connection,
    acme: int,
    web: int,
    make_release: MakeRelease,
    first: str,
    second: str,
    versions: list[str],
) -> None:
    for hours, version in enumerate(["web@1.0.0+5", "web@2.0.0+7", "app@3.0.0"]):
        make_release(version, hours=hours)

    def search_for(query: str) -> ReleaseFilter:
        terms = parse(query, now=NOW)
        return ReleaseFilter(organization_id=acme, project_ids=(web,), search=terms)

    listed(connection, search_for(first))
    composed = list_statement.statement_of.cache_info().misses
    assert listed(connection, search_for(second)) == versions
    assert list_statement.statement_of.cache_info().misses == composed
    for up_to in (1, 9):
        count = list_query.count(connection, search_for(second), ReleaseSort.DATE, up_to=up_to)
        assert count == min(len(versions), up_to)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("web", "wéb"),
        ("release:web", "release:web*"),
        ("release:web", "!release:web"),
        ("release.version:1.0.0", "release.version:>1.0.0"),
        ("release.version:1.0.0", "release.version:web@1.0.0"),
        ("release.version:1.0.0", "release.version:1.*"),
        ("release.version:1.0.0", "!release.version:1.0.0"),
        ("release.build:1", "release.build:>1"),
        ("release.build:>1", "release.build:<=1"),
        ("finalized:true", "finalized:false"),
        ("release.package:web", "!release.package:web"),
        ("release.build:1", "release.build:1 finalized:true"),
    ],
)
def test_searches_of_other_forms_have_other_conditions(first: str, second: str) -> None:
    texts = {
        conditions_of(parse(query, now=NOW), is_by_version=False).text for query in (first, second)
    }
    assert len(texts) == 2


def test_a_release_of_two_projects_is_listed_once(
    connection: Connection, world: World, acme: int, make_release: MakeRelease
) -> None:
    made = make_release("1")
    projects.attach(connection, made, world.projects.values())
    given = ReleaseFilter(organization_id=acme, project_ids=tuple(world.projects.values()))
    assert listed(connection, given) == [made.version]


def test_releases_are_listed_by_the_environments_of_the_named_projects(
    connection: Connection, world: World, acme: int, web: int, make_release: MakeRelease
) -> None:
    place = project_store.ensure_environment(connection, acme, "production").id
    seen, deployed, _ = (
        make_release("seen", hours=2),
        make_release("deployed", hours=1),
        make_release("neither"),
    )
    elsewhere = make_release("elsewhere")
    record_event(connection, seen, web, place, NOW)
    environments.record_deploy(connection, deployed, [web], place, 1)
    record_event(connection, elsewhere, world.projects["mobile"], place, NOW)
    given = ReleaseFilter(organization_id=acme, project_ids=(web,), environment_ids=(place,))
    assert listed(connection, given) == ["seen", "deployed"]


def test_pages_follow_each_other(
    connection: Connection, acme: int, web: int, make_release: MakeRelease
) -> None:
    for version in "12345":
        make_release(version)
    given = ReleaseFilter(organization_id=acme, project_ids=(web,))
    for sort in (ReleaseSort.DATE, ReleaseSort.EFFECTIVE_DATE):
        pages = [listed(connection, given, sort, limit=2, offset=it) for it in (0, 2, 4, 6)]
        assert pages == [["5", "4"], ["3", "2"], ["1"], []]


def test_a_release_ships_when_it_is_finalized(
    connection: Connection, acme: int, web: int, make_release: MakeRelease
) -> None:
    make_release("late", hours=1, released_at=NOW + 9 * HOUR)
    make_release("created", hours=5)
    make_release("early", hours=8, released_at=NOW)
    given = ReleaseFilter(organization_id=acme, project_ids=(web,))
    assert listed(connection, given, ReleaseSort.EFFECTIVE_DATE) == ["late", "created", "early"]
