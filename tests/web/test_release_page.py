"""A release with its commits, issues and activity."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from shipmark.deletion.release_deletion import delete_releases
from shipmark.infrastructure.clock import now
from shipmark.publishing import actions as publishing
from shipmark.publishing.actions import PublishContext
from shipmark.publishing.model import CommitsAndRefs, ReleaseUpdate
from shipmark.releases.store import releases
from shipmark.repositories.model import Change, CommitInput
from shipmark.web import urls

LIST = "/organizations/acme/releases/"


def _page(client, version, **parameters):
    return client.get(urls.release("acme", version), params=parameters or None)


def test_a_release_tells_its_whole_story(house, owner):
    house.fail("web@1.0.0")
    release = house.publish("web@1.1.0", message="Mend it\n\nFixes WEB-1", ref="v1.1.0")
    house.deploy(release, "production")
    house.fail("web@1.1.0", value="another thing", exception={"values": [{"type": "OSError"}]})
    text = _page(owner, "web@1.1.0").text
    for shown in (
        "Mend it", "Ada Lovelace", "acme/web", "shop/cart.py", "Fixes WEB-1", "v1.1.0",
        "ValueError: something is None", "WEB-1", "Resolved", "OSError", "WEB-2", "Unresolved",
        "Deployed <b>web</b> to <b>production</b>", "Released in <b>web</b>",
    ):  # fmt: skip
        assert shown in text, shown


@pytest.mark.parametrize(
    "version",
    [
        "with some spaces",
        "100%",
        "1.0+build#7?x=y&z",
        "shop@1.0@2",
        "Käse-日本-🚢",
        "quote\"and'",
        "a;b:c,d=e",
        "..a",
    ],
)
def test_an_odd_version_has_a_page_that_its_link_leads_to(house, owner, version):
    house.publish(version)
    listed = owner.get(LIST).text
    link = f'href="{LIST}{quote(version, safe="")}/"'
    assert link in listed
    assert _page(owner, version).status_code == 200


def test_what_is_hostile_is_shown_as_text(house, owner):
    hostile = "<script>alert(1)"
    house.fail(hostile, value=hostile)
    house.publish(hostile, message=hostile, ref=hostile)
    text = _page(owner, hostile).text
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)") >= 4


def test_only_web_addresses_become_links(house, owner):
    house.publish("web@1", url="javascript:alert(1)")
    house.publish("web@2", url="https://example.com/release")
    assert 'href="javascript' not in _page(owner, "web@1").text
    assert "javascript:alert(1)" in _page(owner, "web@1").text
    assert 'href="https://example.com/release"' in _page(owner, "web@2").text


@pytest.mark.parametrize("version", ["unknown", "a\x00b", "x" * 1000])
def test_an_unknown_version_is_not_found(owner, version):
    answer = _page(owner, version)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_a_stranger_does_not_learn_that_it_exists(house, browser):
    house.publish("web@1")
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert _page(browser, "web@1").text == _page(browser, "unknown").text


def test_many_commits_come_in_pages(house, owner):
    release = house.publish("web@1")
    _bind(house, release, 60)
    first = _page(owner, "web@1").text
    second = _page(owner, "web@1", commits=2).text
    assert (first.count('class="message"'), second.count('class="message"')) == (50, 10)
    assert 'rel="next"' in first
    assert 'rel="prev"' in second


def test_the_number_of_statements_does_not_depend_on_the_number_of_commits(
    house, owner, statements
):
    release = house.publish("web@1")
    statements.clear()
    _page(owner, "web@1")
    with_one = len(statements)
    _bind(house, release, 40)
    statements.clear()
    _page(owner, "web@1")
    assert len(statements) == with_one


def _bind(house, release, number):
    commits = tuple(
        CommitInput(
            sha=f"{index:040x}",
            repository="acme/web",
            message=f"Change {index}",
            author_name=f"Author {index}",
            author_email=f"a{index}@example.com",
            at=now(),
            changes=(("a.py", Change.ADDED),),
        )
        for index in range(number)
    )
    around = PublishContext(
        organization=house.organization, user_id=None, host="testserver.local", now=now()
    )
    with house.database.transaction() as connection:
        publishing.update(
            connection, release, ReleaseUpdate(code=CommitsAndRefs(commits=commits)), around
        )


def test_an_earlier_release_of_the_version_is_told_of(house, owner, open_browser):
    house.fail("web@1.0.0")
    with house.database.transaction() as connection:
        release = releases.by_version(connection, house.organization.id, "web@1.0.0")
        around = PublishContext(
            organization=house.organization, user_id=house.owner.id, host="", now=now()
        )
        delete_releases(connection, [release], around, is_forced=True)
    house.publish("web@1.0.0")
    text = owner.get("/organizations/acme/releases/web%401.0.0/").text
    assert "An earlier one of this version was deleted from <b>web</b>" in text
    assert "by Olive" in text


def test_issues_that_came_back_are_shown_beside_new_ones(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@1.1.0", message="Fixes WEB-1", at=now() - timedelta(minutes=3))
    house.fail("web@1.1.0", timestamp=now().timestamp())
    house.fail("web@1.1.0", "new one", fingerprint=["new"])
    text = _page(owner, "web@1.1.0").text
    assert '<dt>Regressed</dt><dd class="alarm">1</dd>' in text
    cards = {
        name: text.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0]
        for name in ("new", "regressed", "seen")
    }
    shown = {name: [it for it in ("WEB-1", "WEB-2") if it in card] for name, card in cards.items()}
    assert shown == {"new": ["WEB-2"], "regressed": ["WEB-1"], "seen": ["WEB-1", "WEB-2"]}
