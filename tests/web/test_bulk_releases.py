"""Changes of the releases that are ticked in the list."""

import json

import pytest
from sqlalchemy import select

from shipmark.organizations.model import Role
from shipmark.organizations.store import audit
from shipmark.releases.model import ReleaseStatus
from shipmark.releases.store import releases

LIST = "/organizations/acme/releases/"
BULK = "/organizations/acme/bulk-releases/"
OWN = {"sec-fetch-site": "same-origin"}


def _send(browser, action, *chosen, **fields):
    """Send the form of the list, with these releases ticked."""
    content = {"action": action, "release": [str(release.id) for release in chosen]} | fields
    return browser.post(BULK, data=content, headers=OWN)


def _stored(house, version):
    with house.database.snapshot() as connection:
        return releases.by_version(connection, house.organization.id, version)


def _logged(house):
    """The actions in the audit log, with the number of releases of each."""
    with house.database.snapshot() as connection:
        rows = connection.execute(select(audit.log.c.event, audit.log.c.data)).all()
    return [(event, json.loads(data)["count"]) for event, data in rows]


@pytest.fixture
def chosen(house):
    return [house.publish("web@1.0.0"), house.publish("web@1.1.0")]


def test_ticked_releases_are_archived_and_restored(house, owner, chosen):
    answer = _send(owner, "archive", *chosen)
    assert (answer.status_code, answer.headers["location"]) == (303, LIST)
    assert _stored(house, "web@1.1.0").status is ReleaseStatus.ARCHIVED
    _send(owner, "restore", chosen[0])
    assert _stored(house, "web@1.0.0").status is ReleaseStatus.OPEN
    assert _stored(house, "web@1.1.0").status is ReleaseStatus.ARCHIVED


def test_the_list_is_shown_again_as_it_was(owner, chosen):
    there = f"{LIST}?status=any"
    assert _send(owner, "archive", *chosen, next=there).headers["location"] == there
    elsewhere = _send(owner, "archive", *chosen, next="//evil.example.com")
    assert elsewhere.headers["location"] == LIST


def test_a_deletion_is_shown_before_it_happens(house, owner, chosen):
    house.fail("web@1.0.0")
    answer = _send(owner, "delete", *chosen)
    assert answer.status_code == 200
    deleted, referenced = _parts(answer, "referenced")
    assert "web@1.1.0" in deleted
    assert "web@1.0.0" not in deleted
    assert "web@1.0.0" in referenced
    assert 'name="force"' in referenced
    assert all(f'name="release" value="{release.id}"' in answer.text for release in chosen)
    assert _stored(house, "web@1.1.0") is not None


def test_a_confirmed_deletion_says_what_it_keeps(house, owner, chosen):
    house.fail("web@1.0.0")
    answer = _send(owner, "confirm-delete", *chosen)
    assert answer.status_code == 200
    assert "<h1>Deleted 1 release</h1>" in answer.text
    deleted, kept = _parts(answer, "kept")
    assert "web@1.1.0" in deleted
    assert "web@1.0.0" in kept
    assert "Issues were first seen in it." in kept
    assert _stored(house, "web@1.1.0") is None
    assert _stored(house, "web@1.0.0") is not None


def test_an_owner_forces_the_deletion_of_what_issues_refer_to(house, owner, chosen):
    house.fail("web@1.0.0")
    answer = _send(owner, "confirm-delete", *chosen, force="1")
    assert "<h1>Deleted 2 releases</h1>" in answer.text
    assert 'id="kept"' not in answer.text
    assert _stored(house, "web@1.0.0") is None
    assert _stored(house, "web@1.1.0") is None


def test_only_an_owner_can_force_a_deletion(house, browser, chosen):
    house.fail("web@1.0.0")
    house.sign_in(browser, house.person("m@example.com", Role.MANAGER, teams=("crew",)))
    preview = _send(browser, "delete", *chosen)
    _, kept = _parts(preview, "kept")
    assert "web@1.0.0" in kept
    assert 'name="force"' not in preview.text
    assert _send(browser, "confirm-delete", *chosen, force="1").status_code == 403
    assert _stored(house, "web@1.1.0") is not None
    assert _send(browser, "confirm-delete", *chosen).status_code == 200
    assert _stored(house, "web@1.0.0") is not None


def _parts(answer, name):
    """The page before and after the section of this name."""
    before, found, after = answer.text.partition(f'id="{name}"')
    assert found
    return before, after


def test_a_hostile_version_is_shown_as_text(house, owner):
    text = _send(owner, "delete", house.publish("<script>alert(1)")).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_an_anonymous_reader_is_sent_to_sign_in(browser, chosen):
    answer = _send(browser, "archive", *chosen)
    assert answer.headers["location"].startswith("/sign-in/")


def test_a_stranger_finds_nothing(house, browser, chosen):
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert _send(browser, "archive", *chosen).status_code == 404
    assert _stored(house, "web@1.0.0").status is ReleaseStatus.OPEN


def test_another_site_changes_nothing(house, owner, chosen):
    answer = owner.post(BULK, data={"action": "archive", "release": str(chosen[0].id)})
    assert answer.status_code == 403
    assert _stored(house, "web@1.0.0").status is ReleaseStatus.OPEN


def test_a_release_that_is_also_in_a_hidden_project_stays(house, browser):
    api = house.extra_project("api")
    both, hidden = house.publish("both@1.0.0"), house.publish("api@1.0.0", project=api)
    house.publish("both@1.0.0", project=api)
    house.close()
    house.sign_in(browser, house.person("m@example.com", Role.MEMBER, teams=("crew",)))
    assert f'value="{both.id}"' not in browser.get(LIST).text
    preview = _send(browser, "delete", both, hidden).text
    assert "projects that you have no access to" in preview
    assert "api@1.0.0" not in preview
    _send(browser, "archive", both, hidden)
    assert _stored(house, "both@1.0.0").status is ReleaseStatus.OPEN
    assert _stored(house, "api@1.0.0").status is ReleaseStatus.OPEN


def test_an_unknown_action_is_refused(owner, chosen):
    assert _send(owner, "explode", *chosen).status_code == 400


@pytest.mark.parametrize("value", ["", "x", "-1", "²", "9" * 30, str(2**63), "0"])
def test_values_that_are_no_releases_are_ignored(owner, value):
    for action in ("archive", "delete", "confirm-delete"):
        sent = {"action": action, "release": value}
        assert owner.post(BULK, data=sent, headers=OWN).status_code == 303


def test_changes_are_in_the_audit_log(house, owner, chosen):
    _send(owner, "archive", *chosen)
    _send(owner, "confirm-delete", *chosen)
    assert _logged(house) == [(10011, 2), (10012, 2)]


def test_the_number_of_statements_does_not_depend_on_the_number_of_releases(
    house, owner, chosen, statements
):
    many = [house.publish(f"web@2.{number}.0") for number in range(10)]
    numbers = []
    for ticked in (chosen[:1], many[:9]):
        for action in ("archive", "delete", "confirm-delete"):
            statements.clear()
            _send(owner, action, *ticked)
            numbers.append(len(statements))
    assert numbers[:3] == numbers[3:]
