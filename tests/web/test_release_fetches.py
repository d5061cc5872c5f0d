"""What the page of a release says of commits that it waits for."""

from datetime import timedelta

from shipmark.infrastructure.clock import now
from shipmark.publishing import actions as publishing
from shipmark.publishing.model import CommitsAndRefs, PublishContext, RefInput, ReleaseUpdate
from shipmark.releases.model import FetchState, ReleaseActivity, ReleaseActivityType
from shipmark.releases.store import activity, fetches
from shipmark.releases.store.fetches import Result
from shipmark.repositories import store as repositories
from shipmark.repositories.model import StoredRemote

HALF_A_MINUTE = timedelta(seconds=30)


def _refer(house, release):
    organization = house.organization
    around = PublishContext(organization=organization, user_id=None, host="x", now=now())
    refs = (RefInput(repository="acme/web", commit="a" * 40),)
    with house.database.transaction() as connection:
        known = repositories.add_named(
            connection, organization.id, "acme/web", "https://git.example.com/x", now()
        )
        remote = StoredRemote(repository_id=known.id, url="https://x/y", username=None, secret=None)
        repositories.save_remote(connection, remote, now())
        publishing.update(
            connection, release, ReleaseUpdate(code=CommitsAndRefs(refs=refs)), around
        )
        return fetches.open_of(connection, release.id, limit=9)[0].id


def _record(house, fetch_id, state, **more):
    with house.database.transaction() as connection:
        result = Result(fetch_id=fetch_id, state=state, **more)
        fetches.record(connection, [result], now())


def _page(browser):
    return browser.get("/organizations/acme/releases/web@1/").text


def test_a_release_says_that_it_waits_for_commits(house, owner):
    _refer(house, house.publish("web@1"))
    assert "The commits of acme/web are being fetched." in _page(owner)


def test_a_release_says_what_is_tried_again_and_why(house, owner):
    fetch_id = _refer(house, house.publish("web@1"))
    _record(
        house, fetch_id, FetchState.WAITING, error="It is <away>.", next_at=now() + HALF_A_MINUTE
    )
    text = _page(owner)
    assert "Fetching commits from acme/web will be retried" in text
    assert ">in a moment</time>" in text
    assert "It is &lt;away&gt;." in text


def test_a_release_says_what_failed_and_nothing_once_it_is_done(house, owner):
    fetch_id = _refer(house, house.publish("web@1"))
    _record(house, fetch_id, FetchState.FAILED, error="It is away.")
    assert "could not be fetched. It is away." in _page(owner)
    _record(house, fetch_id, FetchState.DONE)
    assert "The commits of" not in _page(owner)


def test_the_activity_tells_of_fetches(house, owner):
    house.publish("web@1")
    kinds = {
        ReleaseActivityType.COMMITS_FETCHED: {"repository": "acme/web", "commits": 3},
        ReleaseActivityType.COMMITS_FETCH_FAILED: {"repository": "acme/lib", "error": "No <b>."},
    }
    with house.database.transaction() as connection:
        happened = [
            ReleaseActivity(
                project_id=house.project.id, type=kind, version="web@1", at=now(), details=details
            )
            for kind, details in kinds.items()
        ]
        activity.add(connection, house.organization.id, happened)
    text = _page(owner)
    assert "Fetched 3 commits of <b>acme/web</b>" in text
    assert "Could not fetch commits of <b>acme/lib</b>" in text
    assert "No &lt;b&gt;." in text
