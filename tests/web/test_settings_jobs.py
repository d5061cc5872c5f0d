"""The page of the organization's jobs."""

from datetime import timedelta

import pytest

from shipmark.infrastructure import jobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.job_records import page_of
from shipmark.organizations.model import Role
from shipmark.releases.model import FetchMode, FetchState, NewFetch
from shipmark.releases.store import fetches
from shipmark.repositories import store as repositories

PATH = "/organizations/acme/settings/jobs/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def put(house, kind="measure_storage", *, organization_id=1, run_at=None, **details):
    with house.database.transaction() as connection:
        jobs.enqueue(
            connection, kind, details, now=now(), run_at=run_at, organization_id=organization_id
        )


def fail(house, error, *, attempts_max):
    with house.database.transaction() as connection:
        job = jobs.claim(connection, now() + timedelta(days=9))
        jobs.retry_later(connection, job, error, now(), attempts_max=attempts_max)
    return job.id


def claim(house):
    with house.database.transaction() as connection:
        return jobs.claim(connection, now()).id


def stored(house):
    with house.database.snapshot() as connection:
        return page_of(connection, house.organization.id, limit=99)


def act(client, job_id, action):
    return client.post(f"{PATH}{job_id}/", data={"action": action}, headers=OWN)


def fetch_job(house):
    """A job that fetches the commits of a release; returns the id of its fetch."""
    release = house.publish("web@1.0.0")
    with house.database.transaction() as connection:
        ids = repositories.ids_by_name(connection, house.organization.id, ["acme/web"])
        new = NewFetch(
            repository_id=ids["acme/web"], commit="main", previous=None, mode=FetchMode.RANGE
        )
        [fetch_id] = fetches.add(connection, release, [new], None, now())
    put(house, "fetch_commits", fetches=[fetch_id])
    return fetch_id


def test_jobs_are_listed_with_what_they_are_about(house, owner):
    fetch_job(house)
    text = owner.get(PATH).text
    for shown in ("Fetch commits", "acme/web", "/releases/web%401.0.0/", "Waiting"):
        assert shown in text
    assert "Retry<" not in text


def test_jobs_of_others_and_of_the_server_are_not(house, owner):
    put(house, "tidy", organization_id=None)
    put(house, organization_id=77)
    assert "No jobs" in owner.get(PATH).text


def test_only_the_first_line_of_an_error_is_shown(house, owner):
    put(house)
    fail(house, "OperationalError: <b>\n[parameters: secret]", attempts_max=None)
    text = owner.get(PATH).text
    assert "OperationalError: &lt;b&gt;" in text
    assert "secret" not in text
    assert "Will be retried" in text
    assert "Discard job" not in text


def test_a_retried_job_runs_now(house, owner):
    put(house)
    job_id = fail(house, "Away", attempts_max=None)
    assert act(owner, job_id, "run").headers["location"] == PATH
    [job] = stored(house)
    assert job.run_at <= now()
    assert job.attempts == 1


def test_a_failed_job_starts_anew(house, owner):
    put(house)
    job_id = fail(house, "Away", attempts_max=1)
    assert "Failed" in owner.get(PATH).text
    assert act(owner, job_id, "run").status_code == 303
    [job] = stored(house)
    assert (job.attempts, job.error) == (0, None)


def test_a_running_job_is_left_alone(house, owner):
    put(house)
    job_id = claim(house)
    assert "Running" in owner.get(PATH).text
    for action in ("run", "discard"):
        assert act(owner, job_id, action).status_code == 409


def test_a_discarded_fetch_has_failed(house, owner):
    fetch_id = fetch_job(house)
    job_id = fail(house, "Away", attempts_max=1)
    assert act(owner, job_id, "discard").status_code == 303
    assert stored(house) == []
    with house.database.snapshot() as connection:
        [fetch] = fetches.by_ids(connection, [fetch_id])
    assert (fetch.state, fetch.error) == (FetchState.FAILED, "The fetch was discarded.")
    assert act(owner, job_id, "discard").status_code == 404


def test_a_job_that_has_not_failed_is_neither_discarded_nor_run_early(house, owner):
    put(house, "remove_repository", repository_id=1, run_at=now() + timedelta(hours=1))
    [job] = stored(house)
    for action in ("run", "discard"):
        assert act(owner, job.id, action).status_code == 409
    assert stored(house) == [job]


def test_a_job_of_others_is_not_found(house, owner):
    put(house, organization_id=77)
    for job_id in ("1", "x", "9" * 30):
        assert act(owner, job_id, "run").status_code == 404


def test_an_unknown_action_is_refused(house, owner):
    put(house)
    assert act(owner, 1, "explode").status_code == 400


def test_a_member_sees_no_jobs(house, browser):
    put(house)
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    assert browser.get(PATH).status_code == 403
    assert act(browser, 1, "run").status_code == 403
    assert ">Jobs</a>" not in browser.get("/organizations/acme/settings/members/").text


@pytest.mark.parametrize("path", [PATH, f"{PATH}1/"])
def test_strangers_see_nothing(house, browser, path):
    if path == PATH:
        assert browser.get(path).headers["location"].startswith("/sign-in/")
    assert browser.post(f"{PATH}1/", headers=OWN).headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(PATH).status_code == 404
    assert act(browser, 1, "run").status_code == 404


def test_the_page_takes_the_same_statements_for_any_number_of_jobs(house, owner, statements):
    fetch_id = fetch_job(house)
    statements.clear()
    owner.get(PATH)
    few = len(statements)
    for _ in range(5):
        put(house, "fetch_commits", fetches=[fetch_id])
        put(house, "prune_project_artifacts", project_id=1, days=3)
    statements.clear()
    owner.get(PATH)
    assert len(statements) == few
