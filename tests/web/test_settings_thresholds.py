"""The pages of a project's release thresholds."""

import pytest
from page_forms import post
from project_settings import THRESHOLD, THRESHOLDS

from shipmark.releases.store import thresholds as threshold_store


def thresholds(house):
    with house.database.snapshot() as connection:
        return threshold_store.page_of(connection, [house.project.id], limit=10)


def test_a_threshold_is_created_changed_and_deleted(house, owner):
    house.fail("web@1.0.0", environment="production")
    assert "No thresholds yet" in owner.get(THRESHOLDS).text
    answer = post(owner, THRESHOLDS, **THRESHOLD | {"environment": "production"})
    assert answer.headers["location"] == THRESHOLDS
    text = owner.get(THRESHOLDS).text
    assert "more than 10 new issues" in text
    assert "2 days" in text
    made = thresholds(house)[0]
    assert (made.window_seconds, made.environment.name) == (172_800, "production")
    own = f"{THRESHOLDS}{made.id}/"
    form = owner.get(own).text
    assert 'name="value" value="10"' in form
    assert '<option value="production" selected>' in form
    post(owner, own, **THRESHOLD | {"value": "3", "unit": "60", "window": "90"})
    assert "value from 10 to 3" in house.newest_note()
    changed = thresholds(house)[0]
    assert (changed.value, changed.window_seconds, changed.environment) == (3, 5400, None)
    post(owner, own, action="delete")
    assert thresholds(house) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"type": "<b>"}, "Select a metric."),
        ({"trigger": ""}, "Select a condition."),
        ({"value": "-1"}, "Enter a whole number from 0 to 2,147,483,647."),
        ({"value": "9" * 5000}, "Enter a whole number"),
        ({"window": "x"}, "Enter a whole number"),
        ({"window": "2147483647"}, "The time is too long."),
        ({"unit": "7"}, "Select a unit."),
        ({"environment": "nowhere"}, "Invalid environment"),
    ],
)
def test_a_threshold_that_cannot_be_taken(house, owner, changes, problem):
    answer = post(owner, THRESHOLDS, **THRESHOLD | changes)
    assert answer.status_code == 400
    assert problem in answer.text
    assert f'aria-describedby="{next(iter(changes))}-problem' in answer.text
    assert thresholds(house) == []


def test_members_make_thresholds_and_change_them_if_they_may(house, member):
    assert post(member, THRESHOLDS, **THRESHOLD).status_code == 303
    own = f"{THRESHOLDS}{thresholds(house)[0].id}/"
    assert f'href="{own}#form"' in member.get(THRESHOLDS).text
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE organizations SET writes_alerts = 0")
    assert f'href="{own}#form"' not in member.get(THRESHOLDS).text
    assert member.get(own).status_code == 403
    assert post(member, own, action="delete").status_code == 403


@pytest.mark.parametrize("number", ["x", "999999", "9" * 30])
def test_an_unknown_threshold_is_not_found(owner, number):
    assert owner.get(f"{THRESHOLDS}{number}/").status_code == 404
    assert post(owner, f"{THRESHOLDS}{number}/", action="delete").status_code == 404
