"""The page of the storage, and the deletion of unused artifacts."""

from datetime import timedelta

import pytest

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.job_records import page_of
from shipmark.organizations.model import Role
from shipmark.usage import store
from shipmark.usage.model import Amount, ProjectUsage, Usage

PATH = "/organizations/acme/settings/storage/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def post(client, **data):
    return client.post(PATH, data=data, headers=OWN)


def jobs(house):
    with house.database.snapshot() as connection:
        return page_of(connection, house.organization.id, limit=9)


def measured(house, at, **projects):
    usage = Usage(
        blobs=Amount(count=3, bytes=3 * 1024 * 1024),
        projects={house.project.id: ProjectUsage(events=Amount(count=7, bytes=2048))},
    )
    with house.database.transaction() as connection:
        store.save(connection, house.organization.id, usage, at)


def test_a_measurement_is_requested_once(house, owner):
    assert "Not measured yet" in owner.get(PATH).text
    for _ in range(2):
        assert post(owner, action="measure").headers["location"] == PATH
    [job] = jobs(house)
    assert (job.kind, job.details) == ("measure_storage", {"organization_id": 1})
    text = owner.get(PATH).text
    assert "It is being measured" in text
    assert "Measure now" not in text


def test_the_last_measurement_is_shown(house, owner, statements):
    measured(house, now() - timedelta(hours=3))
    statements.clear()
    text = owner.get(PATH).text
    for shown in ("3.0 MiB", "2.0 KiB", "7 events", "3 hours ago", "Measure again"):
        assert shown in text
    assert not [it for it in statements if "FROM events" in it or "FROM files" in it]


def test_one_of_just_now_is_not_repeated(house, owner):
    measured(house, now())
    assert "Measure again" not in owner.get(PATH).text


def test_what_runs_by_itself_is_said(owner, open_browser, house):
    assert "for 90 days" in owner.get(PATH).text
    other = open_browser(artifact_days=0)
    other.cookies.clear()
    house.sign_in(other, house.owner)
    assert "Nothing is deleted automatically" in other.get(PATH).text


def test_nothing_unused_leaves_nothing_to_delete(owner):
    text = owner.get(f"{PATH}?project=web&days=30").text
    assert "has no artifacts unused for 30 days" in text
    assert "Delete unused artifacts" not in text


def test_unused_artifacts_are_previewed_and_deleted_by_a_job(house, owner):
    unused(house)
    text = owner.get(f"{PATH}?project=web&days=30").text
    assert "1 bundle (9 bytes)" in text
    assert "0 single files" in text
    assert post(owner, action="prune", project="web", days="30").status_code == 303
    [job] = jobs(house)
    assert (job.kind, job.details) == (
        "prune_project_artifacts", {"project_id": house.project.id, "days": 30},
    )  # fmt: skip
    log = owner.get("/organizations/acme/settings/audit-log/?event=artifacts.prune").text
    assert "requested the deletion of artifacts of project web unused for 30 days" in log


def unused(house):
    at = (now() - timedelta(days=40)).replace(tzinfo=None)
    with house.database.engine.begin() as connection:
        for statement in (
            "INSERT INTO files VALUES (1, 'x', 'artifact.bundle', '{}', 9, 'a', :at)",
            "INSERT INTO artifact_bundles VALUES (1, 1, 'b', 1, 1, :at, :at, :at)",
            "INSERT INTO bundle_projects VALUES (1, 1, :at, :at)",
        ):
            connection.exec_driver_sql(statement, {"at": f"{at:%Y-%m-%d %H:%M:%S.%f}"})


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"project": "unknown", "days": "3"}, "Select a project."),
        ({"project": "web", "days": ""}, "Enter a number of days"),
        ({"project": "web", "days": "0"}, "Enter a number of days"),
        ({"project": "web", "days": "99999"}, "Enter a number of days"),
        ({"project": "web", "days": "<b>"}, "Enter a number of days"),
    ],
)
def test_wrong_input_is_refused(house, owner, data, problem):
    for answer in (owner.get(PATH, params=data), post(owner, action="prune", **data)):
        assert answer.status_code == 400
        assert problem in answer.text
        assert "<b>" not in answer.text.partition("Unused for days")[2]
    assert jobs(house) == []


def test_a_member_sees_the_storage_and_measures_nothing(house, open_browser):
    client = open_browser()
    client.cookies.clear()
    house.sign_in(client, house.person("mia@example.com", Role.MEMBER))
    text = client.get(PATH).text
    assert "Measure now" not in text
    assert post(client, action="measure").status_code == 403


def test_a_member_of_no_team_deletes_nothing_of_a_closed_organization(house, open_browser):
    house.close()
    client = open_browser()
    client.cookies.clear()
    house.sign_in(client, house.person("mia@example.com", Role.MEMBER))
    assert post(client, action="prune", project="web", days="30").status_code in {400, 403}
    assert jobs(house) == []


def test_strangers_see_nothing(house, browser):
    assert browser.get(PATH).headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(PATH).status_code == 404
    assert post(browser, action="measure").status_code == 404


def test_an_unknown_action_is_refused(owner):
    assert post(owner, action="explode").status_code == 400


def test_the_page_takes_the_same_statements_for_any_number_of_projects(house, owner, statements):
    measured(house, now())
    owner.get(PATH)
    statements.clear()
    owner.get(PATH)
    few = len(statements)
    for number in range(4):
        house.extra_project(f"p{number}")
    statements.clear()
    owner.get(PATH)
    assert len(statements) == few


def test_it_says_how_long_events_are_kept(house, owner):
    text = owner.get(PATH).text
    assert "Events are deleted 90 days after they were received." in text
    assert "Of each issue about 1,000 are kept" in text
