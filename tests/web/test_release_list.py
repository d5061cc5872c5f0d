"""The list of releases."""

import re
from datetime import timedelta
from html import unescape

import pytest

from shipmark.infrastructure.clock import now
from shipmark.organizations.model import Role
from shipmark.releases.model import ReleaseStatus
from shipmark.releases.store import releases

LIST = "/organizations/acme/releases/"


def _versions(answer):
    assert answer.status_code == 200
    parts = answer.text.split('<a class="version" href="')[1:]
    return [part.split('title="')[1].split('"')[0] for part in parts]


def _link(answer, rel):
    found = re.search(f'rel="{rel}" href="([^"]*)"', answer.text)
    return unescape(found[1]) if found else None


def _walk(client, address, rel):
    """The answers from a page on, along the links to the next or the previous one."""
    pages = []
    while address:
        pages.append(client.get(address))
        address = _link(pages[-1], rel)
    return pages


@pytest.fixture
def finalize(house):
    """Finalizes a release of some version at some date."""

    def amend(version, at):
        with house.database.transaction() as connection:
            release = releases.by_version(connection, house.organization.id, version)
            releases.change(connection, release, released_at=at)

    return amend


def _publish_many(house, number):
    for index in range(number):
        house.publish(f"web@1.{index}.0", at=now() + timedelta(seconds=index))


def test_an_organization_without_releases_tells_how_to_begin(owner):
    text = owner.get(LIST).text
    for line in ("releases new web@1.0.0", "set-commits web@1.0.0", "finalize", "deploys new"):
        assert line in text


def test_a_release_is_shown_with_what_matters(house, owner):
    release = house.publish("web@1.2.3")
    house.deploy(release, "production")
    house.fail("web@1.2.3")
    text = owner.get(LIST).text
    for shown in (">1.2.3</a>", "1 commit", "Ada Lovelace", "production", " new issue"):
        assert shown in text
    assert '<span class="alarm">1</span>' in text
    assert " UTC" in text


def test_the_newest_release_comes_first(house, owner):
    _publish_many(house, 3)
    assert _versions(owner.get(LIST)) == ["web@1.2.0", "web@1.1.0", "web@1.0.0"]


def test_pages_cover_the_list_exactly_once(house, owner):
    _publish_many(house, 60)
    pages = [_versions(page) for page in _walk(owner, LIST, "next")]
    assert [len(page) for page in pages] == [25, 25, 10]
    assert len({version for page in pages for version in page}) == 60


def test_links_lead_to_older_and_newer_pages_of_the_same_search(house, owner):
    _publish_many(house, 60)
    there = _walk(owner, f"{LIST}?query=1.", "next")
    back = _walk(owner, str(there[-1].request.url), "prev")
    assert [_versions(page) for page in back] == [_versions(page) for page in there][::-1]
    assert all("query=1." in str(page.request.url) for page in (*there, *back))


def test_a_page_stays_where_it_is_when_a_release_is_published(house, owner):
    _publish_many(house, 30)
    older = _link(owner.get(LIST), "next")
    before = _versions(owner.get(older))
    house.publish("web@9.0.0", at=now() + timedelta(hours=1))
    assert _versions(owner.get(older)) == before


def test_the_list_is_in_the_order_of_its_dates(house, owner, finalize):
    """Finalized, or else created: a release that was made first and shipped last comes first."""
    for hour, version in enumerate(("web@1.0.0", "web@2.0.0", "web@3.0.0")):
        house.publish(version, at=now() - timedelta(hours=9 - hour), released_at=None)
    finalize("web@1.0.0", now() - timedelta(hours=1))
    finalize("web@3.0.0", now() - timedelta(hours=20))
    assert _versions(owner.get(LIST)) == ["web@1.0.0", "web@2.0.0", "web@3.0.0"]


def test_a_release_that_brought_issues_back_says_so(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@1.1.0", message="Fixes WEB-1", at=now() - timedelta(minutes=3))
    house.fail("web@1.1.0", timestamp=now().timestamp())
    house.fail("web@1.1.0")
    row = owner.get(LIST).text.partition(">1.1.0</a>")[2].partition("</tr>")[0]
    cell = row.partition("regressed-issues")[2].partition("</td>")[0]
    assert '<span class="alarm">1</span>' in cell


@pytest.mark.parametrize("cursor", ["0", "-1", "x", "9" * 30, "²", "9:9:9", f"{'9' * 400}:1:0"])
def test_a_cursor_that_makes_no_sense_leads_to_the_first_page(house, owner, cursor):
    house.publish("web@1.0.0")
    assert _versions(owner.get(LIST, params={"cursor": cursor})) == ["web@1.0.0"]


def test_a_search_finds_a_part_of_the_version_in_any_case(house, owner):
    house.publish("web@1.0.0")
    house.publish("Api@2.0.0")
    assert _versions(owner.get(LIST, params={"query": "aPI"})) == ["Api@2.0.0"]
    assert "No release matches" in owner.get(LIST, params={"query": "%"}).text
    assert owner.get(LIST, params={"query": "\x00"}).status_code == 200


def test_a_search_takes_terms_and_says_what_it_cannot_read(house, owner):
    _publish_many(house, 3)
    found = owner.get(LIST, params={"query": "release.version:>=1.1 !release:web@1.2.0"})
    assert _versions(found) == ["web@1.1.0"]
    refused = owner.get(LIST, params={"query": "release:"})
    assert _versions(refused) == []
    assert (
        '<p class="problem" role="alert">Empty string after &#39;release:&#39;</p>' in refused.text
    )


def test_archived_releases_are_shown_on_demand(house, owner):
    house.publish("web@1.0.0")
    house.publish("web@0.9.0", status=ReleaseStatus.ARCHIVED)
    assert _versions(owner.get(LIST)) == ["web@1.0.0"]
    assert _versions(owner.get(LIST, params={"status": "archived"})) == ["web@0.9.0"]
    assert len(_versions(owner.get(LIST, params={"status": "any"}))) == 2


def test_the_list_can_be_of_one_project(house, owner):
    house.publish("web@1.0.0")
    house.publish("api@1.0.0", project=house.extra_project("api"))
    assert _versions(owner.get(LIST, params={"project": "api"})) == ["api@1.0.0"]
    assert len(_versions(owner.get(LIST, params={"project": "unknown"}))) == 2


def test_a_hostile_version_is_shown_as_text(house, owner):
    house.publish("<script>alert(1)")
    text = owner.get(LIST, params={"query": "<script>"}).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_stranger_finds_nothing_there(house, browser):
    house.sign_in(browser, house.person("stranger@example.com", None))
    answers = [browser.get(LIST), browser.get("/organizations/unknown/releases/")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    assert "There is nothing here" in answers[0].text


def test_a_member_of_an_open_organization_sees_every_project(house, browser):
    house.publish("web@1.0.0")
    house.sign_in(browser, house.person("member@example.com", Role.MEMBER))
    assert _versions(browser.get(LIST)) == ["web@1.0.0"]


def test_a_member_of_a_closed_organization_sees_the_projects_of_their_teams(house, browser):
    house.publish("web@1.0.0")
    house.publish("api@1.0.0", project=house.extra_project("api"))
    house.close()
    house.sign_in(browser, house.person("m@example.com", Role.MEMBER, teams=("crew",)))
    answer = browser.get(LIST)
    assert _versions(answer) == ["web@1.0.0"]
    assert "Api" not in answer.text
    assert browser.get(LIST + "api%401.0.0/").status_code == 404


def test_the_number_of_statements_does_not_depend_on_the_number_of_releases(
    house, owner, statements
):
    house.deploy(house.publish("web@1.0.0"), "production")
    statements.clear()
    assert len(_versions(owner.get(LIST))) == 1
    with_one = len(statements)
    for index in range(19):
        house.deploy(house.publish(f"web@2.{index}.0"), f"place-{index}")
    statements.clear()
    assert len(_versions(owner.get(LIST))) == 20
    assert len(statements) == with_one


def test_the_address_of_the_organization_leads_to_the_list(owner):
    assert owner.get("/organizations/acme/").headers["location"] == LIST
