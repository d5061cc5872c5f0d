"""The page of delivery: metrics, charts and failed changes."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from shipmark.deploys import actions as deploys
from shipmark.deploys.model import NewDeploy
from shipmark.infrastructure.clock import now
from shipmark.releases.store import projects as release_projects
from shipmark.web.view_models.delivery_periods import period_of

DELIVERY = "/organizations/acme/delivery/"


@pytest.fixture
def deploy(house):
    """Deploys a version some days ago; returns the release."""

    def record(version, days, *, environment="production", **publication):
        release = house.publish(version, **publication)
        with house.database.transaction() as connection:
            attached = release_projects.of_releases(connection, [release.id])[release.id]
            new = NewDeploy(environment=environment, finished_at=now() - timedelta(days=days))
            deploys.record(connection, release, new, [each.project_id for each in attached], None)
        return release

    return record


def _figures(answer):
    """The metrics by name, as (value, unit and comparison)."""
    shown = re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd>(.*?)</div>", answer.text, re.DOTALL)
    return {name: (_text(value), _text(more)) for name, value, more in shown}


def _text(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def _rows(answer, heading):
    card = answer.text.partition(f'<h2 id="{heading}">')[2].partition("</section>")[0]
    return [_text(row) for row in re.findall(r"<tr.*?</tr>", card, re.DOTALL)[1:]]


def test_the_navigation_leads_to_delivery_and_an_empty_page_says_what_to_do(owner):
    page = owner.get("/organizations/acme/releases/").text
    assert f'href="{DELIVERY}" title="Delivery" data-key="d"' in page
    text = owner.get(DELIVERY).text
    assert "No deploys yet" in text
    assert "sentry-cli deploys new --release web@1.0.0 -e production" in text
    assert "<select" not in text


def test_the_metrics_of_a_period(owner, deploy):
    deploy("web@1.0.0", 21)
    deploy("web@1.1.0", 20)
    deploy("web@1.0.0", 19.5)
    answer = owner.get(DELIVERY)
    figures = _figures(answer)
    assert list(figures) == [
        "Deploy frequency",
        "Lead time for changes",
        "Change failure rate",
        "Time to restore",
        "Rework rate",
    ]
    assert figures["Change failure rate"] == ("50.0% of deploys", "1 of 2")
    assert figures["Time to restore"] == ("12h median", "")
    assert figures["Rework rate"] == ("33.3% of deploys", "1 of 3")
    assert figures["Lead time for changes"] == ("–", "")
    assert "No commits with lead times in this time" in answer.text
    assert "from five deploys on, in the 12 weeks and in those before." in answer.text


def test_failed_changes_are_listed_with_what_recovered_them(owner, deploy):
    deploy("web@1.0.0", 21)
    deploy("web@1.1.0", 20)
    deploy("web@1.0.0", 19.5)
    [row] = _rows(owner.get(DELIVERY), "failures")
    assert re.fullmatch(r"W 1\.1\.0 web rolled back recovered by 1\.0\.0 after 12h .*", row)


def test_a_trend_compares_with_the_period_before(owner, deploy):
    for number in range(5):
        deploy(f"web@0.{number}.0", 58 - number)
    for number in range(10):
        deploy(f"web@1.{number}.0", 20 - number)
    figures = _figures(owner.get(DELIVERY, params={"period": "30d"}))
    value, more = figures["Deploy frequency"]
    assert value.endswith("a week")
    assert re.fullmatch(r"up by 1\.\d against the 30 days before 10 in all, was 1\.\d", more)
    assert figures["Change failure rate"] == ("0% of deploys", "0 of 10, was 0%")


def test_a_deploy_of_today_is_not_judged_yet(owner, deploy):
    deploy("web@1.0.0", 0.5)
    answer = owner.get(DELIVERY)
    assert "1 of the deploys is too young to tell whether it failed." in answer.text
    assert _figures(answer)["Change failure rate"] == ("–", "")


def test_projects_stand_side_by_side_and_lead_to_their_own_page(house, owner, deploy):
    deploy("web@1.0.0", 3)
    deploy("api@1.0.0", 2, project=house.extra_project("api"))
    answer = owner.get(DELIVERY)
    assert [row.split()[1] for row in _rows(answer, "projects")] == ["api", "web"]
    assert f'href="{DELIVERY}?project=api"' in answer.text
    chosen = owner.get(DELIVERY, params={"project": "api"})
    assert [row.split()[1] for row in _rows(chosen, "projects")] == ["api"]
    assert _figures(chosen)["Deploy frequency"][1] == "1 in all"


def test_an_environment_can_be_chosen(owner, deploy):
    deploy("web@1.0.0", 3)
    deploy("web@1.1.0", 2, environment="staging")
    deploy("web@1.2.0", 1, environment="staging")
    answer = owner.get(DELIVERY, params={"environment": "staging"})
    assert _figures(answer)["Deploy frequency"][1] == "2 in all"
    assert f'href="{DELIVERY}?period=30d&amp;environment=staging"' in answer.text


def test_another_environment_is_shown_where_there_is_no_production(owner, deploy):
    deploy("web@1.0.0", 3, environment="live")
    answer = owner.get(DELIVERY)
    assert '<option value="live" selected>' in answer.text
    assert _figures(answer)["Deploy frequency"][1] == "1 in all"


def test_a_period_without_deploys_offers_a_longer_one(owner, deploy):
    deploy("web@1.0.0", 200)
    answer = owner.get(DELIVERY)
    assert "No deploys in this time" in answer.text
    longer = owner.get(DELIVERY, params={"period": "12m"})
    assert _figures(longer)["Deploy frequency"][1] == "1 in all"


def test_unknown_values_fall_back_to_the_defaults(owner, deploy):
    deploy("web@1.0.0", 3)
    answer = owner.get(DELIVERY, params={"period": "<x>", "project": "<x>", "environment": "<x>"})
    assert _figures(answer)["Deploy frequency"][1] == "1 in all"
    assert 'aria-label="12 weeks" aria-current="true"' in answer.text


def test_a_chart_has_its_numbers_as_a_table(owner, deploy):
    deploy("web@1.0.0", 21)
    deploy("web@1.1.0", 20)
    deploy("web@1.0.0", 19.5)
    rows = _rows(owner.get(DELIVERY), "deploys")
    assert len(rows) == 12
    assert sum(int(re.search(r"(\d+) deploy", row)[1]) for row in rows) == 2
    assert sum(int(re.search(r"(\d+) failed", row)[1]) for row in rows) == 1
    assert sum("1 of them restored" in row for row in rows) == 1


def test_deploys_are_stacked_by_what_became_of_them(owner, deploy):
    deploy("web@1.0.0", 21)
    deploy("web@1.1.0", 20)
    chart = owner.get(DELIVERY).text.partition('id="deploys"')[2].partition("</section>")[0]
    assert 'class="s-2"' not in chart
    deploy("web@1.0.0", 19.5)
    answer = owner.get(DELIVERY)
    chart = answer.text.partition('id="deploys"')[2].partition("</section>")[0]
    assert chart.count('class="s-1"') == chart.count('class="s-2"') == 1
    assert 'class="s-bad"' not in chart
    assert "2 in all, 1 failed, 1 of them restored." in chart


@pytest.mark.parametrize(
    ("choice", "first", "last", "previous"),
    [
        ("30d", "2026-02-16", "2026-03-17", "2026-01-17T12"),
        ("12w", "2025-12-29", "2026-03-16", "2025-10-11T12"),
        ("12m", "2025-04-01", "2026-03-01", "2024-04-15T12"),
    ],
)
def test_periods_have_whole_days_weeks_or_months(choice, first, last, previous):
    at = datetime(2026, 3, 17, 12, tzinfo=UTC)
    period = period_of(choice, at)
    moments = (period.start, period.starts[-1], period.previous_start)
    assert moments == tuple(
        datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (first, last, previous)
    )
    assert period.steps[-1][1] == at
