"""Buttons and forms that change a release."""

import re

import pytest
from sessions import fold, health_update, session

from shipmark.infrastructure.clock import now
from shipmark.organizations import model
from shipmark.organizations.model import Role
from shipmark.publishing import actions as publishing
from shipmark.publishing.model import CommitsAndRefs, PublishContext, RefInput, ReleaseUpdate
from shipmark.releases.model import FetchState, ReleaseStatus
from shipmark.releases.store import fetches, releases
from shipmark.releases.store.fetches import Result
from shipmark.repositories import store as repositories
from shipmark.repositories.model import StoredRemote

LIST = "/organizations/acme/releases/"
RELEASE = f"{LIST}web%401/"
OURS = {"Sec-Fetch-Site": "same-origin"}


def _post(client, path, **fields):
    return client.post(path, data=fields, headers=OURS)


def _release(house, version="web@1"):
    with house.database.snapshot() as connection:
        return releases.by_version(connection, house.organization.id, version)


def _audit(house):
    with house.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT event FROM audit_log ORDER BY id")
        return [row[0] for row in rows]


@pytest.fixture
def member(house, browser):
    house.sign_in(browser, house.person("member@example.com", Role.MEMBER))
    return browser


@pytest.fixture
def powerless(monkeypatch, member):
    """A member of an organization in which members may not work with releases."""
    scopes = model._SCOPES[Role.MEMBER] - {"project:releases"}
    monkeypatch.setitem(model._SCOPES, Role.MEMBER, scopes)
    return member


def test_finalizing_sets_the_date_once(house, member):
    house.publish("web@1", released_at=None)
    assert 'value="finalize"' in member.get(RELEASE).text
    answer = _post(member, RELEASE, action="finalize")
    assert (answer.status_code, answer.headers["location"]) == (303, RELEASE)
    released_at = _release(house).released_at
    assert released_at is not None
    assert 'value="finalize"' not in member.get(RELEASE).text
    _post(member, RELEASE, action="finalize")
    assert _release(house).released_at == released_at


def test_archiving_and_restoring_are_logged(house, member):
    house.publish("web@1")
    before = len(_audit(house))
    assert _post(member, RELEASE, action="archive").status_code == 303
    assert _release(house).status is ReleaseStatus.ARCHIVED
    assert 'value="restore"' in member.get(RELEASE).text
    assert _post(member, RELEASE, action="restore").status_code == 303
    assert _release(house).status is ReleaseStatus.OPEN
    assert len(_audit(house)) == before + 2


def test_another_action_is_refused(house, member):
    house.publish("web@1")
    assert _post(member, RELEASE, action="explode").status_code == 400
    assert member.post(RELEASE, data={"action": "archive"}).status_code == 403
    assert _release(house).status is ReleaseStatus.OPEN


def test_failed_commits_can_be_fetched_again(house, member):
    release = house.publish("web@1")
    around = PublishContext(organization=house.organization, user_id=None, host="x", now=now())
    refs = (RefInput(repository="acme/web", commit="a" * 40),)
    with house.database.transaction() as connection:
        known = repositories.named(connection, house.organization.id, "acme/web")
        remote = StoredRemote(repository_id=known.id, url="https://x/y", username=None, secret=None)
        repositories.save_remote(connection, remote, now())
        publishing.update(
            connection, release, ReleaseUpdate(code=CommitsAndRefs(refs=refs)), around
        )
        fetch = fetches.open_of(connection, release.id, limit=9)[0]
        failed = Result(fetch_id=fetch.id, state=FetchState.FAILED, error="It is away.")
        fetches.record(connection, [failed], now())
    assert 'value="fetch">Retry' in member.get(RELEASE).text
    assert _post(member, RELEASE, action="fetch").status_code == 303
    assert "are being fetched" in member.get(RELEASE).text


def test_there_may_be_nothing_to_fetch_again(house, member):
    house.publish("web@1")
    answer = _post(member, RELEASE, action="fetch")
    assert answer.status_code == 409
    assert "There is nothing to be fetched again" in answer.text


def test_the_form_changes_ref_url_and_date(house, member):
    house.publish("web@1", ref="main")
    text = member.get(f"{RELEASE}edit/").text
    assert 'value="main"' in text
    released = re.search(r'name="released" type="datetime-local" value="([^"]+)"', text)[1]
    before = _release(house).released_at
    fields = {"ref": "v1", "url": "https://ci.example.com/7", "released": released}
    assert _post(member, f"{RELEASE}edit/", **fields).status_code == 303
    changed = _release(house)
    assert (changed.ref, changed.url) == ("v1", "https://ci.example.com/7")
    # An unchanged field keeps the fraction of the second.
    assert changed.released_at == before
    _post(member, f"{RELEASE}edit/", **fields | {"released": "2026-01-31T12:00"})
    assert f"{_release(house).released_at:%Y-%m-%dT%H:%M%z}" == "2026-01-31T12:00+0000"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ref", "x" * 201, "Use at most 200 characters."),
        ("ref", "", "It can be replaced, but not removed."),
        ("url", "javascript:alert(1)", "Enter a URL such as"),
        ("url", "https://x/" + "y" * 200, "Use at most 200 characters."),
        ("released", "yesterday", "Enter a date and a time such as"),
        ("released", "0001-01-01T00:00+23:59", "Enter a date and a time such as"),
        ("released", "", "It can be replaced, but not removed."),
    ],
)
def test_a_wrong_field_keeps_what_was_typed(house, member, name, value, message):
    house.publish("web@1", ref="main")
    fields = {"ref": "typed <b>", "url": "", "released": "2026-01-31T12:00"} | {name: value}
    answer = _post(member, f"{RELEASE}edit/", **fields)
    assert answer.status_code == 400
    assert message in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert name == "ref" or "typed &lt;b&gt;" in answer.text
    assert _release(house).ref == "main"


def test_deleting_says_what_goes_and_does_it(house, member):
    house.deploy(house.publish("web@1"), "production")
    text = member.get(f"{RELEASE}delete/").text
    assert "1 deploy" in text
    assert "its 1 commit" in text
    before = len(_audit(house))
    answer = _post(member, f"{RELEASE}delete/")
    assert (answer.status_code, answer.headers["location"]) == (303, LIST)
    assert _release(house) is None
    assert len(_audit(house)) == before + 1


def test_a_release_that_issues_refer_to_is_deleted_by_owners_only(house, browser):
    house.fail("web@1")
    house.sign_in(browser, house.person("member@example.com", Role.MEMBER))
    text = browser.get(f"{RELEASE}delete/").text
    assert "only an owner" in text
    assert "Delete release" not in text
    assert _post(browser, f"{RELEASE}delete/").status_code == 400
    assert _post(browser, f"{RELEASE}delete/", force="1").status_code == 403
    house.sign_in(browser, house.owner)
    answer = _post(browser, f"{RELEASE}delete/")
    assert (answer.status_code, "referenced by active issues" in answer.text) == (400, True)
    assert _post(browser, f"{RELEASE}delete/", force="1").status_code == 303
    assert _release(house) is None


def _run(house, version):
    with house.database.transaction() as connection:
        fold(connection, house.project.id, [health_update(session(version), now())], now())


def test_a_release_with_sessions_is_deleted_by_owners_only(house, browser):
    _run(house, "web@1")
    house.sign_in(browser, house.person("member@example.com", Role.MEMBER))
    text = browser.get(f"{RELEASE}delete/").text
    assert "This release had sessions in the last 90 days, so only an owner" in text
    house.sign_in(browser, house.owner)
    assert "although it has health data" in browser.get(f"{RELEASE}delete/").text
    answer = _post(browser, f"{RELEASE}delete/")
    assert (answer.status_code, "This release has health data" in answer.text) == (400, True)
    assert _post(browser, f"{RELEASE}delete/", force="1").status_code == 303
    assert _release(house) is None


def test_ticked_releases_with_sessions_are_kept_without_the_tick(house, owner):
    _run(house, "web@1")
    path, release = "/organizations/acme/bulk-releases/", _release(house).id
    preview = _post(owner, path, action="delete", release=release, next=LIST).text
    assert "Delete it although sessions refer to it" in preview
    kept = _post(owner, path, action="confirm-delete", release=release, next=LIST).text
    assert "It had sessions in the last 90 days." in kept
    assert _release(house) is not None


@pytest.mark.parametrize("path", ["", "edit/", "delete/"])
def test_a_member_without_the_right_changes_nothing(house, powerless, path):
    house.publish("web@1", released_at=None)
    text = powerless.get(RELEASE).text
    for absent in ('value="finalize"', 'value="archive"', "edit/", "delete/"):
        assert absent not in text, absent
    assert _post(powerless, f"{RELEASE}{path}", action="archive").status_code == 403
    if path:
        assert powerless.get(f"{RELEASE}{path}").status_code == 403
    assert _release(house).status is ReleaseStatus.OPEN


@pytest.mark.parametrize("path", ["", "edit/", "delete/"])
def test_others_change_nothing(house, browser, path):
    house.publish("web@1")
    answer = _post(browser, f"{RELEASE}{path}", action="archive")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert _post(browser, f"{RELEASE}{path}", action="archive").status_code == 404
    assert _release(house).status is ReleaseStatus.OPEN


@pytest.mark.parametrize("path", ["", "edit/", "delete/"])
def test_an_unknown_release_is_not_found(house, owner, path):
    assert _post(owner, f"{LIST}unknown/{path}", action="archive").status_code == 404
    assert _post(owner, f"{LIST}a%00b/{path}", action="archive").status_code == 404


def test_a_release_with_a_hidden_project_is_not_changed(house, browser):
    """As in the API: who does not see all of its projects can't change it."""
    house.publish("web@1")
    house.publish("web@1", project=house.extra_project("hidden"))
    house.close()
    house.sign_in(browser, house.person("m@example.com", Role.MEMBER, teams=("crew",)))
    assert 'value="archive"' not in browser.get(RELEASE).text
    assert _post(browser, RELEASE, action="archive").status_code == 404
    assert _release(house).status is ReleaseStatus.OPEN


@pytest.mark.parametrize("path", ["edit/", "delete/"])
def test_hostile_versions_are_shown_as_text(house, owner, path):
    hostile = "<script>alert(1)"
    house.publish(hostile)
    text = owner.get(f"{LIST}%3Cscript%3Ealert(1)/{path}").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
