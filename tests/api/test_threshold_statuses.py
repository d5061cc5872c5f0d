"""GET ``organizations/{org}/release-threshold-statuses/`` (releases.md 2.22)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from factories import (
    NO_CREDENTIALS,
    NOT_ALLOWED,
    Bearer,
    Caller,
    World,
    ago,
    error_event,
    on_one_database,
    release_path,
    send_event,
    statements,
    written,
)
from sessions import aggregates, send_sessions, session

from shipmark.infrastructure.database import Database

PATH = "/organizations/acme/release-threshold-statuses/"
BETWEEN = f"start={written(ago(days=1))}&end={written(ago(days=-1))}"
THRESHOLD = {
    "threshold_type": "total_error_count",
    "trigger_type": "over",
    "value": 2,
    "window_in_seconds": 3600,
}

Fail = Callable[..., None]


@pytest.fixture
def fail(alice: Caller, world: World) -> Fail:
    """Lets errors come, one of each issue that is named."""

    def failed(
        *issues: str, release: str = "web@1.0.0", project: str = "web", **more: object
    ) -> None:
        for issue in issues:
            event = error_event(issue, release=release, **more)
            send_event(alice.client, world.keys[project], world.projects[project], event)

    return failed


def watch(caller: Caller, project: str = "web", **more: object) -> None:
    answer = caller.post(f"/projects/acme/{project}/release-thresholds/", THRESHOLD | more)
    assert answer.status_code == 201, answer.text


def statuses(caller: Caller, query: str = "") -> dict[str, list[dict[str, Any]]]:
    answer = caller.get(f"{PATH}?{BETWEEN}{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, list[dict[str, Any]]] = answer.json()
    return found


def metrics(caller: Caller, query: str = "") -> list[tuple[int | None, bool]]:
    return [
        (it["metric_value"], it["is_healthy"])
        for each in statuses(caller, query).values()
        for it in each
    ]


def test_without_thresholds_or_releases_there_is_nothing(alice: Caller) -> None:
    assert statuses(alice) == statuses(alice, "&project=-1") == {}
    alice.publish("web@1.0.0")
    assert statuses(alice, "&project=-1") == {}
    watch(alice, "mobile")
    assert statuses(alice, "&project=-1") == {}


def test_a_status_is_the_threshold_and_what_it_came_to(
    bob: Caller, alice: Caller, world: World
) -> None:
    watch(alice)
    made = bob.publish("web@1.0.0")
    [threshold] = alice.get("/projects/acme/web/release-thresholds/").json()
    found = statuses(bob)
    [status] = found["web-web@1.0.0"]
    end = status.pop("end")
    assert end > status["start"]
    assert status == threshold | {
        "key": "web-web@1.0.0",
        "release": "web@1.0.0",
        "project_slug": "web",
        "project_id": world.projects["web"],
        "start": made["dateCreated"],
        "is_healthy": True,
        "metric_value": 0,
    }


@pytest.mark.parametrize(
    ("trigger", "errors", "is_healthy"),
    [("over", 1, True), ("over", 2, True), ("over", 3, False),
     ("under", 1, False), ("under", 2, True), ("under", 3, True)],
)  # fmt: skip
def test_errors_are_counted(
    alice: Caller, fail: Fail, trigger: str, errors: int, is_healthy: bool
) -> None:
    watch(alice, trigger_type=trigger)
    alice.publish("web@1.0.0")
    fail(*["one"] * errors)
    fail("other", release="web@2.0.0")
    assert metrics(alice, "&project=-1&release=web@1.0.0") == [(errors, is_healthy)]


def test_new_issues_are_counted_and_old_ones_are_not(alice: Caller, fail: Fail) -> None:
    watch(alice, threshold_type="new_issue_count", value=1)
    fail("old", release="web@0.9.0")
    alice.publish("web@1.0.0")
    fail("old", "new", "new", "newer")
    assert metrics(alice, "&project=-1&release=web@1.0.0") == [(2, False)]


def test_only_the_thresholds_environment_counts(alice: Caller, fail: Fail) -> None:
    fail("old", release="web@0.9.0", environment="production")
    for kind in ("total_error_count", "new_issue_count"):
        watch(alice, threshold_type=kind, environment="production")
        watch(alice, threshold_type=kind)
    alice.publish("web@1.0.0")
    fail("a", "a", "b", "old", environment="production")
    fail("c", environment="staging")
    found = [
        (it["threshold_type"], (it["environment"] or {}).get("name"), it["metric_value"])
        for it in statuses(alice, "&project=-1")["web-web@1.0.0"]
    ]
    assert set(found) == {
        ("total_error_count", "production", 4),
        ("total_error_count", None, 5),
        ("new_issue_count", "production", 2),
        ("new_issue_count", None, 3),
    }
    named = statuses(alice, "&project=-1&environment=production")["web-web@1.0.0"]
    assert [it["environment"]["name"] for it in named] == ["production"] * 2
    assert statuses(alice, "&project=-1&environment=nope") == {}


def test_only_the_thresholds_project_counts(alice: Caller, fail: Fail) -> None:
    for kind in ("total_error_count", "new_issue_count"):
        watch(alice, "mobile", threshold_type=kind)
    alice.publish("web@1.0.0", "web", "mobile")
    fail("a", "b")
    fail("c", project="mobile")
    assert metrics(alice, "&project=-1") == [(1, True), (1, True)]


def test_only_the_window_counts(alice: Caller, fail: Fail) -> None:
    """An event may say when it was; one from before the release was made, or after the window, is not counted."""
    watch(alice, window_in_seconds=0)
    watch(alice, window_in_seconds=3600)
    alice.publish("web@1.0.0")
    fail("a", timestamp=written(ago(hours=2)))
    fail("a")
    assert [it for it, _ in metrics(alice, "&project=-1")] == [0, 1]


def test_the_window_begins_with_the_last_deploy_there(alice: Caller, fail: Fail) -> None:
    fail("x", release="web@0.9.0", environment="production")
    watch(alice, environment="production")
    watch(alice)
    alice.publish("web@1.0.0")
    moment = ago(hours=3)
    finished = written(moment)
    for environment, at in (("production", written(ago(hours=4))), ("production", finished)):
        body = {"environment": environment, "dateFinished": at}
        alice.post(release_path("web@1.0.0", "deploys/"), body)
    fail("a", environment="production", timestamp=written(ago(hours=2, minutes=30)))
    fail("b", environment="production")
    there, anywhere = statuses(alice, "&project=-1")["web-web@1.0.0"]
    assert (there["start"], there["end"]) == (finished, written(moment + timedelta(hours=1)))
    assert (there["metric_value"], anywhere["metric_value"]) == (1, 1)
    assert anywhere["start"] != finished


def test_a_deploy_that_ends_with_time_itself_does_no_harm(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    body = {"environment": "production", "dateFinished": "9999-12-31T23:59:59Z"}
    alice.post(release_path("web@1.0.0", "deploys/"), body)
    watch(alice, environment="production", window_in_seconds=2**31 - 1)
    assert metrics(alice, "&project=-1") == [(0, True)]


@pytest.mark.parametrize(
    "measure",
    [
        "unhandled_issue_count",
        "regressed_issue_count",
        "failure_rate",
        # Without sessions.
        "crash_free_session_rate",
        "crash_free_user_rate",
    ],
)
@pytest.mark.parametrize("trigger", ["over", "under"])
@on_one_database
def test_what_can_not_be_measured_is_never_said_to_be_well(
    alice: Caller, measure: str, trigger: str
) -> None:
    watch(alice, threshold_type=measure, trigger_type=trigger, value=0)
    alice.publish("web@1.0.0")
    assert metrics(alice, "&project=-1") == [(None, False)]


@pytest.mark.parametrize(
    ("measure", "share"), [("crash_free_session_rate", 90), ("crash_free_user_rate", 75)]
)
def test_crash_free_rates_are_judged(
    alice: Caller, world: World, measure: str, share: float
) -> None:
    alice.publish("web@1.0.0")
    alice.post(release_path("web@1.0.0", "deploys/"), {"environment": "staging"})
    limit = {"threshold_type": measure, "trigger_type": "under", "value": 80}
    watch(alice, **limit, window_in_seconds=86_400)
    watch(alice, **limit, window_in_seconds=86_400, environment="staging")
    many = aggregates({"exited": 6})
    users = [session(did=did) for did in ("ann", "bob", "cid")]
    send_sessions(alice.client, world, many, *users, session(did="dan", status="crashed"))
    assert metrics(alice, "&project=-1") == [(share, share >= 80), (None, False)]


def test_releases_are_chosen(alice: Caller, world: World) -> None:
    watch(alice)
    watch(alice, "mobile")
    alice.publish("web@1.0.0", "web", "mobile")
    alice.publish("a b#%", "web")
    assert set(statuses(alice, "&project=-1")) == {
        "web-web@1.0.0", "mobile-web@1.0.0", "web-a b#%",
    }  # fmt: skip
    assert set(statuses(alice, "&release=a%20b%23%25&project=-1")) == {"web-a b#%"}
    assert set(statuses(alice, "&release=nope&project=-1")) == set()
    mobile = {"mobile-web@1.0.0"}
    assert set(statuses(alice, f"&project={world.projects['mobile']}")) == mobile
    assert set(statuses(alice, "&projectSlug=mobile&project=999")) == mobile
    assert set(statuses(alice, "&projectSlug=nope")) == set()


def test_releases_of_another_time_are_left_out(alice: Caller) -> None:
    watch(alice)
    alice.publish("web@1.0.0")
    past = f"start={written(ago(days=3))}&end={written(ago(days=2))}"
    assert alice.get(f"{PATH}?{past}&project=-1").json() == {}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", {"start": ["This field is required."], "end": ["This field is required."]}),
        ("start=2026-01-01T00:00:00Z", {"end": ["This field is required."]}),
        ("start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z",
         {"non_field_errors": ["Start datetime must be after End"]}),
        ("start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:00Z",
         {"non_field_errors": ["Start datetime must be after End"]}),
    ],
)  # fmt: skip
@on_one_database
def test_the_time_must_be_said(alice: Caller, query: str, told: object) -> None:
    answer = alice.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.json()) == (400, told)


@pytest.mark.parametrize("moment", ["x", "", "2026-01-01", "2026-13-01T00:00:00Z", "1767225600"])
@on_one_database
def test_a_bad_moment_is_told(alice: Caller, moment: str) -> None:
    answer = alice.get(f"{PATH}?start={moment}&end=2026-01-01T00:00:00Z")
    assert (answer.status_code, list(answer.json())) == (400, ["start"])


def test_who_may_not_look(anonymous: Caller, charlie: Caller, bearer: Bearer) -> None:
    answer = anonymous.get(f"{PATH}?{BETWEEN}")
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)
    for caller in (charlie, bearer(["org:read"])):
        answer = caller.get(f"{PATH}?x=1")
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_more_of_everything_takes_no_more_statements(
    alice: Caller, fail: Fail, database: Database
) -> None:
    many = []
    fail("x", environment="production")
    for number in range(2):
        for kind in ("total_error_count", "new_issue_count", "failure_rate"):
            watch(alice, threshold_type=kind)
            watch(alice, threshold_type=kind, environment="production")
        for minor in range(3):
            alice.publish(f"web@{number}.{minor}", "web", "mobile")
        fail("a", "b", "c", release=f"web@{number}.0")
        with statements(database) as seen:
            assert statuses(alice, "&project=-1")
        many.append(seen.count)
    assert many[0] == many[1] <= 12


def test_windows_of_a_day_hold_what_came_in_it(alice: Caller, fail: Fail) -> None:
    watch(alice, window_in_seconds=int(timedelta(days=1).total_seconds()), value=0)
    fail("a", "b")
    assert metrics(alice, "&project=-1") == [(2, False)]
