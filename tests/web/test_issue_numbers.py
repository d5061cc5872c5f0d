"""The chart of an issue's events, and the shares of its tags."""

import re
from datetime import timedelta
from html import unescape

from sqlalchemy import delete

from shipmark.events import store as events
from shipmark.infrastructure.clock import now

ISSUES = "/organizations/acme/issues/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def test_the_chart_and_the_shares_count_the_events(house, owner):
    # A minute ago may be yesterday.
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    for environment in ("production", "production", "production", "staging"):
        house.fail("web@1.0.0", environment=environment, timestamp=today.timestamp())
    text = owner.get(f"{ISSUES}WEB-1/").text
    assert "4 events in 30 days" in text
    label = "Events of each day in 30 days: 4 events in all, 4 in the last."
    assert f'aria-label="{label}"' in text
    assert len(re.findall(r'<rect class="hit"[^>]* tabindex="-?[01]"', text)) == 30
    tags = tags_on(text)
    assert [percent for *_, percent in tags["release"]] == ["100%"]
    assert [percent for *_, percent in tags["environment"]] == ["75%", "25%"]


def chart_of(page):
    """The card with the chart of events."""
    return page.text.partition('aria-labelledby="trend"')[2].partition("</section>")[0]


def steps_of(page):
    """The texts of the steps that have something to tell."""
    found = re.findall(r'class="hit"[^>]*aria-label="([^"]*)"', chart_of(page))
    return [
        text.partition(": ")[2] for text in map(unescape, found) if not text.endswith(": 0 events")
    ]


def labels_of(page):
    """The labels of the marks."""
    return re.findall(r'<g class="deploy">.*?<text[^>]*>([^<]*)</text>', chart_of(page))


def test_the_chart_has_ranges(house, owner):
    house.fail("web@1.0.0")
    house.fail("web@1.0.0", timestamp=(now() - timedelta(days=2)).timestamp())
    issue = "/organizations/acme/issues/WEB-1/"
    month = owner.get(issue)
    assert steps_of(month) == ["1 event", "1 event\n1.0.0 created, first seen"]
    assert f'href="{issue}" aria-label="30 days" aria-current="true"' in month.text
    day = owner.get(issue, params={"period": "24h"})
    assert "1 event in 24 hours" in day.text
    assert chart_of(day).count('class="hit"') == 24
    assert "data-at=" in chart_of(day)
    assert "Hour (UTC)" in day.text
    quarter = owner.get(issue, params={"period": "90d"})
    assert "2 events in 90 days" in quarter.text
    assert chart_of(quarter).count('class="hit"') == 90
    assert "2 events in 30 days" in owner.get(issue, params={"period": "<x>"}).text


def test_links_to_events_and_ranges_keep_each_other(house, owner):
    for _ in range(2):
        house.fail("web@1.0.0")
    text = owner.get(f"{ISSUES}WEB-1/?event=oldest&period=90d").text
    assert f'href="{ISSUES}WEB-1/?period=90d">Latest' in text
    assert f'href="{ISSUES}WEB-1/?event=oldest&amp;period=24h" aria-label="24 hours"' in text


def test_hours_of_the_chart_are_those_of_the_reader(house, owner):
    house.fail("web@1.0.0")
    owner.cookies.set("shipmark_zone", "Asia/Tokyo")
    chart = chart_of(owner.get(f"{ISSUES}WEB-1/", params={"period": "24h"}))
    assert re.search(r'<text class="" x="0%"[^>]*>\d\d:00 JST</text>', chart)
    assert re.search(r'data-words="\d\d \w{3} \d\d:00 JST"', chart)


def test_the_chart_marks_when_releases_were_deployed(house, owner):
    house.fail("web@1.0.0")
    house.deploy(house.publish("web@1.0.0"), "staging")
    house.deploy(house.publish("web@1.0.0"), "production")
    house.publish("web@1.1.0")
    page = owner.get(f"{ISSUES}WEB-1/")
    assert labels_of(page) == ["1.0.0 first seen"]
    assert any("1.0.0 deployed to production, first seen" in text for text in steps_of(page))
    assert "<td>1.0.0 deployed to production, first seen</td>" in page.text


def test_without_deploys_the_chart_marks_when_releases_were_created(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@<b>1.1.0", at=now() - timedelta(days=5), released_at=None)
    house.publish(
        "web@1.2.0", at=now() - timedelta(days=40), released_at=now() - timedelta(days=40)
    )
    page = owner.get(f"{ISSUES}WEB-1/")
    assert any("&lt;b&gt;1.1.0 created" in text for text in re.findall("<td>(.*?)</td>", page.text))
    assert "<b>1.1.0" not in page.text
    assert "1.2.0" not in labels_of(page)
    assert "1.2.0" in labels_of(owner.get(f"{ISSUES}WEB-1/", params={"period": "90d"}))


def test_the_chart_says_which_release_resolved_and_brought_back_the_issue(house, owner):
    ago = [now() - timedelta(days=days) for days in (20, 10, 2)]
    house.fail("web@1.0.0", timestamp=ago[0].timestamp())
    house.publish("web@1.1.0", message="Fixes WEB-1", at=ago[1], released_at=ago[1])
    house.publish("web@1.2.0", at=ago[2], released_at=ago[2])
    house.fail("web@1.2.0")
    page = owner.get(f"{ISSUES}WEB-1/")
    assert {"1.1.0 resolved", "1.2.0 regressed"} <= set(labels_of(page))
    assert "since 1.2.0, in which it regressed" in page.text
    chart = chart_of(page)
    assert chart.count('class="s-past"') == chart.count('class="s-bad"') == 1
    assert 'class="s-1"' not in chart


def tags_on(text: str) -> dict[str, list[tuple[str, str, str]]]:
    """The address, text and share of each value on a page, by tag."""
    card = text.partition('id="shares"')[2].partition("</section>")[0]
    return {
        unescape(tag): [
            (unescape(address), unescape(value), percent)
            for address, value, percent in re.findall(
                r'<span class="cut" title="[^"]*">(?:<a href="([^"]*)">)?([^<]*)(?:</a>)?</span>'
                r"<span>([^<]*%)</span>",
                values,
            )
        ]
        for tag, values in re.findall(
            r'with [^"]*">([^<]*)</span></dt>(.*?)</div>', card, re.DOTALL
        )
    }


def test_tags_show_the_shares_of_their_values(house, owner):
    for browser in ("Firefox", "Firefox", "<b>Chrome", 'say "x"'):
        house.fail("web@1.0.0", tags={"browser": browser, "password": "hunter2"})
    text = owner.get(f"{ISSUES}WEB-1/").text
    tags = tags_on(text)
    first, *others = [each[1:] for each in tags["browser"]]
    assert first == ("Firefox", "50%")
    assert sorted(others) == [("<b>Chrome", "25%"), ('say "x"', "25%")]
    assert tags["release"] == [("/organizations/acme/releases/web%401.0.0/", "1.0.0", "100%")]
    assert not {"password", "user"} & tags.keys()
    assert "hunter2" not in text
    assert "<b>Chrome" not in text


def test_a_value_leads_to_the_issues_with_it(house, owner):
    house.fail("web@1.0.0", tags={"browser": "Firefox", "region": 'say "x"', "glob": "a*"})
    house.fail("web@1.0.0", tags={"browser": "Chrome"}, fingerprint=["other"])
    tags = tags_on(owner.get(f"{ISSUES}WEB-1/").text)
    for tag in ("browser", "region"):
        [(address, *_)] = tags[tag]
        listed = owner.get(address).text
        assert ("WEB-1" in listed, "WEB-2" in listed) == (True, False)
    # Nothing can search for it.
    assert tags["glob"] == [("", "a*", "100%")]


def test_tags_stay_when_events_are_gone(house, owner):
    issue_id = house.fail("web@1.0.0", tags={"browser": "Firefox"})
    with house.database.transaction() as connection:
        connection.execute(delete(events.events))
    assert tags_on(owner.get(f"{ISSUES}{issue_id}/").text)["browser"][0][1] == "Firefox"


def test_what_a_newer_rule_removes_is_not_among_the_tags(house, owner):
    house.fail("web@1.0.0", tags={"browser": "Firefox", "pin": "4711"})
    assert "pin" in tags_on(owner.get(f"{ISSUES}WEB-1/").text)
    path = "/organizations/acme/settings/projects/web/data/scrubbing/"
    rules = {"scrubbing": "1", "defaults": "1", "sensitive": "pin"}
    assert owner.post(path, data=rules, headers=OWN).status_code == 303
    assert "pin" not in tags_on(owner.get(f"{ISSUES}WEB-1/").text)


def test_shares_take_the_same_statements_for_any_number_of_events(house, owner, statements):
    house.fail("web@1.0.0", tags={"a": "1"})
    statements.clear()
    owner.get("/organizations/acme/issues/WEB-1/?event=oldest")
    few = len(statements)
    for number in range(5):
        house.fail("web@1.0.0", tags={"a": str(number)})
    statements.clear()
    owner.get("/organizations/acme/issues/WEB-1/?event=oldest")
    assert len(statements) == few
