"""The health of releases in the list and on their pages: columns, numbers, verdicts and charts, only with sessions."""

import re
from datetime import timedelta
from html import unescape

import pytest

from shipmark.infrastructure.clock import now

LIST = "/organizations/acme/releases/"
OLD, NEW = "web@1.0.0", "web@2.0.0"
PAGE = f"{LIST}web%402.0.0/"
HEADS = ("Adoption", "Crash-free users", "Crash-free sessions")


def _text(part):
    """What a person reads in a part of a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", part)).split())


def _heads(answer):
    heads = re.findall(r'<th role="columnheader"[^>]*>(.*?)</th>', answer.text)
    return [_text(head) for head in heads]


def _cells(answer, version):
    """The texts of the cells of a release."""
    row = (
        answer.text.partition("<tbody")[2].partition(f'title="{version}"')[2].partition("</tr>")[0]
    )
    return [_text(f"<{cell}") for cell in row.split("<td ")[1:]]


def _banners(answer):
    return re.findall(r'<section class="verdict .*?</section>', answer.text, re.DOTALL)


def _numbers(answer):
    """The numbers at the top of a release's page by their names."""
    found = re.findall(r"<div><dt[^>]*>(.*?)</dt><dd[^>]*>(.*?)</dd></div>", answer.text)
    return {_text(name): _text(number) for name, number in found}


@pytest.fixture
def published(house):
    """Two releases without sessions."""
    house.publish(OLD)
    house.publish(NEW)


def test_columns_appear_with_the_first_session(house, owner, published):
    assert not set(HEADS) & set(_heads(owner.get(LIST)))
    house.use(NEW, 10)
    assert [head for head in _heads(owner.get(LIST)) if head in HEADS] == list(HEADS)


def test_columns_do_not_appear_for_sessions_of_other_projects(house, owner, published):
    tools = house.extra_project("tools")
    house.use("tools@1", 10, project=tools)
    assert set(HEADS) <= set(_heads(owner.get(LIST)))
    assert not set(HEADS) & set(_heads(owner.get(f"{LIST}?project=web")))


def test_a_row_has_shares_of_sessions_and_users(house, owner, published):
    house.use(OLD, 100, hours=[3])
    house.use(NEW, 300, 3, users=20)
    assert _cells(owner.get(LIST), NEW)[1:4] == ["75%", "95.00% crash-free", "99.00%"]


def test_a_release_without_sessions_has_dashes(house, owner, published):
    house.use(NEW, 10)
    row = owner.get(LIST).text.partition(f'title="{OLD}"')[2].partition("</tr>")[0]
    dashes = re.findall('<span class="zero" title="No ([^"]*)">–</span>', row)
    days = ["users in the last 14 days", "sessions in the last 14 days"]
    assert dashes == ["sessions in the last 24 hours", *days]


def test_a_row_says_where_the_release_regressed(house, owner, published):
    assert "Worse than" not in owner.get(LIST).text
    house.regress()
    house.regress("staging")
    row = owner.get(LIST).text.partition(f'title="{NEW}"')[2].partition("</tr>")[0]
    assert 'title="Worse than the release before it in production, staging"' in row


def test_live_now_has_crash_free_users_and_the_share_of_sessions(house, owner):
    live = house.publish(NEW)
    house.deploy(live, "production")
    assert "of sessions" not in owner.get(LIST).text
    house.use(OLD, 100, hours=[3])
    house.use(NEW, 300, 3, users=20)
    card = (
        owner.get(LIST).text.partition('aria-label="web, live now"')[2].partition("</section>")[0]
    )
    assert "Crash-free users, 24 h 95.00%" in _text(card)
    assert "75% of sessions" in _text(card)


def _live(owner):
    return (
        owner.get(LIST).text.partition('aria-label="web, live now"')[2].partition("</section>")[0]
    )


def test_live_now_says_how_crash_free_users_changed_from_the_last_14_days(house, owner):
    house.deploy(house.publish(NEW), "production")
    house.use(NEW, 300, 3, users=20)
    assert "delta" not in _live(owner)
    house.use(OLD, 100, hours=[50], users=60)
    card = _live(owner)
    assert "Crash-free users, 24 h 95.00% down by 3.33" in _text(card)
    assert 'title="Than in the last 14 days"' in card
    # No verdict is about it.
    assert '<span class="delta">' in card


def test_a_row_says_how_crash_free_users_changed_from_the_release_before(house, owner, published):
    house.use(NEW, 300, 3, users=20)
    assert _cells(owner.get(LIST), NEW)[2] == "95.00% crash-free"
    house.use(OLD, 100, hours=[3], users=10)
    answer = owner.get(LIST)
    assert _cells(answer, NEW)[2] == "95.00% down by 5.00 crash-free"
    assert _cells(answer, OLD)[2] == "100% crash-free"
    assert f'title="Than {OLD}"><span class="delta">' in answer.text


def test_a_fall_with_a_verdict_is_red(house, owner, published):
    house.regress()
    house.use(OLD, 100, hours=[3], users=10)
    house.use(NEW, 400, 4, users=20)
    assert f'title="Than {OLD}"><span class="delta bad">' in owner.get(LIST).text


def test_the_page_has_no_part_for_health_without_sessions(owner, published):
    answer = owner.get(PAGE)
    assert "Crash-free" not in answer.text
    assert {"Changed files", "Authors"} <= set(_numbers(answer))


def test_the_page_has_numbers(house, owner, published):
    house.use(OLD, 100, hours=[3])
    house.use(NEW, 300, 3, users=20)
    assert _numbers(owner.get(PAGE)) == {
        "Crash-free users": "95.00%",
        "Crash-free sessions": "99.00% down by 1.00 against 1.0.0",
        "Adoption, 24 h": "75% of sessions",
        "New issues": "0",
        "Regressed": "0",
        "Resolved issues": "0",
        "Commits": "1",
    }


def test_a_regressed_release_has_reasons_and_what_to_deploy(house, owner, published):
    house.regress()
    assert '<dd class="bad">85' in owner.get(PAGE).text
    [banner] = _banners(owner.get(PAGE))
    assert 'class="verdict bad" aria-label="Verdict in production"' in banner
    text = _text(banner)
    assert text.startswith("Regressed in production Crash-free sessions: 85%, was 99.5%: 14.5")
    assert "To go back, deploy web@1.0.0 : the last release there that was not worse." in text
    assert "Decided just now 400 sessions Compared with 1.0.0 How this is decided" in text
    assert f'href="{LIST}web%401.0.0/"' in banner


def test_reasons_of_measures_that_the_verdict_is_not_by_are_apart(house, owner, published):
    house.regress()
    [banner] = _banners(owner.get(PAGE))
    shown, _, others = banner.partition('<details class="others">')
    assert "Crash-free sessions:" in shown
    assert "The base was hardly in use" in shown
    assert "users" not in _text(shown)
    assert _text(others).startswith("2 other measures Crash-free users, by the hour: ")


def test_each_environment_has_a_release_of_its_own_to_go_back_to(house, owner, published):
    house.regress()
    house.use("web@1.5.0", 2_000, 10, hours=range(2, 42), environment="staging")
    house.use(NEW, 400, 60, environment="staging")
    house.judge()
    production, staging = map(_text, _banners(owner.get(PAGE)))
    assert "To go back, deploy web@1.0.0 :" in production
    assert "To go back, deploy web@1.5.0 :" in staging


def test_before_the_job_has_judged_one_goes_back_to_the_base(house, owner, published):
    house.use(OLD, 2_000, 10, hours=range(2, 42))
    house.use(NEW, 400, 60)
    [banner] = _banners(owner.get(PAGE))
    assert "To go back, deploy web@1.0.0 :" in _text(banner)


def test_crashes_of_one_user_are_told(house, owner, published):
    house.use(OLD, 2_000, 10, hours=range(2, 42), users=20)
    house.use(NEW, 400, 10, users=20)
    [banner] = _banners(owner.get(PAGE))
    assert "Many are of the same users or hours: 19 count as one." in _text(banner)


def test_a_release_with_too_few_sessions_is_undecided(house, owner, published):
    house.use(OLD, 1_000, hours=[3])
    house.use(NEW, 10)
    [banner] = _banners(owner.get(PAGE))
    assert 'class="verdict "' in banner
    assert _text(banner).startswith("Not enough data in production Crash-free sessions: 100%, was")
    assert "To go back" not in banner


def test_production_comes_first_and_three_environments_are_shown(house, owner, published):
    for environment in ("a", "b", "c", "production"):
        house.use(NEW, 10, environment=environment)
    banners = _banners(owner.get(PAGE))
    labels = [re.findall(r'aria-label="Verdict in (\w+)"', banner)[0] for banner in banners]
    assert labels == ["production", "a", "b"]


def test_a_release_of_several_projects_has_a_verdict_of_each(house, owner):
    api = house.extra_project("api")
    for project in (house.project, api):
        house.use(NEW, 10, project=project)
    texts = {_text(banner)[:43] for banner in _banners(owner.get(PAGE))}
    assert texts == {
        "Not enough data in production of web No ear",
        "Not enough data in production of api No ear",
    }


def test_charts_have_tables_beside_the_release_before(house, owner, published):
    house.use(OLD, 100, 1, users=20, hours=[5])
    house.use(OLD, 300, 1, users=20, hours=[2])
    house.use(NEW, 300, 3, users=20, hours=[2])
    charts = owner.get(PAGE).text.split('<section class="card chart"')[1:3]
    tables = [_text(chart.partition("<thead")[2]) for chart in charts]
    assert ["Crash-free users" in charts[0], "Adoption" in charts[1]] == [True, True]
    assert re.search(
        r"From \(UTC\) Age 2.0.0 1.0.0 at the same age \S+ \S+ 0h 95.00% 95.00%", tables[0]
    )
    assert re.search(r"0h 50% 100%", tables[1])


def test_a_release_without_users_has_a_chart_of_its_sessions(house, owner, published):
    house.use(NEW, 300, 3)
    chart = owner.get(PAGE).text.split('<section class="card chart"')[1]
    assert "Crash-free sessions" in chart
    assert "99.00%" in chart.partition("<table")[2]


def test_the_page_says_how_many_sessions_met_unhandled_errors(house, owner, published):
    """Newer SDKs of browsers report them so, and no longer as crashed."""
    house.use(OLD, 300)
    house.use(NEW, 300, 3)
    assert "unhandled error" not in owner.get(PAGE).text
    house.use(NEW, 100, unhandled=10)
    text = _text(owner.get(PAGE).text)
    assert "2.50% of its sessions met an unhandled error and went on." in text


def test_names_are_escaped(house, owner):
    house.publish("web@<b>1")
    house.publish("web@<b>2")
    for version, hours in (("web@<b>1", [3]), ("web@<b>2", [1])):
        house.use(version, 1_000, hours=hours, environment="<i>&")
    answer = owner.get(f"{LIST}web%40%3Cb%3E2/")
    [banner] = _banners(answer)
    assert _text(banner).partition(" Crashed")[0].endswith(" in <i>&")
    for page in (answer, owner.get(LIST)):
        assert "<b>2" not in page.text
        assert "<i>&" not in page.text


def test_the_list_takes_the_same_statements_for_any_number_of_releases(house, owner, statements):
    numbers = []
    for versions in (["0.9.0", "2.0.0"], [f"1.0.{number}" for number in range(24)]):
        for version in versions:
            house.publish(f"web@{version}")
            house.use(f"web@{version}", 100, users=10)
        statements.clear()
        assert owner.get(LIST).status_code == 200
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


def test_a_page_takes_the_same_statements_for_any_number_of_environments(
    house, owner, published, statements
):
    numbers = []
    for environments in (["production"], ["a", "b", "c", "d"]):
        for environment in environments:
            house.use(NEW, 100, users=10, environment=environment)
        house.judge()
        statements.clear()
        assert owner.get(PAGE).status_code == 200
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


def test_the_rules_of_verdicts_have_their_limits(owner):
    text = _text(owner.get("/organizations/acme/verdicts/").text)
    assert "How a verdict is decided" in text
    assert "20% of the rate before, at least 0.1 percentage points" in text
    assert "It needs 200 sessions." in text
    assert "shipmark gate VERSION -e production --wait 30m" in text


def test_strangers_do_not_see_the_rules_of_an_organization(house, browser):
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get("/organizations/acme/verdicts/").status_code == 404


def _sorts(answer):
    """The orders that the list offers."""
    chosen = answer.text.partition('name="sort"')[2].partition("</select>")[0]
    return re.findall(r'<option value="(\w+)"', chosen)


def _versions(answer):
    assert answer.status_code == 200
    rows = answer.text.partition("<tbody")[2].split('<a class="version"')[1:]
    return [re.search(r'title="([^"]*)"', row)[1] for row in rows]


def test_orders_by_sessions_are_offered_once_there_are_any(house, owner, published):
    health = ["adoption", "crash_free_users", "crash_free_sessions", "sessions"]
    assert _sorts(owner.get(LIST)) == ["date", "version"]
    assert _versions(owner.get(f"{LIST}?sort=sessions")) == [NEW, OLD]
    house.use(OLD, 10)
    assert _sorts(owner.get(LIST)) == ["date", "version", *health]
    assert _versions(owner.get(f"{LIST}?sort=sessions")) == [OLD, NEW]


@pytest.mark.parametrize(
    ("sort", "versions"),
    [
        ("sessions", ["web@2", "web@1", "web@3", "web@4"]),
        ("crash_free_sessions", ["web@1", "web@3", "web@2", "web@4"]),
        ("crash_free_users", ["web@3", "web@1", "web@2", "web@4"]),
    ],
)
def test_releases_are_ordered_by_their_sessions(house, owner, sort, versions):
    for version in ("web@1", "web@2", "web@3", "web@4"):
        house.publish(version)
    house.use("web@1", 100, 4, users=20)
    house.use("web@2", 400, 1, users=40)
    house.use("web@3", 40, 1, users=10)
    answer = owner.get(f"{LIST}?sort={sort}")
    assert _versions(answer) == versions
    assert ('aria-sort="ascending"' in answer.text) == (sort != "sessions")


def test_a_release_of_several_projects_comes_once(house, owner, published):
    api = house.extra_project("api")
    for project in (house.project, api):
        house.use(NEW, 10, project=project)
    for sort in ("adoption", "crash_free_users", "crash_free_sessions", "sessions"):
        assert _versions(owner.get(f"{LIST}?sort={sort}")) == [NEW, OLD]


def test_releases_ordered_by_sessions_have_pages_and_filters(house, owner):
    for number in range(30):
        house.publish(f"web@{number}")
    house.use("web@7", 10)
    first = owner.get(f"{LIST}?sort=sessions")
    older = unescape(re.search(r'rel="next" href="([^"]*)"', first.text)[1])
    rest = owner.get(older)
    listed = [*_versions(first), *_versions(rest)]
    assert (listed[0], len(listed), len(set(listed))) == ("web@7", 30, 30)
    newer = unescape(re.search(r'rel="prev" href="([^"]*)"', rest.text)[1])
    assert _versions(owner.get(newer)) == _versions(first)
    assert _versions(owner.get(f"{LIST}?sort=sessions&period=24h&query=web@7")) == ["web@7"]
    assert owner.get(f"{LIST}?sort=sessions&cursor=nothing").status_code == 200


def test_the_period_of_a_list_holds_for_orders_by_sessions(house, owner):
    old = now() - timedelta(days=3)
    house.publish("web@old", at=old, released_at=old)
    house.publish("web@new")
    for version in ("web@old", "web@new"):
        house.use(version, 10)
    assert _versions(owner.get(f"{LIST}?sort=sessions&period=24h")) == ["web@new"]
