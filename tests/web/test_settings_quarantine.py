"""The page of what could not be stored."""

from datetime import timedelta

import pytest

from shipmark.events import digest_store
from shipmark.events.digest_store import QuarantinedFrame
from shipmark.events.quarantine import store as quarantine_store
from shipmark.events.sender import UNKNOWN_SENDER
from shipmark.infrastructure.clock import now
from shipmark.organizations.model import Role

PATH = "/organizations/acme/settings/quarantine/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def hold(house, error="ValueError: <b>\nprivate", *, count=1, **more):
    fields = {
        "organization_id": house.organization.id,
        "project_id": house.project.id,
        "type": "event",
        "event_id": "e" * 32,
        "received_at": now() - timedelta(hours=1),
        "sent_at": None,
        "sender": UNKNOWN_SENDER,
        "payload": b"{" + b" " * 2046 + b"}",
        "error": error,
    }
    with house.database.transaction() as connection:
        digest_store.quarantine(connection, [QuarantinedFrame(**fields | more)] * count)


def stored(house):
    with house.database.snapshot() as connection:
        return quarantine_store.page_of(connection, house.organization.id, limit=999)


def act(client, path, action):
    return client.post(f"{PATH}{path}", data={"action": action}, headers=OWN)


def test_frames_are_listed_with_their_errors(house, owner):
    hold(house)
    text = owner.get(PATH).text
    for shown in ("Event", "eeeeeee", "web", "ValueError: &lt;b&gt;", "2.0 KiB", "Failed"):
        assert shown in text, shown
    assert "private" not in text


def test_an_empty_page_says_so(house, owner):
    hold(house, organization_id=77)
    assert "Nothing in quarantine" in owner.get(PATH).text


def test_they_come_in_pages_newest_first(house, owner):
    hold(house, "first")
    hold(house, "later", count=50)
    assert "first" not in owner.get(PATH).text.partition("<tbody")[2]
    assert "first" in owner.get(f"{PATH}?page=2").text.partition("<tbody")[2]


def test_one_or_all_are_retried(house, owner):
    hold(house, count=3)
    ids = [frame.id for frame in stored(house)]
    assert act(owner, f"{ids[1]}/", "retry").headers["location"] == PATH
    assert [frame.retry_requested_at is not None for frame in stored(house)] == [False, True, False]
    assert "Retry requested" in owner.get(PATH).text
    act(owner, "", "retry-all")
    assert all(frame.retry_requested_at for frame in stored(house))


def test_one_is_discarded(house, owner):
    hold(house)
    [frame] = stored(house)
    assert act(owner, f"{frame.id}/", "discard").headers["location"] == PATH
    assert stored(house) == []
    assert act(owner, f"{frame.id}/", "discard").status_code == 404
    assert (
        "discarded the quarantined event"
        in owner.get("/organizations/acme/settings/audit-log/").text
    )


def test_the_payload_is_downloaded(house, owner):
    hold(house)
    [frame] = stored(house)
    answer = owner.get(f"{PATH}{frame.id}/payload/")
    assert (answer.status_code, len(answer.content)) == (200, 2048)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(("path", "action"), [("", "x"), ("1/", "x"), ("1/", "retry-all")])
def test_other_actions_are_refused(house, owner, path, action):
    assert act(owner, path, action).status_code == 400


def test_a_member_may_not(house, open_browser):
    hold(house)
    [frame] = stored(house)
    browser = open_browser()
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    for path in ("", f"{frame.id}/payload/"):
        assert browser.get(PATH + path).status_code == 403
    assert act(browser, "", "retry-all").status_code == 403
    assert act(browser, f"{frame.id}/", "discard").status_code == 403


def test_those_of_other_organizations_are_not_found(house, owner):
    hold(house, organization_id=77)
    assert owner.get(f"{PATH}1/payload/").status_code == 404
    assert act(owner, "1/", "retry").status_code == 404


def test_the_page_of_jobs_points_to_them(house, owner):
    jobs = "/organizations/acme/settings/jobs/"
    assert "could not be stored" not in owner.get(jobs).text
    hold(house, count=2)
    assert "2 events could not be stored" in owner.get(jobs).text
