"""The timeline of deploys."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from shipmark.deploys import actions as deploys
from shipmark.deploys.model import NewDeploy
from shipmark.infrastructure.clock import now
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Role
from shipmark.releases.store import projects as release_projects
from shipmark.web.template_filters import duration
from shipmark.web.view_models.timeline_chart import axis_of

TIMELINE = "/organizations/acme/timeline/"


@pytest.fixture
def deploy(house):
    """Deploys a version some days ago; returns the release."""

    def record(version, environment, days, **publication):
        release = house.publish(version, **publication)
        with house.database.transaction() as connection:
            attached = release_projects.of_releases(connection, [release.id])[release.id]
            at = now() - timedelta(days=days)
            new = NewDeploy(environment=environment, finished_at=at)
            by = house.owner.id if environment == "production" else None
            deploys.record(connection, release, new, [each.project_id for each in attached], by)
        return release

    return record


def _bars(answer, lane):
    """The bars of a lane as (title, position, width)."""
    chart = answer.text.partition(f'aria-label="{lane}">')[2].partition('<div class="is')[0]
    found = re.findall(r'<title>([^<]*)</title><svg x="([\d.]+)%" width="([\d.]+)%"', chart)
    return [(unescape(title), float(x), float(width)) for title, x, width in found]


def _versions(answer):
    table = answer.text.partition("<tbody")[2]
    return re.findall(r'class="version"[^>]*title="([^"]*)"', table)


def test_the_navigation_leads_to_the_timeline(owner):
    page = owner.get("/organizations/acme/releases/").text
    assert f'href="{TIMELINE}" title="Timeline" data-key="t"' in page
    assert "No deploys yet" in owner.get(TIMELINE).text


def test_a_bar_lasts_from_its_deploy_to_the_next_one(owner, deploy):
    deploy("web@1.0.0", "production", 20)
    deploy("web@1.1.0", "production", 5)
    first, second = _bars(owner.get(TIMELINE), "web, production")
    assert "web@1.0.0" in first[0]
    assert "live for 15d" in first[0]
    assert (first[1], first[1] + first[2]) == pytest.approx((33.2, 83), abs=0.1)
    assert "live now, for 5d" in second[0]
    assert re.search(r"\ndeployed [-0-9]{10} [:0-9]{8} UTC, ", second[0])
    assert (second[1], second[1] + second[2]) == pytest.approx((83, 99.6), abs=0.1)


def test_a_tooltip_has_the_moment_in_the_chosen_zone_for_the_script_too(owner, deploy):
    deploy("web@1.0.0", "production", 5)
    owner.cookies.set("shipmark_zone", "Asia/Tokyo")
    answer = owner.get(TIMELINE)
    [at, words] = re.search(r'data-at="([^"]+)" data-words="([^"]+)"', answer.text).groups()
    moment = datetime.fromisoformat(at).astimezone(ZoneInfo("Asia/Tokyo"))
    assert words == f"{moment:%Y-%m-%d %H:%M:%S} JST"
    assert f"deployed {words}, live now" in _bars(answer, "web, production")[0][0]


def test_a_release_that_was_live_before_the_range_begins_at_its_edge(owner, deploy):
    deploy("web@1.0.0", "production", 50)
    deploy("web@1.1.0", "production", 15)
    deploy("web@1.0.0", "staging", 40)
    answer = owner.get(TIMELINE)
    earlier, _ = _bars(answer, "web, production")
    assert earlier[1:] == pytest.approx((0, 49.8), abs=0.1)
    assert [bar[1:] for bar in _bars(answer, "web, staging")] == [(0, 99.6)]
    assert _versions(answer) == ["web@1.1.0"]


def test_the_list_has_the_deploys_of_the_range_newest_first(owner, deploy):
    deploy("web@1.0.0", "production", 20)
    deploy("web@1.1.0", "production", 5)
    deploy("web@1.2.0", "staging", 1)
    assert _versions(owner.get(TIMELINE)) == ["web@1.2.0", "web@1.1.0", "web@1.0.0"]
    assert _versions(owner.get(TIMELINE, params={"days": "7"})) == ["web@1.2.0", "web@1.1.0"]


def test_production_is_the_first_lane_of_a_project(house, owner, deploy):
    deploy("web@1.0.0", "canary", 3)
    deploy("web@1.0.0", "production", 2)
    deploy("api@1.0.0", "staging", 1, project=house.extra_project("api"))
    lanes = re.findall(r'role="group" aria-label="(\w+, \w+)">', owner.get(TIMELINE).text)
    assert lanes == ["api, staging", "web, production", "web, canary"]


def test_lanes_can_be_chosen_by_project_and_environment(house, owner, deploy):
    deploy("web@1.0.0", "production", 2)
    deploy("web@1.1.0", "staging", 2)
    deploy("api@1.0.0", "production", 1, project=house.extra_project("api"))
    assert _versions(owner.get(TIMELINE, params={"project": "api"})) == ["api@1.0.0"]
    chosen = {"project": "web", "environment": "staging"}
    assert _versions(owner.get(TIMELINE, params=chosen)) == ["web@1.1.0"]
    nothing = owner.get(TIMELINE, params={"project": "api", "environment": "staging"})
    assert "No matching deploys" in nothing.text


def test_unknown_values_fall_back_to_the_defaults(owner, deploy):
    deploy("web@1.0.0", "production", 20)
    asked = {"days": "31", "project": "<x>", "environment": "<x>", "deploys": "<x>"}
    assert _versions(owner.get(TIMELINE, params=asked)) == ["web@1.0.0"]


def test_a_live_release_that_regressed_says_so(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@1.1.0", message="Fixes WEB-1", at=now() - timedelta(minutes=3))
    house.fail("web@1.1.0", timestamp=now().timestamp())
    house.deploy(house.publish("web@1.1.0"), "production")
    text = owner.get(TIMELINE).text
    assert 'class="span bad"' in text
    assert text.count('class="pill regressed"') == 2


def test_a_long_list_is_cut_and_offers_the_rest(owner, deploy):
    for number in range(52):
        deploy(f"web@1.{number}.0", "production", 20 - number / 10)
    answer = owner.get(TIMELINE)
    assert len(_versions(answer)) == 10
    link = re.search(r'href="([^"]*)">Show all 52 deploys', answer.text)[1]
    assert len(_versions(owner.get(unescape(link)))) == 52


def test_a_hostile_name_is_shown_as_text(owner, deploy):
    deploy("<script>alert(1)", '"><script>alert(2)', 1)
    text = owner.get(TIMELINE).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_an_anonymous_reader_is_sent_to_sign_in(browser):
    assert browser.get(TIMELINE).headers["location"].startswith("/sign-in/")


def test_a_stranger_finds_nothing(house, browser):
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert browser.get(TIMELINE).status_code == 404


def test_a_member_sees_the_projects_of_their_teams(house, browser, deploy):
    api = house.extra_project("api")
    deploy("api@1.0.0", "production", 1, project=api)
    deploy("both@1.0.0", "production", 1)
    deploy("both@1.0.0", "production", 0, project=api)
    house.close()
    house.sign_in(browser, house.person("m@example.com", Role.MEMBER, teams=("crew",)))
    answer = browser.get(TIMELINE)
    assert set(_versions(answer)) == {"both@1.0.0"}
    assert "api" not in answer.text.partition("<main")[2].partition("</main>")[0]


def test_the_number_of_statements_does_not_depend_on_the_number_of_deploys(
    owner, deploy, statements
):
    deploy("web@1.0.0", "production", 40)
    deploy("web@1.1.0", "production", 20)
    statements.clear()
    owner.get(TIMELINE)
    with_one = len(statements)
    for number in range(9):
        deploy(f"web@2.{number}.0", f"place-{number % 3}", number)
    statements.clear()
    owner.get(TIMELINE)
    assert len(statements) == with_one


@pytest.mark.parametrize(("days", "labels"), [(7, 7), (30, 4), (90, 6)])
def test_an_axis_has_as_many_labels_as_fit(days, labels):
    end = datetime(2026, 11, 26, 12, tzinfo=UTC)
    axis = axis_of(end - timedelta(days=days), end)
    positions = [position for position, _ in axis.ticks]
    assert positions == sorted(positions)
    assert labels - 1 <= len(axis.ticks) <= labels + 1
    assert all(later - earlier > 10 for earlier, later in pairwise(positions))


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=-5), "<1m"),
        (timedelta(seconds=59), "<1m"),
        (timedelta(minutes=40), "40m"),
        (timedelta(hours=1, minutes=52), "1h 52m"),
        (timedelta(hours=2), "2h"),
        (timedelta(days=3, hours=2, minutes=9), "3d 2h"),
        (timedelta(days=3, minutes=9), "3d"),
    ],
)
def test_a_duration_has_two_units_at_most(length, text):
    assert duration(length) == text


def _days_ago(days):
    return (now() - timedelta(days=days)).date().isoformat()


def _neighbours(answer):
    """The addresses of the earlier and the later days, "" where there are none."""
    found = (re.search(f'rel="{rel}" href="([^"]*)"', answer.text) for rel in ("prev", "next"))
    return [unescape(each[1]) if each else "" for each in found]


def test_earlier_days_are_pages(owner, deploy):
    deploy("web@1.0.0", "production", 50)
    deploy("web@1.1.0", "production", 40)
    deploy("web@1.2.0", "production", 5)
    earlier, later = _neighbours(owner.get(TIMELINE))
    assert (earlier, later) == (f"{TIMELINE}?until={_days_ago(30)}", "")
    answer = owner.get(earlier)
    assert _versions(answer) == ["web@1.1.0", "web@1.0.0"]
    assert "Live at the end" in answer.text
    assert '<line class="now"' not in answer.text
    assert "live now" not in answer.text
    # Nothing was deployed before.
    assert _neighbours(answer) == ["", TIMELINE]


def test_a_page_of_earlier_days_keeps_what_was_chosen(house, owner, deploy):
    deploy("web@1.0.0", "production", 50)
    deploy("api@1.0.0", "production", 50, project=house.extra_project("api"))
    asked = f"{TIMELINE}?days=7&until={_days_ago(45)}&project=web"
    answer = owner.get(asked)
    assert _versions(answer) == ["web@1.0.0"]
    assert f'href="{TIMELINE}?days=90&amp;until={_days_ago(45)}&amp;project=web"' in answer.text
    assert f'<input type="hidden" name="until" value="{_days_ago(45)}">' in answer.text
    later = f"{TIMELINE}?days=7&until={_days_ago(38)}&project=web"
    assert _neighbours(answer) == ["", later]
    # Nothing was deployed in them, but before.
    assert _neighbours(owner.get(later))[0] == asked


def test_what_was_live_before_earlier_days_and_after_them_is_drawn_through(owner, deploy):
    deploy("web@1.0.0", "production", 60)
    deploy("web@1.1.0", "production", 5)
    deploy("web@1.0.0", "staging", 60)
    answer = owner.get(f"{TIMELINE}?days=7&until={_days_ago(20)}")
    [production] = _bars(answer, "web, production")
    [staging] = _bars(answer, "web, staging")
    assert production[1:] == staging[1:] == (0, 99.6)
    assert re.search(r"live for over 40d|live for over 41d", production[0])
    assert "live now, for 60d" in staging[0]
    assert "No deploys in these 7 days." in answer.text


def test_weeks_of_earlier_days_end_with_theirs(house, owner, deploy):
    deploy("web@1.0.0", "production", 60)
    for weeks in (0, 1, 2):
        house.fail("web@1.0.0", fingerprint=[f"{weeks}"], timestamp=_at(weeks).timestamp())
    sunday = (_at(1) + timedelta(days=6)).date()
    chart = owner.get(f"{TIMELINE}?until={sunday}").text.partition('id="weeks"')[2]
    last = re.findall(r'class="hit"[^>]*aria-label="([^"]*)"', chart)[-1]
    monday = _at(1)
    assert last == f"Week of {monday.day} {monday:%b}\n1 new issue\n0 resolved"


def _at(weeks):
    """The beginning of a week, some weeks ago."""
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=today.weekday() + 7 * weeks)


def test_before_the_first_deploy_the_way_back_is_offered(owner, deploy):
    deploy("web@1.0.0", "production", 5)
    answer = owner.get(f"{TIMELINE}?days=7&until={_days_ago(30)}")
    assert "No deploys by then" in answer.text
    assert f'href="{TIMELINE}?days=7">Show the last 7 days' in answer.text


@pytest.mark.parametrize("until", ["", "x", "0001-01-01", "1999-12-31", "9999-12-31", "2026-02-30"])
def test_a_day_without_a_timeline_counts_as_now(owner, deploy, until):
    deploy("web@1.0.0", "production", 5)
    answer = owner.get(TIMELINE, params={"until": until})
    assert _versions(answer) == ["web@1.0.0"]
    assert "Live now" in answer.text
    assert owner.get(TIMELINE, params={"until": "2000-01-01", "days": "90"}).status_code == 200


def test_the_list_says_who_deployed(house, owner, deploy):
    deploy("web@1.0.0", "production", 5)
    deploy("web@1.0.0", "staging", 5)
    rows = owner.get(TIMELINE).text.partition("<tbody")[2].split("</tr>")
    by_environment = {
        name: row for row in rows for name in ("production", "staging") if name in row
    }
    name = house.owner.display_name
    assert f'<span class="unseen">{name}</span>' in by_environment["production"]
    assert name not in by_environment["staging"]
    assert 'title="Not known"' in by_environment["staging"]


def test_a_deploy_of_an_organization_token_has_its_name_also_when_it_is_revoked(house, owner):
    release = house.publish("web@1.0.0")
    with house.database.transaction() as connection:
        token_id = organizations.add_token(
            connection,
            house.organization.id,
            name="release pipeline",
            digest="d" * 64,
            last_characters="abcd",
            by=house.owner.id,
            at=now(),
        )
        new = NewDeploy(environment="production", finished_at=now())
        deploys.record(connection, release, new, [house.project.id], None, token_id=token_id)
        organizations.deactivate_token(connection, token_id, now())
    assert "Token release pipeline" in owner.get(TIMELINE).text
    log = owner.get("/organizations/acme/releases/web%401.0.0/").text.partition('id="activity"')[2]
    assert "<b>release pipeline</b> deployed <b>web</b>" in log
