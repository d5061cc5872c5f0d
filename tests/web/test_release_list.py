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


def _versions(answer, status=200):
    """The versions in the table: those that are live are also linked above it."""
    assert answer.status_code == status
    table = answer.text.partition("<tbody")[2]
    parts = table.split('<a class="version" href="')[1:]
    return [unescape(part.split('title="')[1].split('"')[0]) for part in parts]


def _row(answer, version):
    """The row of a version."""
    return answer.text.partition("<tbody")[2].partition(f">{version}</a>")[2].partition("</tr>")[0]


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
    row = _row(owner.get(LIST), "1.2.3")
    for shown in ('1<span class="unseen"> commit</span>', "Ada Lovelace", ">production<", " UTC"):
        assert shown in row
    assert re.search(r'class="warn"[^>]*>1<', row)


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
    row = _row(owner.get(LIST), "1.1.0")
    assert 'class="pill regressed"' in row
    assert re.search(r'class="bad"[^>]*>1<', row)


@pytest.mark.parametrize("cursor", ["0", "-1", "x", "9" * 30, "²", "9:9:9", f"{'9' * 400}:1:0"])
def test_a_cursor_that_makes_no_sense_leads_to_the_first_page(house, owner, cursor):
    house.publish("web@1.0.0")
    assert _versions(owner.get(LIST, params={"cursor": cursor})) == ["web@1.0.0"]


def test_a_search_finds_a_part_of_the_version_in_any_case(house, owner):
    house.publish("web@1.0.0")
    house.publish("Api@2.0.0")
    assert _versions(owner.get(LIST, params={"query": "aPI"})) == ["Api@2.0.0"]
    assert "No matching releases" in owner.get(LIST, params={"query": "%"}).text
    assert owner.get(LIST, params={"query": "\x00"}).status_code == 200


def test_a_search_takes_terms_and_says_what_it_cannot_read(house, owner):
    _publish_many(house, 3)
    found = owner.get(LIST, params={"query": "release.version:>=1.1 !release:web@1.2.0"})
    assert _versions(found) == ["web@1.1.0"]
    refused = owner.get(LIST, params={"query": "release:"})
    assert len(_versions(refused, status=400)) == 3
    assert 'role="alert" id="query-problem"' in refused.text
    assert "<b>Empty string after &#39;release:&#39;.</b>" in refused.text
    assert 'value="release:" ' in refused.text


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
    # Pages repeat their own address, to return to after a change of the theme.
    assert answers[0].text.replace("/acme/", "/unknown/") == answers[1].text
    assert "Page not found" in answers[0].text


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


def test_an_anonymous_reader_is_sent_to_sign_in(browser):
    answer = browser.get(LIST)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in/?next=")


def test_only_the_last_release_deployed_to_an_environment_is_live(house, owner):
    first, second = house.publish("web@1.0.0"), house.publish("web@1.1.0")
    for release in (first, second):
        house.deploy(release, "production")
    house.deploy(first, "staging")
    answer = owner.get(LIST)
    assert '<span class="env live" title="staging">' in _row(answer, "1.0.0")
    assert '<span class="env past" title="production">' in _row(answer, "1.0.0")
    assert '<span class="env live" title="production">' in _row(answer, "1.1.0")


def test_a_rollback_makes_the_earlier_release_live_again(house, owner):
    first, second = house.publish("web@1.0.0"), house.publish("web@1.1.0")
    for release in (first, second, first):
        house.deploy(release, "production")
    assert 'class="env live"' in _row(owner.get(LIST), "1.0.0")
    assert 'class="env past"' in _row(owner.get(LIST), "1.1.0")


def test_one_environment_is_shown_where_two_names_have_no_place(house, owner):
    release = house.publish("web@1.0.0")
    for name in ("eu-central-production", "us-east-production"):
        house.deploy(release, name)
    row = _row(owner.get(LIST), "1.0.0")
    assert 'title="eu-central-production">' in row
    assert '<span class="faint xs" title="us-east-production">+1' in row


def test_two_environments_are_shown_and_the_others_counted(house, owner):
    release = house.publish("web@1.0.0")
    for name in ("canary", "europe", "production"):
        house.deploy(release, name)
    row = _row(owner.get(LIST), "1.0.0")
    assert row.count('class="env') == 2
    assert ">+1<" in row
    assert "more: production" in row


def test_issues_resolved_by_a_release_are_counted(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@1.1.0", message="Fixes WEB-1")
    assert re.search(r'class="good"[^>]*>1<', _row(owner.get(LIST), "1.1.0"))
    assert 'class="good"' not in _row(owner.get(LIST), "1.0.0")


def test_the_list_can_be_of_one_environment(house, owner):
    house.deploy(house.publish("web@1.0.0"), "production")
    house.publish("web@1.1.0")
    assert _versions(owner.get(LIST, params={"environment": "production"})) == ["web@1.0.0"]
    assert len(_versions(owner.get(LIST, params={"environment": "unknown"}))) == 2


def test_the_list_can_be_of_what_is_not_released(house, owner):
    house.publish("web@1.0.0")
    house.publish("web@1.1.0", released_at=None)
    answer = owner.get(LIST, params={"status": "unreleased"})
    assert _versions(answer) == ["web@1.1.0"]
    assert "Not released</span>" in _row(answer, "1.1.0")


def test_a_period_counts_from_the_release_not_from_the_creation(house, owner, finalize):
    for version in ("web@1.0.0", "web@1.1.0"):
        house.publish(version, at=now() - timedelta(days=40), released_at=None)
    finalize("web@1.0.0", now() - timedelta(days=1))
    for environment in ("", "production"):
        house.deploy(house.publish("web@1.0.0"), "production")
        asked = {"period": "30d", "environment": environment}
        assert _versions(owner.get(LIST, params=asked)) == ["web@1.0.0"]


def test_the_list_can_be_in_the_order_of_versions(house, owner):
    for version in ("web@1.10.0", "web@1.9.0", "web@1.11.0"):
        house.publish(version)
    answer = owner.get(LIST, params={"sort": "version"})
    assert _versions(answer) == ["web@1.11.0", "web@1.10.0", "web@1.9.0"]


def test_pages_by_version_cover_the_list_exactly_once(house, owner):
    _publish_many(house, 30)
    pages = [_versions(page) for page in _walk(owner, f"{LIST}?sort=version", "next")]
    assert [len(page) for page in pages] == [25, 5]
    assert len({version for page in pages for version in page}) == 30


def test_unknown_values_of_filters_are_ignored(house, owner):
    house.publish("web@1.0.0")
    asked = dict.fromkeys(("status", "period", "sort", "environment", "project", "live"), "<x>")
    assert _versions(owner.get(LIST, params=asked)) == ["web@1.0.0"]


def test_live_now_has_a_card_for_each_deployed_project(house, owner):
    api = house.extra_project("api")
    house.extra_project("idle")
    house.deploy(house.publish("web@1.0.0"), "staging")
    house.deploy(house.publish("api@2.0.0", project=api), "production")
    text = owner.get(LIST).text
    assert re.findall(r'aria-label="(\w+), live now"', text) == ["api", "web"]
    assert (
        "live now" not in owner.get(LIST, params={"query": "1.0"}).text.partition("<form")[2][:50]
    )


def test_live_now_shows_six_projects_and_offers_the_others(house, owner):
    for number in range(7):
        project = house.extra_project(f"project-{number}")
        house.deploy(house.publish(f"p{number}@1.0.0", project=project), "production")
    answer = owner.get(LIST)
    assert answer.text.count(", live now") == 6
    link = re.search(r'href="([^"]*)">Show all 7 projects', answer.text)[1]
    assert owner.get(unescape(link)).text.count(", live now") == 7


def test_live_now_keeps_projects_hidden_that_the_member_cannot_see(house, browser):
    house.deploy(house.publish("api@1.0.0", project=house.extra_project("api")), "production")
    house.close()
    house.sign_in(browser, house.person("m@example.com", Role.MEMBER, teams=("crew",)))
    assert "live now" not in browser.get(LIST).text


def test_the_address_of_the_organization_leads_to_the_list(owner):
    assert owner.get("/organizations/acme/").headers["location"] == LIST


def test_a_search_without_results_offers_to_drop_the_term_that_costs_most(house, owner):
    for version in ("web@1.0.0", "web@1.1.0", "api@1.0.0"):
        house.publish(version)
    query = "release.version:>=3 release.package:web"
    answer = owner.get(LIST, params={"query": query, "period": "7d"})
    assert "2 releases match without <code>release.version:&gt;=3</code>." in answer.text
    link = unescape(
        re.search(r'class="btn primary" href="([^"]*)"><span class="cut">Remove', answer.text)[1]
    )
    assert _versions(owner.get(link)) == ["web@1.1.0", "web@1.0.0"]


def test_a_search_that_finds_nothing_at_all_offers_to_clear_it(owner, house):
    house.publish("web@1.0.0")
    answer = owner.get(LIST, params={"query": "<b>x release.package:none"})
    assert "<b>x" not in answer.text
    assert "Clear search and filters" in answer.text


def test_live_now_says_how_many_commits_a_release_is_behind(house, owner):
    first = house.publish("web@1.0.0")
    house.deploy(first, "production")
    assert ">newest<" in _live_now(owner)
    house.publish("web@1.1.0")
    house.deploy(house.publish("web@1.2.0"), "staging")
    text = _live_now(owner)
    assert ">2 behind<" in text
    assert ">newest<" in text


def test_live_now_says_at_least_how_many_commits_of_very_many_releases(house, owner, monkeypatch):
    monkeypatch.setattr("shipmark.releases.store.lineage.LATER_MAX", 1)
    house.deploy(house.publish("web@1.0.0"), "production")
    for number in (1, 2):
        house.publish(f"web@1.{number}.0")
    text = _live_now(owner)
    assert ">2+ behind<" in text
    assert "At least 2 commits behind the newest release" in text


def test_live_now_takes_the_same_statements_for_any_number_of_deploys(house, owner, statements):
    house.deploy(house.publish("web@1.0.0"), "production")
    statements.clear()
    owner.get(LIST)
    few = len(statements)
    for number in range(4):
        house.deploy(house.publish(f"web@2.{number}.0"), f"place-{number}")
    statements.clear()
    owner.get(LIST)
    assert len(statements) == few


def _live_now(client):
    return client.get(LIST).text.partition('data-part="live-now"')[2].partition("<form")[0]


def test_two_releases_are_compared_from_the_list(house, owner):
    house.publish("web@1.0.0")
    assert "Compare</a>" not in owner.get(LIST).text
    house.publish("web@1.1.0")
    assert f'href="{LIST}web%401.1.0/compare/"' in owner.get(LIST).text
